/** Every state that the page can be in, and how to get there: one list for accessibility, contrast and pictures. */

import { heading, signInOn } from './browser.mjs';
import { installWallet } from './wallet.mjs';

/** @typedef {import('playwright-core').Page} Page */

/**
 * @typedef {object} State
 * @property {string} name
 * @property {(page: Page) => Promise<unknown>} reach from a new page to the state
 * @property {RegExp} [refusals] console lines that belong to it
 */

const HOSTILE_NAME = `\u202e<img src=x onerror=alert(1)>\u0000${'W'.repeat(500)}`;

/**
 * Make the service answer `path` with a problem, or not at all. Only for what the real one does too rarely for a test.
 *
 * @param {Page} page
 * @param {string} path
 * @param {{status: number, code?: string, retryAfter?: number} | 'abort'} answer
 * @param {number} [times]
 */
export async function refuse(page, path, answer, times) {
  await page.route(
    `**${path}`,
    (route) => {
      if (answer === 'abort') return route.abort('connectionrefused');
      const { status, code, retryAfter } = answer;
      return route.fulfill({
        status,
        contentType: code ? 'application/problem+json' : 'text/html',
        headers: { 'X-Request-Id': 'req-0123456789', ...(retryAfter && { 'Retry-After': String(retryAfter) }) },
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
];
