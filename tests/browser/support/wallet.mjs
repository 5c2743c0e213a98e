/**
 * Wallets for the tests. In the page stands only what a wallet extension puts there, its interface; the signing is
 * tronweb's own `trx.signMessageV2`, in this process, with a random key.
 */

import { TronWeb, utils } from 'tronweb';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{privateKey: string, address: string}} Account */

/**
 * @typedef {object} WalletOptions
 * @property {string} [name]
 * @property {string} [icon]
 * @property {'tip6963' | 'tronLink' | 'okxwallet' | 'tronWeb'} [place] how it is found: announced, or under a name
 * @property {boolean} [locked]
 * @property {boolean} [refuseConnect]
 * @property {boolean} [refuseSign]
 * @property {boolean} [pending] an earlier request is open
 * @property {boolean} [silent] never answers
 * @property {boolean} [wrongKey] signs with another key than the account's
 * @property {boolean} [oldSigner] has no signMessageV2
 * @property {Account} [account] whose it is; random otherwise
 */

const tronWeb = new TronWeb({ fullHost: 'http://127.0.0.1:9' });

/** @returns {Account} a new one */
export function randomAccount() {
  const { privateKey, address } = utils.accounts.generateAccount();
  return { privateKey, address: address.base58 };
}

/**
 * Sign in as a program would, with no browser.
 *
 * @param {string} url the service's
 * @param {Account} account
 * @param {string} [agent] its User-Agent
 * @returns {Promise<Record<string, any>>} what the service answers
 */
export async function signInWithout(url, { address, privateKey }, agent = 'curl/8.14.1') {
  const post = async (/** @type {string} */ path, /** @type {object} */ body) => {
    const headers = { 'Content-Type': 'application/json', 'User-Agent': agent };
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const { message } = await post('/auth/challenge', { tron_address: address });
  const signature = await tronWeb.trx.signMessageV2(message, privateKey);
  return post('/auth/login', { tron_address: address, message, signature });
}

/**
 * Put a wallet into every document that `page` loads from now on.
 *
 * @param {Page} page
 * @param {WalletOptions} [options]
 */
export async function installWallet(page, options = {}) {
  const account = options.account ?? randomAccount();
  const stranger = randomAccount();
  let present = account;
  const id = `wallet_${account.address}`;
  /** Every text that the wallet was asked to sign. */
  const signed = /** @type {string[]} */ ([]);
  await page.exposeFunction(`${id}_sign`, (/** @type {unknown} */ message) => {
    if (typeof message !== 'string') throw new Error('the page must hand over a string');
    signed.push(message);
    return tronWeb.trx.signMessageV2(message, (options.wrongKey ? stranger : present).privateKey);
  });
  await page.addInitScript(walletInPage, { ...options, account: undefined, id, address: account.address });
  return {
    account,
    address: account.address,
    /** The address of another account. */
    stranger: stranger.address,
    signed,
    /** Show another account, as if its owner had chosen it. @param {string} address */
    switchTo: (address) => page.evaluate(([key, to]) => Reflect.get(window, `${key}_switch`)(to), [id, address]),
    /** Show another account, and sign with it. @param {Account} other */
    become: (other) => {
      present = other;
      return page.evaluate(([key, to]) => Reflect.get(window, `${key}_switch`)(to), [id, other.address]);
    },
    /** Change how it behaves in this document. @param {WalletOptions} change */
    behave: (change) => page.evaluate(([key, to]) => Object.assign(Reflect.get(window, /** @type {string} */ (key)), to), [id, change]),
  };
}

/**
 * Runs in the page, before its scripts.
 *
 * @param {WalletOptions & {id: string, address: string}} options
 */
function walletInPage(options) {
  const { id, name = 'TronLink', place = 'tip6963' } = options;
  const icon = options.icon ?? `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#c23631"/></svg>')}`;
  /** @type {any} */
  const page = window;
  page[id] = options;
  let address = options.address;
  /** @type {Array<(accounts: string[]) => void>} */
  let listeners = [];
  const error = (/** @type {number} */ code, /** @type {string} */ message) => Object.assign(new Error(message), { code });
  const tip1193 = place === 'tip6963';
  let connected = place === 'tronWeb';

  const tronWeb = {
    get defaultAddress() {
      return connected && !options.locked ? { base58: address } : { base58: false };
    },
    trx: {
      signMessageV2: options.oldSigner
        ? undefined
        : async (/** @type {string} */ message) => {
            if (options.silent) return new Promise(() => {});
            if (options.refuseSign) throw tip1193 ? error(4001, 'User rejected the request.') : 'Confirmation declined by user';
            return page[`${id}_sign`](message);
          },
    },
  };
  const provider = {
    tronWeb,
    async request(/** @type {{method: string}} */ { method }) {
      if (method !== (tip1193 ? 'eth_requestAccounts' : 'tron_requestAccounts')) throw error(4200, 'Unsupported method');
      if (options.silent) return new Promise(() => {});
      if (tip1193) {
        if (options.refuseConnect) throw error(4001, 'User rejected the request.');
        if (options.pending) throw error(-32002, 'Another request is being processed');
        if (options.locked) return [];
        connected = true;
        return [address];
      }
      if (options.locked) return '';
      if (options.refuseConnect) return { code: 4001, message: 'User rejected the request' };
      if (options.pending) return { code: 4000, message: 'Authorization requests are being processed' };
      connected = true;
      return { code: 200, message: 'User allowed the request.' };
    },
    ...(tip1193 && {
      on: (/** @type {string} */ event, /** @type {any} */ listener) => void (event === 'accountsChanged' && listeners.push(listener)),
      removeListener: (/** @type {string} */ _event, /** @type {any} */ listener) => {
        listeners = listeners.filter((other) => other !== listener);
      },
    }),
  };
  page[`${id}_switch`] = (/** @type {string} */ to) => {
    address = to;
    for (const listener of listeners) listener([to]);
    if (!tip1193) window.postMessage({ isTronLink: true, message: { action: 'accountsChanged', data: { address: to } } }, '*');
  };

  if (place === 'tronLink') page.tronLink = provider;
  if (place === 'okxwallet') page.okxwallet = { tronLink: provider };
  if (place === 'tronWeb') page.tronWeb = tronWeb;
  if (place !== 'tip6963') return;
  // Extensions clone nothing and freeze what they announce (TIP-6963).
  const detail = Object.freeze({ info: Object.freeze({ uuid: crypto.randomUUID?.() ?? id, name, icon, rdns: `org.example.${name}` }), provider });
  const announce = () => window.dispatchEvent(new CustomEvent('TIP6963:announceProvider', { detail }));
  window.addEventListener('TIP6963:requestProvider', announce);
  announce();
}
