// What a client does with its tokens after signing in, by fetch alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startService } from '../lib/service.mjs';
import { ok, refused, signIn } from './api.mjs';
import { newWallet } from './wallet.mjs';

let service;

before(async () => {
  service = await startService({ env: { RATE_LIMIT_ENABLED: 'false' } });
});

after(() => service?.stop());

const get = (path, token) => ok(service.url, 'GET', path, { token });
const post = (path, body, token) => ok(service.url, 'POST', path, { body, token });
const refresh = (token) => post('/auth/refresh', { refresh_token: token });
const refuses = (method, path, options) => refused(service.url, method, path, options, 401);
const refusesRefresh = (token) => refuses('POST', '/auth/refresh', { body: { refresh_token: token } });
const saysSessionEnded = async (token) =>
  assert.equal(await refuses('GET', '/auth/verify', { token }), 'LUCID_AUTH_1015');

test('verify tells whose token it is, asked in any of the three ways', async () => {
  const wallet = newWallet();
  const { access_token: token, session_id: session, user } = await signIn(service.url, wallet);
  const answers = [
    await get('/auth/verify', token),
    await post('/auth/verify', undefined, token),
    await post('/auth/verify', { token }),
  ];
  for (const answer of answers) {
    assert.equal(answer.valid, true);
    assert.equal(answer.user_id, user.user_id);
    assert.equal(answer.tron_address, wallet.address);
    assert.equal(answer.role, 'USER');
    assert.equal(answer.session_id, session);
    assert.ok(Array.isArray(answer.permissions));
    assert.deepEqual(answer, answers[0]);
  }
});

test('each route answers under /api/v1 too', async () => {
  const { access_token: token } = await signIn(`${service.url}/api/v1`, newWallet());
  assert.equal((await get('/api/v1/auth/verify', token)).valid, true);
});

test('status tells who is signed in and for how long', async () => {
  const { access_token: token, session_id: session, user } = await signIn(service.url, newWallet());
  const status = await get('/auth/status', token);
  assert.equal(status.user.user_id, user.user_id);
  assert.ok(JSON.stringify(status.session).includes(session));
  assert.ok(status.access_token_expires_in > 840 && status.access_token_expires_in <= 900);
  assert.ok(status.session_expires_in > 7 * 24 * 3600 - 60 && status.session_expires_in <= 7 * 24 * 3600);
});

test('a call without a token, or with one that is none, is refused', async () => {
  for (const path of ['/auth/status', '/auth/verify']) {
    assert.equal(await refuses('GET', path, {}), 'LUCID_AUTH_1013');
    for (const token of ['x', 'a.b.c', 'A'.repeat(4000)]) {
      assert.equal(await refuses('GET', path, { token }), 'LUCID_AUTH_1014');
    }
  }
});

test('a refresh gives a new pair for the same session', async () => {
  const first = await signIn(service.url, newWallet());
  const second = await refresh(first.refresh_token);
  assert.equal(second.session_id, first.session_id);
  assert.equal(second.user.user_id, first.user.user_id);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.notEqual(second.access_token, first.access_token);
  assert.equal((await get('/auth/verify', second.access_token)).session_id, first.session_id);
});

test('the last used refresh token answers once more within ten seconds: a response may be lost', async () => {
  const { refresh_token: used } = await signIn(service.url, newWallet());
  await refresh(used);
  const again = await refresh(used);
  await get('/auth/verify', again.access_token);
  await refresh(again.refresh_token);
});

test('a third use of a refresh token ends the session', async () => {
  const { refresh_token: used } = await signIn(service.url, newWallet());
  await refresh(used);
  const latest = await refresh(used);
  assert.equal(await refusesRefresh(used), 'LUCID_AUTH_1017');
  await saysSessionEnded(latest.access_token);
  await refusesRefresh(latest.refresh_token);
});

test('an older refresh token ends the session: only the last one used may answer again', async () => {
  const { refresh_token: oldest } = await signIn(service.url, newWallet());
  const { refresh_token: older } = await refresh(oldest);
  const latest = await refresh(older);
  assert.equal(await refusesRefresh(oldest), 'LUCID_AUTH_1017');
  await saysSessionEnded(latest.access_token);
  await refusesRefresh(latest.refresh_token);
});

test('a refresh token that was never given out is refused', async () => {
  assert.equal(await refusesRefresh('A'.repeat(43)), 'LUCID_AUTH_1016');
});

test('logout ends this session at once, and no other', async () => {
  const wallet = newWallet();
  const [left, kept] = [await signIn(service.url, wallet), await signIn(service.url, wallet)];
  const reply = await post('/auth/logout', undefined, left.access_token);
  assert.equal(reply.sessions_revoked, 1);
  await saysSessionEnded(left.access_token);
  await refusesRefresh(left.refresh_token);
  await get('/auth/verify', kept.access_token);
  await refresh(kept.refresh_token);
});

test('logout of all sessions ends each of them, and nobody else', async () => {
  const wallet = newWallet();
  const all = [];
  for (let n = 0; n < 3; n += 1) all.push(await signIn(service.url, wallet));
  const stranger = await signIn(service.url, newWallet());
  const reply = await post('/auth/logout', { logout_all_sessions: true }, all[0].access_token);
  assert.equal(reply.sessions_revoked, 3);
  for (const { access_token: token } of all) await saysSessionEnded(token);
  await get('/auth/verify', stranger.access_token);
});

test('the sixth session of a user ends the oldest', async () => {
  const wallet = newWallet();
  const all = [];
  for (let n = 0; n < 6; n += 1) all.push(await signIn(service.url, wallet));
  await saysSessionEnded(all[0].access_token);
  for (const { access_token: token } of all.slice(1)) await get('/auth/verify', token);
});

test('a service in good health says so', async () => {
  const health = await get('/health');
  assert.equal(health.status, 'healthy');
  assert.equal(health.service, 'lucid-auth-service');
  assert.match(health.version, /^\d+\.\d+\.\d+/);
  assert.ok(Math.abs(Date.parse(health.timestamp) - Date.now()) < 60_000);
  assert.ok(Number.isInteger(health.uptime_seconds));
  assert.ok('database' in health.dependencies);
});
