/** Letters of twice the usual size, as people set them who see little, on the narrowest phone. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { loaded } from './support/account-states.mjs';
import { BOSS, openAdmin } from './support/admin-states.mjs';
import { heading, launch, onPage } from './support/browser.mjs';

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

test('letters of twice the size stick out of no page at 320 pixels', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await page.addInitScript(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('html { font-size: 200% }');
        document.adoptedStyleSheets = [sheet];
      });
      const fits = async (/** @type {string} */ what) => {
        const { scrollWidth, fontSize } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth, fontSize: getComputedStyle(document.body).fontSize }));
        assert.equal(fontSize, '32px');
        assert.equal(scrollWidth, 320, what);
      };
      await page.goto('/');
      await heading(page, 'No TRON wallet found');
      await fits('no wallet');
      await openAdmin(page);
      for (const path of ['/admin#users', '/admin#audit', '/admin#system', '/account', '/']) {
        await page.goto(path);
        if (path === '/') await heading(page, /signed in/);
        else await loaded(page);
        await fits(path);
      }
    },
    { context: { viewport: { width: 320, height: 640 } } },
  );
});
