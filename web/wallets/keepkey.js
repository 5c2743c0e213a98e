/**
 * Signs with a KeepKey by WebUSB. Firmware from 7.14.1 on signs TRON messages; older ones sign Ethereum messages with the
 * same key, since they check no path.
 *
 * Messages: keepkey/device-protocol, `messages.proto`, `messages-tron.proto`, `messages-ethereum.proto`.
 */

import { fromUtf8, toUtf8 } from '../lib/bytes.js';
import { fromBytes, isAddress } from './address.js';
import { TRON_PATH } from './path.js';
import { WalletError } from './signer.js';
import { along, bytesOf, isAtLeast, openUsb, signatureOf, versionOf } from './usb-wallet.js';

/** @typedef {import('./signer.js').Prompts} Prompts */
/** @typedef {import('./signer.js').Signer} Signer */
/** @typedef {import('./usb-link.js').Link} Link */

const VENDOR = 0x2b24;
/** Of old firmware, which speaks HID only. */
const HID_PRODUCT = 1;

/** The numbers of the messages on the wire. */
const ETHEREUM_GET_ADDRESS = 56;
const ETHEREUM_ADDRESS = 57;
const ETHEREUM_SIGN_MESSAGE = 108;
const ETHEREUM_MESSAGE_SIGNATURE = 110;
const TRON_GET_ADDRESS = 1400;
const TRON_ADDRESS = 1401;
const TRON_SIGN_MESSAGE = 1404;
const TRON_MESSAGE_SIGNATURE = 1405;

/** The first firmware that signs TRON messages. */
const TRON_SINCE = [7, 14, 1];

/** @type {import('./usb-wallet.js').Kind} */
const KIND = {
  filters: [{ vendorId: VENDOR }],
  check({ productId }) {
    if (productId === HID_PRODUCT) throw new WalletError('tooOld');
  },
};

/**
 * Open a KeepKey and ask it for its account. To be called from a click.
 *
 * @param {import('./usb-wallet.js').Usb} usb
 * @param {AbortSignal} signal closes the device
 * @param {Prompts} prompts
 * @returns {Promise<Signer>}
 * @throws {WalletError}
 */
export function openKeepKey(usb, signal, prompts) {
  return openUsb(usb, KIND, signal, (link, features) =>
    isAtLeast(versionOf(features), TRON_SINCE) ? tronSigner(link, prompts) : ethereumSigner(link, prompts),
  );
}

/**
 * @param {Link} link
 * @param {Prompts} prompts
 * @returns {Promise<Signer>}
 */
async function tronSigner(link, prompts) {
  const address = async (/** @type {boolean} */ shown, /** @type {Prompts} */ by) => {
    const answer = await link.ask(TRON_GET_ADDRESS, [...along(TRON_PATH), [3, shown]], by, TRON_ADDRESS);
    const text = fromUtf8(bytesOf(answer, 1));
    if (!isAddress(text)) throw new WalletError('deviceFailed', { code: 'address' });
    return text;
  };
  return {
    ...signer(link, await address(false, prompts), 'keepkey'),
    async sign({ message }, by) {
      const fields = /** @type {const} */ ([...along(TRON_PATH), [3, toUtf8(message)]]);
      return signatureOf(await link.ask(TRON_SIGN_MESSAGE, fields, by, TRON_MESSAGE_SIGNATURE), 2);
    },
    async showAddress(by) {
      await address(true, by);
    },
  };
}

/**
 * @param {Link} link
 * @param {Prompts} prompts
 * @returns {Promise<Signer>}
 */
async function ethereumSigner(link, prompts) {
  const account = bytesOf(await link.ask(ETHEREUM_GET_ADDRESS, along(TRON_PATH), prompts, ETHEREUM_ADDRESS), 1);
  if (account.length !== 20) throw new WalletError('deviceFailed', { code: 'address' });
  return {
    ...signer(link, fromBytes(account), 'keepkey-eth'),
    async sign({ message }, by) {
      const fields = /** @type {const} */ ([...along(TRON_PATH), [2, toUtf8(message)]]);
      return signatureOf(await link.ask(ETHEREUM_SIGN_MESSAGE, fields, by, ETHEREUM_MESSAGE_SIGNATURE), 2);
    },
  };
}

/**
 * @param {Link} link
 * @param {string} address
 * @param {'keepkey' | 'keepkey-eth'} walletType
 */
function signer(link, address, walletType) {
  return { address, walletType, current: () => undefined, watch: () => () => {}, close: () => link.close() };
}
