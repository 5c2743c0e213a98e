/**
 * Speaks to one wallet: connect, sign, watch. Whatever a wallet answers is checked here, and whatever it throws becomes
 * a `WalletError` of a few kinds, so that no other file meets a wallet's own errors.
 *
 * Requests: TIP-1102 (`eth_requestAccounts`), TIP-1193 (`request`, `accountsChanged`), and before them TronLink's
 * `tron_requestAccounts`, which answers `{code: 200 | 4000 | 4001}`, or nothing while the wallet is locked.
 */

import { WalletError } from './signer.js';

/**
 * @typedef {object} TronWeb
 * @property {{base58?: string | false}} [defaultAddress]
 * @property {{signMessageV2?: (message: string) => Promise<unknown>}} [trx]
 */

/**
 * What a wallet puts into a page. Every part may be missing.
 *
 * @typedef {object} Provider
 * @property {(request: {method: string, params?: unknown}) => Promise<unknown>} [request]
 * @property {TronWeb | false} [tronWeb]
 * @property {(event: string, listener: (value: unknown) => void) => void} [on]
 * @property {(event: string, listener: (value: unknown) => void) => void} [removeListener]
 */

const ADDRESS = /^T[1-9A-HJ-NP-Za-km-z]{33}$/;
/** 65 bytes in hex, as wallets write them. */
export const SIGNATURE = /^(0x)?[0-9a-f]{130}$/i;

/** How long a wallet may take to fill in its address after it said yes, in milliseconds. */
const SETTLE_MS = 2000;

/**
 * Ask the wallet for its account, and sign with it. Wallets answer when the person does, so this may take minutes.
 *
 * @param {Provider} provider
 * @param {{legacy: boolean}} options legacy: the wallet was found without TIP-6963, so it may not know TIP-1102
 * @returns {Promise<import('./signer.js').Signer>}
 * @throws {WalletError}
 */
export async function openTron(provider, options) {
  return {
    address: await asked(() => connect(provider, options)),
    walletType: 'tron',
    sign: ({ message }) => asked(() => sign(provider, message)),
    close: () => {},
    ...watched(provider),
  };
}

/**
 * What a wallet answers. Whatever of it is read may throw: that is the wallet's failure, not this page's.
 *
 * @template T
 * @param {() => Promise<T>} question
 * @returns {Promise<T>}
 * @throws {WalletError}
 */
export async function asked(question) {
  try {
    return await question();
  } catch (error) {
    throw asWalletError(error);
  }
}

/**
 * @param {Provider} provider
 * @returns {import('./signer.js').Watched}
 */
export function watched(provider) {
  return { current: () => currentAddress(provider), watch: (listener) => watchAccount(provider, listener) };
}

/**
 * The account that the wallet shows to this page now; nothing while it is locked or not connected.
 *
 * @param {Provider} provider
 * @returns {string | undefined} a TRON address in base58check form
 */
function currentAddress(provider) {
  try {
    const tronWeb = provider.tronWeb;
    return asAddress(tronWeb && tronWeb.defaultAddress?.base58);
  } catch {
    return undefined;
  }
}

/**
 * @param {Provider} provider
 * @param {{legacy: boolean}} options
 * @returns {Promise<string>} a TRON address
 * @throws {WalletError}
 */
async function connect(provider, { legacy }) {
  if (typeof provider.request !== 'function') {
    // Browsers inside old wallet apps put in a connected tronWeb and nothing to ask.
    const address = currentAddress(provider);
    if (address) return address;
    throw new WalletError('locked');
  }
  const answer = legacy ? await askTronLink(provider) : await askTip1102(provider);
  // TIP-1102 names the account; a wallet that names none is locked. TronLink's own answer leaves it to tronWeb.
  const named = Array.isArray(answer) ? asAddress(answer[0]) : undefined;
  if (Array.isArray(answer) && answer.length === 0) throw new WalletError('locked');
  const address = named ?? (await settledAddress(provider));
  if (!address) throw new WalletError('locked');
  return address;
}

/**
 * Have `message` signed as `trx.signMessageV2` does. The text goes in as a string: TronLink hashes bytes differently
 * (tronweb #447).
 *
 * @param {Provider} provider
 * @param {string} message
 * @returns {Promise<string>} 65 bytes in hex
 * @throws {WalletError}
 */
