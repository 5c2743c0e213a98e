/**
 * Signs with a Trezor by WebUSB, in one of two ways, for it signs no TRON messages: its Ethereum account signs the text, or
 * its TRON account, which Trezor Suite shows, a transfer with the text as its memo.
 *
 * Messages: trezor-firmware, `messages-common.proto`, `-management`, `-ethereum` and `-tron.proto`.
 */

import { fromUtf8, toHex, toUtf8 } from '../lib/bytes.js';
import { fromEthereum, isAddress } from './address.js';
import { ETHEREUM_PATH, TRON_PATH } from './path.js';
import { WalletError } from './signer.js';
import { transferOf } from './trezor-transfer.js';
import { along, bytesOf, isAtLeast, openUsb, signatureOf, versionOf } from './usb-wallet.js';

/** @typedef {import('./signer.js').Prompts} Prompts */
/** @typedef {import('./signer.js').Signer} Signer */
/** @typedef {import('./usb-link.js').Link} Link */

/** Shared by all models but the first with old firmware. */
const FIRMWARE = { vendorId: 0x1209, productId: 0x53c1 };
const BOOTLOADER = { vendorId: 0x1209, productId: 0x53c0 };
/** A Model One with firmware that speaks HID only. */
const HID = { vendorId: 0x534c, productId: 1 };

/** The numbers of the messages on the wire. */
const ETHEREUM_GET_ADDRESS = 56;
const ETHEREUM_ADDRESS = 57;
const ETHEREUM_SIGN_MESSAGE = 64;
const ETHEREUM_MESSAGE_SIGNATURE = 66;
const TRON_GET_ADDRESS = 2200;
const TRON_ADDRESS = 2201;
const TRON_SIGN_TX = 2202;
const TRON_SIGNATURE = 2203;
const TRON_CONTRACT_REQUEST = 2204;
const TRON_TRANSFER_CONTRACT = 2205;

/** The first firmware that asks for a passphrase as it does today: of the Model One, and of all others. */
const LEAST_ONE = [1, 9, 0];
const LEAST = [2, 3, 0];
/** The first firmware that signs TRON transactions; the Model One has none. */
const TRON_SINCE = [2, 11, 0];

/** @type {import('./usb-wallet.js').Kind} */
const KIND = {
  filters: [FIRMWARE, BOOTLOADER, HID],
  // ButtonRequest_PassphraseEntry and ButtonRequest_PinEntry.
  entries: { 19: 'passphrase', 20: 'pin' },
  check({ vendorId, productId }) {
    if (vendorId === HID.vendorId) throw new WalletError('trezorTooOld');
    if (productId === BOOTLOADER.productId) throw new WalletError('bootloader');
  },
};

/**
 * Open a Trezor, have the person choose between its accounts, and ask it for that one. To be called from a click.
 *
 * @param {import('./usb-wallet.js').Usb} usb
 * @param {AbortSignal} signal closes the device
 * @param {Prompts} prompts
 * @returns {Promise<Signer>}
 * @throws {WalletError}
 */
export async function openTrezor(usb, signal, prompts) {
  try {
    return await openUsb(usb, KIND, signal, async (link, features) => {
      const version = versionOf(features);
      const isOne = version[0] === 1;
      if (!isAtLeast(version, isOne ? LEAST_ONE : LEAST)) throw new WalletError('trezorTooOld');
      const choice = await prompts.account(offer(version));
      const typed = isOne ? (/** @type {Prompts} */ by) => by : enteredOnDevice;
      return choice === 'trezor' ? tronSigner(link, typed, prompts) : ethereumSigner(link, typed, prompts);
    });
  } catch (error) {
    if (error instanceof WalletError && error.kind === 'deviceTaken') throw new WalletError('trezorTaken');
    // What the person may choose, its version knows. Firmware for Bitcoin alone does not.
    if (error instanceof WalletError && error.kind === 'tooOld') throw new WalletError('bitcoinOnly');
    throw error;
  }
}

