/** Every state that the page can be in, and how to get there: one list for accessibility, contrast and pictures. */

import { utils } from 'tronweb';
import { click, heading, signInOn } from './browser.mjs';
import { installEthereum } from './ethereum.mjs';
import { KeepKeyModel } from './keepkey.mjs';
import { LedgerModel } from './ledger.mjs';
import { plugIn } from './transports.mjs';
import { TREZOR, TrezorModel } from './trezor.mjs';
import { installWallet } from './wallet.mjs';

/** @typedef {import('playwright-core').Page} Page */

/**
 * @typedef {object} State
 * @property {string} name
 * @property {(page: Page) => Promise<unknown>} reach from a new page to the state
 * @property {RegExp} [refusals] console lines that belong to it
 * @property {boolean} [technical] it is for programmers, and may say what nobody else should have to read
 */

const HOSTILE_NAME = `\u202e<img src=x onerror=alert(1)>\u0000${'W'.repeat(500)}`;

/**
 * Make the service answer `path` with a problem, or not at all. Only for what the real one does too rarely for a test.
 *
 * @param {Page} page
 * @param {string} path
 * @param {{status: number, code?: string, retryAfter?: number, date?: string} | 'abort'} answer
 * @param {number} [times]
 */
export async function refuse(page, path, answer, times) {
  await page.route(
    `**${path}`,
    (route) => {
      if (answer === 'abort') return route.abort('connectionrefused');
      const { status, code, retryAfter, date } = answer;
      return route.fulfill({
        status,
        contentType: code ? 'application/problem+json' : 'text/html',
        headers: { 'X-Request-Id': 'req-0123456789', ...(retryAfter && { 'Retry-After': String(retryAfter) }), ...(date && { Date: date }) },
        body: code
          ? JSON.stringify({ type: `/problems/${code}`, title: 'RAW TITLE', status, error: { code, message: 'RAW MESSAGE', details: {} } })
          : '<h1>RAW PROXY ERROR</h1>',
      });
    },
    times ? { times } : undefined,
  );
}

/**
 * Open the page with a wallet, and click as far as `steps` says.
 *
 * @param {Page} page
 * @param {import('./wallet.mjs').WalletOptions} options
 * @param {0 | 1 | 2} steps 0: loaded; 1: connected; 2: signed
 */
export async function open(page, options, steps) {
  const wallet = await installWallet(page, options);
  await page.goto('/');
  if (steps > 0) await page.getByRole('button', { name: /^Continue with / }).click();
  if (steps > 1) await page.getByRole('button', { name: /^Sign with / }).click();
  return wallet;
}

/** Have the browser keep nothing, as when somebody forbids all cookies. @param {Page} page */
export function keepNothing(page) {
  return page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, name, { get: () => { throw new DOMException('The operation is insecure.', 'SecurityError'); } });
    }
  });
}

/**
 * Open the page with a device on its cable, and choose it.
 *
 * @param {Page} page
 * @param {'Ledger' | 'KeepKey'} name
 * @param {import('./ledger.mjs').LedgerState & import('./keepkey.mjs').KeepKeyState} [state]
 * @param {import('./transports.mjs').Wire} [wire]
 * @param {() => Promise<void>} [choose] in place of a click
 */
export async function openDevice(page, name, state = {}, wire = {}, choose = () => click(page, name)) {
  const ledger = new LedgerModel(state);
  const keepkey = new KeepKeyModel(state);
  const model = name === 'Ledger' ? ledger : keepkey;
  const { behave } = await plugIn(page, name === 'Ledger' ? 'hid' : 'usb', model, wire);
  await page.goto('/');
  await choose();
  await heading(page, `Connect your ${name}`);
  return { ledger, keepkey, model, behave };
}

/** What the choice between the accounts of a Trezor says, by what is asked of the service then. */
export const TREZOR_ACCOUNTS = { 'trezor': 'Use my Suite account', 'trezor-eth': 'Use my Ethereum account' };

