/** Asks the person what a device wants to know. */

import { show } from './screen.js';
import * as views from './views.js';

/**
 * @param {string} wallet
 * @param {import('./screen.js').View} confirm what to show while the device waits for its button
 * @param {AbortSignal} signal
 * @param {() => void} cancel
 * @returns {import('../wallets/signer.js').Prompts}
 */
export function promptsOf(wallet, confirm, signal, cancel) {
  /** @type {(view: (asked: typeof import('./device-views.js'), done: (answer: string) => void) => import('./screen.js').View) => Promise<string>} */
  const ask = async (view) => {
    const asked = await import('./device-views.js');
    signal.throwIfAborted();
    const answer = await new Promise((/** @type {(answer: string) => void} */ resolve) => show(view(asked, resolve)));
    show(views.waiting('device.opening', { wallet }, [views.cancelButton(cancel)]));
    return answer;
  };
  return {
    pin: () => ask((asked, done) => asked.pin(wallet, done, cancel)),
    passphrase: () => ask((asked, done) => asked.passphrase(wallet, done, cancel)),
    account: (offer) => ask((asked, done) => asked.account(wallet, offer, done, cancel)),
    confirm(entry) {
      const entering = entry && views.waiting(`enter.${entry}.title`, { wallet }, [views.cancelButton(cancel)]);
      if (!signal.aborted) show(entering ?? confirm);
    },
  };
}
