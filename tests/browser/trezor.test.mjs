/** Signing in with a Trezor, in both of its ways, against the real service, over the device's own framing. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { confirmAsOwner, openAccount } from './support/account-states.mjs';
import { click, heading, launch, onPage, tabTo } from './support/browser.mjs';
import { TREZOR_ACCOUNTS, openTrezor } from './support/states.mjs';
import { plugIn } from './support/transports.mjs';
import { TREZOR, TrezorModel } from './support/trezor.mjs';

/** @typedef {import('./support/trezor.mjs').TrezorState} TrezorState */
/** @typedef {import('./support/transports.mjs').Wire} Wire */

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

test('the account that Trezor Suite shows signs in by a transfer that the device serialises to the service’s bytes', async () => {
  await onPage(browser, service.url, async (page) => {
    const { trezor } = await openTrezor(page);
    const asked = page.waitForResponse('**/auth/challenge');
    await heading(page, 'Which account of your Trezor?');
    await page.getByText('a transfer of 0.000001 TRX from you to yourself').waitFor();
    await click(page, 'Use my Suite account');
    await heading(page, 'Read, then sign');
    const response = await asked;
    assert.deepEqual(response.request().postDataJSON(), { tron_address: trezor.tron.address, wallet_type: 'trezor' });
    const { message, scheme, trezor_tx: transaction } = await response.json();
    assert.equal(scheme, 'trezor-tx');
    assert.match(message, /This transfer cannot take place\./);
    assert.equal(await page.locator('.full-address').innerText(), trezor.tron.address);
    assert.equal(await page.locator('.to-sign').innerText(), message);
    await page.getByText('This is a transaction, but one that can never be carried out').waitFor();
    assert.equal(await page.getByText('It is not a transaction').count(), 0, 'it is called what it is');

    await click(page, 'Show the address on Trezor');
    await page.locator('.notice').getByText('The device shows the same address.').waitFor();
    assert.deepEqual(trezor.shown, [trezor.tron.address]);
    assert.equal(trezor.signed.length, 0, 'the text is shown before the device is asked');

    const login = page.waitForRequest('**/auth/login');
    await click(page, 'Sign with Trezor');
    await heading(page, 'You are signed in');
    assert.deepEqual((await login).postDataJSON().hardware_wallet, { type: 'trezor' });
    assert.equal(await account(page), trezor.tron.address);
    assert.deepEqual([trezor.signed, trezor.wrong], [[['trezor-tx', message]], []]);
    assert.deepEqual(trezor.transactions, [transaction.raw_data_hex], 'byte for byte');
    assert.deepEqual(trezor.shown.slice(1), [message, transaction.raw_data.contract[0].parameter.value.owner_address, '0.000001 TRX']);
    assert.equal(await page.evaluate(() => Reflect.get(navigator, 'usb').device.opened), false, 'the device is free for others');
  });
});

test('the account of the Ethereum path signs in by a text, and the page says whose it is', async () => {
  await onPage(browser, service.url, async (page) => {
    const { trezor } = await openTrezor(page);
    const asked = page.waitForResponse('**/auth/challenge');
    await click(page, 'Use my Ethereum account');
    await heading(page, 'Read, then sign');
    const response = await asked;
    assert.deepEqual(response.request().postDataJSON(), { tron_address: trezor.ethereum.address, wallet_type: 'trezor-eth' });
    await page.getByText('another one than the TRON account that Trezor Suite shows').waitFor();
    await page.getByText('It is not a transaction').waitFor();
    const { message, scheme } = await response.json();
    assert.equal(scheme, 'eip191');
    await click(page, 'Sign with Trezor');
    await heading(page, 'You are signed in');
    assert.equal(await account(page), trezor.ethereum.address);
    assert.deepEqual([trezor.signed, trezor.transactions, trezor.wrong], [[['eip191', message]], [], []]);
  });
});

