/** Bytes as text and back. */

/**
 * @param {ArrayLike<number>} bytes
 * @returns {string} two lower-case digits a byte, without 0x
 */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {string} hex an even number of digits, without 0x
 * @returns {Uint8Array}
 */
export function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
export function toUtf8(text) {
  return new TextEncoder().encode(text);
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function fromUtf8(bytes) {
  return new TextDecoder().decode(bytes);
}
