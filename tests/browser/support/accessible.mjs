/** What every state of every page must be: accessible and in its place, in light and dark, on a phone and a desktop. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { DESKTOP, PHONE, onPage, screenshot } from './browser.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @typedef {import('playwright-core').Page} Page */

/**
 * A look at the page by axe-core, which is put into it once.
 *
 * @param {Page} page
 * @returns {Promise<() => Promise<string[]>>} what axe-core finds wrong at each call
 */
async function axeOn(page) {
  // By the debugger's own evaluation: the page's policy rightly forbids to add scripts.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axeSource });
  return async () => {
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
  };
}

/** Each is reached in its first colours and then changes to the other: a person's device does so at sunset, and in the morning. */
const DEVICES = /** @type {const} */ ([
  { device: 'phone', context: PHONE, schemes: ['light', 'dark'] },
  { device: 'desktop', context: DESKTOP, schemes: ['dark', 'light'] },
]);

/**
 * Have the page change its colours, and wait until they have changed.
 *
 * @param {Page} page
 * @param {'light' | 'dark'} colorScheme
 */
async function recolour(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    // What is cancelled is gone.
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url the service's
 * @param {import('./states.mjs').State} state
 * @param {import('playwright-core').BrowserContextOptions} [more] of each context
 */
export async function checkState(browser, url, { name, reach, refusals, technical = false }, more = {}) {
  for (const { device, context, schemes } of DEVICES) {
    await onPage(
      browser,
      url,
      async (page) => {
        await reach(page);
        const violations = await axeOn(page);
        for (const scheme of schemes) {
          await recolour(page, scheme);
          const look = `${device}-${scheme}`;
          await screenshot(page, `${name}-${look}`);
          assert.deepEqual(await violations(), [], look);
          const { tooWide, tooSmall } = await page.evaluate((targets) => ({
            // Whichever way it is written: no language here is from right to left yet, and one shall need words alone.
            tooWide: ['rtl', 'ltr'].filter((direction) => {
              document.documentElement.dir = direction;
              return document.documentElement.scrollWidth > document.documentElement.clientWidth;
            }),
            tooSmall: [...document.querySelectorAll(targets)]
              .filter((target) => target.checkVisibility() && Math.min(target.clientHeight, target.clientWidth) < 42)
              .map((target) => `${target.textContent} ${target.clientWidth}x${target.clientHeight}`),
          }), technical ? 'button, select, summary' : 'a, button, select, summary');
          assert.deepEqual(tooWide, [], `${look}: nothing sticks out`);
          assert.deepEqual(tooSmall, [], `${look}: targets of 44 pixels`);
          if (!technical) assert.doesNotMatch(await page.locator('body').innerText(), /\bRAW [A-Z]|undefined|null|\{|LUCID_AUTH/, 'never a raw error');
        }
      },
      { context: { ...context, colorScheme: schemes[0], reducedMotion: 'reduce', ...more }, refusals },
    );
  }
}
