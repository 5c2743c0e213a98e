/** What opening a KeepKey and opening a Trezor have in common: the browser's list, the cable, and reading what they say. */

import { toHex } from '../lib/bytes.js';
import { WalletError } from './signer.js';
import { Link } from './usb-link.js';

/** @typedef {import('./signer.js').Signer} Signer */
/** @typedef {import('./usb-link.js').Fields} Fields */
/** @typedef {import('./usb-link.js').UsbDevice} UsbDevice */

/**
 * What is used here of `navigator.usb`.
 *
 * @typedef {object} Usb
 * @property {() => Promise<UsbDevice[]>} getDevices
 * @property {(options: {filters: Filter[]}) => Promise<UsbDevice>} requestDevice
 */

/** @typedef {{vendorId: number, productId?: number}} Filter */

/**
 * @typedef {object} Kind
 * @property {Filter[]} filters which devices are of it
 * @property {Record<number, 'pin' | 'passphrase'>} [entries] as in `Link`
 * @property {(device: UsbDevice) => void} check throws if the device can be of no use
 */

/**
 * Open a device of `kind`, and close it again if `use` fails or `signal` ends. To be called from a click.
 *
 * @param {Usb} usb
 * @param {Kind} kind
 * @param {AbortSignal} signal
 * @param {(link: Link, features: Fields) => Promise<Signer>} use
 * @returns {Promise<Signer>}
 * @throws {WalletError}
 */
export async function openUsb(usb, kind, signal, use) {
  const device = await choose(usb, kind.filters);
  kind.check(device);
  const link = new Link(device, kind.entries);
  const close = () => link.close();
  signal.addEventListener('abort', close);
  try {
    signal.throwIfAborted();
    await link.open();
    const features = await link.features();
    if (features.get(5)) throw new WalletError('bootloader');
    if (!features.get(12)) throw new WalletError('notSetUp');
    return await use(link, features);
  } catch (error) {
    link.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}

/** @param {Fields} features */
export function versionOf(features) {
  return [2, 3, 4].map((field) => Number(features.get(field) ?? 0));
}

/**
 * @param {ReadonlyArray<number>} version
 * @param {ReadonlyArray<number>} least
 */
export function isAtLeast(version, least) {
  const at = version.findIndex((part, index) => part !== least[index]);
  return at < 0 || (version[at] ?? 0) > (least[at] ?? 0);
}

/**
 * The steps of a path, as the messages begin that name one.
 *
 * @param {ReadonlyArray<number>} path
 * @returns {Array<[number, number | boolean | Uint8Array]>}
 */
export function along(path) {
  return path.map((step) => [1, step]);
}

/**
 * @param {Fields} answer
 * @param {number} number the field with the signature
 */
export function signatureOf(answer, number) {
  const bytes = bytesOf(answer, number);
  if (bytes.length !== 65) throw new WalletError('deviceFailed', { code: 'signature' });
  return toHex(bytes);
}

/**
 * @param {Fields} fields
 * @param {number} number
 */
export function bytesOf(fields, number) {
  const value = fields.get(number);
  return value instanceof Uint8Array ? value : new Uint8Array();
}

/**
 * @param {Usb} usb
 * @param {Filter[]} filters
 * @returns {Promise<UsbDevice>} one that the person allowed before, or allows now
 */
async function choose(usb, filters) {
  // A rule of this page, or of the browser's owner, keeps it from devices.
  const forbidden = () => {
    throw new WalletError('noDeviceAccess', { api: 'WebUSB' });
  };
  const fits = (/** @type {UsbDevice} */ device) =>
    filters.some(({ vendorId, productId = device.productId }) => vendorId === device.vendorId && productId === device.productId);
  const known = (await usb.getDevices().catch(forbidden)).find(fits);
  // Refused if nothing was chosen, or the click is too long ago.
  const refused = () => {
    throw new WalletError('notChosen');
  };
  return known ?? (await usb.requestDevice({ filters }).catch(refused));
}
