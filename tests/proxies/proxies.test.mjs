// The examples for nginx and Caddy, run as they stand, in front of the real service and an app that tells what it saw.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, ask } from './support/client.mjs';
import { handedOver, newUser, signedInto } from './support/person.mjs';
import { startStage } from './support/proxy.mjs';

/** @typedef {import('./support/upstream.mjs').Seen} Seen */

const SESSION = '__Host-lucid_session';

/** What a client might claim to be, in every writing that some app takes for the real one. */
const CLAIMS = {
  'Remote-User': 'admin',
  'remote-user': 'admin',
  'REMOTE-ROLE': 'SUPER_ADMIN',
  Remote_User: 'admin',
  REMOTE_ROLE: 'SUPER_ADMIN',
  'Remote-Groups': 'admins',
  'Remote-Name': 'admin',
  'Remote-Email': 'admin@example.org',
  'X-Lucid-Role': 'SUPER_ADMIN',
  'x-lUCID-rOLE': 'SUPER_ADMIN',
  X_Lucid_Role: 'SUPER_ADMIN',
  'X-Lucid_Role': 'SUPER_ADMIN',
  'X_Lucid-Role': 'SUPER_ADMIN',
  'X-Lucid-User-Id': '0',
  X_LUCID_USER_ID: '0',
  'X-Lucid-Address': 'T',
};

/**
 * What an app that cannot tell hyphens from underscores knows of who asks.
 *
 * @param {Seen} seen
 */
function claims({ headers }) {
  const plain = headers.map(([name, value]) => [name.toLowerCase().replaceAll('_', '-'), value]);
  return Object.fromEntries(plain.filter(([name]) => /^(remote|x-lucid)-/.test(name ?? '')));
}

