/** Wallets that mean harm, or are broken: whatever they announce, answer or throw, the page says so and stays in one piece. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { record } from '../lib/figures.mjs';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { click, heading, launch, onPage, signInOn } from './support/browser.mjs';
import { installWallet } from './support/wallet.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  [service, browser] = await Promise.all([startService({ env: UNLIMITED }), launch()]);
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

/** A TRON address that any checksum agrees with, and the Ethereum one of another key. */
const ADDRESS = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8';
const ETHEREUM = '0x5cbdd86a2fa8dc4bddd8a8f69dba48572eec07fb';

/**
 * Announce a wallet that is made of the text of an object, in the page.
 *
 * @param {Page} page
 * @param {'TIP6963' | 'eip6963'} protocol
 * @param {string} provider the source of an object
 * @param {string} [info] the source of one, too
 */
async function announce(page, protocol, provider, info = `{ uuid: 'odd', name: 'Odd', icon: '', rdns: 'org.example.odd' }`) {
  await page.addInitScript(`{
    const trap = () => { throw new Error('a trap'); };
    const provider = ${provider};
    const detail = { info: ${info}, provider };
    const announce = () => dispatchEvent(new CustomEvent('${protocol}:announceProvider', { detail }));
    addEventListener('${protocol}:requestProvider', announce);
  }`);
}

const NO_ANSWER = 'Odd did not answer properly';
const TO_SIGN = 'Read, then sign';
const GOOD = `request: async () => ['${ADDRESS}']`;

/** Each: what is wrong with it, its source, and the title that ends it; without one, it is the signature that goes wrong. */
const TRON = /** @type {ReadonlyArray<readonly [string, string, string | undefined]>} */ ([
  ['answers a number', '{ request: async () => 7 }', 'Odd is locked'],
  ['answers a list of numbers', '{ request: async () => [7, 8] }', 'Odd is locked'],
  ['answers an account with a wrong checksum', `{ request: async () => ['${ADDRESS.slice(0, -1)}9'] }`, NO_ANSWER],
  ['answers markup', `{ request: async () => ['<img src=x onerror=alert(1)>'] }`, 'Odd is locked'],
  ['answers at once, without a promise', '{ request: () => [] }', 'Odd is locked'],
  ['answers a list whose first entry springs', `{ request: async () => Object.defineProperty([], 0, { get: trap }) }`, NO_ANSWER],
  ['answers a list that is taken back', `{ request: async () => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy; } }`, NO_ANSWER],
  ['answers an object whose code springs', '{ request: async () => ({ get code() { return trap(); } }) }', 'Odd is locked'],
  ['answers a promise that springs', '{ request: () => ({ get then() { return trap(); } }) }', NO_ANSWER],
  ['throws nothing', '{ request: () => { throw undefined; } }', NO_ANSWER],
  ['throws null later', '{ request: () => Promise.reject(null) }', NO_ANSWER],
  ['throws a symbol', '{ request: () => { throw Symbol("odd"); } }', NO_ANSWER],
  ['throws an object without a prototype', '{ request: () => { throw Object.create(null); } }', NO_ANSWER],
  ['throws an object whose code springs', '{ request: () => { throw { get code() { return trap(); } }; } }', NO_ANSWER],
  ['throws an object whose message is no text', '{ request: () => { throw { message: Object.create(null) }; } }', NO_ANSWER],
  ['throws an object that is a trap throughout', '{ request: () => { throw new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap }); } }', NO_ANSWER],
  ['throws a megabyte', '{ request: () => { throw new Error("x".repeat(1e6)); } }', NO_ANSWER],
  ['has a request that springs once it is announced', '{ asked: 0, get request() { this.asked += 1; return this.asked === 1 ? () => {} : trap(); } }', NO_ANSWER],
  ['has a request that is no function any more', '{ asked: 0, get request() { this.asked += 1; return this.asked === 1 ? () => {} : "text"; } }', 'Odd is locked'],
  ['has a tronWeb that springs', '{ request: async () => "yes", get tronWeb() { return trap(); } }', NO_ANSWER],
  // From here on it names an account.
  ['signs with a number', `{ ${GOOD}, tronWeb: { trx: { signMessageV2: async () => 7 } } }`, undefined],
  ['signs with an object that becomes text', `{ ${GOOD}, tronWeb: { trx: { signMessageV2: async () => ({ toString: () => '0x' + '00'.repeat(65) }) } } }`, undefined],
  ['signs with a megabyte', `{ ${GOOD}, tronWeb: { trx: { signMessageV2: async () => '0'.repeat(1e6) } } }`, undefined],
  ['signs with two lines', `{ ${GOOD}, tronWeb: { trx: { signMessageV2: async () => '00'.repeat(65) + '\\n' } } }`, undefined],
  ['has a trx that springs', `{ ${GOOD}, tronWeb: { get trx() { return trap(); } } }`, undefined],
  ['has a signMessageV2 that springs', `{ ${GOOD}, tronWeb: { trx: { get signMessageV2() { return trap(); } } } }`, undefined],
  ['has events that spring', `{ ${GOOD}, get on() { return trap(); }, removeListener: trap, tronWeb: { trx: { signMessageV2: () => trap() } } }`, undefined],
  ['does not let go of a listener', `{ ${GOOD}, on: () => {}, removeListener: trap, tronWeb: { trx: { signMessageV2: () => trap() } } }`, undefined],
  ['tells of a change while one begins to listen', `{ ${GOOD}, on: (_, listener) => { listener([]); listener('x'); listener(null); }, removeListener() {}, tronWeb: { trx: { signMessageV2: () => trap() } } }`, undefined],
]);

