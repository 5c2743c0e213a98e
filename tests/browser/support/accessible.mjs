/** What every state of every page must be: accessible and in its place, in light and dark, on a phone and a desktop. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { DESKTOP, PHONE, onPage, screenshot } from './browser.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>} what axe-core finds wrong
 */
async function violations(page) {
  // By the debugger's own evaluation: the page's policy rightly forbids to add scripts.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axeSource });
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
      .then((found) => JSON.stringify([found.passes.length, found.violations.flatMap((rule) =>
        rule.nodes.map((node) => rule.id + ': ' + node.target + ' ' + node.failureSummary))]))`,
    awaitPromise: true,
    returnByValue: true,
  });
  assert.equal(exceptionDetails, undefined);
  const [passes, found] = JSON.parse(result.value);
  assert.ok(passes > 10, 'axe-core must have looked');
  return found;
}

const LOOKS = [
  { look: 'phone-light', context: { ...PHONE, colorScheme: /** @type {const} */ ('light') } },
  { look: 'phone-dark', context: { ...PHONE, colorScheme: /** @type {const} */ ('dark') } },
  { look: 'desktop-light', context: { ...DESKTOP, colorScheme: /** @type {const} */ ('light') } },
  { look: 'desktop-dark', context: { ...DESKTOP, colorScheme: /** @type {const} */ ('dark') } },
];

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url the service's
 * @param {import('./states.mjs').State} state
 * @param {import('playwright-core').BrowserContextOptions} [more] of each context
 */
export async function checkState(browser, url, { name, reach, refusals }, more = {}) {
  for (const { look, context } of LOOKS) {
    await onPage(
      browser,
      url,
      async (page) => {
        await page.emulateMedia({ reducedMotion: 'reduce' });
        await reach(page);
        await screenshot(page, `${name}-${look}`);
        assert.deepEqual(await violations(page), [], look);
        const { tooWide, tooSmall } = await page.evaluate(() => ({
          // Whichever way it is written: no language here is from right to left yet, and one shall need words alone.
          tooWide: ['rtl', 'ltr'].filter((direction) => {
            document.documentElement.dir = direction;
            return document.documentElement.scrollWidth > document.documentElement.clientWidth;
          }),
          tooSmall: [...document.querySelectorAll('a, button, select, summary')]
            .filter((target) => target.checkVisibility() && Math.min(target.clientHeight, target.clientWidth) < 42)
            .map((target) => `${target.textContent} ${target.clientWidth}x${target.clientHeight}`),
        }));
        assert.deepEqual(tooWide, [], `${look}: nothing sticks out`);
        assert.deepEqual(tooSmall, [], `${look}: targets of 44 pixels`);
        assert.doesNotMatch(await page.locator('body').innerText(), /RAW|undefined|null|\{|LUCID_AUTH/, 'never a raw error');
      },
      { context: { ...context, ...more }, refusals },
    );
  }
}
