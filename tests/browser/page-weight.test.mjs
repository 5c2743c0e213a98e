/** What the first view costs on the wire, and that nothing in it waits for something else. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { loaded } from './support/account-states.mjs';
import { BOSS } from './support/admin-states.mjs';
import { launch, onPage, signInOn } from './support/browser.mjs';
import { LANGUAGES } from './support/languages.mjs';
import { installWallet } from './support/wallet.mjs';

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  [service, browser] = await Promise.all([startService({ env: { ...UNLIMITED, SUPER_ADMIN_ADDRESSES: BOSS.address } }), launch()]);
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

for (const language of Object.keys(LANGUAGES)) {
  test(`the first view in ${language} is under 40 KB as sent, and asks for its modules at once`, async (context) => {
    await onPage(
      browser,
      service.url,
      async (page) => {
        /** @type {import('playwright-core').Request[]} */
        const requests = [];
        page.on('requestfinished', (request) => requests.push(request));
        // No script runs before this one has come, and it comes once the words have been asked for: who waits for a script to
        // ask for them waits for ever.
        const words = `/web/lib/i18n/${language}.js`;
        const asked = page.waitForRequest(`${service.url}${words}`);
        await page.route('**/web/login/login.js', (route) => asked.then(() => route.continue(), () => route.abort()));
        const response = await page.goto('/', { waitUntil: 'commit' });
        await asked.catch(() => assert.fail('the table of words must be asked for before any script runs'));
        assert.equal(await response?.headerValue('link'), `<${words}>; rel=modulepreload`, 'the page itself names it');
        await page.locator('h1').waitFor();
        await page.waitForLoadState('networkidle');
        assert.equal(await page.locator('html').getAttribute('lang'), language);

        let bytes = 0;
        for (const request of requests) bytes += (await request.sizes()).responseBodySize;
        context.diagnostic(`${requests.length} files, ${bytes} bytes of bodies as sent`);
        assert.ok(requests.length > 10 && bytes > 5_000, 'the files must have been counted');
        assert.ok(bytes < 40_000, `${bytes} bytes`);

        const modules = requests.map((request) => new URL(request.url()).pathname).filter((path) => path.endsWith('.js'));
        const preloaded = await page.locator('link[rel=modulepreload]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
        const expected = [...preloaded, words];
        assert.deepEqual(modules.toSorted(), expected.toSorted(), 'every module is named in index.html, once, but for the one table of words');
      },
      { context: { locale: language } },
    );
  });
}

test('the first view needs nothing that comes behind it, and what does not come is said', async () => {
  await onPage(browser, service.url, async (page) => {
    await installWallet(page, { account: BOSS });
    const later = '/web/login/sign-in.js';
    let cut = true;
    await page.route('**/*.js', async (route) => {
      const path = new URL(route.request().url()).pathname;
      const behind = await page.locator(`link[fetchpriority=low][href="${path}"]`).count();
      return cut && behind > 0 ? route.abort() : route.continue();
    });
    await page.goto('/');
    const way = page.locator('button.wallet').first();
    await way.waitFor();
    assert.equal(await page.locator(`link[href="${later}"]`).getAttribute('fetchpriority'), 'low');
    await way.click();
    await page.getByRole('heading', { name: 'The service cannot be reached' }).waitFor();
    cut = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await signInOn(page);
  }, { refusals: /ERR_FAILED/ });
});

for (const path of ['/account', '/admin']) {
  test(`${path} asks for all its modules at once, too`, async () => {
    await onPage(browser, service.url, async (page) => {
      await installWallet(page, { account: BOSS });
      await page.goto('/');
      await signInOn(page);
      // Nothing that the login page still waits for is counted.
      await page.waitForLoadState('networkidle');
      /** @type {string[]} */
      const modules = [];
      page.on('requestfinished', (request) => {
        const at = new URL(request.url()).pathname;
        if (at.endsWith('.js')) modules.push(at);
      });
      await page.goto(path);
      await loaded(page);
      await page.waitForLoadState('networkidle');
      const preloaded = await page.locator('link[rel=modulepreload]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      assert.ok(preloaded.length > 20);
      const words = modules.filter((module) => module.startsWith('/web/lib/i18n/en'));
      assert.deepEqual(modules.toSorted(), [...preloaded, ...words].toSorted());
      assert.ok(words.length >= 3, 'and then for its words');
    });
  });
}