const ETHER = `request: async ({ method }) => method === 'eth_requestAccounts' ? ['${ETHEREUM}'] : trap()`;
const OF_ETHEREUM = /** @type {ReadonlyArray<readonly [string, string, string | undefined]>} */ ([
  ['answers a list whose first entry springs', '{ request: async () => Object.defineProperty([], 0, { get: trap }) }', NO_ANSWER],
  ['answers a TRON address', `{ request: async () => ['${ADDRESS}'] }`, 'Odd is locked'],
  ['answers one object for everything', '{ request: async () => ({}) }', 'Odd is locked'],
  ['has events that spring', `{ ${ETHER}, on: trap, removeListener: trap }`, undefined],
  ['does not let go of a listener', `{ ${ETHER}, on: () => {}, removeListener: trap }`, undefined],
  ['has no events', `{ ${ETHER} }`, undefined],
]);

for (const [family, protocol, cases] of /** @type {const} */ ([['TRON', 'TIP6963', TRON], ['Ethereum', 'eip6963', OF_ETHEREUM]])) {
  for (const [what, provider, title] of cases) {
    test(`a wallet of ${family} that ${what} is said to have failed, and another way can be gone`, async () => {
      await onPage(
        browser,
        service.url,
        async (page) => {
          await announce(page, protocol, provider);
          await page.goto('/');
          await page.getByRole('button', { name: /Odd/ }).click();
          if (title) await heading(page, title);
          else {
            // To let go of it must not do harm either: once back, and here again.
            await heading(page, TO_SIGN);
            await click(page, 'Cancel');
            await page.locator('.notice').getByText('Nothing was signed.').waitFor();
            await page.getByRole('button', { name: /Odd/ }).click();
            await click(page, /^Sign with /);
            await heading(page, NO_ANSWER);
          }
          await click(page, 'Choose another way');
          await page.getByRole('button', { name: /Odd/ }).waitFor();
        },
        { refusals: /422/ },
      );
      record('wallets that break their word', 1);
    });
  }
}

test('what wallets say of themselves is bounded, and one that is a trap hides no other', async () => {
  const hostile = [
    `{ uuid: 'a', name: 'Long'.repeat(2500), icon: 'javascript:alert(1)', rdns: 'org.example.a' }`,
    `{ uuid: 'b', name: 'Script', icon: 'data:text/html,<script>alert(1)</script>', rdns: 'org.example.b' }`,
    `{ uuid: 'c', name: 'Drawing', icon: 'data:image/svg+xml,' + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script><image href="https://tracker.example/"/></svg>'), rdns: 'org.example.c' }`,
    `{ uuid: 'd', name: 'Heavy', icon: 'data:image/png;base64,' + 'A'.repeat(1e6), rdns: 'org.example.d' }`,
    `{ uuid: 'e', name: '\\u202eknoLnorT\\u202c\\u2066', icon: '', rdns: 'org.example.e' }`,
    `{ uuid: 'same', name: 'Twin', icon: '', rdns: 'org.example.twin' }`,
    `{ uuid: 'same', name: 'Twin', icon: '', rdns: 'org.example.twin' }`,
    `{ uuid: 'same', name: 'Other twin', icon: '', rdns: 'org.example.twin' }`,
    // Nothing that could be seen.
    `{ uuid: 'f', name: '\\u3164\\u115f\\u2800\\u200b\\ufe0f', icon: '', rdns: 'org.example.f' }`,
    `{ uuid: 'g', name: { toString: () => 'Object' }, icon: '', rdns: 'org.example.g' }`,
    `{ uuid: 'h', get name() { return trap(); }, icon: '', rdns: 'org.example.h' }`,
    `{ uuid: 'i', name: 'Icon trap', get icon() { return trap(); }, rdns: 'org.example.i' }`,
    `{ uuid: 'j', name: 'Name trap', icon: '', get rdns() { return trap(); } }`,
    `{ uuid: 'k', name: 'Object', icon: '', rdns: Object.create(null) }`,
    `{ uuid: Symbol('l'), name: 'Symbol', icon: '', rdns: 'org.example.l' }`,
    `undefined`,
    `new Proxy({}, { get: trap })`,
    `{ uuid: '__proto__', name: '__proto__', icon: '__proto__', rdns: '__proto__' }`,
    `{ uuid: 'm', name: '{host} {wallet}', icon: '', rdns: 'org.example.m' }`,
  ];
  await onPage(browser, service.url, async (page) => {
    for (const info of hostile) await announce(page, 'TIP6963', '{ request: async () => [] }', info);
    // No announcement at all, and one that is a trap itself.
    await page.addInitScript(() => {
      addEventListener('TIP6963:requestProvider', () => {
        dispatchEvent(new Event('TIP6963:announceProvider'));
        dispatchEvent(Object.defineProperty(new Event('TIP6963:announceProvider'), 'detail', { get: () => { throw new Error('a trap'); } }));
        dispatchEvent(new CustomEvent('TIP6963:announceProvider', { detail: { info: { uuid: 'n', name: 'Deaf', icon: '' }, provider: null } }));
      });
    });
    const honest = await installWallet(page, { name: 'Honest' });
    await page.goto('/');
    await page.getByRole('button', { name: 'Honest' }).waitFor();
    const names = await page.locator('.card .wallets .wallet .name').allTextContents();
    assert.deepEqual(
      names.toSorted(),
      ['__proto__', 'Drawing', 'Heavy', 'Honest', 'knoLnorT', `${'Long'.repeat(7)}Lon…`, 'Other twin', 'Script', 'Twin', '{host} {wallet}'].toSorted(),
    );
    assert.equal(await page.locator('.card .wallets img.icon').count(), 2, 'the drawing, and that of the honest one');
    const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(width, 0, 'nothing sticks out');
    await signInOn(page, /Honest/);
    assert.equal(honest.signed.length, 1);
    record('announcements that mean harm', hostile.length + 3);
  });
});

