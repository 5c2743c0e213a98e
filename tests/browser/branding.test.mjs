/** The login page under the name, the colour and the logo of whoever runs the service. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { GIVE_UP_MS, heading, launch, onPage } from './support/browser.mjs';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><script>alert(1)</script><path d="M0 0h120v40z"/></svg>';

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  const files = {
    'branding/branding.json': JSON.stringify({ name: 'Example & <Sons>', accent: '#ffd400' }),
    'branding/logo.svg': SVG,
  };
  [service, browser] = await Promise.all([startService({ env: UNLIMITED, files }), launch()]);
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`the page carries the name, the logo and the colour, ${colorScheme}`, async () => {
    const context = { colorScheme };
    await onPage(browser, service.url, async (page) => {
      await page.goto('/');
      await heading(page, 'No TRON wallet found');
      const logo = page.locator('.brand img[src="/branding/logo"]');
      await logo.waitFor();
      assert.equal(await page.locator('.brand').innerText(), 'Example & <Sons>');
      await page.waitForFunction(() => document.title === 'No TRON wallet found · Example & <Sons>');
      const box = await logo.boundingBox();
      assert.ok(box && box.height === 28 && Math.abs(box.width - 84) < 2, 'in its own proportions');
      const primary = await page.locator('.primary').first().evaluate((button) => getComputedStyle(button).backgroundColor);
      const yellow = 'rgb(255, 212, 0)';
      assert.equal(primary === yellow, colorScheme === 'dark', `${primary}: yellow cannot be read on white`);
      // The browser's own frame takes the colour that can be read in this light, and goes with it when it changes.
      const frame = () =>
        page.evaluate(() => {
          const metas = [...document.querySelectorAll('meta[name=theme-color]')].filter((meta) => matchMedia(meta.getAttribute('media') ?? '').matches);
          const probe = document.createElement('i');
          document.body.append(probe);
          probe.style.setProperty('color', 'var(--accent)');
          const accent = getComputedStyle(probe).color;
          probe.style.setProperty('color', metas.map((meta) => meta.getAttribute('content')).join());
          const colour = getComputedStyle(probe).color;
          probe.remove();
          return { number: metas.length, colour, accent };
        });
      const first = await frame();
      assert.deepEqual([first.number, first.colour], [1, first.accent]);
      await page.emulateMedia({ colorScheme: colorScheme === 'light' ? 'dark' : 'light' });
      const second = await frame();
      assert.deepEqual([second.number, second.colour], [1, second.accent]);
      assert.notEqual(first.colour, second.colour);
    }, { context });
  });
}

test('an SVG that is opened by itself runs nothing', async () => {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    // The document has no scripts at all, so the browser is asked what it blocked, not the page.
    const blocked = page.waitForEvent('console', { predicate: (said) => /Blocked script execution/.test(said.text()), timeout: GIVE_UP_MS });
    await Promise.all([blocked, page.goto(`${service.url}/branding/logo`, { timeout: GIVE_UP_MS })]);
  } finally {
    await context.close();
  }
});
