/**
 * Signs with an Ethereum wallet that announced itself by EIP-6963. The same key has a TRON address, which is the account
 * here; the text is one that such wallets check against the page (EIP-4361), signed by `personal_sign`.
 */

import { toHex, toUtf8 } from '../lib/bytes.js';
import { fromEthereum } from './address.js';
import { SIGNATURE, asked, listenToAccounts } from './provider.js';
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
  const account = await asked(async () => firstAccount(await provider.request?.({ method: 'eth_requestAccounts', params: [] })));
  const address = tronAddress(account);
  if (!address) throw new WalletError('locked');
  let current = /** @type {string | undefined} */ (address);
  const stop = listenToAccounts(provider, (accounts) => {
    current = tronAddress(firstAccount(accounts));
  });
  return {
    address,
    walletType: 'ethereum',
    async sign({ message }) {
      const params = [`0x${toHex(toUtf8(message))}`, account];
      const signature = await asked(async () => provider.request?.({ method: 'personal_sign', params }));
      if (typeof signature === 'string' && SIGNATURE.test(signature)) return signature;
      throw new WalletError('walletFailed');
    },
    current: () => current,
    watch(listener) {
      const report = (/** @type {unknown} */ accounts) => {
        const other = tronAddress(firstAccount(accounts));
        if (other) listener(other);
      };
      return listenToAccounts(provider, report) ?? (() => {});
    },
    close: () => stop?.(),
  };
}

/** @param {unknown} accounts */
function firstAccount(accounts) {
  return Array.isArray(accounts) ? accounts[0] : undefined;
}

/** @param {unknown} account */
function tronAddress(account) {
  return typeof account === 'string' ? fromEthereum(account) : undefined;
}
