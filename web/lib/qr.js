/**
 * QR codes (ISO/IEC 18004) of a text: byte mode, error correction M, versions 1 to 20, which is up to 666 bytes.
 */

import { toUtf8 } from './bytes.js';

/** For level M, by version: the codewords of error correction in a block, and the number of blocks (table 9). */
const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];

/** The conditions under which a module is turned over, by mask (table 10). @type {Array<(x: number, y: number) => boolean>} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** @typedef {boolean[][]} Grid rows of modules, true where dark */

/**
 * @param {string} text
 * @returns {Grid} without the quiet zone of four modules that belongs around it
 * @throws {RangeError} if it is too long
 */
export function qrCode(text) {
  const data = toUtf8(text);
  const version = CORRECTION.findIndex((_, index) => dataCodewords(index + 1) * 8 >= 4 + lengthBits(index + 1) + data.length * 8) + 1;
  if (version === 0) throw new RangeError(`${data.length} bytes do not fit`);
  const bits = withCorrection(version, codewords(version, data)).flatMap((byte) => toBits(byte, 8));
  const candidates = MASKS.map((_, mask) => draw(version, bits, mask));
  const penalties = candidates.map(penalty);
  return /** @type {Grid} */ (candidates[penalties.indexOf(Math.min(...penalties))]);
}

/** @param {number} version */
function lengthBits(version) {
  return version < 10 ? 8 : 16;
}

/** How many modules are there for data and correction. @param {number} version */
function dataModules(version) {
  const aligned = alignment(version).length;
  const patterns = aligned > 0 ? (25 * aligned - 10) * aligned - 55 : 0;
  return (16 * version + 128) * version + 64 - patterns - (version >= 7 ? 36 : 0);
}

/** @param {number} version */
function dataCodewords(version) {
  return Math.floor(dataModules(version) / 8) - at(CORRECTION, version - 1) * at(BLOCKS, version - 1);
}

/**
 * §7.4: the mode, the length, the bytes, and padding.
 *
 * @param {number} version
 * @param {Uint8Array} data
 */
function codewords(version, data) {
  const bits = [...toBits(0b0100, 4), ...toBits(data.length, lengthBits(version)), ...Array.from(data).flatMap((byte) => toBits(byte, 8))];
  const room = dataCodewords(version);
  bits.push(...toBits(0, Math.min(4, room * 8 - bits.length)));
  bits.push(...toBits(0, (8 - (bits.length % 8)) % 8));
  const bytes = Array.from({ length: bits.length / 8 }, (_, index) => parseInt(bits.slice(index * 8, index * 8 + 8).map(Number).join(''), 2));
  for (let pad = 0xec; bytes.length < room; pad ^= 0xec ^ 0x11) bytes.push(pad);
  return bytes;
}

/**
 * §7.5, §7.6: cut into blocks, the later ones a byte longer, each with its correction, and all of them interleaved.
 *
 * @param {number} version
 * @param {number[]} bytes
 */
function withCorrection(version, bytes) {
  const count = at(BLOCKS, version - 1);
  const short = Math.floor(bytes.length / count);
  const firstLong = count - (bytes.length % count);
  const divisor = generator(at(CORRECTION, version - 1));
  const blocks = Array.from({ length: count }, (_, index) => {
    const start = index * short + Math.max(0, index - firstLong);
    return bytes.slice(start, start + short + (index >= firstLong ? 1 : 0));
  });
  const corrections = blocks.map((block) => remainder(block, divisor));
  return [...interleave(blocks), ...interleave(corrections)];
}

/** @param {number[][]} blocks */
function interleave(blocks) {
  const longest = Math.max(...blocks.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => blocks.flatMap((block) => block.slice(index, index + 1))).flat();
}

/** The product of (x - 2^i), its first coefficient left out. @param {number} degree */
function generator(degree) {
  let result = [1];
  for (let power = 1, i = 0; i < degree; i += 1, power = multiply(power, 2)) {
    const shifted = [...result, 0];
    result = shifted.map((value, index) => value ^ multiply(result[index - 1] ?? 0, power));
  }
  return result.slice(1);
}

/**
 * @param {number[]} block
 * @param {number[]} divisor
 */
function remainder(block, divisor) {
  let rest = divisor.map(() => 0);
  for (const byte of block) {
    const factor = byte ^ at(rest, 0);
    rest = divisor.map((value, index) => (rest[index + 1] ?? 0) ^ multiply(value, factor));
  }
  return rest;
}

/**
 * In the field of 256 elements modulo x^8 + x^4 + x^3 + x^2 + 1.
 *
 * @param {number} a
 * @param {number} b
 */
