/** TRON addresses: 0x41 and 20 bytes, in base58 with a checksum. The 20 bytes are those of the key's Ethereum address. */

import { fromHex } from '../lib/bytes.js';
import { sha256 } from '../lib/sha256.js';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const PREFIX = 0x41;

/**
 * The TRON address of the account that Ethereum wallets show as `ethereum`.
 *
 * @param {string} ethereum 0x and 40 digits
 * @returns {string | undefined} nothing if it is no such address
 */
export function fromEthereum(ethereum) {
  return /^0x[0-9a-f]{40}$/i.test(ethereum) ? fromBytes(fromHex(ethereum.slice(2))) : undefined;
}

/**
 * @param {Uint8Array} bytes 20 of them
 * @returns {string}
 */
export function fromBytes(bytes) {
  const payload = Uint8Array.of(PREFIX, ...bytes);
  const digits = [...payload, ...checksum(payload)];
  let number = digits.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  // The first byte is never zero, so no leading ones have to be kept apart.
  let text = '';
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return text;
}

/**
 * Whether `text` is a TRON address, its checksum included.
 *
 * @param {string} text
 */
export function isAddress(text) {
  if (!/^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(text)) return false;
  const bytes = decode(text);
  return bytes.length === 25 && bytes[0] === PREFIX && fromBytes(bytes.slice(1, 21)) === text;
}

/**
 * @param {string} address that is one
 * @returns {Uint8Array} its 21 bytes, as they stand in transactions
 */
export function toBytes(address) {
  return decode(address).slice(0, 21);
}

/** @param {string} text digits of base58 */
function decode(text) {
  const number = Array.from(text).reduce((sum, digit) => sum * 58n + BigInt(ALPHABET.indexOf(digit)), 0n);
  return fromHex(number.toString(16).padStart(50, '0'));
}

/** @param {Uint8Array} payload */
function checksum(payload) {
  return sha256(sha256(payload)).slice(0, 4);
}