test('a Model One takes PIN and passphrase from the page, and is told why it has one way only', async () => {
  await onPage(browser, service.url, async (page) => {
    const { trezor } = await openTrezor(page, { version: [1, 14, 2], pin: '719', passphrase: 'ä correct horse' });
    await page.getByText('A Model One cannot do this').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Use my Suite account' }).count(), 0);
    await click(page, 'Use my Ethereum account');
    await heading(page, 'Enter your Trezor PIN');
    for (const place of ['Top left', 'Bottom left', 'Top right']) await click(page, place);
    await click(page, 'Continue');
    await heading(page, 'Enter your Trezor passphrase');
    await page.getByLabel('Passphrase').fill('ä correct horse');
    await page.keyboard.press('Enter');
    await heading(page, 'Read, then sign');
    await click(page, 'Sign with Trezor');
    await heading(page, 'You are signed in');
    assert.equal(await account(page), trezor.ethereum.address);
    assert.deepEqual(trezor.wrong, []);
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.ok(!kept.includes('correct horse') && !kept.includes('719'), 'the page keeps neither');
  });
});

test('any other Trezor takes PIN and passphrase on its own screen, and the page says so', async () => {
  await onPage(browser, service.url, async (page) => {
    /** @type {string[]} */
    const titles = [];
    await page.exposeFunction('heard', (/** @type {string} */ title) => void titles.push(title));
    await page.addInitScript(() => {
      const watch = () => new MutationObserver(() => Reflect.get(window, 'heard')(document.title)).observe(document.head, { childList: true, subtree: true });
      document.addEventListener('DOMContentLoaded', watch);
    });
    const { trezor } = await openTrezor(page, { pin: '1', passphrase: 'secret' });
    await click(page, 'Use my Suite account');
    await heading(page, 'Read, then sign');
    assert.deepEqual([trezor.shown, trezor.wrong], [['pin', 'passphrase'], []]);
    const entered = titles.filter((title) => title.startsWith('Enter')).map((title) => title.split(' · ')[0]);
    assert.deepEqual(entered, ['Enter your PIN on the Trezor', 'Enter your passphrase on the Trezor']);
  });
});

/** What is the matter, whether it shows at signing only, what the page says; then it is mended, and all goes well. @type {Array<[TrezorState, Wire, boolean, string, TrezorState & Wire]>} */
const mended = [
  // state                    wire                     signs  title                                  mending
  [{ empty: true },           {},                      false, 'Trezor is not set up',                { empty: false }],
  [{ bootloader: true },      {},                      false, 'Trezor is in update mode',            { bootloader: false }],
  [{ version: [2, 1, 8] },    {},                      false, 'The firmware of your Trezor is too old', { version: [2, 11, 0] }],
  [{},                        { taken: true },         false, 'Trezor is in use elsewhere',          { taken: false }],
  [{},                        { chooseNothing: true }, false, 'No device was chosen',                { chooseNothing: false }],
  [{ failure: 4 },            {},                      true,  'You said no on the device',           { failure: undefined }],
  [{ failureOfContract: 4 },  {},                      true,  'You said no on the device',           { failureOfContract: undefined }],
  [{ failure: 99 },           {},                      true,  'Trezor reported an error',            { failure: undefined }],
  [{ failure: 15 },           {},                      true,  'Trezor does not answer',              { failure: undefined }],
];
for (const [state, wire, signs, title, mending] of mended) {
  test(`"${title}": ${JSON.stringify({ ...state, ...wire })}, and trying again works`, async () => {
    await onPage(browser, service.url, async (page) => {
      const { trezor, behave } = await openTrezor(page, state, wire);
      if (signs) {
        await click(page, 'Use my Suite account');
        await click(page, 'Sign with Trezor');
      }
      await heading(page, title);
      Object.assign(trezor.state, mending);
      await behave(/** @type {Wire} */ (mending));
      await click(page, 'Try again');
      await click(page, 'Use my Suite account');
      await click(page, 'Sign with Trezor');
      await heading(page, 'You are signed in');
      assert.equal(await account(page), trezor.tron.address);
      assert.deepEqual(trezor.wrong, []);
    });
  });
}

test('what no second try could mend leads to another way', async () => {
  const hopeless = /** @type {const} */ ([
    [{ thp: true },         undefined,    'This Trezor speaks another language'],
    [{ bitcoinOnly: true }, 'trezor',     'This Trezor knows Bitcoin alone'],
    [{ bitcoinOnly: true }, 'trezor-eth', 'This Trezor knows Bitcoin alone'],
  ]);
  for (const [state, choice, title] of hopeless) {
    await onPage(browser, service.url, async (page) => {
      await openTrezor(page, state);
      if (choice) await click(page, TREZOR_ACCOUNTS[choice]);
      await heading(page, title);
      assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0);
      await click(page, 'Choose another way');
      await heading(page, 'No TRON wallet found');
    });
  }
});

