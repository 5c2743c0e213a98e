/** The administration page over 10,000 users. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { TronWeb } from 'tronweb';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { loaded } from './support/account-states.mjs';
import { BOSS, ask, openAdmin } from './support/admin-states.mjs';
import { launch, onPage } from './support/browser.mjs';
import { signInWithout } from './support/wallet.mjs';

const USERS = 10_000;
/** So many commands at once share a commit, and fit the service's queue. */
const AT_ONCE = 64;

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  [service, browser] = await Promise.all([startService({ env: { ...UNLIMITED, SUPER_ADMIN_ADDRESSES: BOSS.address } }), launch()]);
  await signInWithout(service.url, BOSS);
  const numbers = Array.from({ length: USERS - 1 }, (_, number) => number + 1).values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const number of numbers) await addUser(number);
    }),
  );
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

/** @param {number} number */
const addressOf = (number) => String(TronWeb.address.fromHex(`41${(number * 7919).toString(16).padStart(8, '0').repeat(5)}`));
/** @param {number} number */
const nameOf = (number) => `Person ${String(number).padStart(5, '0')}`;

/** As `lucid-auth user add` does it: over the socket in the data folder. @param {number} number */
async function addUser(number) {
  const socket = createConnection(join(service.dataDir, 'admin.sock'));
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  await once(socket, 'connect');
  assert.equal((await lines.next()).value, 'lucid-auth');
  const user = { address: addressOf(number), role: number % 1000 === 0 ? 'NODE_OPERATOR' : 'USER', display_name: nameOf(number) };
  socket.write(`${JSON.stringify({ add_user: user })}\n`);
  const reply = String((await lines.next()).value);
  assert.ok(JSON.parse(reply).users, reply);
  socket.destroy();
}

test('ten thousand users are counted, paged, found and filtered', async () => {
  const { users } = await ask(service.url, BOSS, 'GET', '/system');
  assert.equal(users.total, USERS);
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    const rows = page.getByRole('table', { name: 'Users' }).locator('tbody tr');
    const shows = (/** @type {number} */ count) => page.waitForFunction((wanted) => document.querySelectorAll('tbody tr').length === wanted, count);
    assert.equal(await rows.count(), 50, 'one page, however many there are');
    for (const count of [100, 150, 200]) {
      await page.getByRole('button', { name: 'Load more' }).click();
      await shows(count);
      await loaded(page);
    }
    const links = await page.locator('tbody a').evaluateAll((some) => some.map((link) => link.getAttribute('href')));
    assert.equal(new Set(links).size, 200, 'each once');

    const find = async (/** @type {string} */ q) => {
      await page.getByLabel('Name or address').fill(q);
      await page.keyboard.press('Enter');
    };
    await find('son 0987');
    await shows(10);
    await loaded(page);
    assert.match(await rows.first().innerText(), /Person 0987\d/);
    await find(addressOf(4321));
    await shows(1);
    assert.match(await rows.innerText(), /Person 04321/);
    await find('');
    await shows(50);
    await page.getByLabel('Role').selectOption('Node operator');
    await page.getByRole('button', { name: 'Find users' }).click();
    await shows(9);

    await page.getByRole('link', { name: 'Person 09000' }).click();
    await page.getByRole('heading', { level: 2, name: 'Person 09000' }).waitFor();
    await page.goBack();
    await shows(9);
    await page.waitForFunction(() => document.activeElement?.textContent === 'Person 09000', undefined, { polling: 100 });
    await page.getByRole('link', { name: 'System' }).click();
    await page.locator('.facts').getByText('10,000').first().waitFor();
  });
});
