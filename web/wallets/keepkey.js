/**
 * Signs with a KeepKey by WebUSB. Firmware from 7.14.1 on signs TRON messages; older ones sign Ethereum messages with the
 * same key, since they check no path.
 *
 * Messages: keepkey/device-protocol, `messages.proto`, `messages-tron.proto`, `messages-ethereum.proto`.
 */

import { fromUtf8, toHex, toUtf8 } from '../lib/bytes.js';
import { fromBytes, isAddress } from './address.js';
import { Link } from './keepkey-link.js';
import { TRON_PATH } from './path.js';
import { WalletError } from './signer.js';

/** @typedef {import('./signer.js').Prompts} Prompts */
/** @typedef {import('./signer.js').Signer} Signer */
/** @typedef {import('./keepkey-link.js').Fields} Fields */
/** @typedef {import('./keepkey-link.js').UsbDevice} UsbDevice */

/**
 * What is used here of `navigator.usb`.
 *
 * @typedef {object} Usb
 * @property {() => Promise<UsbDevice[]>} getDevices
 * @property {(options: {filters: Array<{vendorId: number}>}) => Promise<UsbDevice>} requestDevice
 */

const VENDOR = 0x2b24;
/** Of old firmware, which speaks HID only. */
const HID_PRODUCT = 1;

/** The numbers of the messages on the wire. */
const ETHEREUM_GET_ADDRESS = 56;
const ETHEREUM_SIGN_MESSAGE = 108;
const TRON_GET_ADDRESS = 1400;
const TRON_SIGN_MESSAGE = 1404;

/** The first firmware that signs TRON messages. */
const TRON_SINCE = [7, 14, 1];

/**
 * Open a KeepKey and ask it for its account. To be called from a click.
 *
 * @param {Usb} usb
 * @param {AbortSignal} signal closes the device
 * @param {Prompts} prompts
 * @returns {Promise<Signer>}
 * @throws {WalletError}
 */
export async function openKeepKey(usb, signal, prompts) {
  const device = await choose(usb);
  if (device.productId === HID_PRODUCT) throw new WalletError('tooOld');
  const link = new Link(device);
  const close = () => link.close();
  signal.addEventListener('abort', close);
  try {
    signal.throwIfAborted();
    await link.open();
    const features = await link.features();
    if (features.get(5)) throw new WalletError('bootloader');
    if (!features.get(12)) throw new WalletError('notSetUp');
    const version = [2, 3, 4].map((field) => Number(features.get(field) ?? 0));
    return await (isAtLeast(version, TRON_SINCE) ? tronSigner(link, prompts) : ethereumSigner(link, prompts));
  } catch (error) {
    link.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}

/**
 * @param {Link} link
 * @param {Prompts} prompts
 * @returns {Promise<Signer>}
 */
async function tronSigner(link, prompts) {
  const address = async (/** @type {boolean} */ shown, /** @type {Prompts} */ by) => {
    const answer = await link.ask(TRON_GET_ADDRESS, [...path(), [3, shown]], by);
    const text = fromUtf8(bytesOf(answer, 1));
    if (!isAddress(text)) throw new WalletError('deviceFailed', { code: 'address' });
    return text;
  };
  return {
    ...signer(link, await address(false, prompts), 'keepkey'),
    async sign({ message }, by) {
      return signature(await link.ask(TRON_SIGN_MESSAGE, [...path(), [3, toUtf8(message)]], by));
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
  const account = bytesOf(await link.ask(ETHEREUM_GET_ADDRESS, path(), prompts), 1);
  if (account.length !== 20) throw new WalletError('deviceFailed', { code: 'address' });
  return {
    ...signer(link, fromBytes(account), 'keepkey-eth'),
    async sign({ message }, by) {
      return signature(await link.ask(ETHEREUM_SIGN_MESSAGE, [...path(), [2, toUtf8(message)]], by));
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

/** @returns {Array<[number, number | boolean | Uint8Array]>} the path, as all of these messages begin */
function path() {
  return TRON_PATH.map((step) => [1, step]);
}

/** @param {Fields} answer */
function signature(answer) {
  const bytes = bytesOf(answer, 2);
  if (bytes.length !== 65) throw new WalletError('deviceFailed', { code: 'signature' });
  return toHex(bytes);
}

/**
 * @param {Fields} fields
 * @param {number} number
 */
function bytesOf(fields, number) {
  const value = fields.get(number);
  return value instanceof Uint8Array ? value : new Uint8Array();
}

/**
 * @param {ReadonlyArray<number>} version
 * @param {ReadonlyArray<number>} least
 */
function isAtLeast(version, least) {
  const at = version.findIndex((part, index) => part !== least[index]);
  return at < 0 || (version[at] ?? 0) > (least[at] ?? 0);
}

/**
 * @param {Usb} usb
 * @returns {Promise<UsbDevice>} one that the person allowed before, or allows now
 */
async function choose(usb) {
  // A rule of this page, or of the browser's owner, keeps it from devices.
  const forbidden = () => {
    throw new WalletError('noDeviceAccess', { api: 'WebUSB' });
  };
  const known = (await usb.getDevices().catch(forbidden)).find(({ vendorId }) => vendorId === VENDOR);
  // Refused if nothing was chosen, or the click is too long ago.
  const refused = () => {
    throw new WalletError('notChosen');
  };
  return known ?? (await usb.requestDevice({ filters: [{ vendorId: VENDOR }] }).catch(refused));
}
