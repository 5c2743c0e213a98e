/** The administration page: each thing that an admin can do there, against the real service, and each state of it. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { checkState } from './support/accessible.mjs';
import { HOSTILE, loaded } from './support/account-states.mjs';
import { ADMIN_STATES, BOSS, ask, newUser, openAdmin, showUser } from './support/admin-states.mjs';
import { heading, launch, onPage, tabTo } from './support/browser.mjs';
import { open } from './support/states.mjs';
import { randomAccount, signInWithout } from './support/wallet.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  [service, browser] = await Promise.all([startService({ env: { ...UNLIMITED, SUPER_ADMIN_ADDRESSES: BOSS.address, SESSION_MAX_CONCURRENT_PER_USER: '1000' } }), launch()]);
  await signInWithout(service.url, BOSS);
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

for (const state of ADMIN_STATES) {
  test(`"${state.name}" is accessible and fits in light and dark, on a phone and a desktop`, () => checkState(browser, service.url, state));
}

/** @param {Page} page @param {string} name of the button, first in the page and then in its question */
async function press(page, name) {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
}

/** @param {Page} page @param {string} role */
async function choose(page, role) {
  await page.getByRole('combobox', { name: 'Role' }).selectOption(role);
  await press(page, 'Change role');
}

/** Have the wallet sign. @param {Page} page */
async function sign(page) {
  await heading(page, 'Sign to confirm');
  await page.getByRole('button', { name: 'TronLink' }).click();
  await page.getByRole('button', { name: /^Sign with / }).click();
}

/** @param {Page} page @param {string} words that a screen reader hears */
const said = (page, words) => page.locator('#status').getByText(words).waitFor({ state: 'attached' });

/** Keep all that a screen reader is told from now on. @param {Page} page */
async function listen(page) {
  const heard = await page.evaluateHandle(() => {
    /** @type {Array<string>} */
    const heard = [];
    new MutationObserver((changes) => {
      for (const { target } of changes) if (target instanceof Element && target.id === 'status') heard.push(target.textContent ?? '');
    }).observe(document, { childList: true, subtree: true });
    return heard;
  });
  return () => heard.jsonValue();
}

/** Keep the answers of one path back. @param {Page} page @param {string} path */
async function holdBack(page, path) {
  /** @type {() => void} */
  let release = () => {};
  const released = new Promise((resolve) => (release = () => resolve(undefined)));
  await page.route(({ pathname }) => pathname === path, (route) => released.then(() => route.continue()));
  return release;
}

/** @param {string} id */
const read = (id) => ask(service.url, BOSS, 'GET', `/users/${id}`);

/** @param {Page} page @param {string} name */
const rows = (page, name) => page.getByRole('table', { name }).locator('tbody').getByRole('row');

test('users are found by name, address, role and lock, and opened by keyboard', async () => {
  const user = await newUser(service.url, { name: 'Ada Findable', role: 'NODE_OPERATOR' });
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    for (const q of ['findab', user.address.slice(0, 12)]) {
      await page.getByLabel('Name or address').fill(q);
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      assert.match(await rows(page, 'Users').innerText(), /Ada Findable[\s\S]*Node operator[\s\S]*Active/);
    }
    await page.getByLabel('State').selectOption('Locked');
    await page.getByRole('button', { name: 'Find users' }).click();
    await page.locator('.panel').getByText('Nobody fits.').waitFor();
    await page.getByLabel('State').selectOption('Active');
    await page.getByLabel('Role').selectOption('Node operator');
    await page.getByRole('button', { name: 'Find users' }).click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    await tabTo(page, /Ada Findable/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'Ada Findable' }).waitFor();
    await page.locator('.facts .address').getByText(user.address).waitFor();
    await page.goBack();
    await page.getByLabel('Name or address').waitFor();
    assert.equal(await page.getByLabel('Name or address').inputValue(), user.address.slice(0, 12), 'what was asked for is still there');
  });
});

