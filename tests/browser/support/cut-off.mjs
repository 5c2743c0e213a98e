/** Signs in by one wallet and prints what happened. For cut-off.test.mjs, which runs it in a network of its own. */

import { networkInterfaces } from 'node:os';
import { startService } from '../../lib/service.mjs';
import { click, heading, launch, onPage, signInOn } from './browser.mjs';
import { openDevice } from './states.mjs';
import { installWallet } from './wallet.mjs';

const way = process.argv[2];
const service = await startService();
const browser = await launch();
try {
  await onPage(browser, service.url, async (page) => {
    let address;
    if (way === 'Ledger' || way === 'KeepKey') {
      const devices = await openDevice(page, way);
      address = (way === 'Ledger' ? devices.ledger : devices.keepkey).address;
      await click(page, `Connect ${way}`);
      await heading(page, 'Read, then sign');
      await click(page, `Sign with ${way}`);
      await heading(page, 'You are signed in');
    } else {
      ({ address } = await installWallet(page));
      await page.goto('/');
      await signInOn(page);
    }
    const account = await page.locator('.short-address').textContent();
    process.stdout.write(`${JSON.stringify({ interfaces: Object.keys(networkInterfaces()), address, account })}\n`);
  });
} finally {
  await browser.close();
  await service.stop();
}
