/** Every state that the account page can be in, and how to get there. */

import { heading, signInOn } from './browser.mjs';
import { refuse } from './states.mjs';
import { installWallet, randomAccount, signInWithout } from './wallet.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./wallet.mjs').WalletOptions} WalletOptions */

/** What somebody who means harm would call themselves, within what the service takes. */
export const HOSTILE = {
  name: `"><img src=x onerror=alert(1)>مرحبا ${'W'.repeat(24)}`,
  agent: `<script>alert(1)</script>"><img src=x onerror=alert(1)> ${'W'.repeat(445)}`,
};

/**
 * Sign in, and open the account page.
 *
 * @param {Page} page
 * @param {WalletOptions} [options]
 */
export async function openAccount(page, options = {}) {
  const wallet = await installWallet(page, options);
  await page.goto('/');
  await signInOn(page, options.name ? new RegExp('Continue with') : undefined);
  await page.getByRole('link', { name: 'Your account' }).click();
  await heading(page, 'Your account');
  await loaded(page);
  return wallet;
}

/** Wait until every part has come, or failed. @param {Page} page */
export async function loaded(page) {
  await page.locator('.panel').first().waitFor();
  await page.waitForFunction(() => document.querySelector('.loading') === null);
}

/**
 * Ask the service to sign in elsewhere, too.
 *
 * @param {Page} page
 * @param {import('./wallet.mjs').Account} account
 * @param {string} [agent]
 */
export function signInElsewhere(page, account, agent) {
  return signInWithout(new URL(page.url()).origin, account, agent);
}

/** @typedef {Awaited<ReturnType<typeof installWallet>>} Wallet */

/**
 * Confirm what a session alone cannot do, by the wallet that signed in.
 *
 * @param {Page} page
 * @param {Wallet} wallet
 */
export async function confirmAsOwner(page, wallet) {
  await heading(page, 'Sign to confirm');
  await wallet.become(wallet.account);
  await page.getByRole('button', { name: 'TronLink' }).click();
  await page.getByRole('button', { name: /^Sign with / }).click();
}

/**
 * Add another account of the wallet in the browser as a hardware wallet.
 *
 * @param {Page} page
 * @param {Wallet} wallet
 * @param {import('./wallet.mjs').Account} hardware
 * @param {string} label
 */
export async function addHardware(page, wallet, hardware, label) {
  await wallet.become(hardware);
  await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
  await page.getByLabel('Name of the wallet').fill(label);
  await page.getByRole('button', { name: 'Choose how to reach it' }).click();
  await heading(page, 'Reach your hardware wallet');
  await page.getByRole('button', { name: 'TronLink' }).click();
  await page.getByRole('button', { name: /^Sign with / }).click();
  await confirmAsOwner(page, wallet);
  await page.getByText('The wallet is added.').waitFor({ state: 'attached' });
}

