/** One chromium for a test file, one fresh context for a test, and an eye on everything that goes wrong in it. */

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').BrowserContextOptions} ContextOptions */

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** When a test that waits for something gives it up as never to come: far beyond what a busy machine takes. */
export const GIVE_UP_MS = 30_000;

export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
export const DESKTOP = { viewport: { width: 1280, height: 800 } };

/** What people have, and its engine alone. A window around each page, which nobody sees here, costs as much as the page. */
const WHOLE = '/usr/bin/chromium';
const ENGINE = '/usr/bin/chromium-headless-shell';

/**
 * Start chromium with a new profile.
 *
 * @param {object} [options]
 * @param {boolean} [options.whole] with all that is around the engine
 * @param {string[]} [options.flags] more of its command line
 * @param {Record<string, string>} [options.environment] in place of the developer's own
 * @param {string[]} [options.without] flags that Playwright adds, to be left out
 */
export function launch({ whole = false, flags = [], environment = {}, without = [] } = {}) {
  const env = { ...process.env, ...environment };
  const executablePath = process.env.CHROMIUM ?? (whole ? WHOLE : ENGINE);
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags], ignoreDefaultArgs: without, env });
}

/**
 * The refresh token, which only the browser itself can see.
 *
 * @param {Page} page
 */
export async function refreshToken(page) {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name === 'lucid_refresh')?.value;
}

/**
 * Run `body` on a new page of a new context; then fail if the page wrote errors to the console, threw, broke its
 * content security policy, or spoke to anyone but the service.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {string} url the service's
 * @param {(page: Page) => Promise<void>} body
 * @param {{context?: ContextOptions, refusals?: RegExp}} [options] refusals: the console lines about refused requests
 *   that this test provokes; chromium writes one for each status of 400 and above
 */
export async function onPage(browser, url, body, { context: contextOptions = {}, refusals } = {}) {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', baseURL: url, ...contextOptions });
  // Nothing else is there to be reached: whatever works here works in a home that is cut off.
  await context.route(
    (to) => to.origin !== url,
    (route) => route.abort('internetdisconnected'),
  );
  const page = await context.newPage();
  page.setDefaultTimeout(GIVE_UP_MS);
  /** @type {string[]} */
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(`thrown: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = message.text();
    const expected =
      (refusals?.test(text) && text.startsWith('Failed to load resource')) ||
      // Chromium's word on every page of a host that it does not trust.
      (!url.startsWith('http://localhost:') && text.startsWith('The Cross-Origin-Opener-Policy header has been ignored'));
    if (!expected) wrong.push(`${message.type()}: ${text}`);
  });
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol !== 'data:' && to.origin !== url) wrong.push(`request to ${to.origin}`);
  });
  await page.exposeFunction('reportViolation', (/** @type {string} */ text) => wrong.push(`CSP: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      Reflect.get(window, 'reportViolation')(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  try {
    await body(page);
    assert.deepEqual(wrong, [], 'the page must run without errors, violations and requests to others');
  } finally {
    await context.close();
  }
}

/**
 * Click through a sign-in that goes well.
 *
 * @param {Page} page that shows its one wallet
 * @param {RegExp} [wallet]
 */
export async function signInOn(page, wallet = /^Continue with /) {
  await page.getByRole('button', { name: wallet }).click();
  await page.getByRole('button', { name: /^Sign with / }).click();
  await heading(page, 'You are signed in');
}

/**
 * @param {Page} page
 * @param {string | RegExp} name of the button: all of it, or what fits
 */
export async function click(page, name) {
  await page.getByRole('button', { name, exact: typeof name === 'string' }).click();
}

/**
 * Press Tab until the focus is where `name` stands, and check that it can be seen there.
 *
 * @param {Page} page
 * @param {RegExp} name
 */
export async function tabTo(page, name) {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    if (!name.test(await focused(page))) continue;
    const outline = await page.evaluate(() => getComputedStyle(/** @type {Element} */ (document.activeElement)).outlineStyle);
    assert.equal(outline, 'solid', `the focus on ${name} must be visible`);
    return;
  }
  assert.fail(`Tab never reached ${name}`);
}

/** @param {Page} page */
export function focused(page) {
  // Where nothing has the focus, the body is said to have it.
  return page.evaluate(() => (document.activeElement === document.body ? '' : (document.activeElement?.textContent ?? '')));
}

/**
 * Wait for the view with this title.
 *
 * @param {Page} page
 * @param {string | RegExp} name
 */
export async function heading(page, name) {
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/**
 * Keep a picture of the page, if the environment variable SCREENSHOTS names a folder, as `tests/run --screenshots` does.
 *
 * @param {Page} page
 * @param {string} name
 */
export async function screenshot(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
