// Two apps behind one proxy, by the examples for nginx and Caddy: what opens the one opens nothing at the other, whatever
// host a request names, and in however many places.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newWallet, sign } from '../clients/wallet.mjs';
import { record } from '../lib/figures.mjs';
import { Browser, ask, exchange } from './support/client.mjs';
import { newUser, signedInto } from './support/person.mjs';
import { startStage } from './support/proxy.mjs';

const AT_ONCE = 16;

for (const kind of /** @type {const} */ (['nginx', 'caddy'])) {
  describe(`${kind}, before two apps`, () => {
    /** @type {import('./support/proxy.mjs').Stage} */
    let stage;
    before(async () => {
      stage = await startStage(kind);
    });
    after(async () => stage?.stop());

    /**
     * The cookies of a browser that is signed in at an app.
     *
     * @param {string} app
     */
    const cookiesOf = async (app) => {
      const { token } = await newUser(stage);
      const browser = new Browser();
      assert.equal((await signedInto(stage, browser, `${app}/`, token)).status, 200);
      return [...browser.cookies(new URL(app).host)].map(([name, value]) => `${name}=${value}`).join('; ');
    };

    /**
     * @param {string} line the request line
     * @param {string[]} headers
     */
    const written = (line, headers) => Buffer.from(`${[line, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1');

    test('the cookie of one app opens nothing at the other, whatever host a request names', async () => {
      const [mine, theirs] = [new URL(stage.app), new URL(stage.other)];
      const alone = new URL(stage.alone);
      const [cookie, their] = [await cookiesOf(stage.app), await cookiesOf(stage.other)];
      const lines = [
        'GET /secret HTTP/1.1',
        'GET /secret HTTP/1.0',
        ...[theirs.host, theirs.hostname, alone.host, theirs.host.toUpperCase(), `${theirs.hostname}.`, `${mine.host}@${theirs.host}`].flatMap((host) => [
          `GET https://${host}/secret HTTP/1.1`,
          `GET http://${host}/secret HTTP/1.1`,
        ]),
        `GET https://${mine.host}/secret HTTP/1.1`,
        `GET //${theirs.host}/secret HTTP/1.1`,
      ];
      const hosts = [
        ...[mine.host, mine.hostname, mine.host.toUpperCase(), `${mine.hostname}.`, `${mine.hostname}:443`, `${mine.hostname}:${alone.port}`],
        ...[theirs.host, 'elsewhere.localhost', `${mine.host}, ${theirs.host}`, ''],
      ].map((host) => [`Host: ${host}`]);
      hosts.push([], [`Host: ${mine.host}`, `Host: ${theirs.host}`], [`Host: ${theirs.host}`, `Host: ${mine.host}`]);
      hosts.push([`Host: ${theirs.host}`, `X-Forwarded-Host: ${mine.host}`, `X-Original-URL: ${stage.app}/`, `Forwarded: host=${mine.host}`]);
      const places = [stage.app, stage.other, stage.alone, stage.app.replace(mine.port, alone.port)];
      const all = places.flatMap((place) => lines.flatMap((line) => hosts.map((host) => ({ place, line, host }))));

      const before = stage.otherUpstream.count();
      for (let at = 0; at < all.length; at += AT_ONCE) {
        const some = all.slice(at, at + AT_ONCE);
        await Promise.all(some.map(({ place, line, host }) => exchange(place, written(line, [...host, `Cookie: ${cookie}`]))));
        assert.equal(stage.otherUpstream.count(), before, `one of ${JSON.stringify(some)}`);
      }
      record(`proxies: the cookie of one app at another, through ${kind}`, all.length);

      // Each cookie is good at its own app, in either form.
      for (const [app, own] of /** @type {const} */ ([[stage.app, cookie], [stage.other, their]])) {
        const { host } = new URL(app);
        for (const target of ['/secret', `${app}/secret`]) {
          const reply = await exchange(app, written(`GET ${target} HTTP/1.1`, [`Host: ${host}`, `Cookie: ${own}`]));
          assert.match(reply, /^HTTP\/1\.1 200 /, `${target} at ${app}`);
        }
      }
      assert.equal(stage.otherUpstream.count(), before + 2, 'it would be seen');
    });

    test('no header of a client hides where it is', async () => {
      const [client, hidden] = ['127.0.0.77', '203.0.113.66'];
      /** @type {(value: string) => Array<Record<string, string | string[]>>} */
      const each = (value) => [
        { Forwarded: value },
        { Forwarded: value, 'X-Forwarded-For': hidden },
        { Forwarded: value, Connection: 'X-Forwarded-For' },
        { Forwarded: value, Connection: 'Forwarded' },
        { Forwarded: [value, 'x'] },
      ];
      const values = ['x', '', `for=${hidden}`, 'for=127.0.0.1', 'for=unknown', `for=${client}, for=127.0.0.1`, 'for="'];
      const forged = [{}, { 'X-Forwarded-For': '127.0.0.1' }, ...values.flatMap(each)];
      for (const headers of forged) {
        const what = JSON.stringify(headers);
        /** @param {string} path @param {object} body */
        const post = async (path, body) => {
          const all = { ...headers, 'Content-Type': 'application/json' };
          const reply = await ask(`${stage.auth}${path}`, { method: 'POST', headers: all, body: JSON.stringify(body), from: client });
          assert.equal(reply.status, 200, `${what}: ${reply.body}`);
          return JSON.parse(reply.body);
        };
        const wallet = newWallet();
        const { message } = await post('/auth/challenge', { tron_address: wallet.address });
        const signature = await sign(wallet, message);
        const { access_token: token } = await post('/auth/login', { tron_address: wallet.address, message, signature });
        const asked = { headers: { ...headers, Authorization: `Bearer ${token}` }, from: client };
        const { sessions } = JSON.parse((await ask(`${stage.auth}/sessions`, asked)).body);
        assert.deepEqual(sessions.map((/** @type {{ip: string}} */ { ip }) => ip), [client], what);
        const seen = JSON.parse((await ask(`${stage.app}/x`, asked)).body);
        const told = seen.headers.filter((/** @type {[string, string]} */ [name]) => /^(x-forwarded-for|forwarded)$/i.test(name));
        assert.deepEqual(told.map((/** @type {[string, string]} */ [name, value]) => [name.toLowerCase(), value]), [['x-forwarded-for', client]], what);
      }
      record(`proxies: Forwarded of a client's own, through ${kind}`, forged.length);
    });
  });
}
