// Real clients that this project did not write: tronweb signs in, jose verifies the tokens.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';

import { startService } from '../lib/service.mjs';
import { call, ok, refused, signIn, signedChallenge } from './api.mjs';
import { digest, newWallet } from './wallet.mjs';

const SIGN_INS = process.env.LUCID_LONG ? 2000 : 200;
const AT_ONCE = 8;

let service;
let verify;

before(async () => {
  // All wallets call from one address here, more often than any one client may.
  service = await startService({ env: { RATE_LIMIT_ENABLED: 'false' } });
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', service.url));
  verify = (token) => jwtVerify(token, keys, { issuer: service.url, typ: 'at+jwt', algorithms: ['EdDSA'] });
});

after(() => service?.stop());

test(`${SIGN_INS} new wallets sign in, and jose verifies each token`, async () => {
  const seen = { users: new Set(), sessions: new Set(), tokens: new Set(), refreshTokens: new Set() };
  let left = SIGN_INS;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const wallet = newWallet();
      const reply = await signIn(service.url, wallet);
      const { payload } = await verify(reply.access_token);

      assert.equal(reply.token_type, 'Bearer');
      assert.equal(reply.expires_in, 900);
      assert.equal(reply.refresh_expires_in, 7 * 24 * 3600);
      assert.equal(reply.user.tron_address, wallet.address);
      assert.equal(reply.user.role, 'USER');
      assert.equal(payload.sub, reply.user.user_id);
      assert.equal(payload.user_id, reply.user.user_id);
      assert.equal(payload.tron_address, wallet.address);
      assert.equal(payload.role, 'USER');
      assert.equal(payload.type, 'access');
      assert.equal(payload.sid, reply.session_id);
      assert.equal(payload.exp - payload.iat, 900);
      assert.equal(payload.aud, undefined, 'no audience is configured');

      seen.users.add(reply.user.user_id);
      seen.sessions.add(reply.session_id);
      seen.tokens.add(payload.jti);
      seen.refreshTokens.add(reply.refresh_token);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const [what, set] of Object.entries(seen)) assert.equal(set.size, SIGN_INS, `${what} are distinct`);
});

test('a challenge is what the API document says', async () => {
  const { address } = newWallet();
  const reply = await ok(service.url, 'POST', '/auth/challenge', { body: { tron_address: address } });
  const host = new URL(service.url).host;
  const [, , nonce, issued] = /^(.*) Nonce: ([\w-]{22})\. Issued: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(reply.message);

  assert.ok(reply.message.startsWith(
    `${host} wants you to sign in with your TRON account ${address}. Not a transaction. Nonce: `,
  ));
  assert.ok(reply.message.length <= 225, 'a Ledger hashes more than 225 bytes wrongly');
  assert.equal(reply.scheme, 'tron-v2');
  assert.equal(reply.nonce, nonce);
  assert.equal(reply.issued_at, issued);
  assert.equal(Date.parse(reply.expires_at) - Date.parse(reply.issued_at), 300_000);
  assert.equal(reply.digest.replace(/^0x/, '').toLowerCase(), digest(reply.message).slice(2));
});

test('the same wallet is the same user, in another session', async () => {
  const wallet = newWallet();
  const [first, second] = [await signIn(service.url, wallet), await signIn(service.url, wallet)];
  assert.equal(first.user.user_id, second.user.user_id);
  assert.notEqual(first.session_id, second.session_id);
});

test('a challenge works once', async () => {
  const login = { body: await signedChallenge(service.url, newWallet()) };
  await ok(service.url, 'POST', '/auth/login', login);
  assert.equal(await refused(service.url, 'POST', '/auth/login', login, 401), 'LUCID_AUTH_1012');
});

test('another wallet cannot answer a challenge', async () => {
  const login = { body: await signedChallenge(service.url, newWallet(), newWallet()) };
  assert.equal(await refused(service.url, 'POST', '/auth/login', login, 401), 'LUCID_AUTH_1001');
});

test('a challenge is good for its own address only', async () => {
  const [owner, thief] = [newWallet(), newWallet()];
  const login = { ...(await signedChallenge(service.url, owner, thief)), tron_address: thief.address };
  assert.equal(await refused(service.url, 'POST', '/auth/login', { body: login }, 401), 'LUCID_AUTH_1010');
});

test('a reply that carries a token is not stored on its way', async () => {
  const login = { body: await signedChallenge(service.url, newWallet()) };
  const { headers } = await call(service.url, 'POST', '/auth/login', login);
  assert.equal(headers.get('cache-control'), 'no-store');
});

test('the keys are public only, for EdDSA, and may be kept for five minutes', async () => {
  const { headers, body } = await call(service.url, 'GET', '/.well-known/jwks.json');
  const { access_token: token } = await signIn(service.url, newWallet());
  assert.match(headers.get('cache-control'), /max-age=300/);
  assert.ok(body.keys.some((key) => key.kid === decodeProtectedHeader(token).kid), 'the key that signs is published');
  for (const key of body.keys) {
    assert.equal(key.kty, 'OKP');
    assert.equal(key.crv, 'Ed25519');
    assert.equal(key.d, undefined);
  }
});

/** Another character in the middle of a part, where every bit of it counts. */
function flip(part) {
  const at = part.length >> 1;
  return part.slice(0, at) + (part[at] === 'A' ? 'B' : 'A') + part.slice(at + 1);
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

const TAMPERED = {
  'a changed claim': ([header, payload, signature]) => {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return [header, encode({ ...claims, role: 'SUPER_ADMIN' }), signature];
  },
  'one changed character of the claims': ([header, payload, signature]) => [header, flip(payload), signature],
  'one changed character of the signature': ([header, payload, signature]) => [header, payload, flip(signature)],
  'no signature': ([header, payload]) => [header, payload, ''],
  'alg none': ([, payload]) => [encode({ alg: 'none', typ: 'at+jwt' }), payload, ''],
  'alg none over a real signature': ([, payload, signature]) => [encode({ alg: 'none' }), payload, signature],
};

for (const [how, tamper] of Object.entries(TAMPERED)) {
  test(`jose and the service both refuse a token with ${how}`, async () => {
    const { access_token: token } = await signIn(service.url, newWallet());
    const tampered = tamper(token.split('.')).join('.');
    await verify(token);
    await ok(service.url, 'GET', '/auth/verify', { token });
    await assert.rejects(verify(tampered), errors.JOSEError);
    const code = await refused(service.url, 'GET', '/auth/verify', { token: tampered }, 401);
    assert.equal(code, 'LUCID_AUTH_1014');
  });
}