function multiply(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((b >> bit) & 1) * a);
  return product;
}

/** §6.3.6: where the small squares stand, in both directions. @param {number} version */
function alignment(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, index) => version * 4 + 10 - step * (count - 2 - index))];
}

/**
 * @param {number} version
 * @param {boolean[]} bits
 * @param {number} mask
 * @returns {Grid}
 */
function draw(version, bits, mask) {
  const size = version * 4 + 17;
  /** @type {Array<Array<boolean | undefined>>} */
  const grid = Array.from({ length: size }, () => new Array(size));
  const set = (/** @type {number} */ x, /** @type {number} */ y, /** @type {boolean} */ dark) => {
    const row = grid[y];
    if (row && x >= 0 && x < size) row[x] = dark;
  };
  const square = (/** @type {number} */ cx, /** @type {number} */ cy, /** @type {number} */ radius, /** @type {number[]} */ light) => {
    for (let dy = -radius; dy <= radius; dy += 1)
      for (let dx = -radius; dx <= radius; dx += 1) set(cx + dx, cy + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
  };

  for (let i = 0; i < size; i += 1) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  for (const [x, y] of /** @type {Array<[number, number]>} */ ([[3, 3], [size - 4, 3], [3, size - 4]])) square(x, y, 4, [2, 4]);
  const places = alignment(version);
  const last = places.at(-1);
  for (const x of places)
    for (const y of places) if (!(x === 6 && (y === 6 || y === last)) && !(x === last && y === 6)) square(x, y, 2, [1]);

  // §7.9: level M is 00, then the mask; twice, so that one may be damaged.
  const format = toBits(((mask << 10) | bch(mask << 10, 0x537)) ^ 0x5412, 15).reverse();
  format.forEach((dark, i) => {
    set(8, i < 6 ? i : i < 8 ? i + 1 : size - 15 + i, dark);
    set(i < 8 ? size - 1 - i : i === 8 ? 7 : 14 - i, 8, dark);
  });
  set(8, size - 8, true);
  if (version >= 7) {
    toBits((version << 12) | bch(version << 12, 0x1f25), 18).reverse().forEach((dark, i) => {
      const [far, near] = [size - 11 + (i % 3), Math.floor(i / 3)];
      set(far, near, dark);
      set(near, far, dark);
    });
  }

  // §7.7.3: in columns of two from the right, up and down in turn, around all that is there; column 6 does not count.
  let next = 0;
  for (let column = size - 1, upward = true; column > 0; column -= 2, upward = !upward) {
    if (column === 6) column -= 1;
    for (let step = 0; step < size; step += 1) {
      const y = upward ? size - 1 - step : step;
      for (const x of [column, column - 1]) {
        if (grid[y]?.[x] !== undefined) continue;
        set(x, y, (bits[next] ?? false) !== MASKS[mask]?.(x, y));
        next += 1;
      }
    }
  }
  return /** @type {Grid} */ (grid);
}

/** §7.8.3: how hard it is to read. @param {Grid} grid */
function penalty(grid) {
  const columns = grid.map((_, x) => grid.map((row) => row[x] ?? false));
  let points = 0;
  for (const line of [...grid, ...columns].map((row) => row.map((dark) => (dark ? '1' : '0')).join(''))) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) points += run.length - 2;
    points += 40 * [...line.matchAll(/(?=00001011101|10111010000)/g)].length;
  }
  let dark = 0;
  grid.forEach((row, y) =>
    row.forEach((module, x) => {
      dark += Number(module);
      const others = [row[x + 1], grid[y + 1]?.[x], grid[y + 1]?.[x + 1]];
      if (others.every((other) => other === module)) points += 3;
    }),
  );
  return points + 10 * Math.floor(Math.abs((dark * 20) / grid.length ** 2 - 10));
}

/**
 * The remainder of a division of polynomials over two elements.
 *
 * @param {number} value
 * @param {number} divisor
 */
function bch(value, divisor) {
  let rest = value;
  const degree = 31 - Math.clz32(divisor);
  while (31 - Math.clz32(rest) >= degree) rest ^= divisor << (31 - Math.clz32(rest) - degree);
  return rest;
}

/**
 * @param {number} value
 * @param {number} length
 * @returns {boolean[]} from the highest
 */
function toBits(value, length) {
  return Array.from({ length }, (_, index) => ((value >> (length - 1 - index)) & 1) === 1);
}

/**
 * @param {ReadonlyArray<number>} list
 * @param {number} index
 */
function at(list, index) {
  return list[index] ?? 0;
}