test('a signature of another key is refused by the service, in both ways', async () => {
  for (const choice of /** @type {const} */ (['trezor', 'trezor-eth'])) {
    await onPage(
      browser,
      service.url,
      async (page) => {
        await openTrezor(page, { wrongKey: true });
        await click(page, TREZOR_ACCOUNTS[choice]);
        await click(page, 'Sign with Trezor');
        await heading(page, 'The signature does not fit the account');
      },
      { refusals: /401/ },
    );
  }
});

test('another transaction than the harmless one does not reach the device', async () => {
  await onPage(browser, service.url, async (page) => {
    await page.route('**/auth/challenge', async (route) => {
      const response = await route.fetch();
      const challenge = await response.json();
      const hex = challenge.trezor_tx.raw_data_hex;
      // An expiration that is not over: 0x40 is its field, 01 the value.
      challenge.trezor_tx.raw_data_hex = hex.replace('4001', '407f');
      await route.fulfill({ response, json: challenge });
    });
    const { trezor } = await openTrezor(page);
    await click(page, 'Use my Suite account');
    await click(page, 'Sign with Trezor');
    await heading(page, 'That is not the transfer that was promised');
    assert.ok(!trezor.heard.includes(2202));
  });
});

test('letting go of it, while it is asked and before, frees the device', async () => {
  for (const steps of [[], ['Use my Suite account', 'Sign with Trezor']]) {
    await onPage(browser, service.url, async (page) => {
      const { trezor } = await openTrezor(page, { slow: true });
      await heading(page, 'Which account of your Trezor?');
      for (const step of steps) await click(page, step);
      if (steps.length > 0) await heading(page, 'Confirm in Trezor');
      await click(page, 'Cancel');
      await page.locator('.notice').getByText('Nothing was signed.').waitFor();
      await page.waitForFunction(() => Reflect.get(navigator, 'usb').device.opened === false);
      assert.equal(trezor.heard.at(-1), steps.length > 0 ? 20 : 0, 'the question on its screen is taken back');
    });
  }
});

test('a Trezor works by the keyboard alone', async () => {
  await onPage(browser, service.url, async (page) => {
    const trezor = new TrezorModel();
    await plugIn(page, 'usb', trezor, TREZOR);
    await page.goto('/');
    await heading(page, 'No TRON wallet found');
    await tabTo(page, /^T?Trezor$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /^Connect Trezor$/);
    await page.keyboard.press('Enter');
    await heading(page, 'Which account of your Trezor?');
    await tabTo(page, /^Use my Suite account$/);
    await page.keyboard.press('Enter');
    await heading(page, 'Read, then sign');
    await tabTo(page, /^Sign with Trezor$/);
    await page.keyboard.press('Space');
    await heading(page, 'You are signed in');
  });
});

test('a Trezor is added to the account by its own signature, in both ways', async () => {
  for (const choice of /** @type {const} */ (['trezor', 'trezor-eth'])) {
    await onPage(browser, service.url, async (page) => {
      const trezor = new TrezorModel();
      await plugIn(page, 'usb', trezor, TREZOR);
      const wallet = await openAccount(page);
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await page.getByLabel('What it is').selectOption('trezor');
      await page.getByLabel('Name of the wallet').fill('Drawer');
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await click(page, 'Continue with Trezor');
      await click(page, 'Connect Trezor');
      await click(page, TREZOR_ACCOUNTS[choice]);
      await click(page, 'Sign with Trezor');
      await confirmAsOwner(page, wallet);
      const address = choice === 'trezor' ? trezor.tron.address : trezor.ethereum.address;
      const table = page.getByRole('table', { name: 'Hardware wallets' });
      await table.waitFor();
      assert.match(await table.innerText(), new RegExp(`Drawer\\s+Trezor\\s+${address}`));
      assert.deepEqual(trezor.wrong, []);
    });
  }
});
