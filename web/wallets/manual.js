/** Reads what somebody pastes who signed elsewhere. */

import { isAddress } from './address.js';

/**
 * @param {string} pasted
 * @returns {{address: string} | {wrong: 'empty' | 'notTron' | 'misspelt'}}
 */
export function readAddress(pasted) {
  const address = pasted.trim();
  if (address === '') return { wrong: 'empty' };
  if (isAddress(address)) return { address };
  return { wrong: /^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(address) ? 'misspelt' : 'notTron' };
}

/**
 * Programs print a signature with or without 0x, some with quotes around it, and terminals break it into lines.
 *
 * @param {string} pasted
 * @returns {{signature: string} | {wrong: 'empty' | 'notHex' | 'tooShort' | 'tooLong' | 'ending'}}
 */
export function readSignature(pasted) {
  const plain = pasted.replace(/[\s"'`]/g, '').replace(/^0x/i, '').toLowerCase();
  if (plain === '') return { wrong: 'empty' };
  if (!/^[0-9a-f]+$/.test(plain)) return { wrong: 'notHex' };
  if (plain.length < 130) return { wrong: 'tooShort' };
  if (plain.length > 130) return { wrong: 'tooLong' };
  // The last byte says which of two keys it was: 0 and 1, or 27 and 28.
  if (!/(00|01|1b|1c)$/.test(plain)) return { wrong: 'ending' };
  return { signature: plain };
}
