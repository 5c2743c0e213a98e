/**
 * Signs with an Ethereum wallet that announced itself by EIP-6963. The same key has a TRON address, which is the account
 * here; the text is one that such wallets check against the page (EIP-4361), signed by `personal_sign`.
 */

import { toHex, toUtf8 } from '../lib/bytes.js';
import { fromEthereum } from './address.js';
import { SIGNATURE, asWalletError } from './provider.js';
import { WalletError } from './signer.js';

/** @typedef {import('./provider.js').Provider} Provider */

/**
 * Ask the wallet for its account. Wallets answer when the person does, so this may take minutes.
 *
 * @param {Provider} provider
 * @returns {Promise<import('./signer.js').Signer>}
 * @throws {WalletError}
 */
export async function openEthereum(provider) {
  const account = firstAccount(await request(provider, 'eth_requestAccounts', []));
  const address = tronAddress(account);
  if (!address) throw new WalletError('locked');
  let current = /** @type {string | undefined} */ (address);
  const follow = (/** @type {unknown} */ accounts) => {
    current = tronAddress(firstAccount(accounts));
  };
  provider.on?.('accountsChanged', follow);
  return {
    address,
    walletType: 'ethereum',
    async sign({ message }) {
      const signature = await request(provider, 'personal_sign', [`0x${toHex(toUtf8(message))}`, account]);
      if (typeof signature === 'string' && SIGNATURE.test(signature)) return signature;
      throw new WalletError('walletFailed');
    },
    current: () => current,
    watch(listener) {
      const report = (/** @type {unknown} */ accounts) => {
        const other = tronAddress(firstAccount(accounts));
        if (other) listener(other);
      };
      provider.on?.('accountsChanged', report);
      return () => provider.removeListener?.('accountsChanged', report);
    },
    close: () => provider.removeListener?.('accountsChanged', follow),
  };
}

/**
 * @param {Provider} provider
 * @param {string} method
 * @param {unknown[]} params
 */
async function request(provider, method, params) {
  try {
    return await provider.request?.({ method, params });
  } catch (error) {
    throw asWalletError(error);
  }
}

/** @param {unknown} accounts */
function firstAccount(accounts) {
  return Array.isArray(accounts) ? accounts[0] : undefined;
}

/** @param {unknown} account */
function tronAddress(account) {
  return typeof account === 'string' ? fromEthereum(account) : undefined;
}
