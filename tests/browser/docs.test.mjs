/** The page about the HTTP interface: it shows what the document says, and names nobody else. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { checkState } from './support/accessible.mjs';
import { launch, onPage } from './support/browser.mjs';
import { refuse } from './support/states.mjs';

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

test('every operation and every schema is shown, and a link opens what it leads to', async () => {
  const document = await (await fetch(`${service.url}/openapi.json`)).json();
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
  const schemas = Object.keys(document.components.schemas).map((name) => `schema-${name}`);
  assert.ok(operations.length > 15 && schemas.length > 15);
  await onPage(browser, service.url, async (page) => {
    await page.goto('/docs');
    await page.getByRole('heading', { name: 'Schemas' }).waitFor();
    const shown = await page.locator('details').evaluateAll((parts) => parts.map((part) => part.id));
    assert.deepEqual(shown, [...operations, ...schemas]);

    await page.goto('/docs#signIn');
    const signIn = page.locator('#signIn');
    await signIn.getByText('LUCID_AUTH_1001: Invalid TRON signature').waitFor();
    await signIn.getByRole('link', { name: 'LoginRequest' }).click();
    await page.locator('#schema-LoginRequest').getByText('hardware_wallet').waitFor();
  });
});

/** @type {ReadonlyArray<import('./support/states.mjs').State>} */
const STATES = [
  {
    name: 'docs',
    technical: true,
    reach: async (page) => {
      await page.goto('/docs');
      await page.getByRole('heading', { name: 'Schemas' }).waitFor();
    },
  },
  {
    name: 'docs-open',
    technical: true,
    reach: async (page) => {
      await page.goto('/docs#signIn');
      await page.locator('#signIn').getByRole('link', { name: 'LoginRequest' }).click();
      await page.locator('#schema-LoginRequest').getByText('hardware_wallet').waitFor();
    },
  },
  {
    name: 'docs-failed',
    technical: true,
    refusals: /ERR_CONNECTION_REFUSED/,
    reach: async (page) => {
      await refuse(page, '/openapi.json', 'abort');
      await page.goto('/docs');
      await page.getByText('Reload this page').waitFor();
    },
  },
];

for (const state of STATES) {
  test(`"${state.name}" is accessible and fits in light and dark, on a phone and a desktop`, () => checkState(browser, service.url, state));
}