test('a long list comes by the page, each user once', async () => {
  for (let users = 0; users < 55; users += 1) await signInWithout(service.url, randomAccount());
  const { users: total } = await ask(service.url, BOSS, 'GET', '/system');
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    assert.equal(await rows(page, 'Users').count(), 50);
    while (await page.getByRole('button', { name: 'Load more' }).isVisible()) {
      const before = await rows(page, 'Users').count();
      await page.getByRole('button', { name: 'Load more' }).click();
      await page.waitForFunction((count) => document.querySelectorAll('tbody tr').length > count, before);
      await loaded(page);
    }
    const links = await page.locator('tbody a').evaluateAll((some) => some.map((link) => link.getAttribute('href')));
    assert.equal(new Set(links).size, total.total);
    assert.equal(links.length, total.total);
  });
});

test('a page that is empty and not the last is passed over', async () => {
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    /** @type {string[]} */
    const cursors = [];
    await page.route('**/audit*', async (route) => {
      const cursor = new URL(route.request().url()).searchParams.get('cursor') ?? '';
      cursors.push(cursor);
      if (cursors.length > 3) return route.continue({ url: `${service.url}/audit` });
      await route.fulfill({ json: { entries: [], next_cursor: `c${cursors.length}` } });
    });
    await page.getByRole('link', { name: 'Audit log' }).click();
    await rows(page, 'Audit log').first().waitFor();
    assert.deepEqual(cursors, ['', 'c1', 'c2', 'c3']);
  });
});

test('a user is locked and unlocked, and the list shows it', async () => {
  const user = await newUser(service.url, { name: 'Lock Me' });
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    await showUser(page, user);
    await page.getByRole('button', { name: 'Lock', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal((await read(user.id)).locked, false, 'nothing was done yet');
    await press(page, 'Lock');
    await said(page, 'The account is locked.');
    assert.equal((await read(user.id)).locked, true);
    await page.getByText('Signed in nowhere.').waitFor();
    assert.ok(await page.getByRole('heading', { level: 2, name: 'Lock Me' }).evaluate((title) => title === document.activeElement));
    await page.getByRole('link', { name: 'All users' }).click();
    await page.getByLabel('Name or address').fill('lock me');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /Lock Me/ }).getByText('Locked').waitFor();
    await page.goBack();
    await press(page, 'Unlock');
    await said(page, 'The account is unlocked.');
    assert.equal((await read(user.id)).locked, false);
    await rows(page, 'Audit log').filter({ hasText: 'Account unlocked' }).waitFor();
  });
});

test('a role is given without a signature, up to ADMIN', async () => {
  const user = await newUser(service.url);
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAdmin(page);
    await showUser(page, user);
    assert.match(await page.title(), /^User · Administration · /);
    await page.getByRole('combobox', { name: 'Role' }).selectOption('Node operator');
    await page.getByRole('button', { name: 'Change role' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await page.getByRole('combobox', { name: 'Role' }).inputValue(), 'USER', 'what is, once they thought better of it');
    await choose(page, 'Administrator');
    await said(page, 'The role is changed.');
    assert.equal((await read(user.id)).role, 'ADMIN');
    assert.equal(wallet.signed.length, 1, 'to sign in');
  });
});

test('SUPER_ADMIN is given and taken by a fresh signature of one’s own wallet, and of no other', async () => {
  const user = await newUser(service.url, { name: 'Next Boss' });
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAdmin(page);
      await showUser(page, user);
      await choose(page, 'Super administrator');
      await wallet.become(randomAccount());
      await page.getByRole('button', { name: 'TronLink' }).click();
      await heading(page, 'This is another account');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await heading(page, 'Administration');
      assert.equal((await read(user.id)).role, 'USER');
      await wallet.become(BOSS);
      await choose(page, 'Super administrator');
      await sign(page);
      await said(page, 'The role is changed.');
      assert.equal((await read(user.id)).role, 'SUPER_ADMIN');
      await choose(page, 'User');
      await sign(page);
      await said(page, 'The role is changed.');
      await page.locator('.facts').getByText('User', { exact: true }).waitFor();
      assert.equal((await read(user.id)).role, 'USER');
      assert.equal(wallet.signed.length, 3);
    },
    { refusals: /403/ },
  );
});

