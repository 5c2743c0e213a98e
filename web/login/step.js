/** One step of the page at a time: what the one before still brings is ignored, and what it held is let go of. */

/** @typedef {import('../wallets/signer.js').Signer} Signer */
/** @typedef {import('../wallets/signer.js').Watched} Watched */

/**
 * What is on show that another tab or a wallet may change: the list of wallets or the lack of any, or whoever is signed in.
 *
 * @type {'wallets' | import('../lib/session.js').Session | undefined}
 */
export let shown;

let step = new AbortController();
/** Ends the watching of a wallet's account. */
let stopWatching = () => {};
/** @type {Signer | undefined} what is held open for the step */
let inUse;

/**
 * @param {Signer} [signer] that the step goes on with; any other is let go of
 * @param {typeof shown} [show] what the step shows
 * @returns {AbortSignal} of the step that begins; the one before ends
 */
export function begin(signer, show) {
  step.abort();
  shown = show;
  stopWatching();
  stopWatching = () => {};
  if (inUse !== signer) inUse?.close();
  inUse = signer;
  step = new AbortController();
  return step.signal;
}

/**
 * Call `listener` with each account that the wallet changes to, until the step ends.
 *
 * @param {Watched} watched
 * @param {(address: string) => void} listener
 */
export function watchDuringStep(watched, listener) {
  stopWatching();
  stopWatching = watched.watch(listener);
}

/**
 * What `promise` brings, unless the step ends before. Wallets cannot be told to stop, only not be listened to.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export function during(promise, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
