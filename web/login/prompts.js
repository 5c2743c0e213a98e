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
  const ask = async (/** @type {'pin' | 'passphrase'} */ what) => {
    const asked = await import('./device-views.js');
    signal.throwIfAborted();
    const answer = await new Promise((resolve) => show(asked[what](wallet, resolve, cancel)));
    show(views.waiting('device.opening', { wallet }, [views.cancelButton(cancel)]));
    return answer;
  };
  return {
    pin: () => ask('pin'),
    passphrase: () => ask('passphrase'),
    confirm: () => signal.aborted || show(confirm),
  };
}