test('a SUPER_ADMIN is locked, unlocked and erased by a fresh signature each, which the service checks', async () => {
  const user = await newUser(service.url, { name: 'Other Boss' });
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAdmin(page);
      await showUser(page, user);
      await choose(page, 'Super administrator');
      await sign(page);
      await said(page, 'The role is changed.');

      // Without it, nothing is done, whatever the page says.
      const refused = await ask(service.url, BOSS, 'POST', `/users/${user.id}/lock`);
      assert.equal(refused.error?.code ?? refused.code, 'LUCID_AUTH_1042', JSON.stringify(refused));
      assert.equal((await read(user.id)).locked, false);

      await press(page, 'Lock');
      await sign(page);
      await said(page, 'The account is locked.');
      assert.equal((await read(user.id)).locked, true);
      await press(page, 'Unlock');
      await sign(page);
      await said(page, 'The account is unlocked.');
      assert.equal((await read(user.id)).locked, false);

      await page.getByRole('button', { name: 'Erase', exact: true }).click();
      await page.getByRole('dialog').getByRole('textbox').fill(user.address.slice(-6));
      await page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click();
      const heard = await listen(page);
      await sign(page);
      await rows(page, 'Users').first().waitFor();
      await said(page, 'The account is erased.');
      assert.equal((await heard()).at(-1), 'The account is erased.', 'the list that comes at once says nothing over it');
      assert.equal(wallet.signed.length, 5, 'the sign-in, and one for each change');
      assert.equal(new Set(wallet.signed).size, 5, 'each text is good once');
    },
    { refusals: /403|404/ },
  );
});

test('whoever an administrator has locked is told no time after which to try again', async () => {
  const user = await newUser(service.url);
  await ask(service.url, BOSS, 'POST', `/users/${user.id}/lock`);
  await onPage(
    browser,
    service.url,
    async (page) => {
      await open(page, { account: user.account }, 2);
      await heading(page, 'This account is locked');
      await page.getByRole('button', { name: 'Try again', exact: true }).waitFor();
    },
    { refusals: /423/ },
  );
});

test('one session is ended, then all of them', async () => {
  const user = await newUser(service.url);
  /** @type {string[]} */
  const tokens = [];
  for (const agent of ['Mozilla/5.0 (X11; Linux aarch64; rv:140.0) Gecko/20100101 Firefox/140.0', 'node']) {
    tokens.push((await signInWithout(service.url, user.account, agent)).access_token);
  }
  const works = async (/** @type {string} */ token) => (await fetch(`${service.url}/users/me`, { headers: { Authorization: `Bearer ${token}` } })).ok;
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    await showUser(page, user);
    assert.equal(await rows(page, 'Sessions').count(), 3);
    await page.getByRole('button', { name: 'End: Firefox on Linux' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
    await said(page, 'The session has ended.');
    assert.equal(await rows(page, 'Sessions').count(), 2);
    assert.deepEqual(await Promise.all(tokens.map(works)), [false, true]);
    await press(page, 'Sign out everywhere');
    await said(page, 'All sessions have ended.');
    await page.getByText('Signed in nowhere.').waitFor();
    assert.deepEqual(await Promise.all(tokens.map(works)), [false, false]);
  });
});

test('a user is erased once the end of the address is typed', async () => {
  const user = await newUser(service.url, { name: 'Erase Me' });
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    await showUser(page, user);
    await press(page, 'Erase');
    await page.getByRole('dialog').getByText(`That is not ${user.address.slice(-6)}.`).first().waitFor();
    await page.getByLabel(/^Type /).fill(user.address.slice(-6));
    await page.keyboard.press('Enter');
    await page.getByLabel('Name or address').waitFor();
    assert.equal((await read(user.id)).error.code, 'LUCID_AUTH_1030');
  });
});

test('a role, a lock and the end of an account are changed by keyboard alone, with the signature that one of them takes', async () => {
  const user = await newUser(service.url, { name: 'By Keys' });
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAdmin(page);
      await showUser(page, user);
      /** Reach what is called so, press it, and in the question that follows the same again. @param {RegExp} name */
      const pressKeys = async (name) => {
        await tabTo(page, name);
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').waitFor();
        await tabTo(page, name);
        await page.keyboard.press('Enter');
      };
      for (const [key, role] of [['End', 'SUPER_ADMIN'], ['Home', 'USER']]) {
        await tabTo(page, /Super administrator/); // the list of roles
        await page.keyboard.press(/** @type {string} */ (key));
        await pressKeys(/^Change role$/);
        await heading(page, 'Sign to confirm');
        await tabTo(page, /TronLink/);
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: /^Sign with / }).waitFor();
        await tabTo(page, /^Sign with /);
        await page.keyboard.press('Enter');
        await said(page, 'The role is changed.');
        await page.locator('.facts').getByText(role === 'USER' ? 'User' : 'Super administrator', { exact: true }).waitFor();
        assert.equal((await read(user.id)).role, role);
      }
      assert.equal(wallet.signed.length, 3, 'the sign-in, and one for each');

      await pressKeys(/^Lock$/);
      await said(page, 'The account is locked.');
      assert.equal((await read(user.id)).locked, true);
      await pressKeys(/^Unlock$/);
      await said(page, 'The account is unlocked.');
      await tabTo(page, /^Erase$/);
      await page.keyboard.press('Enter');
      await page.keyboard.type(user.address.slice(-6));
      await page.keyboard.press('Enter');
      await said(page, 'The account is erased.');
      assert.equal((await read(user.id)).error.code, 'LUCID_AUTH_1030');
    },
    { refusals: /403|404/ },
  );
});

