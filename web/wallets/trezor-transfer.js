/**
 * The transfer that a Trezor signs in place of a text: 0.000001 TRX from an address to itself, which no node takes. Nothing
 * in it is taken from the service but the text, so that this page can ask a Trezor for no other transaction.
 *
 * Messages: trezor-firmware, `messages-tron.proto` (TronSignTx, TronTransferContract, TronRawTransaction).
 */

import { toUtf8 } from '../lib/bytes.js';
import { encode } from '../lib/protobuf.js';
import { toBytes } from './address.js';

/** @typedef {import('./usb-link.js').FieldList} FieldList */

const TYPE_URL = 'type.googleapis.com/protocol.TransferContract';
const TRANSFER_CONTRACT = 1;
/** No block has this number and hash. */
const REF_BLOCK_BYTES = new Uint8Array(2);
const REF_BLOCK_HASH = new Uint8Array(8);
/** In milliseconds since 1970: it is over. */
const EXPIRATION = 1;
const TIMESTAMP = 1;
/** In SUN, millionths of a TRX. */
const AMOUNT = 1;

/**
 * @param {string} address in TRON's form
 * @param {string} message becomes the memo
 * @returns {{head: FieldList, contract: FieldList, raw: Uint8Array}} the two messages that a Trezor takes, the first without
 *   its path, and the bytes that it makes of them and signs
 */
export function transferOf(address, message) {
  const own = toBytes(address);
  const memo = toUtf8(message);
  /** @type {FieldList} */
  const contract = [[1, own], [2, own], [3, AMOUNT]];
  const parameter = encode([[1, TYPE_URL], [2, encode(contract)]]);
  return {
    head: [[2, REF_BLOCK_BYTES], [3, REF_BLOCK_HASH], [4, EXPIRATION], [5, memo], [6, TIMESTAMP]],
    contract,
    raw: encode([
      [1, REF_BLOCK_BYTES],
      [4, REF_BLOCK_HASH],
      [8, EXPIRATION],
      [10, memo],
      [11, encode([[1, TRANSFER_CONTRACT], [2, parameter]])],
      [14, TIMESTAMP],
    ]),
  };
}
