// The requests of tests/attack/requests.json, through nginx and Caddy: none of them brings the service a request that the
// proxy does not know of, and none changes what the next client gets.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { signIn } from '../clients/api.mjs';
import { newWallet } from '../clients/wallet.mjs';
import { record } from '../lib/figures.mjs';
import { ask, exchange } from './support/client.mjs';
import { startStage } from './support/proxy.mjs';

/** @typedef {{name: string, bytes: string, answers: number[], pipelined?: boolean}} Case */

/** @type {{smuggled: string, cases: Case[]}} */
const { smuggled, cases } = JSON.parse(await readFile(new URL('../attack/requests.json', import.meta.url), 'utf8'));

/** Whom a request that was hidden claims to come from: a proxy says itself who sent what it knows of. */
const HIDDEN = '203.0.113.66';
/** How long a client waits before it says that a request which is not whole has no more to come. */
const OPEN_MS = 250;

/**
 * What is sent, with what is bracketed written out.
 *
 * @param {string} text
 * @param {string} host
 */
function writtenOut(text, host) {
  const whole = text.replaceAll(/⟦([^⟧]*)⟧/g, (_, /** @type {string} */ inner) => {
    if (inner === 'S') return smuggled;
    const at = inner.lastIndexOf('×');
    return inner.slice(0, at).repeat(Number(inner.slice(at + 1)));
  });
  // The name of the service, where one is named rightly. Lengths that count a hidden request count its host with it, so
  // that is left as it is.
  const [line, ...rest] = whole.split('\r\nHost: localhost\r\n');
  return Buffer.from(rest.length ? `${line}\r\nHost: ${host}\r\n${rest.join('\r\nHost: localhost\r\n')}` : whole, 'latin1');
}

for (const kind of /** @type {const} */ (['nginx', 'caddy'])) {
  describe(`${kind}, on the wire`, () => {
    /** @type {import('./support/proxy.mjs').Stage} */
    let stage;
    before(async () => {
      stage = await startStage(kind);
    });
    after(async () => stage?.stop());

    /** Somebody else's requests get their own answers. */
    const othersAreAnswered = async (/** @type {string} */ name) => {
      for (let number = 0; number < 2; number += 1) {
        const id = `other-${number}`;
        const reply = await ask(`${stage.auth}/health/live`, { headers: { 'X-Request-Id': id } });
        assert.deepEqual([reply.status, reply.headers['x-request-id']], [200, id], `after ${name}`);
      }
    };

    test('no request reaches the service that the proxy does not know of', async () => {
      const { host } = new URL(stage.auth);
      for (let at = 0; at < cases.length; at += 12) {
        const some = cases.slice(at, at + 12);
        const answers = await Promise.all(some.map(({ bytes }) => exchange(stage.auth, writtenOut(bytes, host), OPEN_MS)));
        for (const [number, { name }] of some.entries()) {
          assert.doesNotMatch(answers[number] ?? '', /^HTTP\/1\.[01] 500/m, name);
        }
        const names = some.map(({ name }) => name).join(', ');
        await othersAreAnswered(names);
        assert.ok(!stage.service.output().includes(HIDDEN), names);
      }
      // The log may be some milliseconds behind.
      await sleep(100);
      assert.ok(!stage.service.output().includes(HIDDEN));
      // If one came through, it would be seen.
      const { port } = new URL(stage.service.url);
      await fetch(`http://127.0.0.1:${port}/health/live`, { headers: { 'X-Forwarded-For': HIDDEN } });
      for (let tries = 0; !stage.service.output().includes(HIDDEN) && tries < 300; tries += 1) await sleep(10);
      assert.ok(stage.service.output().includes(HIDDEN), 'the log tells who a request says to come from');
      record(`HTTP: smuggling, heads, paths through ${kind}`, cases.length);
    });

    test('no Connection header takes away what the proxy says, or brings what the client says', async () => {
      const wallet = newWallet();
      const { access_token: token } = await signIn(stage.service.url, wallet);
      let tried = 0;
      const names = ['X-Lucid-Role', 'X-Lucid-User-Id', 'X-Lucid-Address', 'Remote-User', 'Remote-Role', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Original-URL', 'X-Original-Method', 'Authorization', 'Cookie', 'Host', 'Content-Length', 'Forwarded'];
      for (const name of names) {
        for (const value of [name, `close, ${name}`, `keep-alive, ${name}`, name.toLowerCase(), `Upgrade, ${name}`]) {
          const claim = /^(x-lucid|remote)/i.test(name) ? { [name]: 'SUPER_ADMIN' } : {};
          const headers = { Connection: value, ...claim, Authorization: `Bearer ${token}` };
          const reply = await ask(`${stage.app}/x`, { headers });
          // What takes away the token leaves nobody signed in; all others are who they are.
          assert.ok(reply.status === 200 || reply.status === 401 || reply.status === 400, `${value}: ${reply.status}`);
          if (reply.status === 200) {
            const seen = JSON.parse(reply.body).headers.map((/** @type {[string, string]} */ [key, text]) => [key.toLowerCase(), text]);
            for (const [key, expected] of [['x-lucid-role', 'USER'], ['remote-role', 'USER'], ['remote-user', wallet.address], ['x-lucid-address', wallet.address]]) {
              assert.deepEqual(seen.filter((/** @type {[string, string]} */ [known]) => known === key), [[key, expected]], `${value}: ${key}`);
            }
          }
          const stranger = await ask(`${stage.app}/x`, { headers: { Connection: value, ...claim } });
          assert.ok([400, 401].includes(stranger.status), `${value}, by nobody: ${stranger.status}`);
          const open = await ask(`${stage.app}/public/x`, { headers: { Connection: value, ...claim } });
          if (open.status === 200) assert.doesNotMatch(open.body, /SUPER_ADMIN/, value);
          tried += 3;
        }
      }
      record(`proxies: Connection that names other headers, through ${kind}`, tried);
    });
  });
}
