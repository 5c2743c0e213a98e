/**
 * SHA-256 (FIPS 180-4). Browsers keep their own, `crypto.subtle`, from pages on plain HTTP, and a home network has those.
 * For checksums only: it takes no care to run in constant time.
 */

const PRIMES = Array.from({ length: 312 }, (_, index) => index).filter(
  (n) => n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0),
);
/** The first 32 bits of the fractional part. @param {number} x */
const fraction = (x) => ((x % 1) * 2 ** 32) | 0;
/** §5.3.3: of the square roots of the first eight primes. */
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
/** §4.2.2: of the cube roots of the first 64 primes. */
const ROUND = PRIMES.slice(0, 64).map((prime) => fraction(Math.cbrt(prime)));

/**
 * @param {number} x
 * @param {number} bits
 */
const rotate = (x, bits) => (x >>> bits) | (x << (32 - bits));

/**
 * @param {Uint8Array} bytes less than 512 MiB
 * @returns {Uint8Array} 32 bytes
 */
export function sha256(bytes) {
  // §5.1.1: a one bit, zeros, and the length in bits, up to whole blocks of 64 bytes.
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);

  const hash = Int32Array.from(START);
  for (let block = 0; block < padded.length; block += 64) mix(hash, view, block);

  const result = new DataView(new ArrayBuffer(32));
  hash.forEach((word, index) => result.setInt32(index * 4, word));
  return new Uint8Array(result.buffer);
}

/**
 * §6.2.2: work one block of 64 bytes into `hash`.
 *
 * @param {Int32Array} hash
 * @param {DataView} view
 * @param {number} block where it begins
 */
function mix(hash, view, block) {
  const words = new Int32Array(64);
  const word = (/** @type {number} */ index) => words[index] ?? 0;
  for (let t = 0; t < 64; t += 1) {
    if (t < 16) {
      words[t] = view.getInt32(block + t * 4);
      continue;
    }
    const [two, fifteen] = [word(t - 2), word(t - 15)];
    const small1 = rotate(two, 17) ^ rotate(two, 19) ^ (two >>> 10);
    const small0 = rotate(fifteen, 7) ^ rotate(fifteen, 18) ^ (fifteen >>> 3);
    words[t] = small1 + word(t - 7) + small0 + word(t - 16);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let t = 0; t < 64; t += 1) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const one = (h + big1 + ((e & f) ^ (~e & g)) + (ROUND[t] ?? 0) + word(t)) | 0;
    const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, index) => {
    hash[index] = (hash[index] ?? 0) + value;
  });
}
