/**
 * How soon the login page can be read and used over a slow connection: node benches/first-view.mjs
 *
 * The connection and the processor are slowed down as Lighthouse does it for a phone (150 ms a round trip, 1.6 Mbit/s,
 * a quarter of the processor), by the browser itself. Nothing is kept from one load to the next. Prints the median of each
 * figure in milliseconds; the budget is a second for each. LUCID_AUTH_BIN names the binary.
 */

import { startService } from '../tests/lib/service.mjs';
import { launch } from '../tests/browser/support/browser.mjs';

const LOADS = 9;
const SLOW = { offline: false, latency: 150, downloadThroughput: 1_638_400 / 8, uploadThroughput: 750_000 / 8 };

const [service, browser] = await Promise.all([startService(), launch()]);
/** @type {Array<Record<string, number>>} */
const loads = [];
try {
  for (let load = 0; load < LOADS; load += 1) {
    const context = await browser.newContext({ viewport: { width: 412, height: 823 } });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', SLOW);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.addInitScript(() => {
      // Noted in the page, since it takes this program some time to hear of it.
      new MutationObserver((_, observer) => {
        if (!document.querySelector('.ways button')) return;
        performance.mark('usable');
        observer.disconnect();
      }).observe(document, { childList: true, subtree: true });
    });
    await page.goto(service.url, { waitUntil: 'commit' });
    await page.locator('.ways button').first().waitFor();
    loads.push(
      await page.evaluate(async () => {
        const usable = performance.getEntriesByName('usable')[0]?.startTime ?? NaN;
        const paints = performance.getEntriesByName('first-contentful-paint');
        const largest = await new Promise((resolve) => {
          new PerformanceObserver((list) => resolve(list.getEntries().at(-1)?.startTime ?? NaN)).observe({ type: 'largest-contentful-paint', buffered: true });
        });
        return { firstContentfulPaint: paints[0]?.startTime ?? NaN, largestContentfulPaint: /** @type {number} */ (largest), usable };
      }),
    );
    await context.close();
  }
} finally {
  await browser.close();
  await service.stop();
}
for (const figure of Object.keys(loads[0] ?? {})) {
  const sorted = loads.map((load) => load[figure] ?? NaN).toSorted((one, other) => one - other);
  process.stdout.write(`${figure.padEnd(24)} ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? NaN)} ms\n`);
}
