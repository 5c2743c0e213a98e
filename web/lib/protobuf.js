/** As much of Protocol Buffers as hardware wallets need: numbers, flags, texts and bytes, by field number. */

import { toUtf8 } from './bytes.js';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * @param {ReadonlyArray<readonly [number, number | boolean | string | Uint8Array]>} fields each with its number, in order;
 *   numbers are whole, from 0 to 2^32 - 1
 * @returns {Uint8Array}
 */
export function encode(fields) {
  const bytes = fields.flatMap(([number, value]) => {
    if (typeof value === 'number' || typeof value === 'boolean') return [...varint(number * 8 + VARINT), ...varint(Number(value))];
    const data = typeof value === 'string' ? toUtf8(value) : value;
    return [...varint(number * 8 + BYTES), ...varint(data.length), ...data];
  });
  return Uint8Array.from(bytes);
}

/**
 * @param {Uint8Array} message
 * @returns {Map<number, number | Uint8Array>} the last value of each field
 * @throws {RangeError} if it is none, or has a field of a kind that wallets do not send
 */
export function decode(message) {
  const fields = new Map();
  let at = 0;
  const take = (/** @type {number} */ length) => {
    if (length > message.length - at) throw new RangeError('the message ends too soon');
    at += length;
    return message.subarray(at - length, at);
  };
  const number = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = take(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
    throw new RangeError('a number has more than 64 bits');
  };
  while (at < message.length) {
    const key = number();
    const kind = key % 8;
    const field = (key - kind) / 8;
    if (kind === VARINT) fields.set(field, number());
    else if (kind === BYTES) fields.set(field, take(number()));
    else if (kind === FIXED64 || kind === FIXED32) take(kind === FIXED64 ? 8 : 4);
    else throw new RangeError(`wire type ${kind}`);
  }
  return fields;
}

/** @param {number} value */
function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return [...bytes, rest];
}