/** @param {Page} page a signed-in one with a profile, sessions and a wallet that all mean harm */
async function openFull(page) {
  const wallet = await openAccount(page);
  await signInElsewhere(page, wallet.account, HOSTILE.agent);
  await signInElsewhere(page, wallet.account, 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1');
  await page.getByLabel('Name', { exact: true }).fill(HOSTILE.name);
  await page.getByLabel('Email').fill(`${'w'.repeat(60)}@${'w'.repeat(60)}.example.org`);
  await page.getByRole('button', { name: 'Save profile' }).click();
  await page.locator('#profile .saved').waitFor();
  await addHardware(page, wallet, randomAccount(), HOSTILE.name);
  await page.reload();
  await loaded(page);
  return wallet;
}

/** @type {ReadonlyArray<import('./states.mjs').State>} */
export const ACCOUNT_STATES = [
  { name: 'account', reach: (page) => openAccount(page) },
  { name: 'account-full', reach: openFull },
  {
    name: 'account-loading',
    reach: async (page) => {
      for (const path of ['/sessions', '/hw', '/permissions']) await page.route(`**${path}`, () => {}); // no answer
      await installWallet(page);
      await page.goto('/');
      await signInOn(page);
      await page.goto('/account');
      await page.locator('.loading').first().waitFor();
    },
  },
  {
    name: 'account-failed',
    reach: async (page) => {
      await refuse(page, '/sessions', { status: 500, code: 'LUCID_AUTH_1028' });
      await refuse(page, '/hw', { status: 429, code: 'LUCID_AUTH_1006', retryAfter: 42 });
      await refuse(page, '/permissions', 'abort');
      await openAccount(page);
      await page.getByText('Try again in 42 seconds.').waitFor();
    },
    refusals: /500|429|ERR_CONNECTION_REFUSED/,
  },
  {
    name: 'account-refused',
    reach: async (page) => {
      await openAccount(page);
      await page.getByLabel('Email').fill('nobody');
      await page.getByRole('button', { name: 'Save profile' }).click();
      await page.getByText('This is not an email address').last().waitFor();
    },
    refusals: /422/,
  },
  {
    name: 'account-saved',
    reach: async (page) => {
      await openAccount(page);
      await page.getByLabel('Name', { exact: true }).fill('Ada');
      await page.getByRole('button', { name: 'Save profile' }).click();
      await page.locator('#profile .saved').waitFor();
    },
  },
  {
    name: 'account-question',
    reach: async (page) => {
      const wallet = await openAccount(page);
      await signInElsewhere(page, wallet.account, HOSTILE.agent);
      await page.reload();
      await page.getByRole('button', { name: /^End: / }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'account-mistyped',
    reach: async (page) => {
      await openAccount(page);
      await page.getByRole('button', { name: 'Delete account' }).click();
      await page.getByLabel('Type delete').fill('detele');
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('That is not delete.').last().waitFor();
    },
  },
  {
    name: 'account-question-failed',
    reach: async (page) => {
      await openAccount(page);
      await refuse(page, '/auth/logout', 'abort');
      await page.getByRole('button', { name: 'Sign out everywhere' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
      await page.getByRole('dialog').getByText('The service cannot be reached').first().waitFor();
    },
    refusals: /ERR_CONNECTION_REFUSED/,
  },
  {
    name: 'account-adding',
    reach: async (page) => {
      await openAccount(page);
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await page.getByLabel('Name of the wallet').fill('Ledger in the drawer');
    },
  },
  {
    name: 'account-ways',
    reach: async (page) => {
      await openAccount(page);
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await heading(page, 'Reach your hardware wallet');
    },
  },
  {
    name: 'account-own-wallet',
    reach: async (page) => {
      await openAccount(page);
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await page.getByRole('button', { name: 'TronLink' }).click();
      await heading(page, 'This is your account’s own wallet');
    },
  },
  {
    name: 'account-confirming',
    reach: async (page) => {
      const wallet = await openAccount(page);
      await wallet.become(randomAccount());
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await page.getByRole('button', { name: 'TronLink' }).click();
      await page.getByRole('button', { name: /^Sign with / }).click();
      await heading(page, 'Sign to confirm');
    },
  },
  {
    name: 'account-offline',
    reach: async (page) => {
      await openAccount(page);
      await page.context().setOffline(true);
      await page.locator('.offline').waitFor();
    },
  },
  {
    name: 'account-ended',
    reach: async (page) => {
      const wallet = await openAccount(page);
      const { access_token: token } = await signInElsewhere(page, wallet.account);
      await fetch(new URL('/sessions', page.url()), { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
      await page.getByLabel('Name', { exact: true }).fill('Ada');
      await page.getByRole('button', { name: 'Save profile' }).click();
      await heading(page, 'Your session has ended');
    },
    refusals: /401/,
  },
  {
    name: 'account-unreachable',
    reach: async (page) => {
      await installWallet(page);
      await page.goto('/');
      await signInOn(page);
      await refuse(page, '/auth/refresh', 'abort');
      await page.goto('/account');
      await page.getByText('The service cannot be reached').first().waitFor();
    },
    refusals: /ERR_CONNECTION_REFUSED/,
  },
  {
    name: 'account-erased',
    reach: async (page) => {
      await openAccount(page);
      await erase(page);
    },
  },
  {
    name: 'admin-not-for-you',
    reach: async (page) => {
      await openAccount(page);
      await page.goto('/admin');
      await page.getByRole('heading', { name: 'This page is for administrators' }).waitFor();
    },
  },
];

/** @param {Page} page */
export async function erase(page) {
  await page.getByRole('button', { name: 'Delete account' }).click();
  await page.getByLabel('Type delete').fill('delete');
  await page.getByRole('button', { name: 'Go on' }).click();
  await heading(page, 'Sign to delete your account');
  await page.getByRole('button', { name: 'TronLink' }).click();
  await page.getByRole('button', { name: /^Sign with / }).click();
  await heading(page, 'Your account is deleted');
}
