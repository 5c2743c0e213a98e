/** How many cases are tried of what a page reads, and that they are told of. */

import fc from 'fast-check';

import { record } from '../lib/figures.mjs';

const LONG = process.env.LUCID_LONG === '1';

/** Bytes, most often few. @param {number} [maxLength] */
export const bytes = (maxLength = 128) => fc.uint8Array({ maxLength });

/**
 * Try `cases` of a property, and note them under `what`: the same at each run, so that whoever changes something meets no fault
 * of another's; in the long form five times as many, others each time.
 * @param {string} what a few words
 * @param {number} cases
 * @param {fc.IRawProperty<any>} property
 */
export async function holds(what, cases, property) {
  const seed = Number(process.env.LUCID_SEED ?? (LONG ? Date.now() % 2 ** 31 : 1));
  const { failed, numRuns, ...details } = await fc.check(property, { numRuns: LONG ? cases * 5 : cases, seed });
  record(`fast-check: ${what}`, numRuns, Number(failed));
  if (failed) throw new Error(`${what}, LUCID_SEED=${seed}: ${await fc.asyncDefaultReportMessage({ failed, numRuns, ...details })}`);
}