test('what was done is said over nothing else when the list that shows it comes late', async () => {
  const user = await newUser(service.url);
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page, { part: `#user/${user.id}` });
    const release = await holdBack(page, '/users');
    await page.getByRole('button', { name: 'Erase', exact: true }).click();
    await page.getByRole('dialog').getByRole('textbox').fill(user.address.slice(-6));
    const heard = await listen(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click();
    const title = page.getByRole('heading', { level: 2, name: 'Users' });
    await title.waitFor();
    assert.ok(await title.evaluate((title) => title === document.activeElement));
    release();
    await rows(page, 'Users').first().waitFor();
    await said(page, 'The account is erased.');
    assert.deepEqual((await heard()).filter(Boolean), ['Working on it', 'The account is erased.']);
  });
});

test('what was done to a user is said last and once, and with it what then cannot be shown', async () => {
  const user = await newUser(service.url);
  await onPage(
    browser,
    service.url,
    async (page) => {
      await openAdmin(page, { part: `#user/${user.id}` });
      for (const path of ['/audit', '/sessions']) {
        const release = await holdBack(page, path);
        const heard = await listen(page);
        await press(page, 'Lock');
        await page.getByRole('button', { name: 'Unlock', exact: true }).waitFor();
        release();
        await said(page, 'The account is locked.');
        assert.deepEqual((await heard()).filter(Boolean), ['Working on it', 'The account is locked.'], `${path} comes late`);
        await press(page, 'Unlock');
        await said(page, 'The account is unlocked.');
      }
      for (const path of ['**/audit?*', '**/sessions?*']) await page.route(path, (route) => route.abort('connectionrefused'));
      await press(page, 'Lock');
      await said(page, 'The account is locked. The service cannot be reached');
      assert.equal(await page.locator('.panel .problem').count(), 2);
    },
    { refusals: /ERR_CONNECTION_REFUSED/ },
  );
});

test('what an ADMIN may not do is not offered, and why is said', async () => {
  const admin = await newUser(service.url, { role: 'ADMIN' });
  const user = await newUser(service.url);
  const { user_id: boss } = await ask(service.url, BOSS, 'GET', '/users/me');
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page, { account: admin.account });
    const offered = () => page.locator('.panel').first().getByRole('button').allInnerTexts();
    await showUser(page, user);
    assert.deepEqual((await offered()).filter(Boolean), ['Lock']);
    await page.getByText('are for super administrators').waitFor();
    await showUser(page, { id: boss });
    await page.getByText('which is above yours').waitFor();
    assert.deepEqual((await offered()).filter(Boolean), []);
    await showUser(page, admin);
    await page.getByText('This is your own account.').waitFor();
    assert.deepEqual((await offered()).filter(Boolean), []);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByText('Rotating keys is for super administrators.').waitFor();
  });
});

test('what the service refuses is said in words', async () => {
  const user = await newUser(service.url);
  await onPage(
    browser,
    service.url,
    async (page) => {
      await openAdmin(page);
      await showUser(page, user);
      await page.route('**/lock', (route) => route.fulfill({ status: 409, json: { error: { code: 'LUCID_AUTH_1034', message: 'RAW MESSAGE' } } }), { times: 1 });
      await press(page, 'Lock');
      await page.getByRole('dialog').getByText('This is the last super administrator').first().waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await page.goto('/admin#user/00000000000000000000000000');
      await page.locator('.panel .problem').first().waitFor();
      assert.doesNotMatch(await page.locator('main').innerText(), /\bRAW [A-Z]|LUCID_AUTH|undefined|went wrong/);
    },
    { refusals: /409|404|422/ },
  );
});