for (const kind of /** @type {const} */ (['nginx', 'caddy'])) {
  describe(kind, () => {
    /** @type {import('./support/proxy.mjs').Stage} */
    let stage;
    before(async () => {
      stage = await startStage(kind);
    });
    after(async () => stage?.stop());

    const user = () => newUser(stage);

    /** @param {string} login @param {string} token */
    const handOver = (login, token) => handedOver(stage, login, token);

    /** @param {Browser} browser @param {string} page @param {string} token */
    const signInto = (browser, page, token) => signedInto(stage, browser, page, token);

    test('a program is let in by its token, and the app learns who it is', async () => {
      const { token, known } = await user();
      const reply = await ask(`${stage.app}/reports?x=1`, { method: 'POST', headers: { Authorization: token }, body: 'a body' });
      assert.equal(reply.status, 200, reply.body);
      const seen = /** @type {Seen} */ (JSON.parse(reply.body));
      assert.deepEqual([seen.method, seen.url, seen.body], ['POST', '/reports?x=1', 'a body']);
      assert.deepEqual(claims(seen), known);
    });

    test('a program without a token is told so, and nothing reaches the app', async () => {
      const before = stage.upstream.count();
      for (const headers of [{}, { Authorization: 'Bearer x' }, { Accept: '*/*' }]) {
        const reply = await ask(`${stage.app}/`, { headers });
        assert.equal(reply.status, 401);
        assert.match(reply.headers['www-authenticate'] ?? '', /^Bearer /);
        assert.equal(reply.headers.location, undefined);
        assert.equal(reply.headers['set-cookie'], undefined);
      }
      assert.equal((await ask(`${stage.app}/`, { method: 'POST', headers: { Accept: 'text/html' }, body: 'x=1' })).status, 401);
      assert.equal(stage.upstream.count(), before);
    });

    test('a browser comes to the login page and back to where it was, and stays signed in', async () => {
      const { token, known } = await user();
      const browser = new Browser();
      const page = `${stage.app}/a%20b/?q=1&r=%2F..%2F&s=ä`.replace('ä', '%C3%A4');
      const reply = await signInto(browser, page, token);
      assert.equal(reply.status, 200, reply.body);
      const again = await browser.open(`${stage.app}/other`, { headers: { Accept: 'application/json' } });
      assert.deepEqual(claims(JSON.parse(again.body)), known);
      assert.equal(again.headers['set-cookie'], undefined);
      assert.ok(browser.cookies(new URL(stage.app).host).has(SESSION));
      assert.ok(!browser.cookies(new URL(stage.auth).host).has(SESSION), 'the code brought it to one host');
    });

    test('a link with somebody else’s code signs nobody in, and does not go round', async () => {
      const { token } = await user();
      const [stranger, victim] = [new Browser(), new Browser()];
      const login = (await stranger.open(`${stage.app}/`)).headers.location ?? '';
      await victim.open(`${stage.app}/`);
      const { location } = JSON.parse((await handOver(login, token)).body);
      const reply = await victim.open(location);
      assert.equal(reply.status, 302);
      assert.equal(reply.headers.location, `${stage.auth}/?return_to=${encodeURIComponent(`${stage.app}/`)}&handover=failed`);
      assert.ok(!victim.cookies(new URL(stage.app).host).has(SESSION));
      assert.equal((await stranger.open(location)).headers.location, reply.headers.location, 'it is used up');
    });

    test('who has not the role is kept out, of that path alone', async () => {
      const { token } = await user();
      const browser = new Browser();
      await signInto(browser, `${stage.app}/`, token);
      assert.equal((await browser.open(`${stage.app}/admin/x`)).status, 403);
      assert.equal((await ask(`${stage.app}/admin/x`, { headers: { Authorization: token } })).status, 403);
      assert.equal((await ask(`${stage.app}/x`, { headers: { Authorization: token } })).status, 200);
      const before = stage.upstream.count();
      const writings = ['/./admin/x', '//admin/x', '/%61dmin/x', '/x/../admin/x', '/public/../admin/x', '/public/%2e%2e/admin/x', '/public/%2E./admin/x'];
      for (const path of writings) {
        const { status } = await ask(`${stage.app}${path}`, { headers: { Authorization: token } });
        assert.equal(status, 403, path);
      }
      assert.equal(stage.upstream.count(), before, 'no other writing of the path is another path');
    });

    test('nobody reaches the app by asking for what is the proxy’s own', async () => {
      const before = stage.upstream.count();
      for (const path of ['/.lucid-auth/ask/USER', '/.lucid-auth/ask/ADMIN', '/.lucid-auth/callback/x', '/.lucid-auth/x']) {
        const { status } = await ask(`${stage.app}${path}`);
        assert.ok(status === 401 || status === 404, `${path}: ${status}`);
      }
      assert.equal(stage.upstream.count(), before);
    });

    test('what a client claims to be never reaches the app', async () => {
      const { token, known } = await user();
      for (const [path, headers, expected] of /** @type {const} */ ([
        ['/x', { Authorization: token }, known],
        ['/public/x', {}, {}],
        ['/public/x', { Authorization: token }, {}],
      ])) {
        const all = await ask(`${stage.app}${path}`, { headers: { ...CLAIMS, ...headers } });
        assert.deepEqual(claims(JSON.parse(all.body)), expected, path);
        // Each alone, as one may hide another.
        for (const [name, value] of Object.entries(CLAIMS)) {
          const reply = await ask(`${stage.app}${path}`, { headers: { [name]: value, ...headers } });
          assert.equal(reply.status, 200, `${path}, ${name}`);
          assert.deepEqual(claims(JSON.parse(reply.body)), expected, `${path}, ${name}`);
        }
      }
      for (const [name, value] of Object.entries(CLAIMS)) {
        assert.equal((await ask(`${stage.app}/x`, { headers: { [name]: value } })).status, 401, name);
      }
    });

    test('no header of a client says where its cookie counts, or where it goes', async () => {
      const forged = {
        'X-Original-URL': 'https://evil.example/',
        'X-Original-Method': 'POST',
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'http',
        'X-Forwarded-Uri': '/evil',
        'X-Forwarded-Method': 'POST',
        Forwarded: 'for=192.0.2.66;host=evil.example',
      };
      for (const headers of [forged, ...Object.entries(forged).map(([name, value]) => ({ [name]: value }))]) {
        const { token } = await user();
        const browser = new Browser();
        await signInto(browser, `${stage.app}/`, token);
        assert.equal((await browser.open(`${stage.app}/`, { headers })).status, 200, JSON.stringify(headers));
        const location = (await new Browser().open(`${stage.app}/x`, { headers })).headers.location ?? '';
        assert.ok(location.startsWith(`${stage.auth}/?return_to=${encodeURIComponent(`${stage.app}/x`)}&state=`), `${JSON.stringify(headers)}: ${location}`);
      }
      const { token } = await user();
      const reply = await ask(`${stage.app}/`, { headers: { Authorization: token, 'X-Forwarded-For': '192.0.2.66' } });
      const lines = JSON.parse(reply.body).headers.filter((/** @type {[string, string]} */ [name]) => /^x-forwarded-for$/i.test(name));
      assert.deepEqual(lines.map((/** @type {[string, string]} */ [, value]) => value), ['127.0.0.1']);
    });

    test('a session that ended is out at once', async () => {
      const { token } = await user();
      const browser = new Browser();
      assert.equal((await signInto(browser, `${stage.app}/`, token)).status, 200);
      const ended = await ask(`${stage.auth}/auth/logout`, { method: 'POST', headers: { Authorization: token } });
      assert.equal(ended.status, 200, ended.body);
      assert.equal((await browser.open(`${stage.app}/`)).status, 302);
      assert.equal((await browser.open(`${stage.app}/`, { headers: { Accept: '*/*' } })).status, 401);
      assert.equal((await ask(`${stage.app}/`, { headers: { Authorization: token } })).status, 401);
    });

    test('a way back to an origin that is not allowed is refused', async () => {
      const { token } = await user();
      for (const page of ['https://evil.example/', `${stage.app}.evil.example/`, stage.app.replace('https', 'http'), '//evil.example', 'javascript:alert(1)']) {
        const reply = await handOver(`${stage.auth}/?return_to=${encodeURIComponent(page)}`, token);
        assert.ok([403, 422].includes(reply.status), `${page}: ${reply.status}`);
        assert.equal(JSON.parse(reply.body).location, undefined);
      }
      for (const to of ['//evil.example', 'https://evil.example', '/%5Cevil.example']) {
        const reply = await new Browser().open(`${stage.app}/.lucid-auth/callback?code=${'A'.repeat(43)}&to=${to}`);
        assert.equal(reply.status, 422, to);
        assert.equal(reply.headers.location, undefined);
      }
    });

    test('the longest address is come back to, and one that is longer leads to the root', async () => {
      const { token } = await user();
      const longest = `${stage.app}/${'?'.repeat(2047 - stage.app.length)}`;
      assert.equal((await signInto(new Browser(), longest, token)).status, 200);
      const login = (await new Browser().open(`${stage.app}/${'a'.repeat(3000)}`)).headers.location ?? '';
      assert.equal(new URL(login).searchParams.get('return_to'), `${stage.app}/`);
    });
  });
}
