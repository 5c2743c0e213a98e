/** One session in several tabs: what they share, and what no script in them can reach. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { heading, launch, onPage, refreshToken, signInOn } from './support/browser.mjs';
import { installWallet } from './support/wallet.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
/** The same service as a machine of a home network, without the means that browsers keep for HTTPS. */
let lanUrl = '';
before(async () => {
  [service, browser] = await Promise.all([
    startService({ env: UNLIMITED }),
    launch({ flags: ['--host-resolver-rules=MAP pi.local 127.0.0.1'] }),
  ]);
  lanUrl = service.url.replace('localhost', 'pi.local');
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

const PLACES = /** @type {const} */ ([
  ['localhost', true],
  ['a home network', false],
]);
const urlOf = (/** @type {boolean} */ secure) => (secure ? service.url : lanUrl);

/**
 * Sign in on `page`.
 *
 * @param {Page} page
 * @param {boolean} secure whether the page must be told so by the browser
 */
async function enter(page, secure) {
  const wallet = await installWallet(page);
  await page.goto('/');
  assert.equal(await page.evaluate(() => isSecureContext && 'locks' in navigator), secure);
  await signInOn(page);
  return wallet;
}

for (const [place, secure] of PLACES) {
  test(`on ${place}, many tabs that open and reload at once are all signed in, and the session lives`, async () => {
    await onPage(browser, urlOf(secure), async (page) => {
      await enter(page, secure);
      /** @type {number[]} */
      const statuses = [];
      /** When each was sent and when its answer began, by the browser's own clock. @type {Array<[number, number]>} */
      const times = [];
      page.context().on('requestfinished', async (request) => {
        if (!request.url().endsWith('/auth/refresh')) return;
        statuses.push((await request.response())?.status() ?? 0);
        const { startTime, responseStart } = request.timing();
        times.push([startTime, startTime + responseStart]);
      });
      const others = await Promise.all(Array.from({ length: 5 }, () => page.context().newPage()));
      const all = [page, ...others];
      await Promise.all(others.map((tab) => tab.goto('/')));
      await Promise.all(all.map((tab) => heading(tab, 'You are signed in')));
      await Promise.all(all.map((tab) => tab.reload()));
      await Promise.all(all.map((tab) => heading(tab, 'You are signed in')));
      await page.reload();
      await heading(page, 'You are signed in');
      // The browser tells of a request a little after the page has its answer.
      for (let waits = 0; times.length < 12 && waits < 100; waits += 1) await sleep(20);
      assert.deepEqual(statuses, Array.from({ length: 12 }, () => 200));
      times.sort(([one], [other]) => one - other);
      const early = times.filter(([sent], at) => at > 0 && sent < (times[at - 1]?.[1] ?? 0));
      assert.deepEqual(early, [], 'one at a time');
    });
  });

  test(`on ${place}, signing out in one tab shows in the others, and so does signing in`, async () => {
    await onPage(browser, urlOf(secure), async (page) => {
      const wallet = await enter(page, secure);
      const other = await page.context().newPage();
      await other.goto('/');
      await heading(other, 'You are signed in');
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await other.getByText('You are signed out.').first().waitFor();
      assert.equal(await refreshToken(page), undefined);
      assert.deepEqual(await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage })), ['lucid-auth.last-way']);

      await signInOn(page);
      await heading(other, 'You are signed in');
      assert.equal(await other.locator('.short-address').textContent(), wallet.address);
    });
  });

  test(`on ${place}, a page that is left while it refreshes loses nothing`, async () => {
    await onPage(browser, urlOf(secure), async (page) => {
      await enter(page, secure);
      for (let round = 0; round < 5; round += 1) {
        const asked = page.waitForRequest((request) => request.url().endsWith('/auth/refresh'));
        await page.reload({ waitUntil: 'commit' });
        await asked;
        await page.goto('about:blank');
        await page.goto('/');
        await heading(page, 'You are signed in');
      }
    });
  });
}

test('no script reaches any part of a refresh token, and no storage holds any of an access token', async () => {
  await onPage(browser, service.url, async (page) => {
    /** @type {string[]} */
    const tokens = [];
    /** @type {string[]} */
    const given = [];
    page.on('response', async (response) => {
      if (!/\/auth\/(login|refresh)$/.test(response.url())) return;
      const text = await response.text();
      given.push(text);
      tokens.push(JSON.parse(text).access_token);
    });
    await enter(page, true);
    await page.reload();
    await heading(page, 'You are signed in');
    const cookies = await page.context().cookies();
    assert.deepEqual(
      cookies.map(({ name, httpOnly, sameSite, path }) => [name, httpOnly, sameSite, path]).toSorted(),
      [
        ['lucid_refresh', true, 'Strict', '/'],
        ['lucid_session', true, 'Lax', '/'],
      ],
    );
    const values = cookies.map(({ value }) => value);
    const found = await page.evaluate(async () => {
      const databases = await indexedDB.databases();
      const kept = await caches.keys();
      const inPage = JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, history.state, name, location.href]);
      return { text: inPage, stores: [...databases, ...kept], keys: Object.keys(localStorage), cookie: document.cookie };
    });
    const reachable = found.text + (await page.content());
    assert.deepEqual([found.stores, found.cookie], [[], '']);
    assert.deepEqual(found.keys.toSorted(), ['lucid-auth.last-way', 'lucid-auth.signed-in', 'lucid-auth.wallet']);
    assert.deepEqual([tokens.length, values.length], [2, 2]);
    for (const secret of [...tokens, ...values]) {
      // The header of a JWT is the same for all of them, and no secret.
      for (let at = secret.indexOf('.') + 1; at + 12 <= secret.length; at += 1) {
        const part = secret.slice(at, at + 12);
        assert.ok(!reachable.includes(part), `${part} of a token lies in the page`);
      }
    }
    for (const value of values) assert.ok(!given.join().includes(value), 'no body holds what is in a cookie');
  });
});

test('somebody who never signed in makes no call that must fail', async () => {
  await onPage(browser, service.url, async (page) => {
    /** @type {string[]} */
    const calls = [];
    page.on('request', (request) => calls.push(new URL(request.url()).pathname));
    await page.goto('/');
    await heading(page, 'No TRON wallet found');
    assert.deepEqual(calls.filter((path) => path.startsWith('/auth/')), []);
  });
});

test('where the cookies are gone, the session has ended', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await enter(page, true);
      await page.context().clearCookies();
      await page.reload();
      await heading(page, 'Your session has ended');
      await page.getByRole('button', { name: 'Sign in again' }).click();
      await signInOn(page);
    },
    { refusals: /401/ },
  );
});
