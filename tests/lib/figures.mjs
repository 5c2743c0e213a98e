import { appendFileSync } from 'node:fs';

/**
 * Note that of so many tries, some went wrong, for the table that `tests/run` prints at its end. Nothing is checked here: the
 * test itself fails.
 * @param {string} what was tried: a few words without tabs
 * @param {number} cases
 * @param {number} [failures]
 */
export function record(what, cases, failures = 0) {
  const file = process.env.LUCID_FIGURES;
  if (file) appendFileSync(file, `${what}\t${cases}\t${failures}\n`);
}