test('the audit log is filtered by user, action, outcome and time', async () => {
  const user = await newUser(service.url, { role: 'NODE_OPERATOR' });
  await onPage(
    browser,
    service.url,
    async (page) => {
      await openAdmin(page, { part: '#audit' });
      const numbers = async () => (await rows(page, 'Audit log').allInnerTexts()).length;
      const find = async () => {
        // Whose address it is may be asked first, and until then the old entries stand.
        const found = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith('/audit'));
        await page.getByRole('button', { name: 'Find entries' }).click();
        await found;
        await loaded(page);
      };
      await page.getByLabel('User', { exact: true }).fill(user.address);
      await find();
      assert.match(await rows(page, 'Audit log').first().innerText(), /Role changed[\s\S]*USER to NODE_OPERATOR/);
      await page.getByLabel('User', { exact: true }).fill(user.id);
      await page.getByLabel('What').selectOption('Role changed');
      await find();
      assert.equal(await numbers(), 1);
      await page.getByLabel('How it ended').selectOption('Refused');
      await find();
      await page.locator('.panel').getByText('There are no such entries.').waitFor();
      await page.getByLabel('How it ended').selectOption('All');
      await page.getByLabel('Before').fill('2020-01-01T00:00');
      await find();
      await page.locator('.panel').getByText('There are no such entries.').waitFor();
      await page.getByLabel('Before').fill('');
      await page.getByLabel('From', { exact: true }).fill('2020-01-01T00:00');
      await find();
      assert.equal(await numbers(), 1);
      await page.getByLabel('User', { exact: true }).fill('nobody');
      await page.getByRole('button', { name: 'Find entries' }).click();
      await page.locator('.wrong:visible').getByText('There is no user of this address or identifier.').first().waitFor();
      assert.ok(await page.getByLabel('User', { exact: true }).evaluate((input) => input === document.activeElement));
    },
    { refusals: /422/ },
  );
});

test('the system is shown in numbers, the chart in words too, and keys are rotated once asked', async () => {
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page, { part: '#system' });
    await page.getByText('All well').waitFor();
    const { sign_ins: hours } = await ask(service.url, BOSS, 'GET', '/system');
    const label = await page.getByRole('img', { name: /went well/ }).getAttribute('aria-label');
    assert.match(label ?? '', /^\d+ went well, and \d+ were refused\. At most \d+ in an hour\.$/);
    assert.equal(await page.locator('.chart g').count(), hours.length);
    assert.equal(await page.locator('[style]').count(), 0);
    await page.getByText('The same as a table').click();
    assert.equal(await rows(page, 'Sign-ins of the last day').count(), hours.length);
    assert.equal(await rows(page, 'Signing keys').count(), 1);
    await press(page, 'Rotate keys');
    await said(page, 'The next key is there.');
    assert.equal(await rows(page, 'Signing keys').count(), 2);
  });
});

test('names and programs that mean harm are text and nothing else', async () => {
  const user = await newUser(service.url, { name: HOSTILE.name, agent: HOSTILE.agent });
  await onPage(browser, service.url, async (page) => {
    page.on('dialog', () => assert.fail('a script ran'));
    await openAdmin(page);
    await page.getByLabel('Name or address').fill('onerror');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /onerror/ }).first().waitFor();
    await showUser(page, user);
    await page.getByRole('button', { name: 'Lock', exact: true }).click();
    await page.getByRole('dialog').getByText('<img src=x').first().waitFor();
    assert.equal(await page.locator('main img, main script, dialog img').count(), 0);
  });
});

test('a session that was ended elsewhere says so at the next thing one does', async () => {
  const admin = await newUser(service.url, { role: 'ADMIN' });
  await onPage(
    browser,
    service.url,
    async (page) => {
      await openAdmin(page, { account: admin.account });
      await ask(service.url, BOSS, 'POST', `/users/${admin.id}/logout`);
      await page.getByRole('link', { name: 'Audit log' }).click();
      await heading(page, 'Your session has ended');
      assert.equal(await page.locator('.panel table').count(), 0);
    },
    { refusals: /401/ },
  );
});