test('a thousand wallets do not make a page of a thousand wallets', async () => {
  await onPage(browser, service.url, async (page) => {
    const honest = await installWallet(page, { name: 'Honest' });
    await page.addInitScript(() => {
      addEventListener('TIP6963:requestProvider', () => {
        for (let number = 0; number < 1000; number += 1) {
          const info = { uuid: `${number}`, name: `Wallet ${number}`, icon: '', rdns: `org.example.${number}` };
          dispatchEvent(new CustomEvent('TIP6963:announceProvider', { detail: { info, provider: { request: async () => [] } } }));
        }
      });
    });
    await page.goto('/');
    await page.getByRole('button', { name: 'Honest' }).waitFor();
    assert.equal(await page.locator('.card .wallets .wallet').count(), 16);
    await signInOn(page, /Honest/);
    assert.equal(honest.signed.length, 1);
  });
});

test('a wallet that names a stranger’s account does not become the stranger', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await installWallet(page, { name: 'Liar' });
      await page.goto('/');
      await page.getByRole('button', { name: 'Continue with Liar' }).waitFor();
      await page.evaluate(([id, to]) => Reflect.get(window, `${id}_switch`)(to), [`wallet_${wallet.address}`, ADDRESS]);
      await page.getByRole('button', { name: 'Continue with Liar' }).click();
      await click(page, /^Sign with /);
      await heading(page, 'The signature does not fit the account');
      assert.deepEqual((await page.context().cookies()).map(({ name }) => name).filter((name) => /refresh|session/.test(name)), []);
    },
    { refusals: /401/ },
  );
});

test('a wallet that answers twice, or long after, changes nothing that is on show', async () => {
  await onPage(browser, service.url, async (page) => {
    await announce(page, 'TIP6963', `{ request: () => new Promise((resolve) => { window.answer = resolve; }) }`);
    await page.goto('/');
    await page.getByRole('button', { name: /Odd/ }).click();
    await heading(page, 'Open Odd');
    await click(page, 'Cancel');
    await page.locator('.notice').getByText('Nothing was signed.').waitFor();
    await page.evaluate((address) => {
      const answer = Reflect.get(window, 'answer');
      answer([address]);
      answer([]);
    }, ADDRESS);
    // The page would have asked for a text by then: it would have been shown before this comes back.
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
    assert.equal(await page.locator('h1').innerText(), 'Sign in');
  });
});

test('a wallet that changes accounts a thousand times leaves one notice, and the session as it was', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await installWallet(page);
    await page.goto('/');
    await signInOn(page);
    await page.evaluate(
      ([id, other, own]) => {
        const change = Reflect.get(window, `${id}_switch`);
        for (let times = 0; times < 500; times += 1) {
          change(own);
          change(other);
          change('<img src=x onerror=alert(1)>');
        }
      },
      [`wallet_${wallet.address}`, wallet.stranger, wallet.address],
    );
    assert.equal(await page.locator('.notice').count(), 1);
    assert.equal(await page.locator('.short-address').textContent(), wallet.address);
    assert.equal(wallet.signed.length, 1);
  });
});
