/** Signing in with a Ledger and a KeepKey, against the real service, over the devices' own framing. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { click, heading, launch, onPage, tabTo } from './support/browser.mjs';
import { openDevice } from './support/states.mjs';

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

/** @param {import('playwright-core').Page} page */
const account = (page) => page.locator('.short-address').textContent();

test('a Ledger shows the address and the hash that the page shows, and signs in', async () => {
  await onPage(browser, service.url, async (page) => {
    const { ledger } = await openDevice(page, 'Ledger');
    const asked = page.waitForResponse('**/auth/challenge');
    await click(page, 'Connect Ledger');
    await heading(page, 'Read, then sign');
    const response = await asked;
    const { message, digest, scheme } = await response.json();
    assert.deepEqual(response.request().postDataJSON(), { tron_address: ledger.address, wallet_type: 'ledger' });
    assert.equal(scheme, 'tron-v2');
    assert.equal(await page.locator('.to-sign').innerText(), message);
    const short = `${digest.slice(0, 4)}…${digest.slice(-4)}`.toUpperCase();
    assert.equal(await page.locator('.hash strong').innerText(), short);
    assert.equal(await page.locator('.hash span').innerText(), digest.toUpperCase());

    await click(page, 'Show the address on Ledger');
    await page.locator('.notice').getByText('The device shows the same address.').waitFor();
    assert.deepEqual(ledger.shown, [ledger.address]);
    assert.equal(ledger.signed.length, 0, 'the text is shown before the device is asked');

    const login = page.waitForRequest('**/auth/login');
    await click(page, 'Sign with Ledger');
    await heading(page, 'You are signed in');
    assert.deepEqual((await login).postDataJSON().hardware_wallet, { type: 'ledger' });
    assert.equal(await account(page), ledger.address);
    assert.deepEqual([ledger.signed, ledger.wrong], [[message], []]);
    assert.equal(await page.evaluate(() => Reflect.get(navigator, 'hid').device.opened), false, 'the device is free for others');

    // The next time it is offered first, and needs nothing explained by a list of the browser.
    await click(page, 'Sign out');
    await click(page, 'Continue with Ledger');
    await click(page, 'Connect Ledger');
    await heading(page, 'Read, then sign');
  });
});

for (const [version, walletType, scheme] of /** @type {const} */ ([
  [[7, 14, 1], 'keepkey', 'tron-v2'],
  [[7, 9, 11], 'keepkey-eth', 'eip191'],
])) {
  test(`a KeepKey with firmware ${version.join('.')} signs in by ${scheme}, with its PIN and passphrase`, async () => {
    await onPage(browser, service.url, async (page) => {
      const { keepkey } = await openDevice(page, 'KeepKey', { version: [...version], pin: '7193', passphrase: 'ä correct horse' });
      const asked = page.waitForRequest('**/auth/challenge');
      await click(page, 'Connect KeepKey');
      await heading(page, 'Enter your KeepKey PIN');
      for (const place of ['Top left', 'Middle', 'Bottom left', 'Top right', 'Bottom right']) await click(page, place);
      assert.equal(await page.locator('.dots').innerText(), '●●●●●');
      // Two digits too many, of which one is wrong: taken back, and typed.
      for (let presses = 0; presses < 4; presses += 1) await click(page, 'Delete one');
      await page.keyboard.type('193');
      await click(page, 'Continue');
      await heading(page, 'Enter your KeepKey passphrase');
      await page.getByLabel('Passphrase').fill('ä correct horse');
      await page.keyboard.press('Enter');
      await heading(page, 'Read, then sign');
      assert.equal((await asked).postDataJSON().wallet_type, walletType);
      const message = await page.locator('.to-sign').innerText();
      assert.equal(await page.getByRole('button', { name: 'Show the address' }).count(), walletType === 'keepkey' ? 1 : 0);
      await click(page, 'Sign with KeepKey');
      await heading(page, 'You are signed in');
      assert.equal(await account(page), keepkey.address);
      assert.deepEqual([keepkey.signed, keepkey.wrong], [[[scheme, message]], []]);
      const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
      assert.ok(!kept.includes('correct horse') && !kept.includes('7193'), 'the page keeps neither');
    });
  });
}