/**
 * Open the page with a Trezor on its cable, and connect it.
 *
 * @param {Page} page
 * @param {import('./trezor.mjs').TrezorState} [state]
 * @param {import('./transports.mjs').Wire} [wire]
 */
export async function openTrezor(page, state = {}, wire = {}) {
  const trezor = new TrezorModel(state);
  const { behave } = await plugIn(page, 'usb', trezor, { ...TREZOR, ...wire });
  await page.goto('/');
  await click(page, 'Trezor');
  await heading(page, 'Connect your Trezor');
  await click(page, 'Connect Trezor');
  return { trezor, behave };
}

/**
 * Open the page, and go on to the text that is to be signed elsewhere.
 *
 * @param {Page} page
 */
export async function openElsewhere(page) {
  const { privateKey, address } = utils.accounts.generateAccount();
  await page.goto('/');
  await click(page, 'Elsewhere');
  await page.getByLabel('Your TRON address').fill(address.base58);
  await click(page, 'Continue');
  await heading(page, 'Sign this text');
  return { privateKey, address: address.base58 };
}

/**
 * @param {'Ledger' | 'KeepKey'} name
 * @param {import('./ledger.mjs').LedgerState & import('./keepkey.mjs').KeepKeyState} state
 * @param {import('./transports.mjs').Wire} wire
 * @param {1 | 2} clicks 1: connected; 2: signed
 * @param {string} title
 */
const withDevice = (name, state, wire, clicks, title) => async (/** @type {Page} */ page) => {
  await openDevice(page, name, state, wire);
  await click(page, `Connect ${name}`);
  if (clicks > 1) await click(page, `Sign with ${name}`);
  await heading(page, title);
};

/**
 * @param {import('./trezor.mjs').TrezorState} state
 * @param {import('./transports.mjs').Wire} wire
 * @param {keyof typeof TREZOR_ACCOUNTS | undefined} choice nothing: as far as it comes without
 * @param {string} title
 * @param {boolean} [signs]
 */
const withTrezor = (state, wire, choice, title, signs = false) => async (/** @type {Page} */ page) => {
  await openTrezor(page, state, wire);
  if (choice) await click(page, TREZOR_ACCOUNTS[choice]);
  if (signs) await click(page, 'Sign with Trezor');
  await heading(page, title);
};

/** @param {'hid' | 'isSecureContext'} what */
const without = (what) => async (/** @type {Page} */ page) => {
  await page.addInitScript((key) => Object.defineProperty(key === 'hid' ? Navigator.prototype : window, key, { value: undefined }), what);
  await page.goto('/');
  await click(page, 'Ledger');
  await heading(page, what === 'hid' ? 'This browser cannot reach a Ledger' : 'This page cannot reach devices');
};

/**
 * @param {string} code
 * @param {number} status
 * @param {string} title
 * @param {number} [retryAfter]
 */
const refusedLogin = (code, status, title, retryAfter) => async (/** @type {Page} */ page) => {
  await refuse(page, '/auth/login', { status, code, retryAfter });
  await open(page, {}, 2);
  await heading(page, title);
};

