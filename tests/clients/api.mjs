// Calls to the service, by fetch alone.

import assert from 'node:assert/strict';

import { sign } from './wallet.mjs';

/** One call: `{ status, headers, body }`, the body parsed. */
export async function call(base, method, path, { body, token } = {}) {
  const headers = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const reply = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  return { status: reply.status, headers: reply.headers, body: await reply.json() };
}

/** One call that must answer 200; returns the body. */
export async function ok(base, method, path, options) {
  const reply = await call(base, method, path, options);
  assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** One call that must be refused with `status`, in the shape that every refusal has; returns the code. */
export async function refused(base, method, path, options, status) {
  const { status: answered, headers, body } = await call(base, method, path, options);
  assert.equal(answered, status, `${method} ${path}: ${JSON.stringify(body)}`);
  assert.match(headers.get('content-type'), /^application\/problem\+json/);
  assert.equal(body.status, status);
  assert.match(body.error.code, /^LUCID_AUTH_\d{4}$/);
  assert.equal(body.error.request_id, headers.get('x-request-id'));
  if (status === 401) assert.match(headers.get('www-authenticate'), /^Bearer/);
  return body.error.code;
}

/** Ask for a challenge and sign it: the body of a login. */
export async function signedChallenge(base, wallet, signer = wallet) {
  const { message } = await ok(base, 'POST', '/auth/challenge', {
    body: { tron_address: wallet.address, wallet_type: 'tron' },
  });
  return { tron_address: wallet.address, message, signature: await sign(signer, message) };
}

/** Sign in; returns the login's reply. */
export async function signIn(base, wallet) {
  return ok(base, 'POST', '/auth/login', { body: await signedChallenge(base, wallet) });
}
