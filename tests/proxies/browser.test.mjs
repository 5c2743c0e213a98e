// A person with a wallet, in Chromium, before nginx: from a page of the app to the login page and back to where they were.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { GIVE_UP_MS, heading, launch } from '../browser/support/browser.mjs';
import { installWallet } from '../browser/support/wallet.mjs';
import { startStage } from './support/proxy.mjs';

/** @type {import('./support/proxy.mjs').Stage} */
let stage;
/** @type {import('playwright-core').Browser} */
let chromium;
before(async () => {
  stage = await startStage('nginx');
  chromium = await launch();
});
after(async () => {
  await chromium?.close();
  await stage?.stop();
});

/**
 * @param {(page: import('playwright-core').Page, context: import('playwright-core').BrowserContext) => Promise<void>} body
 */
async function inBrowser(body) {
  const context = await chromium.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(GIVE_UP_MS);
    await installWallet(page);
    await body(page, context);
  } finally {
    await context.close();
  }
}

/** @param {import('playwright-core').Page} page */
async function sign(page) {
  await page.getByRole('button', { name: /^Continue with / }).click();
  await page.getByRole('button', { name: /^Sign with / }).click();
}

test('who opens a page of the app signs in once and is back there; who is signed in already is back at once', async () => {
  await inBrowser(async (page, context) => {
    await page.goto(`${stage.app}/reports?month=11#top`);
    await heading(page, 'Sign in');
    assert.ok(page.url().startsWith(`${stage.auth}/?return_to=`), page.url());
    await sign(page);
    await heading(page, 'The app');
    assert.equal(page.url(), `${stage.app}/reports?month=11`);
    const cookies = await context.cookies(stage.app);
    assert.deepEqual(cookies.map(({ name }) => name).toSorted(), ['__Host-lucid_session', '__Host-lucid_state']);
    assert.ok(cookies.every(({ secure, httpOnly, sameSite }) => secure && httpOnly && sameSite === 'Lax'));

    // Its cookie is lost; the login page still knows the person, and asks for nothing.
    await context.clearCookies({ name: '__Host-lucid_session', domain: 'app.localhost' });
    await page.goto(`${stage.app}/other`);
    await heading(page, 'The app');
    assert.equal(page.url(), `${stage.app}/other`);
  });
});

test('a browser that keeps no cookies of the app is told so, and does not go round', async () => {
  await inBrowser(async (page, context) => {
    let asked = 0;
    await context.route(`${stage.app}/**`, async (route) => {
      asked += 1;
      await context.clearCookies({ domain: 'app.localhost' });
      const headers = { ...route.request().headers() };
      delete headers.cookie;
      return route.continue({ headers });
    });
    await page.goto(`${stage.app}/reports`);
    await sign(page);
    await heading(page, /^You are not signed in at app\.localhost/);
    const before = asked;
    await page.waitForLoadState('networkidle');
    assert.equal(asked, before, 'it waits for the person');
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, /^You are not signed in at app\.localhost/);
    assert.ok(asked > before && asked < 12, `${asked} requests`);
  });
});

test('who is sent back here at once by where they went to is asked before they go again', async () => {
  await inBrowser(async (page) => {
    await page.goto(stage.auth);
    await sign(page);
    await heading(page, 'You are signed in');
    const here = (/** @type {string} */ to) => `${stage.auth}/?return_to=${encodeURIComponent(to)}`;
    await page.goto(here(here(`${stage.auth}/docs`)));
    await heading(page, /^You are not signed in at auth\.localhost/);
    assert.equal(page.url(), here(`${stage.auth}/docs`));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForURL(`${stage.auth}/docs`);
  });
});

test('a link that leads elsewhere is refused in words, and nothing is opened', async () => {
  await inBrowser(async (page, context) => {
    /** @type {string[]} */
    const elsewhere = [];
    context.on('request', (request) => {
      if (new URL(request.url()).protocol !== 'data:' && new URL(request.url()).origin !== stage.auth) elsewhere.push(request.url());
    });
    for (const target of ['https://evil.example/', '//evil.example', 'javascript:alert(1)', `${stage.app}@evil.example/`]) {
      await page.goto(`${stage.auth}/?return_to=${encodeURIComponent(target)}`);
      const button = page.getByRole('button', { name: /^Continue with / });
      const refusal = page.getByRole('heading', { level: 1, name: 'This page cannot send you back' });
      await button.or(refusal).waitFor();
      if (await button.isVisible()) await sign(page);
      await refusal.waitFor();
    }
    await page.getByRole('button', { name: 'Stay here' }).click();
    await heading(page, 'You are signed in');
    assert.deepEqual(elsewhere, []);
  });
});
