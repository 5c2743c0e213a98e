/** How many cases are tried of what a page reads, and that they are told of. */

import fc from 'fast-check';

import { record } from '../lib/figures.mjs';

const LONG = process.env.LUCID_LONG === '1' ? 20 : 1;

/** Bytes, most often few. @param {number} [maxLength] */
export const bytes = (maxLength = 128) => fc.uint8Array({ maxLength });

/**
 * Try `cases` of a property, twenty times as many in the long form, and note them under `what`.
 * @param {string} what a few words
 * @param {number} cases
 * @param {fc.IRawProperty<any>} property
 */
export async function holds(what, cases, property) {
  const seed = Number(process.env.LUCID_SEED ?? Date.now() % 2 ** 31);
  const { failed, numRuns, ...details } = await fc.check(property, { numRuns: cases * LONG, seed });
  record(`fast-check: ${what}`, numRuns, Number(failed));
  if (failed) throw new Error(`${what}, LUCID_SEED=${seed}: ${await fc.asyncDefaultReportMessage({ failed, numRuns, ...details })}`);
}
