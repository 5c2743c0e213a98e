/** HTTPS by an authority of the machine's own: the page past the warning, and a browser that trusts it. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { checkState } from './support/accessible.mjs';
import { GIVE_UP_MS, heading, launch, onPage, signInOn } from './support/browser.mjs';
import { LANGUAGES, tablesOf } from './support/languages.mjs';
import { installWallet } from './support/wallet.mjs';

const run = promisify(execFile);

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {X509Certificate} */
let authority;
before(async () => {
  [service, browser] = await Promise.all([startService({ env: { ...UNLIMITED, TLS_SELF_SIGNED: 'true' } }), launch()]);
  authority = new X509Certificate(await readFile(join(service.dataDir, 'tls/ca.crt')));
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

/** A person who goes on past the warning. */
const PAST_WARNING = { ignoreHTTPSErrors: true };

for (const language of Object.keys(LANGUAGES)) {
  test(`the page that says how to trust the authority is accessible and fits in ${language}`, async () => {
    const said = (await tablesOf(language))['tls'] ?? {};
    /** @param {import('playwright-core').Page} page */
    const reach = async (page) => {
      await page.goto('/tls');
      await heading(page, said['tls.title'] ?? '');
      for (const summary of await page.locator('summary').all()) await summary.click();
    };
    await checkState(browser, service.url, { name: `trust-${language}`, reach }, { ...PAST_WARNING, locale: language });
  });
}

test('the page shows the fingerprint of the file that it offers, and leads to the login page', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await page.goto('/tls');
      await heading(page, 'Trust this service');
      assert.equal(await page.locator('blockquote.to-sign').innerText(), authority.fingerprint256);
      const downloading = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download the certificate' }).click();
      const download = await downloading;
      assert.equal(download.suggestedFilename(), 'ca.crt');
      assert.equal(new X509Certificate(await readFile(await download.path())).fingerprint256, authority.fingerprint256);
      assert.equal(await page.locator('details').count(), 7);
      await page.getByRole('link', { name: 'Go to the login page' }).click();
      await heading(page, 'No TRON wallet found');
    },
    { context: PAST_WARNING },
  );
});

test('printed, the page has all instructions and the address of the file', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await page.goto('/tls');
      await page.getByRole('link', { name: /^Download/ }).waitFor();
      const shown = () => page.locator('.steps > :not(summary)').evaluateAll((all) => all.filter((one) => one.checkVisibility({ contentVisibilityAuto: true })).length);
      assert.equal(await shown(), 0, 'on a screen, who needs one opens it');
      await page.emulateMedia({ media: 'print' });
      // What becomes visible does so at the next frame, which a busy machine draws late.
      const all = await page.locator('.steps > :not(summary)').count();
      assert.ok(all > 7);
      for (const until = Date.now() + GIVE_UP_MS; (await shown()) !== all && Date.now() < until; ) await page.waitForTimeout(20);
      assert.equal(await shown(), all);
      const address = await page.getByRole('link', { name: /^Download/ }).evaluate((link) => getComputedStyle(link, '::after').content);
      assert.match(address, /\/tls\/ca\.crt/);
    },
    { context: PAST_WARNING },
  );
});

test('a browser that was told of the authority warns of nothing, and lets the page reach devices', async (context) => {
  const home = await mkdtemp(join(tmpdir(), 'lucid-auth-home-'));
  const store = `sql:${join(home, '.pki/nssdb')}`;
  await mkdir(join(home, '.pki/nssdb'), { recursive: true });
  await writeFile(join(home, 'ca.crt'), authority.toString());
  try {
    await run('certutil', ['-d', store, '-N', '--empty-password']);
    await run('certutil', ['-d', store, '-A', '-t', 'C,,', '-n', 'lucid-auth', '-i', join(home, 'ca.crt')]);
  } catch (error) {
    await rm(home, { recursive: true });
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    context.skip('SKIPPED: there is no certutil here (Debian: libnss3-tools), so no browser can be told');
    return;
  }
  // The browser before knows nothing of it.
  const stranger = await browser.newPage();
  await assert.rejects(stranger.goto(service.url), /ERR_CERT_AUTHORITY_INVALID/);
  await stranger.close();

  const trusting = await launch({ whole: true, environment: { HOME: home } });
  try {
    await onPage(trusting, service.url, async (page) => {
      await installWallet(page);
      await page.goto('/');
      assert.ok(await page.evaluate(() => isSecureContext && 'usb' in navigator && 'hid' in navigator));
      await signInOn(page);
    });
    const page = await trusting.newPage();
    await page.goto(service.url.replace('localhost', '127.0.0.1'));
  } finally {
    await trusting.close();
    await rm(home, { recursive: true });
  }
});
