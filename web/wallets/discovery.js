/** Which wallets are in this page, kept up to date: some load after it does. */

import { injectedWallets, sameName } from './injected.js';
import { listenForWallets } from './tip6963.js';

/** @typedef {import('./tip6963.js').Wallet} Wallet */

/** How long wallets have to show themselves before one says that there are none, in milliseconds. */
const PATIENCE_MS = 700;

/**
 * Look for wallets, and call `changed` whenever the list becomes another one.
 *
 * @param {() => void} changed
 */
export function discoverWallets(changed) {
  /** @type {Map<string, Wallet>} */
  const announced = new Map();
  /** @type {Map<string, Wallet>} */
  const ethereum = new Map();
  /** @type {Wallet[]} */
  let wallets = [];

  function update() {
    const found = [...announced.values()];
    found.push(...injectedWallets(found));
    // Many wallets hold accounts of both kinds: with those, one signs in by the TRON one.
    const isTron = (/** @type {Wallet} */ { name }) => found.some((wallet) => sameName(wallet.name, name));
    found.push(...[...ethereum.values()].filter((wallet) => !isTron(wallet)));
    const same = found.length === wallets.length && found.every((wallet, index) => alike(wallet, wallets[index]));
    wallets = found;
    if (!same) changed();
  }

  const listen = (/** @type {import('./tip6963.js').Family} */ family, /** @type {Map<string, Wallet>} */ known) =>
    listenForWallets(family, (wallet) => {
      // The first one keeps its place: a later one of the same name could be another extension's.
      if (known.has(wallet.id)) return;
      known.set(wallet.id, wallet);
      update();
    });
  const announcements = [listen('tron', announced), listen('ethereum', ethereum)];
  // Old versions of TronLink say when they are ready.
  window.addEventListener('tronLink#initialized', update);

  /** When they have had their time: at first since the page was asked for, as they come into it before it does. */
  let until = PATIENCE_MS;

  /** Look again, and answer when wallets have had time to show themselves. */
  async function scan() {
    for (const { ask } of announcements) ask();
    update();
    while (!wallets.some(({ family }) => family === 'tron') && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      update();
    }
    until = performance.now() + PATIENCE_MS;
  }

  return {
    scan,
    /** @returns {ReadonlyArray<Wallet>} announced ones first, those of Ethereum last */
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
