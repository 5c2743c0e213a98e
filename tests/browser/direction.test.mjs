/** Ready for a language that is written from right to left, though none of these is. */

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { DESKTOP, PHONE, heading, launch, onPage, screenshot, signInOn } from './support/browser.mjs';
import { loaded } from './support/account-states.mjs';
import { installWallet } from './support/wallet.mjs';

const WEB = new URL('../../web/', import.meta.url);

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

/**
 * Whether a declaration says left or right, in so many words or by its place in a list of four.
 *
 * @param {string} property
 * @param {string} value
 */
function isPhysical(property, value) {
  // The notch of a phone is where it is, whichever way one reads.
  if (value.includes('safe-area-inset')) return false;
  if (/(^|-)(left|right)(-|$)/.test(property)) return true;
  if (/^(text-align|float|clear|caption-side)$/.test(property) && /\b(left|right)\b/.test(value)) return true;
  const parts = value.replace(/\([^()]*\)/g, '').split(/\s+/);
  if (/^(margin|padding|inset|border-(width|color|style))$/.test(property)) return parts.length === 4 && parts[1] !== parts[3];
  return property === 'border-radius' && parts.length > 1;
}

test('the style sheets say start and end, and never left and right', async () => {
  const files = (await readdir(WEB, { recursive: true })).filter((name) => name.endsWith('.css'));
  assert.ok(files.length >= 4);
  const physical = [];
  let count = 0;
  for (const file of files) {
    const css = (await readFile(new URL(file, WEB), 'utf8')).replace(/\/\*.*?\*\//gs, '');
    for (const [, property = '', value = ''] of css.matchAll(/[{;]\s*([\w-]+)\s*:\s*([^;{}]+)/g)) {
      count += 1;
      if (isPhysical(property, value.trim())) physical.push(`${file}: ${property}: ${value}`);
    }
  }
  assert.ok(count > 300, 'the declarations must have been found');
  assert.deepEqual(physical, []);
  for (const [property, value] of /** @type {const} */ ([['margin-left', '0'], ['left', '1px'], ['padding', '0 1rem 0 0'], ['text-align', 'right'], ['border-left-color', 'red']])) {
    assert.ok(isPhysical(property, value), `${property} would be found`);
  }
});

for (const [name, look] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  test(`a language that is written from right to left turns the pages round, on a ${name}`, async () => {
    await onPage(
      browser,
      service.url,
      async (page) => {
        // A table for Arabic, of English words: the way of writing is what matters.
        await page.route('**/lib/i18n/words.js', async (route) => {
          const answer = await route.fetch();
          const body = (await answer.text()).replace("{ en: 'English',", "{ ar: 'العربية', en: 'English',");
          await route.fulfill({ response: answer, body });
        });
        await page.route(/\/i18n\/ar(\/\w+)?\.js$/, async (route) => {
          const answer = await route.fetch({ url: route.request().url().replace('/i18n/ar', '/i18n/en') });
          await route.fulfill({ response: answer });
        });
        await installWallet(page);
        await page.goto('/');
        const way = page.getByRole('button', { name: /^Continue with / });
        await way.waitFor();
        assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), ['ar', 'rtl']);
        await screenshot(page, `right-to-left-sign-in-${name}`);
        await signInOn(page);
        await page.goto('/account');
        await heading(page, 'Your account');
        await loaded(page);
        await screenshot(page, `right-to-left-account-${name}`);
        const box = async (/** @type {string} */ selector) => (await page.locator(selector).first().boundingBox()) ?? assert.fail(selector);
        const [brand, who] = [await box('.top .brand'), await box('.who .button')];
        assert.ok(brand.x > who.x, 'the brand is on the right, the way out on the left');
        const title = await page.locator('.panel h2').first().evaluate((element) => getComputedStyle(element).direction);
        assert.equal(title, 'rtl');
        const address = await page.locator('.facts .address').first().evaluate((element) => getComputedStyle(element).direction);
        assert.equal(address, 'ltr', 'an address is read the way it is written');
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
      },
      { context: { ...look, locale: 'ar' } },
    );
  });
}
