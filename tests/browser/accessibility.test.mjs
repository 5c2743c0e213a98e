/** Each state of the page, in light and in dark, on a phone and on a desktop: no violation that axe-core knows. */

import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { checkState } from './support/accessible.mjs';
import { launch } from './support/browser.mjs';
import { STATES } from './support/states.mjs';

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

for (const state of STATES) {
  test(`"${state.name}" is accessible and fits in light and dark, on a phone and a desktop`, () => checkState(browser, service.url, state));
}
