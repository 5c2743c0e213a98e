/** Every state that the administration page can be in, and how to get there. */

import { HOSTILE, loaded } from './account-states.mjs';
import { heading, signInOn } from './browser.mjs';
import { refuse } from './states.mjs';
import { installWallet, randomAccount, signInWithout } from './wallet.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./wallet.mjs').Account} Account */

/** Who is SUPER_ADMIN from the first sign-in on. */
export const BOSS = randomAccount();

/**
 * Sign in, and open the administration page.
 *
 * @param {Page} page
 * @param {{account?: Account, part?: string}} [options]
 */
export async function openAdmin(page, { account = BOSS, part = '' } = {}) {
  const wallet = await installWallet(page, { account });
  await page.goto('/');
  await signInOn(page);
  await page.goto(`/admin${part}`);
  await heading(page, 'Administration');
  await loaded(page);
  return wallet;
}

/** One session of each is enough. @type {Map<string, Promise<Record<string, any>>>} */
const signedIn = new Map();

/**
 * Ask the service as `account` does, without the page.
 *
 * @param {string} url the service's
 * @param {Account} account
 * @param {'GET' | 'PUT' | 'POST'} method
 * @param {string} path
 * @param {object} [body]
 */
export async function ask(url, account, method, path, body) {
  const session = signedIn.get(account.address) ?? signInWithout(url, account);
  signedIn.set(account.address, session);
  const { access_token: token } = await session;
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return answer.status === 204 ? {} : answer.json();
}

/**
 * Make an account, and give it a role.
 *
 * @param {string} url the service's
 * @param {{role?: string, name?: string, agent?: string}} [options]
 */
export async function newUser(url, { role, name, agent } = {}) {
  const account = randomAccount();
  const { user } = await signInWithout(url, account, agent);
  if (name) await ask(url, account, 'PUT', '/users/me', { display_name: name });
  if (role) await ask(url, BOSS, 'PUT', `/users/${user.user_id}/role`, { role });
  return { account, id: /** @type {string} */ (user.user_id), address: account.address, short: `${account.address.slice(0, 8)}…${account.address.slice(-6)}` };
}

/** @param {Page} page @param {{id: string}} user */
export async function showUser(page, { id }) {
  await page.goto(`/admin#user/${id}`);
  await page.locator('.facts').first().waitFor();
  await loaded(page);
}

/** @param {Page} page */
const origin = (page) => new URL(page.url()).origin;

/** @type {ReadonlyArray<import('./states.mjs').State>} */
export const ADMIN_STATES = [
  { name: 'admin-users', reach: (page) => openAdmin(page) },
  {
    name: 'admin-users-none',
    reach: async (page) => {
      await openAdmin(page);
      await page.getByLabel('Name or address').fill('nobody is called so');
      await page.keyboard.press('Enter');
      await page.locator('.panel').getByText('Nobody fits.').waitFor();
    },
  },
  {
    name: 'admin-user-hostile',
    reach: async (page) => {
      await openAdmin(page);
      const user = await newUser(origin(page), { name: HOSTILE.name, agent: HOSTILE.agent });
      await showUser(page, user);
      await page.getByRole('row').nth(1).waitFor();
    },
  },
  {
    name: 'admin-user-own',
    reach: async (page) => {
      await openAdmin(page);
      const { user_id: id } = await ask(origin(page), BOSS, 'GET', '/users/me');
      await showUser(page, { id });
    },
  },
  {
    name: 'admin-erase',
    reach: async (page) => {
      await openAdmin(page);
      await showUser(page, await newUser(origin(page)));
      await page.getByRole('button', { name: 'Erase' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'admin-signing',
    reach: async (page) => {
      await openAdmin(page);
      await showUser(page, await newUser(origin(page)));
      await page.getByRole('combobox', { name: 'Role' }).selectOption('Super administrator');
      await page.getByRole('button', { name: 'Change role' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click();
      await heading(page, 'Sign to confirm');
    },
    refusals: /403/,
  },
  { name: 'admin-audit', reach: (page) => openAdmin(page, { part: '#audit' }) },
  { name: 'admin-system', reach: (page) => openAdmin(page, { part: '#system' }) },
  {
    name: 'admin-system-table',
    reach: async (page) => {
      await openAdmin(page, { part: '#system' });
      await page.getByText('The same as a table').click();
    },
  },
  {
    name: 'admin-loading',
    reach: async (page) => {
      await page.route('**/system', () => {}); // no answer
      await installWallet(page, { account: BOSS });
      await page.goto('/');
      await signInOn(page);
      await page.goto('/admin#system');
      await page.locator('.loading').waitFor();
    },
  },
  {
    name: 'admin-failed',
    reach: async (page) => {
      await refuse(page, '/users', { status: 500, code: 'LUCID_AUTH_1028' });
      await openAdmin(page);
      await page.getByText('Something went wrong').first().waitFor();
    },
    refusals: /500/,
  },
  {
    name: 'admin-offline',
    reach: async (page) => {
      await openAdmin(page);
      await page.context().setOffline(true);
      await page.locator('.offline').waitFor();
    },
  },
];
