/** Every language says everything, and the reader gets the one that they want. */

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { heading, launch, onPage } from './support/browser.mjs';
import { LANGUAGES, tablesOf } from './support/languages.mjs';
import { installWallet } from './support/wallet.mjs';

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

const english = await tablesOf('en');
const others = Object.keys(LANGUAGES).filter((tag) => tag !== 'en');

/** What is the same in another language: names, and words that it shares with English. */
const SHARED = new Set([
  'brand', 'page.title', 'choose.ethereum', 'passphrase.label', 'wallet.ledger', 'wallet.trezor', 'wallet.trezor-eth', 'wallet.keepkey', 'wallet.keepkey-eth',
  'profile.name', 'hardware.name', 'role.ADMIN', 'audit.detail', 'system.version', 'admin.system', 'elsewhere.copied',
]);

/** @param {string} words */
const placeholders = (words) => [...new Set(words.match(/\{\w+\}/g))].toSorted();

test('each language that is offered has its files, and each file belongs to a language that is offered', async () => {
  const files = await readdir(new URL('../../web/lib/i18n/', import.meta.url));
  const expected = [...Object.keys(LANGUAGES).flatMap((tag) => [tag, `${tag}.js`]), 'menu.js', 'words.js'];
  assert.deepEqual(files.toSorted(), expected.toSorted());
  assert.deepEqual(Object.keys(LANGUAGES), ['en', 'de', 'es', 'zh', 'tr']);
});

for (const language of others) {
  test(`nothing is missing in ${language}, nothing is left in English, and every value has its place`, async () => {
    const tables = await tablesOf(language);
    assert.deepEqual(Object.keys(tables), Object.keys(english));
    for (const [part, words] of Object.entries(english)) {
      const own = tables[part] ?? {};
      assert.deepEqual(Object.keys(own), Object.keys(words), part);
      for (const [key, said] of Object.entries(words)) {
        const here = own[key] ?? '';
        assert.ok(here.trim() === here && here !== '', key);
        assert.deepEqual(placeholders(here), placeholders(said), key);
        if (!SHARED.has(key)) assert.notEqual(here, said, `${key} is not translated`);
      }
    }
  });
}

test('every permission has words, in English those of the service', async () => {
  const published = JSON.parse(await readFile(new URL('../vectors/permissions.json', import.meta.url), 'utf8')).permissions;
  const words = Object.entries(published).map(([name, said]) => [`permission.${name}`, said.replaceAll("'", '’')]);
  assert.deepEqual(english['rights'], Object.fromEntries(words));
});

/** @type {ReadonlyArray<[string, string]>} */
const WANTED = [
  ['de-AT', 'de'],
  ['es-419', 'es'],
  ['zh-Hans-CN', 'zh'],
  ['tr', 'tr'],
  ['fi', 'en'],
];
for (const [locale, language] of WANTED) {
  test(`a browser that asks for ${locale} gets ${language}, on every page, signed in and out`, async () => {
    const tables = await tablesOf(language);
    const said = (/** @type {string} */ part, /** @type {string} */ key) => tables[part]?.[key] ?? '';
    await onPage(
      browser,
      service.url,
      async (page) => {
        await installWallet(page);
        await page.goto('/');
        await heading(page, said('', 'choose.title'));
        const html = page.locator('html');
        assert.deepEqual([await html.getAttribute('lang'), await html.getAttribute('dir')], [language, 'ltr']);
        assert.equal(await page.getByRole('combobox').locator('option:checked').textContent(), LANGUAGES[language]);
        await page.locator('.card button').first().click();
        await heading(page, said('', 'review.title'));
        await page.locator('.card button.primary').click();
        await heading(page, said('', 'in.title'));
        await page.goto('/account');
        await heading(page, said('account', 'account.title'));
        assert.equal(await html.getAttribute('lang'), language);
        await page.getByRole('heading', { level: 2, name: said('account', 'sessions.title') }).waitFor();
      },
      { context: { locale } },
    );
  });
}

test('a language that is chosen stays, over pages and reloads, and stands above what the browser asks for', async () => {
  const german = await tablesOf('de');
  await onPage(browser, service.url, async (page) => {
    await installWallet(page);
    await page.goto('/');
    await heading(page, 'Sign in');
    await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
    await heading(page, german['']?.['choose.title'] ?? '');
    await page.reload();
    await heading(page, german['']?.['choose.title'] ?? '');
    await page.locator('.card button').first().click();
    await page.locator('.card button.primary').click();
    await heading(page, german['']?.['in.title'] ?? '');
    await page.goto('/account');
    await heading(page, german['account']?.['account.title'] ?? '');
    await page.getByRole('combobox', { name: 'Sprache' }).selectOption('English');
    await heading(page, 'Your account');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  });
});