/** @type {ReadonlyArray<State>} */
export const STATES = [
  {
    name: 'restoring',
    reach: async (page) => {
      await open(page, {}, 0);
      await signInOn(page);
      await page.route('**/auth/refresh', () => {}); // no answer
      await page.reload();
      await heading(page, 'Signing you back in');
    },
  },
  { name: 'none', reach: async (page) => (await page.goto('/'), heading(page, 'No TRON wallet found')) },
  { name: 'one-wallet', reach: async (page) => (await open(page, {}, 0), heading(page, 'Sign in')) },
  {
    name: 'steps-open',
    reach: async (page) => {
      await open(page, {}, 0);
      await page.getByText('What happens next').click();
    },
  },
  {
    name: 'several-wallets',
    reach: async (page) => {
      await installWallet(page, { name: 'TronLink' });
      await installWallet(page, { name: 'Backpack', icon: 'https://tracker.example/icon.png' });
      await installWallet(page, { place: 'okxwallet' });
      await installWallet(page, { name: HOSTILE_NAME, icon: 'data:text/html,<script>alert(1)</script>' });
      await page.goto('/');
      await heading(page, 'Sign in');
    },
  },
  { name: 'connecting', reach: async (page) => (await open(page, { silent: true }, 1), heading(page, 'Open TronLink')) },
  { name: 'review', reach: async (page) => (await open(page, {}, 1), heading(page, 'Read, then sign')) },
  {
    name: 'signing',
    reach: async (page) => {
      const wallet = await open(page, {}, 1);
      await heading(page, 'Read, then sign');
      await wallet.behave({ silent: true });
      await page.getByRole('button', { name: /^Sign with / }).click();
      await heading(page, 'Confirm in TronLink');
    },
  },
  { name: 'signed-in', reach: async (page) => (await open(page, {}, 0), signInOn(page)) },
  {
    name: 'account-changed',
    reach: async (page) => {
      const wallet = await open(page, {}, 0);
      await signInOn(page);
      await wallet.switchTo(wallet.stranger);
      await page.getByRole('heading', { name: 'Your wallet changed accounts' }).waitFor();
    },
  },
  {
    name: 'signed-out',
    reach: async (page) => {
      await open(page, {}, 0);
      await signInOn(page);
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await page.locator('.notice').waitFor();
    },
  },
  { name: 'refused', reach: async (page) => (await open(page, { refuseSign: true }, 2), heading(page, 'You said no in your wallet')) },
  { name: 'locked', reach: async (page) => (await open(page, { locked: true }, 1), heading(page, 'TronLink is locked')) },
  {
    name: 'signature-refused',
    reach: async (page) => (await open(page, { wrongKey: true }, 2), heading(page, 'The signature does not fit the account')),
    refusals: /401/,
  },
  {
    name: 'challenge-expired',
    reach: async (page) => {
      await refuse(page, '/auth/login', { status: 401, code: 'LUCID_AUTH_1011' }, 1);
      await open(page, {}, 2);
      await page.locator('.notice').waitFor();
    },
    refusals: /401/,
  },
  { name: 'account-locked', reach: refusedLogin('LUCID_AUTH_1005', 423, 'This account is locked', 900), refusals: /423/ },
  { name: 'registration-closed', reach: refusedLogin('LUCID_AUTH_1019', 403, 'Registration is closed'), refusals: /403/ },
  { name: 'rate-limited', reach: refusedLogin('LUCID_AUTH_1006', 429, 'Too many attempts', 42), refusals: /429/ },
  { name: 'server-failed', reach: refusedLogin('LUCID_AUTH_1028', 500, 'Something went wrong on our side'), refusals: /500/ },
  { name: 'unknown-host', reach: refusedLogin('LUCID_AUTH_1027', 421, 'This is not the service’s address'), refusals: /421/ },
  {
    name: 'no-storage',
    reach: async (page) => {
      await keepNothing(page);
      await open(page, {}, 1);
      await heading(page, 'Your browser keeps nothing for this page');
    },
  },
  {
    name: 'unreachable',
    reach: async (page) => {
      await refuse(page, '/auth/challenge', 'abort');
      await open(page, {}, 1);
      await heading(page, 'The service cannot be reached');
    },
    refusals: /ERR_CONNECTION_REFUSED/,
  },
  {
    name: 'return-refused',
    reach: async (page) => {
      await installWallet(page);
      await page.goto('/?return_to=https%3A%2F%2Fevil.example%2F');
      await page.getByRole('button', { name: /^Continue with / }).click();
      await page.getByRole('button', { name: /^Sign with / }).click();
      await heading(page, 'This page cannot send you back');
    },
    refusals: /403/,
  },
  {
    name: 'handover-failed',
    reach: async (page) => {
      await open(page, {}, 0);
      await signInOn(page);
      await page.goto('/?return_to=https%3A%2F%2Fapp.example.org%2F&handover=failed');
      await heading(page, 'You are not signed in at app.example.org yet');
    },
  },
  {
    name: 'session-ended',
    reach: async (page) => {
      await open(page, {}, 0);
      await signInOn(page);
      await refuse(page, '/auth/refresh', { status: 401, code: 'LUCID_AUTH_1015' });
      await page.reload();
      await heading(page, 'Your session has ended');
    },
    refusals: /401/,
  },
  {
    name: 'ethereum-wallet',
    reach: async (page) => {
      await installEthereum(page);
      await installWallet(page);
      await page.goto('/');
      await page.getByRole('button', { name: 'Continue with TronLink' }).waitFor();
    },
  },
  {
    name: 'ethereum-review',
    reach: async (page) => {
      await installEthereum(page);
      await page.goto('/');
      await click(page, /MetaMask/);
      await heading(page, 'Read, then sign');
    },
  },
  { name: 'ledger-ready', reach: (page) => openDevice(page, 'Ledger') },
  { name: 'ledger-opening', reach: withDevice('Ledger', { silent: true }, {}, 1, 'Connecting to Ledger') },
  { name: 'ledger-review', reach: withDevice('Ledger', {}, {}, 1, 'Read, then sign') },
  {
    name: 'ledger-comparing',
    reach: async (page) => {
      await withDevice('Ledger', { slow: true }, {}, 1, 'Read, then sign')(page);
      await click(page, 'Show the address on Ledger');
      await heading(page, 'Compare the address');
    },
  },
  { name: 'ledger-signing', reach: withDevice('Ledger', { slow: true }, {}, 2, 'Confirm in Ledger') },
  { name: 'ledger-locked', reach: withDevice('Ledger', { locked: true }, {}, 1, 'Ledger is locked') },
  { name: 'ledger-app-closed', reach: withDevice('Ledger', { app: 'BOLOS' }, {}, 1, 'The TRON app is not open') },
  { name: 'ledger-other-app', reach: withDevice('Ledger', { app: 'Bitcoin' }, {}, 1, 'Another app is open') },
  { name: 'ledger-setting-off', reach: withDevice('Ledger', { signsByHash: false }, {}, 2, 'A setting is off in the TRON app') },
  { name: 'ledger-refused', reach: withDevice('Ledger', { status: 0x6985 }, {}, 2, 'You said no on the device') },
  { name: 'ledger-unplugged', reach: withDevice('Ledger', {}, { unplugAfter: 4 }, 2, 'Ledger was disconnected') },
  { name: 'ledger-taken', reach: withDevice('Ledger', {}, { taken: true }, 1, 'Ledger is in use elsewhere') },
  { name: 'ledger-failed', reach: withDevice('Ledger', { status: 0x6f42 }, {}, 2, 'Ledger reported an error') },
  { name: 'no-device-chosen', reach: withDevice('Ledger', {}, { chooseNothing: true }, 1, 'No device was chosen') },
  { name: 'no-webhid', reach: without('hid') },
  { name: 'no-https', reach: without('isSecureContext') },
  { name: 'keepkey-ready', reach: (page) => openDevice(page, 'KeepKey') },
  {
    name: 'keepkey-pin',
    reach: async (page) => {
      await withDevice('KeepKey', { pin: '1' }, {}, 1, 'Enter your KeepKey PIN')(page);
      await click(page, 'Middle');
      await click(page, 'Top left');
    },
  },
  { name: 'keepkey-passphrase', reach: withDevice('KeepKey', { passphrase: '' }, {}, 1, 'Enter your KeepKey passphrase') },
  { name: 'keepkey-review', reach: withDevice('KeepKey', {}, {}, 1, 'Read, then sign') },
  { name: 'keepkey-signing', reach: withDevice('KeepKey', { slow: true }, {}, 2, 'Confirm in KeepKey') },
  {
    name: 'keepkey-pin-wrong',
    reach: async (page) => {
      await withDevice('KeepKey', { pin: '1' }, {}, 1, 'Enter your KeepKey PIN')(page);
      await page.keyboard.type('2');
      await click(page, 'Continue');
      await heading(page, 'That PIN was wrong');
    },
  },
  { name: 'keepkey-bootloader', reach: withDevice('KeepKey', { bootloader: true }, {}, 1, 'KeepKey is in update mode') },
  { name: 'keepkey-empty', reach: withDevice('KeepKey', { empty: true }, {}, 1, 'KeepKey is not set up') },
  { name: 'keepkey-too-old', reach: withDevice('KeepKey', {}, { productId: 1 }, 1, 'KeepKey is too old for this') },
  { name: 'keepkey-busy', reach: withDevice('KeepKey', { failure: 15 }, {}, 2, 'KeepKey does not answer') },
  { name: 'trezor-accounts', reach: withTrezor({}, {}, undefined, 'Which account of your Trezor?') },
  { name: 'trezor-accounts-old', reach: withTrezor({ version: [2, 8, 10] }, {}, undefined, 'Which account of your Trezor?') },
  { name: 'trezor-accounts-one', reach: withTrezor({ version: [1, 14, 2] }, {}, undefined, 'Which account of your Trezor?') },
  { name: 'trezor-pin-on-device', reach: withTrezor({ pin: '1', slow: true }, {}, 'trezor', 'Enter your PIN on the Trezor') },
  { name: 'trezor-pin', reach: withTrezor({ version: [1, 14, 2], pin: '1' }, {}, 'trezor-eth', 'Enter your Trezor PIN') },
  { name: 'trezor-review', reach: withTrezor({}, {}, 'trezor', 'Read, then sign') },
  { name: 'trezor-eth-review', reach: withTrezor({}, {}, 'trezor-eth', 'Read, then sign') },
  { name: 'trezor-signing', reach: withTrezor({ slow: true }, {}, 'trezor', 'Confirm in Trezor', true) },
  { name: 'trezor-taken', reach: withTrezor({}, { taken: true }, undefined, 'Trezor is in use elsewhere') },
  { name: 'trezor-other-protocol', reach: withTrezor({ thp: true }, {}, undefined, 'This Trezor speaks another language') },
  { name: 'trezor-too-old', reach: withTrezor({ version: [1, 6, 3] }, {}, undefined, 'The firmware of your Trezor is too old') },
  { name: 'trezor-bitcoin-only', reach: withTrezor({ bitcoinOnly: true }, {}, 'trezor', 'This Trezor knows Bitcoin alone') },
  {
    name: 'elsewhere-address',
    reach: async (page) => {
      await page.goto('/');
      await click(page, 'Elsewhere');
      await heading(page, 'Sign elsewhere');
    },
  },
  {
    name: 'elsewhere-address-wrong',
    reach: async (page) => {
      await page.goto('/');
      await click(page, 'Elsewhere');
      await page.getByLabel('Your TRON address').fill('TJRabPrwbZy45sbavfcjinPJC18kjpRTv9');
      await click(page, 'Continue');
      await page.locator('.wrong').waitFor();
    },
  },
  { name: 'elsewhere-sign', reach: openElsewhere },
  {
    name: 'elsewhere-sign-wrong',
    reach: async (page) => {
      await openElsewhere(page);
      await page.getByText('As a QR code').click();
      await page.getByLabel('The signature').fill('0x1234');
      await click(page, 'Sign in');
      await page.locator('.wrong').waitFor();
    },
  },
  {
    name: 'elsewhere-refused',
    reach: async (page) => {
      await openElsewhere(page);
      await page.getByLabel('The signature').fill(`${'11'.repeat(64)}00`);
      await click(page, 'Sign in');
      await heading(page, 'The signature does not fit the account');
    },
    refusals: /401/,
  },
  {
    name: 'clock-wrong',
    reach: async (page) => {
      await page.clock.install({ time: Date.now() + 7_200_000 });
      await open(page, {}, 1);
      await page.locator('.notice').waitFor();
    },
  },
];