/**
 * @param {ReadonlyArray<number>} version of the firmware
 * @returns {import('./signer.js').Offer}
 */
function offer(version) {
  const lack = version[0] === 1 ? 'trezor.tron.one' : isAtLeast(version, TRON_SINCE) ? undefined : 'trezor.tron.old';
  const values = { version: version.join('.'), least: TRON_SINCE.join('.') };
  return {
    title: 'trezor.title',
    lead: 'trezor.lead',
    choices: [
      { id: 'trezor', name: 'trezor.tron.name', lead: 'trezor.tron.lead', action: 'trezor.tron.action', lack, values },
      { id: 'trezor-eth', name: 'trezor.eth.name', lead: 'trezor.eth.lead', action: 'trezor.eth.action' },
    ],
  };
}

/**
 * All but the Model One take a passphrase themselves, so that this page need not see it.
 *
 * @param {Prompts} prompts
 * @returns {Prompts}
 */
function enteredOnDevice(prompts) {
  return { ...prompts, passphrase: () => Promise.resolve(undefined) };
}

/** @typedef {(prompts: Prompts) => Prompts} Typed */

/**
 * @param {Link} link
 * @param {Typed} typed
 * @param {Prompts} prompts
 * @returns {Promise<Signer>}
 */
async function tronSigner(link, typed, prompts) {
  const ask = async (/** @type {boolean} */ shown, /** @type {Prompts} */ by) => {
    const answer = await link.ask(TRON_GET_ADDRESS, [...along(TRON_PATH), [2, shown]], typed(by), TRON_ADDRESS);
    const text = fromUtf8(bytesOf(answer, 1));
    if (!isAddress(text)) throw new WalletError('deviceFailed', { code: 'address' });
    return text;
  };
  const address = await ask(false, prompts);
  return {
    ...signer(link, address, 'trezor'),
    async sign({ message, trezor_tx: transaction }, by) {
      const { head, contract, raw } = transferOf(address, message);
      if (transaction?.raw_data_hex !== toHex(raw)) throw new WalletError('otherTransfer');
      await link.ask(TRON_SIGN_TX, [...along(TRON_PATH), ...head], typed(by), TRON_CONTRACT_REQUEST);
      return signatureOf(await link.ask(TRON_TRANSFER_CONTRACT, contract, typed(by), TRON_SIGNATURE), 1);
    },
    async showAddress(by) {
      await ask(true, by);
    },
    said: {
      account: 'trezor.tron.account',
      text: 'trezor.tron.text',
      shown: 'trezor.tron.shown',
      meaning: 'trezor.tron.meaning',
      confirm: 'trezor.tron.confirm',
    },
  };
}

/**
 * @param {Link} link
 * @param {Typed} typed
 * @param {Prompts} prompts
 * @returns {Promise<Signer>}
 */
async function ethereumSigner(link, typed, prompts) {
  const answer = await link.ask(ETHEREUM_GET_ADDRESS, along(ETHEREUM_PATH), typed(prompts), ETHEREUM_ADDRESS);
  const address = fromEthereum(fromUtf8(bytesOf(answer, 2)));
  if (!address) throw new WalletError('deviceFailed', { code: 'address' });
  return {
    ...signer(link, address, 'trezor-eth'),
    async sign({ message }, by) {
      const fields = /** @type {const} */ ([...along(ETHEREUM_PATH), [2, toUtf8(message)]]);
      return signatureOf(await link.ask(ETHEREUM_SIGN_MESSAGE, fields, typed(by), ETHEREUM_MESSAGE_SIGNATURE), 2);
    },
    said: { account: 'trezor.eth.account', shown: 'trezor.eth.shown', confirm: 'sign.lead' },
  };
}

/**
 * @param {Link} link
 * @param {string} address
 * @param {'trezor' | 'trezor-eth'} walletType
 */
function signer(link, address, walletType) {
  return { address, walletType, current: () => undefined, watch: () => () => {}, close: () => link.close() };
}
