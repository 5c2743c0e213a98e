/** Signing in and out, from the first click to the last, against the real service. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { focused, heading, launch, onPage, refreshToken, signInOn, tabTo } from './support/browser.mjs';
import { installWallet } from './support/wallet.mjs';

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  [service, browser] = await Promise.all([startService({ env: UNLIMITED }), launch({ whole: true })]);
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

const PLACES = /** @type {const} */ (['tip6963', 'tronLink', 'okxwallet', 'tronWeb']);
for (const place of PLACES) {
  test(`a wallet found by ${place} signs in, a reload keeps it so, and signing out ends it everywhere it was`, async () => {
    await onPage(
      browser,
      service.url,
      async (page) => {
        const wallet = await installWallet(page, { place });
        await page.goto('/');
        await page.getByRole('button', { name: /^Continue with / }).click();

        await heading(page, 'Read, then sign');
        const shown = await page.locator('.to-sign').innerText();
        assert.equal(wallet.signed.length, 0, 'the text is shown before the wallet is asked');
        assert.ok(shown.startsWith(`${new URL(service.url).host} wants you to sign in`), shown);
        assert.ok(shown.includes(wallet.address), shown);
        await page.getByRole('button', { name: /^Sign with / }).click();

        await heading(page, 'You are signed in');
        assert.deepEqual(wallet.signed, [shown], 'what was shown is what was signed');
        assert.equal(await page.locator('.short-address').textContent(), wallet.address, 'the address is there in full');
        await page.getByText('User', { exact: true }).waitFor();
        const first = await refreshToken(page);
        assert.ok(first);

        await page.reload();
        await heading(page, 'You are signed in');
        const second = await refreshToken(page);
        assert.notEqual(second, first, 'a refresh token is good once');
        assert.equal(wallet.signed.length, 1, 'a reload asks the wallet for nothing');

        await page.getByRole('button', { name: 'Sign out', exact: true }).click();
        await page.getByText('You are signed out.').first().waitFor();
        assert.equal(await refreshToken(page), undefined);
        const answer = await page.request.post('/auth/refresh', { data: { refresh_token: second } });
        assert.equal(answer.status(), 401, 'the service refuses the token of a session that ended');

        await page.reload();
        await heading(page, 'Sign in');
      },
    );
  });
}

test('signing out everywhere ends the session in the other browser, too', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await installWallet(page);
      await page.goto('/');
      await signInOn(page);
      await onPage(
        browser,
        service.url,
        async (other) => {
          await installWallet(other, { account: wallet.account });
          await other.goto('/');
          await signInOn(other);
          await page.getByRole('button', { name: 'Sign out everywhere' }).click();
          await page.getByText('You are signed out everywhere.').first().waitFor();
          await other.reload();
          await heading(other, 'Your session has ended');
          await other.getByRole('button', { name: 'Sign in again' }).click();
          await heading(other, 'Sign in');
        },
        { refusals: /401/ },
      );
    },
  );
});

test('the session is refreshed before its access token expires, and not while nobody looks', async () => {
  await onPage(browser, service.url, async (page) => {
    await page.clock.install();
    await installWallet(page);
    let refreshes = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/auth/refresh')) refreshes += 1;
    });
    await page.goto('/');
    await signInOn(page);
    const first = await refreshToken(page);

    await page.clock.fastForward('13:00');
    assert.equal(refreshes, 0, 'an access token is good for 15 minutes');
    const hide = (/** @type {string} */ state) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    await hide('hidden');
    await page.clock.fastForward('20:00');
    assert.equal(refreshes, 0, 'a hidden page waits');
    const refreshed = page.waitForResponse((response) => response.url().endsWith('/auth/refresh'));
    await hide('visible');
    await page.clock.runFor(10);
    assert.equal((await refreshed).status(), 200);
    assert.notEqual(await refreshToken(page), first);
    assert.equal(refreshes, 1);

    const again = page.waitForResponse((response) => response.url().endsWith('/auth/refresh'));
    await page.clock.fastForward('14:01');
    assert.equal((await again).status(), 200);
  });
});

test('a change of account in the wallet is told, and changes nothing until one says so', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await installWallet(page);
    await page.goto('/');
    await signInOn(page);
    const other = wallet.stranger;
    await wallet.switchTo(other);
    await page.getByRole('heading', { name: 'Your wallet changed accounts' }).waitFor();
    await page.locator('.notice').getByText(other.slice(-6)).waitFor();
    assert.equal(await page.locator('.short-address').textContent(), wallet.address);

    await page.getByRole('button', { name: 'Stay signed in' }).click();
    await page.getByRole('heading', { name: 'Your wallet changed accounts' }).waitFor({ state: 'detached' });

    await wallet.switchTo(other);
    await page.getByRole('button', { name: 'Sign in with the other account' }).click();
    await heading(page, 'Read, then sign');
    assert.equal(await page.locator('.full-address').textContent(), other);
  });
});

test('everything can be done with the keyboard alone, and the focus is never lost', async () => {
  await onPage(browser, service.url, async (page) => {
    await installWallet(page);
    await page.goto('/');
    await heading(page, 'Sign in');
    await tabTo(page, /^TContinue|^Continue/);
    await page.keyboard.press('Enter');
    await heading(page, 'Read, then sign');
    assert.equal(await focused(page), 'Read, then sign', 'the focus is at the top of the new view');
    await tabTo(page, /^Sign with/);
    await page.keyboard.press('Space');
    await heading(page, 'You are signed in');
    assert.equal(await focused(page), 'You are signed in');
    await tabTo(page, /^Sign out$/);
    await page.keyboard.press('Enter');
    await heading(page, 'Sign in');
    assert.equal(await focused(page), 'Sign in');
  });
});

test('the address can be copied in full', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await installWallet(page);
      await page.goto('/');
      await signInOn(page);
      await page.getByRole('button', { name: 'Copy address' }).click();
      await page.getByRole('status').getByText('Address copied').waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), wallet.address);

      // On plain HTTP in a home network there is no clipboard.
      await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
      await page.getByRole('button', { name: 'Copy address' }).click();
      assert.equal(await page.evaluate(() => String(getSelection())), wallet.address);
    },
    { context: { permissions: ['clipboard-read', 'clipboard-write'] } },
  );
});
