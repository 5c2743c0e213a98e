/** The account page: each thing that one can do there, against the real service, and each state that it can be in. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { checkState } from './support/accessible.mjs';
import { ACCOUNT_STATES, HOSTILE, addHardware, confirmAsOwner, erase, loaded, openAccount, signInElsewhere } from './support/account-states.mjs';
import { heading, launch, onPage, signInOn } from './support/browser.mjs';
import { refuse } from './support/states.mjs';
import { installWallet, randomAccount, signInWithout } from './support/wallet.mjs';

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

for (const state of ACCOUNT_STATES) {
  test(`"${state.name}" is accessible and fits in light and dark, on a phone and a desktop`, () => checkState(browser, service.url, state));
}

/** @param {Page} page */
const save = (page) => page.getByRole('button', { name: 'Save profile' }).click();
/** @param {Page} page @param {string} name */
const field = (page, name) => page.getByLabel(name, { exact: true });

/**
 * Ask the service for what it has on `account`, without the page.
 *
 * @param {import('./support/wallet.mjs').Account} account
 * @param {string} path
 */
async function read(account, path) {
  const { access_token: token } = await signInWithout(service.url, account);
  const answer = await fetch(`${service.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  return answer.json();
}

test('who is not signed in is asked to, and comes back to the account page', async () => {
  await onPage(browser, service.url, async (page) => {
    await installWallet(page);
    await page.goto('/account');
    await page.waitForURL((url) => url.pathname === '/' && url.searchParams.get('return_to') === `${service.url}/account`);
    await page.getByRole('button', { name: /^Continue with / }).click();
    await page.getByRole('button', { name: /^Sign with / }).click();
    await heading(page, 'Your account');
    assert.equal(new URL(page.url()).pathname, '/account');
  });
});

test('the part of a page after # is kept by whoever has to sign in first', async () => {
  await onPage(browser, service.url, async (page) => {
    await installWallet(page);
    for (const [asked, kept] of /** @type {const} */ ([['/account?a=b#sessions-title', '/account?a=b#sessions-title'], ['/admin#user/0197', '/admin#user/0197'], ['/account#main', '/account'], ['/account#a\\b', '/account']])) {
      // The page leads away before it is done loading.
      await page.goto(asked, { waitUntil: 'commit' });
      await page.waitForURL((url) => url.pathname === '/', { waitUntil: 'commit' });
      assert.equal(new URL(page.url()).searchParams.get('return_to'), `${service.url}${kept}`);
    }
    await page.goto('/account#profile', { waitUntil: 'commit' });
    await page.getByRole('button', { name: /^Continue with / }).click();
    await page.getByRole('button', { name: /^Sign with / }).click();
    await heading(page, 'Your account');
    const { pathname, hash } = new URL(page.url());
    assert.equal(pathname + hash, '/account#profile');
  });
});

test('the profile is shown, changed, and emptied again, and nothing is sent that did not change', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    assert.equal(await page.locator('.facts .address').textContent(), wallet.address);
    /** @type {unknown[]} */
    const sent = [];
    page.on('request', (request) => request.method() === 'PUT' && sent.push(request.postDataJSON()));
    await save(page);
    await page.locator('#profile .saved').waitFor();
    await field(page, 'Name').fill('  Ada  ');
    await page.locator('#profile .saved').waitFor({ state: 'hidden' });
    await save(page);
    await page.locator('.who').getByText('Ada').waitFor();
    await field(page, 'Email').fill('ada@example.org');
    await field(page, 'Picture').fill('https://example.org/ada.png');
    await save(page);
    await page.locator('#profile .saved').waitFor();
    await page.reload();
    await loaded(page);
    assert.deepEqual(await Promise.all(['Name', 'Email', 'Picture'].map((name) => field(page, name).inputValue())), ['Ada', 'ada@example.org', 'https://example.org/ada.png']);
    await field(page, 'Name').fill('');
    await save(page);
    await page.locator('#profile .saved').waitFor();
    assert.deepEqual(sent, [{ display_name: 'Ada' }, { email: 'ada@example.org', avatar_url: 'https://example.org/ada.png' }, { display_name: null }]);
    const { display_name: name, email } = await read(wallet.account, '/users/me');
    assert.deepEqual([name, email], [null, 'ada@example.org']);
  });
});

const REFUSED = /** @type {const} */ ([
  ['Name', 'x'.repeat(500), 'A name has up to 64 characters'],
  ['Name', 'left \u202e thgir', 'all of them visible'],
  ['Email', 'ada', 'This is not an email address'],
  ['Picture', 'http://example.org/ada.png', 'A picture has an https:// address'],
]);
test('what the service refuses is said beside its field, which gets the focus', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await openAccount(page);
      for (const [name, value, said] of REFUSED) {
        await field(page, name).fill(value);
        await save(page);
        await page.locator('.wrong:visible').getByText(said).waitFor();
        assert.equal(await page.locator('.wrong:visible').count(), 1, name);
        assert.equal(await field(page, name).getAttribute('aria-invalid'), 'true');
        assert.ok(await field(page, name).evaluate((input) => input === document.activeElement));
        const description = await field(page, name).getAttribute('aria-describedby');
        assert.match(description ?? '', /-wrong /);
        await field(page, name).fill('');
      }
      await save(page);
      await page.locator('#profile .saved').waitFor();
      assert.equal(await page.locator('.wrong:visible').count(), 0);
    },
    { refusals: /422/ },
  );
});

test('one session is ended, then all others, and this one stays', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    const agents = ['Mozilla/5.0 (X11; Linux aarch64; rv:140.0) Gecko/20100101 Firefox/140.0', 'curl/8.14.1', 'node'];
    const elsewhere = [];
    for (const agent of agents) elsewhere.push(await signInElsewhere(page, wallet.account, agent));
    await page.reload();
    await loaded(page);
    const rows = page.getByRole('table', { name: 'Where you are signed in' }).getByRole('row');
    assert.equal(await rows.count(), 5);
    assert.match(await rows.nth(1).innerText(), /Chrome on Linux\s+This one/);
    const works = async (/** @type {Record<string, any>} */ { access_token: token }) =>
      (await fetch(`${service.url}/users/me`, { headers: { Authorization: `Bearer ${token}` } })).ok;

    const end = page.getByRole('button', { name: 'End: Firefox on Linux' });
    await end.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.ok(await end.evaluate((button) => button === document.activeElement), 'the focus goes back');
    assert.deepEqual(await Promise.all(elsewhere.map(works)), [true, true, true]);
    await end.click();
    await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
    await page.getByText('The session has ended.').waitFor({ state: 'attached' });
    assert.equal(await rows.count(), 4);
    assert.deepEqual(await Promise.all(elsewhere.map(works)), [false, true, true]);

    await page.getByRole('button', { name: 'End all others' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End all others' }).click();
    await page.getByText('All other sessions have ended.').waitFor({ state: 'attached' });
    assert.equal(await rows.count(), 2);
    assert.deepEqual(await Promise.all(elsewhere.map(works)), [false, false, false]);
    await page.reload();
    await heading(page, 'Your account');
  });
});

test('all others are those that there are when one says so, not those that were listed', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    await signInElsewhere(page, wallet.account, 'curl/8.14.1');
    await page.reload();
    await loaded(page);
    const late = await signInElsewhere(page, wallet.account, 'late/1.0');
    await page.getByRole('button', { name: 'End all others' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End all others' }).click();
    await page.getByText('All other sessions have ended.').waitFor({ state: 'attached' });
    const answer = await fetch(`${service.url}/auth/status`, { headers: { Authorization: `Bearer ${late.access_token}` } });
    assert.equal(answer.status, 401);
  });
});

test('a session that ended by itself is no failure, and one that cannot be ended is told', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAccount(page);
      const { access_token: token } = await signInElsewhere(page, wallet.account, 'curl/8.14.1');
      await page.reload();
      await page.getByRole('button', { name: 'End: curl' }).click();
      await page.route('**/sessions/*', (route) => route.abort('connectionrefused'), { times: 1 });
      await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
      await page.getByRole('dialog').getByText('The service cannot be reached').first().waitFor();
      await fetch(`${service.url}/auth/logout`, { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
      await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
      await page.getByText('The session has ended.').waitFor({ state: 'attached' });
    },
    { refusals: /404|ERR_CONNECTION_REFUSED/ },
  );
});

test('signing out everywhere ends this session, too', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    const { access_token: token } = await signInElsewhere(page, wallet.account);
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
    await heading(page, 'Sign in');
    const answer = await fetch(`${service.url}/users/me`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 401);
  });
});

test('signing out in the header ends the session, in the other tab too', async () => {
  await onPage(browser, service.url, async (page) => {
    await openAccount(page);
    const other = await page.context().newPage();
    await other.goto('/account');
    await heading(other, 'Your account');
    await page.locator('.who').getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'Sign in');
    await heading(other, 'No TRON wallet found');
  });
});

test('a hardware wallet is added by its signature, signs in to the account, and is removed', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    const hardware = randomAccount();
    await addHardware(page, wallet, hardware, 'Drawer');
    assert.match(wallet.signed.at(-2) ?? '', new RegExp(hardware.address), 'the text names the address that is added');
    assert.match(wallet.signed.at(-1) ?? '', new RegExp(wallet.address), 'and the account’s own agrees');
    const table = page.getByRole('table', { name: 'Hardware wallets' });
    assert.match(await table.innerText(), new RegExp(`Drawer\\s+Ledger\\s+${hardware.address}`));
    const { user } = await signInWithout(service.url, hardware);
    assert.equal(user.tron_address, wallet.address, 'it signs in to the same account');

    await page.getByRole('button', { name: 'Remove: Drawer' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove wallet' }).click();
    await page.getByText('You have not added a hardware wallet yet.').waitFor();
    const stranger = await signInWithout(service.url, hardware);
    assert.notEqual(stranger.user.user_id, user.user_id);
  });
});

test('a wallet that has an account of its own is not added, and one may choose again', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAccount(page);
      const taken = randomAccount();
      await signInWithout(service.url, taken);
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await page.getByRole('button', { name: 'TronLink' }).click();
      await heading(page, 'This is your account’s own wallet');
      assert.deepEqual(wallet.signed.length, 1, 'it signed in, and nothing else');
      await wallet.become(taken);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('button', { name: /^Sign with / }).click();
      await heading(page, 'Sign to confirm');
      await page.getByRole('button', { name: 'TronLink' }).click();
      await heading(page, 'This is another account');
      await wallet.become(wallet.account);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('button', { name: /^Sign with / }).click();
      await heading(page, 'Your account');
      assert.equal(await page.title(), `Your account · ${new URL(service.url).host}`);
      await page.locator('#hardware .problem').getByText('This address signs in to an account already').waitFor();
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await heading(page, 'Reach your hardware wallet');
    },
    { refusals: /409/ },
  );
});

test('a refused label is said beside its field after the wallet signed', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAccount(page);
      await wallet.become(randomAccount());
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await field(page, 'Name of the wallet').fill('x'.repeat(500));
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await page.getByRole('button', { name: 'TronLink' }).click();
      await page.getByRole('button', { name: /^Sign with / }).click();
      await confirmAsOwner(page, wallet);
      await page.locator('.wrong:visible').getByText('A name has up to 64 characters').waitFor();
    },
    { refusals: /422/ },
  );
});

test('what the role allows is said in words', async () => {
  await onPage(browser, service.url, async (page) => {
    await openAccount(page);
    const rights = page.locator('.panel', { hasText: 'What you may do' });
    await rights.getByText('Your role is User. It allows you to:').waitFor();
    assert.deepEqual((await rights.getByRole('listitem').allInnerTexts()).length, (await read(randomAccount(), '/auth/permissions')).permissions.length);
    assert.doesNotMatch(await rights.innerText(), /_/);
  });
});

test('the data is downloaded as a file, by no address that holds a token', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    /** @type {string[]} */
    const addresses = [];
    page.on('request', (request) => addresses.push(request.url()));
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download your data' }).click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), 'lucid-auth-export.json');
    const content = JSON.parse(await readFile(await download.path(), 'utf8'));
    assert.equal(content.user.tron_address, wallet.address);
    assert.ok(addresses.includes(`${service.url}/users/me/export`));
    assert.ok(addresses.every((address) => !/eyJ|token/.test(address)));
    await page.locator('.saved:visible').waitFor();
  });
});

test('the account is deleted by what was typed and then signed by its own wallet, not by another', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    const { user } = await signInElsewhere(page, wallet.account);
    await page.getByRole('button', { name: 'Delete account' }).click();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('That is not delete.').last().waitFor();
    await page.getByLabel('Type delete').fill('delete');
    await page.keyboard.press('Enter');
    await wallet.become(randomAccount());
    await page.getByRole('button', { name: 'TronLink' }).click();
    await heading(page, 'This is another account');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await heading(page, 'Your account');
    assert.ok(await page.getByRole('button', { name: 'Delete account' }).evaluate((button) => button === document.activeElement));
    await wallet.become(wallet.account);
    await erase(page);
    assert.equal(await page.evaluate(() => localStorage.getItem('lucid-auth.signed-in')), null);
    const later = await signInWithout(service.url, wallet.account);
    assert.notEqual(later.user.user_id, user.user_id, 'what signs in now is a new account');
    await page.getByRole('link', { name: 'Go to the login page' }).click();
    await heading(page, 'Sign in');
  });
});

test('a session that was ended elsewhere says so at the next thing one does, and signing in leads back', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAccount(page);
      const { access_token: token } = await signInElsewhere(page, wallet.account);
      await fetch(`${service.url}/sessions`, { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
      await page.getByRole('button', { name: 'Download your data' }).click();
      await heading(page, 'Your session has ended');
      assert.equal(await page.getByText(wallet.address).count(), 0, 'nothing of the account is left on show');
      await page.getByRole('link', { name: 'Sign in again' }).click();
      await page.getByRole('button', { name: /^Continue with / }).click();
      await page.getByRole('button', { name: /^Sign with / }).click();
      await heading(page, 'Your account');
    },
    { refusals: /401/ },
  );
});

test('an access token that expired is replaced without a word, once', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await openAccount(page);
      let refreshes = 0;
      page.on('request', (request) => request.url().endsWith('/auth/refresh') && (refreshes += 1));
      await refuse(page, '/users/me', { status: 401, code: 'LUCID_AUTH_1002' }, 1);
      await field(page, 'Name').fill('Ada');
      await save(page);
      await page.locator('#profile .saved').waitFor();
      assert.equal(refreshes, 1);
    },
    { refusals: /401/ },
  );
});

test('parts that could not be loaded are tried again on their own', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await refuse(page, '/sessions', { status: 500, code: 'LUCID_AUTH_1028' }, 1);
      await openAccount(page);
      const sessions = page.locator('.panel', { hasText: 'Where you are signed in' });
      await sessions.getByText('Reference: req-0123456789').waitFor();
      await sessions.getByRole('button', { name: 'Try again' }).click();
      await sessions.getByText('Chrome on Linux').waitFor();
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Where you are signed in');
    },
    { refusals: /500/ },
  );
});

test('hostile names, agents and labels run nothing, and break nothing at 320 pixels', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      page.on('dialog', () => assert.fail('something ran'));
      const full = ACCOUNT_STATES.find(({ name }) => name === 'account-full');
      await full?.reach(page);
      assert.equal(await page.locator('main img, main script').count(), 0);
      assert.equal(await page.locator('.who bdi').textContent(), HOSTILE.name);
      for (const width of [320, 360, 768, 1024]) {
        await page.setViewportSize({ width, height: 700 });
        const wide = await page.evaluate(() => {
          const edge = document.documentElement.clientWidth;
          const out = [...document.querySelectorAll('body *')].filter((part) => part.checkVisibility() && !part.closest('.unseen, .who .name') && part.getBoundingClientRect().right > edge + 1);
          return { scrolls: document.documentElement.scrollWidth > edge, out: out.map((part) => `${part.tagName} ${part.className} ${part.textContent?.slice(0, 40)}`) };
        });
        assert.deepEqual(wide, { scrolls: false, out: [] }, `${width} pixels`);
      }
      await page.setViewportSize({ width: 320, height: 700 });
      await page.getByRole('button', { name: /^End: <script>/ }).click();
      const { scrolls } = await page.getByRole('dialog').evaluate((dialog) => ({ scrolls: dialog.scrollWidth > dialog.clientWidth }));
      assert.equal(scrolls, false);
    },
  );
});

test('the address is copied in full, or selected where there is no clipboard', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAccount(page);
      await page.getByRole('button', { name: 'Copy address' }).click();
      await page.getByText('Address copied').waitFor({ state: 'attached' });
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), wallet.address);
      await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
      await page.getByRole('button', { name: 'Copy address' }).click();
      assert.equal(await page.evaluate(() => String(getSelection())), wallet.address);
    },
    { context: { permissions: ['clipboard-read', 'clipboard-write'] } },
  );
});

test('everything can be done with the keyboard alone, and the focus is never lost', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    await signInElsewhere(page, wallet.account, 'curl/8.14.1');
    await page.reload();
    await loaded(page);
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
    const tabTo = async (/** @type {RegExp} */ name, /** @type {number} */ most = 30) => {
      for (let presses = 0; presses < most; presses += 1) {
        await page.keyboard.press('Tab');
        if (!name.test(await focused())) continue;
        const outline = await page.evaluate(() => getComputedStyle(/** @type {Element} */ (document.activeElement)).outlineStyle);
        assert.equal(outline, 'solid', `the focus on ${name} must be visible`);
        return;
      }
      assert.fail(`Tab never reached ${name}`);
    };
    await tabTo(/^Skip to the content$/, 1);
    await page.keyboard.press('Enter');
    await tabTo(/^Copy address$/, 1);
    await page.keyboard.press('Tab');
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    await page.locator('#profile .saved').waitFor();

    await tabTo(/^End: curl$/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    assert.equal(await focused(), 'Cancel', 'the harmless way is at hand');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await focused(), 'End: curl');
    await page.keyboard.press('Enter');
    await tabTo(/^End session$/, 3);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.textContent === 'Where you are signed in');

    await tabTo(/^Add a hardware wallet$/);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'hardware-type');
    await tabTo(/^Choose how to reach it$/);
    await page.keyboard.press('Enter');
    await heading(page, 'Reach your hardware wallet');
    await page.waitForFunction(() => document.activeElement?.textContent === 'Reach your hardware wallet');
    await tabTo(/TronLink/);
    await page.keyboard.press('Enter');
    await heading(page, 'This is your account’s own wallet');
    await tabTo(/^Cancel$/);
    await page.keyboard.press('Enter');
    await heading(page, 'Your account');
    assert.equal(await focused(), 'Choose how to reach it');
  });
});

test('the account page is under 60 KB as sent, and asks for all its modules at once', async (context) => {
  await onPage(browser, service.url, async (page) => {
    await installWallet(page);
    await page.goto('/');
    await signInOn(page);
    // Nothing that the login page still waits for is counted.
    await page.waitForLoadState('networkidle');
    /** @type {import('playwright-core').Request[]} */
    const requests = [];
    page.on('requestfinished', (request) => requests.push(request));
    await page.goto('/account');
    await loaded(page);
    await page.waitForLoadState('networkidle');
    let bytes = 0;
    for (const request of requests) bytes += (await request.sizes()).responseBodySize;
    context.diagnostic(`${requests.length} files, ${bytes} bytes of bodies as sent`);
    assert.ok(bytes < 60_000, `${bytes} bytes`);
    const modules = requests.map((request) => new URL(request.url()).pathname).filter((path) => path.endsWith('.js'));
    const preloaded = await page.locator('link[rel=modulepreload]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    const code = modules.filter((path) => !path.startsWith('/web/lib/i18n/en'));
    assert.deepEqual(code.toSorted(), preloaded.toSorted(), 'every module is named in index.html, once, but for the words');
  });
});
