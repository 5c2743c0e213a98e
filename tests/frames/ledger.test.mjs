/** The reports of a Ledger: whatever bytes come, in whatever pieces. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { reader, toReports } from '../../web/wallets/ledger-frames.js';
import { bytes, holds } from './cases.mjs';

const MILLION = 1_000_000;
const channel = fc.integer({ min: 0, max: 0xffff });

/** A report as it comes: its bytes in the middle of a larger buffer. @param {Uint8Array} report */
function received(report) {
  const buffer = new Uint8Array(report.length + 2);
  buffer.set(report, 1);
  return buffer.subarray(1, -1);
}

test('what is sent in reports is read back, whatever other reports come between', () => {
  const property = fc.property(channel, bytes(300), bytes(), (own, command, noise) => {
    const other = toReports(own ^ 1, noise);
    const read = reader(own);
    const answers = toReports(own, command).flatMap((report) => [...other, report]).map((report) => read(received(report)));
    assert.equal(answers.filter((answer) => answer !== undefined).length, 1);
    assert.deepEqual(answers.at(-1), command);
  });
  return holds('reports of a Ledger, sent and read back', MILLION / 5, property);
});

test('no reports of a device break the reader, or make it answer more than they hold', () => {
  // Most of them begin as one of ours would.
  const head = fc.tuple(fc.constantFrom(1, 1, 1, 2), fc.constantFrom(5, 5, 5, 4), fc.integer({ min: 0, max: 3 }));
  const report = fc.tuple(head, bytes(70)).map(([[own, tag, number], rest]) => Uint8Array.of(0, own, tag, 0, number, ...rest));
  const property = fc.property(fc.array(fc.oneof(report, bytes(70)), { maxLength: 5 }), (reports) => {
    const read = reader(1);
    let held = 0;
    for (const one of reports) {
      held += one.length;
      const answer = read(received(one));
      if (answer === undefined) continue;
      assert.ok(answer.length <= held);
      break;
    }
  });
  return holds('reports that a Ledger never sends', MILLION, property);
});