// What is the matter, how far it comes, what the page says; then it is mended, and all goes well.
const mended = /** @type {const} */ ([
  // device    state                       wire                     clicks  title                              mending
  ['Ledger',  { locked: true },            {},                      1, 'Ledger is locked',                    { locked: false }],
  ['Ledger',  { app: 'BOLOS' },            {},                      1, 'The TRON app is not open',            { app: 'Tron' }],
  ['Ledger',  { app: 'Ethereum' },         {},                      1, 'Another app is open',                 { app: 'Tron' }],
  ['Ledger',  {},                          { taken: true },         1, 'Ledger is in use elsewhere',          { taken: false }],
  ['Ledger',  {},                          { chooseNothing: true }, 1, 'No device was chosen',                { chooseNothing: false }],
  ['Ledger',  {},                          { unplugAfter: 1 },      1, 'Ledger was disconnected',             { unplugAfter: undefined }],
  ['Ledger',  {},                          { unplugAfter: 4 },      2, 'Ledger was disconnected',             { unplugAfter: 1000 }],
  ['Ledger',  { signsByHash: false },      {},                      2, 'A setting is off in the TRON app',    { signsByHash: true }],
  ['Ledger',  { status: 0x6985 },          {},                      2, 'You said no on the device',           { status: undefined }],
  ['Ledger',  { status: 0x5515 },          {},                      2, 'Ledger is locked',                    { status: undefined }],
  ['Ledger',  { status: 0x6f42 },          {},                      2, 'Ledger reported an error',            { status: undefined }],
  ['KeepKey', { empty: true },             {},                      1, 'KeepKey is not set up',               { empty: false }],
  ['KeepKey', { bootloader: true },        {},                      1, 'KeepKey is in update mode',           { bootloader: false }],
  ['KeepKey', {},                          { taken: true },         1, 'KeepKey is in use elsewhere',         { taken: false }],
  ['KeepKey', {},                          { chooseNothing: true }, 1, 'No device was chosen',                { chooseNothing: false }],
  ['KeepKey', {},                          { unplugAfter: 3 },      2, 'KeepKey was disconnected',            { unplugAfter: 1000 }],
  ['KeepKey', { failure: 4 },              {},                      2, 'You said no on the device',           { failure: undefined }],
  ['KeepKey', { failure: 99 },             {},                      2, 'KeepKey reported an error',           { failure: undefined }],
  ['KeepKey', { failure: 15 },             {},                      2, 'KeepKey does not answer',             { failure: undefined }],
]);
for (const [name, state, wire, clicks, title, mending] of mended) {
  test(`"${title}": ${name} ${JSON.stringify({ ...state, ...wire })}, and trying again works`, async () => {
    await onPage(browser, service.url, async (page) => {
      const device = await openDevice(page, name, state, wire);
      await click(page, `Connect ${name}`);
      if (clicks > 1) await click(page, `Sign with ${name}`);
      await heading(page, title);
      Object.assign(device.model.state, mending);
      if ('unplugAfter' in wire) device.model.replug();
      await device.behave(/** @type {import('./support/transports.mjs').Wire} */ (mending));
      await click(page, 'Try again');
      await click(page, `Sign with ${name}`);
      await heading(page, 'You are signed in');
      assert.equal(await account(page), device.model.address);
      assert.deepEqual(device.model.wrong, []);
    });
  });
}

test('a wrong PIN is told so, and can be entered again', async () => {
  await onPage(browser, service.url, async (page) => {
    await openDevice(page, 'KeepKey', { pin: '55' });
    await click(page, 'Connect KeepKey');
    await heading(page, 'Enter your KeepKey PIN');
    await click(page, 'Continue');
    await page.getByRole('status').getByText('Enter your PIN first.').waitFor({ state: 'attached' });
    // What leads to another tab of the browser, or to a page before, is none of it.
    for (const key of ['Control+1', 'Alt+2', 'Control+Backspace']) await page.keyboard.press(key);
    await page.keyboard.type('56');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('6');
    await click(page, 'Continue');
    await heading(page, 'That PIN was wrong');
    await click(page, 'Try again');
    await heading(page, 'Enter your KeepKey PIN');
    await page.keyboard.type('55');
    await click(page, 'Continue');
    await heading(page, 'Read, then sign');
  });
});

test('cancelling lets go of the device, and what it still answers is ignored', async () => {
  await onPage(browser, service.url, async (page) => {
    const { keepkey } = await openDevice(page, 'KeepKey', { slow: true });
    await click(page, 'Connect KeepKey');
    await click(page, 'Sign with KeepKey');
    await heading(page, 'Confirm in KeepKey');
    await click(page, 'Cancel');
    await page.locator('.notice').getByText('Nothing was signed.').waitFor();
    await page.waitForFunction(() => Reflect.get(navigator, 'usb').device.opened === false);
    assert.equal(keepkey.heard.at(-1), 20, 'the question on its screen is taken back');
  });
});

test('a signature of another Ledger is refused by the service, and named', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await openDevice(page, 'Ledger', { wrongKey: true });
      await click(page, 'Connect Ledger');
      await click(page, 'Sign with Ledger');
      await heading(page, 'The signature does not fit the account');
      assert.equal(await page.evaluate(() => localStorage.length), 0, 'a way that led nowhere is not remembered');
    },
    { refusals: /401/ },
  );
});

test('where the browser has no way to devices, or the page came without HTTPS, it says which, and offers another way', async () => {
  for (const [name, api] of /** @type {const} */ ([['Ledger', 'hid'], ['KeepKey', 'usb']])) {
    for (const [lack, title] of /** @type {const} */ ([['api', `This browser cannot reach a ${name}`], ['https', 'This page cannot reach devices']])) {
      await onPage(browser, service.url, async (page) => {
        await page.addInitScript(([what, key]) => {
          if (what === 'api') Object.defineProperty(Navigator.prototype, key ?? '', { value: undefined });
          else Object.defineProperty(window, 'isSecureContext', { value: false });
        }, [lack, api]);
        await page.goto('/');
        await click(page, name);
        await heading(page, title);
        assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0);
        await click(page, 'Choose another way');
        await heading(page, 'No TRON wallet found');
      });
    }
  }
});

test('a device works by the keyboard alone', async () => {
  await onPage(browser, service.url, async (page) => {
    await openDevice(page, 'KeepKey', { pin: '1' }, {}, async () => {
      await heading(page, 'No TRON wallet found');
      await tabTo(page, /^K?KeepKey$/);
      await page.keyboard.press('Enter');
    });
    await tabTo(page, /^Connect KeepKey$/);
    await page.keyboard.press('Enter');
    await heading(page, 'Enter your KeepKey PIN');
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
    await heading(page, 'Read, then sign');
    await tabTo(page, /^Sign with KeepKey$/);
    await page.keyboard.press('Space');
    await heading(page, 'You are signed in');
  });
});
