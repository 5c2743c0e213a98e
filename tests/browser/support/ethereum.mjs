/** An Ethereum wallet that announces itself by EIP-6963; ethers signs, in this process, with a random key. */

import { Wallet, getAddress, toUtf8String } from 'ethers';
import { TronWeb } from 'tronweb';

/** @typedef {import('playwright-core').Page} Page */

/** @typedef {{refuseConnect?: boolean, refuseSign?: boolean, locked?: boolean, silent?: boolean, wrongKey?: boolean}} Behaviour */

/** @param {string} ethereum */
const tronOf = (ethereum) => String(TronWeb.address.fromHex(`41${ethereum.slice(2)}`));

/**
 * Put an Ethereum wallet into every document that `page` loads from now on.
 *
 * @param {Page} page
 * @param {Behaviour & {name?: string}} [options]
 */
export async function installEthereum(page, options = {}) {
  const wallet = Wallet.createRandom();
  const stranger = Wallet.createRandom();
  /** Every text that it was asked to sign. @type {string[]} */
  const signed = [];
  await page.exposeFunction('ethereum_sign', (/** @type {string} */ hex, /** @type {string} */ account) => {
    if (getAddress(account) !== wallet.address) throw new Error('the account must be the one that was named');
    const text = toUtf8String(hex);
    // MetaMask reads such a text, and warns if it is not made for the account that signs.
    if (text.split('\n')[1] !== wallet.address) throw new Error('the text names another account');
    signed.push(text);
    return (options.wrongKey ? stranger : wallet).signMessage(text);
  });
  await page.addInitScript(ethereumInPage, { name: 'MetaMask', ...options, address: wallet.address });
  return {
    signed,
    ethereum: wallet.address,
    address: tronOf(wallet.address),
    /** The address of another account. */
    stranger: tronOf(stranger.address),
    /** Show the other account, as if its owner had chosen it. */
    switchAway: () => page.evaluate((to) => Reflect.get(window, 'ethereum_switch')(to), stranger.address),
    /** Change how it behaves in this document. @param {Behaviour} change */
    behave: (change) => page.evaluate((to) => Object.assign(Reflect.get(window, 'ethereum_options'), to), change),
  };
}

/**
 * Runs in the page, before its scripts.
 *
 * @param {Behaviour & {name: string, address: string}} options
 */
function ethereumInPage(options) {
  /** @type {any} */
  const page = window;
  page.ethereum_options = options;
  /** @type {Array<(accounts: string[]) => void>} */
  let listeners = [];
  // Extensions differ in the case of the letters.
  const accounts = () => (options.locked ? [] : [options.address.toLowerCase()]);
  const refuse = () => {
    throw Object.assign(new Error('User rejected the request.'), { code: 4001 });
  };
  const provider = {
    async request(/** @type {{method: string, params: string[]}} */ { method, params }) {
      if (options.silent) return new Promise(() => {});
      if (method === 'eth_requestAccounts') return options.refuseConnect ? refuse() : accounts();
      if (method === 'personal_sign') return options.refuseSign ? refuse() : page.ethereum_sign(...params);
      throw Object.assign(new Error('Unsupported method'), { code: 4200 });
    },
    on: (/** @type {string} */ event, /** @type {any} */ listener) => void (event === 'accountsChanged' && listeners.push(listener)),
    removeListener: (/** @type {string} */ _event, /** @type {any} */ listener) => {
      listeners = listeners.filter((other) => other !== listener);
    },
  };
  page.ethereum_switch = (/** @type {string} */ to) => listeners.forEach((listener) => listener([to]));
  const icon = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#e2761b"/></svg>')}`;
  const info = Object.freeze({ uuid: '350670db-19fa-4704-a166-e52e178b59d2', name: options.name, icon, rdns: `org.example.${options.name}` });
  const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }));
  window.addEventListener('eip6963:requestProvider', announce);
  announce();
}