test('who skips to the content stays in the part of the page that the address names', async () => {
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page, { part: '#system' });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
    assert.equal(new URL(page.url()).hash, '#system');
    // By an address that was kept, there is something to see, too.
    await page.goto('/admin#main');
    await page.reload();
    await page.getByRole('heading', { level: 2, name: 'Users' }).waitFor();
  });
});

test('who goes back leaves what was asked, and what was to be signed, and nothing is done', async () => {
  const user = await newUser(service.url, { name: 'Ada Left Alone' });
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAdmin(page, { part: '#audit' });
      const leadsBack = async () => {
        await page.goBack();
        await page.waitForFunction(() => document.activeElement?.textContent === 'Audit log');
        assert.equal(await page.getByRole('dialog').count(), 0);
        assert.equal(await page.locator('#card').count(), 0);
      };
      await showUser(page, user);
      await page.getByRole('button', { name: 'Lock' }).click();
      await page.getByRole('dialog').waitFor();
      await leadsBack();
      await page.goForward();
      await page.getByRole('heading', { level: 2, name: 'Ada Left Alone' }).waitFor();
      await page.getByRole('combobox', { name: 'Role' }).selectOption('Super administrator');
      await page.getByRole('button', { name: 'Change role' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click();
      await heading(page, 'Sign to confirm');
      const before = wallet.signed.length;
      await leadsBack();
      assert.equal(wallet.signed.length, before);
      const { role, locked } = await ask(service.url, BOSS, 'GET', `/users/${user.id}`);
      assert.deepEqual({ role, locked }, { role: 'USER', locked: false });
    },
    { refusals: /403/ },
  );
});

test('the audit log is still filtered for who comes back to it, and says which time it does not take', async () => {
  const user = await newUser(service.url);
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page, { part: '#audit' });
    await page.locator('#audit-filter-action').selectOption('Sign-in');
    await page.getByRole('button', { name: 'Find entries' }).click();
    await page.locator('tbody a').getByText(user.short).click();
    await page.locator('.facts .address').getByText(user.address).waitFor();
    await signInWithout(service.url, user.account);
    await page.goBack();
    assert.equal(await page.locator('#audit-filter-action').inputValue(), 'sign_in');
    await page.waitForFunction((short) => [...document.querySelectorAll('tbody tr')].filter(({ textContent }) => textContent?.includes(short)).length === 2, user.short);
    assert.deepEqual(new Set(await page.locator('tbody .action').allTextContents()), new Set(['Sign-in']));
    await page.getByLabel('From').fill('20266-01-01T00:00');
    await page.keyboard.press('Enter');
    await page.locator('#audit-filter-from-wrong').getByText('Change it and try again').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'audit-filter-from');
  });
});

test('a name of which nothing can be seen is none, and a pile of accents covers no neighbour', async () => {
  // U+3164 is a letter to Unicode, and a blank to everybody.
  const nobody = await newUser(service.url, { name: '\u3164' });
  const pile = await newUser(service.url, { name: `Zoe${'\u0300\u0301'.repeat(20)}` });
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    for (const [{ address }, name] of /** @type {const} */ ([[nobody, nobody.short], [pile, 'Zoe\u0300\u0301']])) {
      await page.getByLabel('Name or address').fill(address);
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      await page.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
      await page.goBack();
    }
  });
});

test('what is said is said in one place as long as that is on show: a screen reader hears changes of it alone', async () => {
  const user = await newUser(service.url);
  await onPage(browser, service.url, async (page) => {
    await openAdmin(page);
    await showUser(page, user);
    await page.evaluate(() => {
      const region = document.getElementById('status');
      const moves = /** @type {string[]} */ ([]);
      Reflect.set(window, 'moves', moves);
      new MutationObserver((changes) => {
        for (const { addedNodes, target } of changes) if ([...addedNodes].some((node) => node === region)) moves.push(`${target.nodeName} ${region?.textContent}`);
      }).observe(document.body, { childList: true, subtree: true });
    });
    await page.getByRole('button', { name: 'Lock' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Lock' }).click();
    await page.locator('#status').getByText('The account is locked.').waitFor({ state: 'attached' });
    assert.deepEqual(await page.evaluate(() => Reflect.get(window, 'moves')), ['DIALOG ', 'BODY '], 'it is empty where it comes to');
  });
});