async function sign(provider, message) {
  const trx = provider.tronWeb ? provider.tronWeb.trx : undefined;
  /** @type {unknown} */
  let signature;
  if (typeof trx?.signMessageV2 === 'function') {
    signature = await trx.signMessageV2(message);
  } else if (typeof provider.request === 'function') {
    signature = await provider.request({ method: 'tron_signMessage', params: { message } });
  } else {
    throw new WalletError('unsupported');
  }
  if (typeof signature === 'string' && SIGNATURE.test(signature)) return signature;
  throw new WalletError('walletFailed');
}

/**
 * Call `listener` with each account that the wallet changes to, until the returned function is called.
 *
 * @param {Provider} provider
 * @param {(address: string) => void} listener
 * @returns {() => void}
 */
function watchAccount(provider, listener) {
  const report = (/** @type {unknown} */ value) => {
    const address = asAddress(value);
    if (address) listener(address);
  };
  const onAccounts = (/** @type {unknown} */ accounts) => report(Array.isArray(accounts) ? accounts[0] : accounts);
  // Before TIP-1193, TronLink told of changes by messages to the page.
  const onMessage = (/** @type {MessageEvent} */ event) => {
    if (event.source !== window) return;
    const message = event.data?.message;
    if (message?.action === 'accountsChanged' || message?.action === 'setAccount') report(message.data?.address);
  };
  const stop = listenToAccounts(provider, onAccounts);
  if (stop) return stop;
  window.addEventListener('message', onMessage);
  return () => window.removeEventListener('message', onMessage);
}

/**
 * Call `listener` with the accounts that the wallet changes to, until the returned function is called.
 *
 * @param {Provider} provider
 * @param {(accounts: unknown) => void} listener
 * @returns {(() => void) | undefined} nothing if the wallet has no events, or they fail
 */
export function listenToAccounts(provider, listener) {
  try {
    if (typeof provider.on !== 'function' || typeof provider.removeListener !== 'function') return undefined;
    provider.on('accountsChanged', listener);
  } catch {
    return undefined;
  }
  return () => {
    try {
      provider.removeListener?.('accountsChanged', listener);
    } catch {
      // Nothing hangs on it: the listener only reports, and the caller stopped listening.
    }
  };
}

/**
 * @param {Provider} provider
 * @returns {Promise<unknown>}
 */
async function askTip1102(provider) {
  try {
    return await provider.request?.({ method: 'eth_requestAccounts' });
  } catch (error) {
    const refusal = asWalletError(error);
    if (refusal.kind === 'refused' || refusal.kind === 'pending') throw refusal;
    return askTronLink(provider);
  }
}

/**
 * @param {Provider} provider
 * @returns {Promise<unknown>}
 */
async function askTronLink(provider) {
  const answer = await provider.request?.({ method: 'tron_requestAccounts' });
  if (!answer) throw new WalletError('locked');
  if (codeOf(answer) === 4001) throw new WalletError('refused');
  if (codeOf(answer) === 4000) throw new WalletError('pending');
  return answer;
}

/**
 * Some wallets say yes a moment before `tronWeb` knows the account.
 *
 * @param {Provider} provider
 */
async function settledAddress(provider) {
  const until = Date.now() + SETTLE_MS;
  for (;;) {
    const address = currentAddress(provider);
    if (address || !provider.tronWeb || Date.now() > until) return address;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * What to say about what a wallet threw.
 *
 * @param {unknown} error TIP-1193 asks for a `code`, TronLink's `signMessageV2` throws a string
 * @returns {WalletError}
 */
export function asWalletError(error) {
  try {
    return kindOf(error);
  } catch {
    return new WalletError('walletFailed'); // What was thrown throws again when it is read.
  }
}

/** @param {unknown} error */
function kindOf(error) {
  if (error instanceof WalletError) return error;
  const code = codeOf(error);
  if (code === 4001) return new WalletError('refused');
  if (code === -32002 || code === 4000) return new WalletError('pending');
  if (code === 4200 || code === -32601) return new WalletError('unsupported');
  if (code === 4100) return new WalletError('locked');
  const text = typeof error === 'string' ? error : String(/** @type {{message?: unknown}} */ (error)?.message ?? '');
  return new WalletError(/declin|reject|cancel|denied/i.test(text) ? 'refused' : 'walletFailed');
}

/** @param {unknown} value */
function codeOf(value) {
  return typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined;
}

/**
 * @param {unknown} value
 * @returns {string | undefined}
 */
function asAddress(value) {
  return typeof value === 'string' && ADDRESS.test(value) ? value : undefined;
}
