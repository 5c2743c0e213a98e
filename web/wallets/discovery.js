/** Which wallets are in this page, kept up to date: some load after it does. */

import { injectedWallets } from './injected.js';
import { listenForWallets } from './tip6963.js';

/** @typedef {import('./tip6963.js').Wallet} Wallet */

/** How long to wait for wallets before saying that there are none, in milliseconds. */
const PATIENCE_MS = 700;

/**
 * Look for wallets, and call `changed` whenever the list becomes another one.
 *
 * @param {() => void} changed
 */
export function discoverWallets(changed) {
  /** @type {Map<string, Wallet>} */
  const announced = new Map();
  /** @type {Wallet[]} */
  let wallets = [];

  function update() {
    const found = [...announced.values()];
    found.push(...injectedWallets(found));
    const same = found.length === wallets.length && found.every((wallet, index) => alike(wallet, wallets[index]));
    wallets = found;
    if (!same) changed();
  }

  const announcements = listenForWallets((wallet) => {
    // The first one keeps its place: a later one of the same name could be another extension's.
    if (announced.has(wallet.id)) return;
    announced.set(wallet.id, wallet);
    update();
  });
  // Old versions of TronLink say when they are ready.
  window.addEventListener('tronLink#initialized', update);

  /** Look again, and answer when wallets have had time to show themselves. */
  async function scan() {
    announcements.ask();
    for (let waited = 0; waited < PATIENCE_MS; waited += 100) {
      update();
      if (wallets.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    update();
  }

  return {
    scan,
    /** @returns {ReadonlyArray<Wallet>} announced ones first */
    get wallets() {
      return wallets;
    },
  };
}

/**
 * @param {Wallet} one
 * @param {Wallet | undefined} other
 */
function alike(one, other) {
  return one.id === other?.id && one.provider === other.provider;
}
