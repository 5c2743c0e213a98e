/** The packets and messages of a KeepKey and a Trezor: whatever bytes come, in whatever pieces. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { decode, encode } from '../../web/lib/protobuf.js';
import { reader, toPackets } from '../../web/wallets/usb-packets.js';
import { bytes, holds } from './cases.mjs';

const MILLION = 1_000_000;

test('what is sent in packets is read back, after whatever was left of an older message', () => {
  const older = fc.array(bytes(64).filter((packet) => packet[1] !== 0x23), { maxLength: 3 });
  const message = fc.record({ type: fc.integer({ min: 0, max: 0xffff }), body: bytes(300) });
  const property = fc.property(older, message, (before, sent) => {
    const read = reader();
    for (const packet of before) assert.equal(read(packet), undefined);
    const answers = toPackets(sent).map((packet) => read(packet));
    // Spread, as what fast-check makes has no prototype.
    assert.deepEqual(answers.at(-1), { ...sent });
    assert.ok(answers.slice(0, -1).every((answer) => answer === undefined));
  });
  return holds('packets, sent and read back', MILLION / 5, property);
});

test('no packets of a device break the reader but by the one error, or make it hold more than its bound', () => {
  const head = fc.tuple(fc.constantFrom(0x3f, 0x3f, 0x3f, 0), fc.constantFrom(0x23, 0x23, 0), fc.constantFrom(0x23, 0x23, 0));
  const length = fc.tuple(fc.constantFrom(0, 0, 0, 255), fc.constantFrom(0, 0, 1, 2), fc.nat(255), fc.nat(255));
  const packet = fc.tuple(head, fc.nat(255), length, bytes(55)).map(([mark, type, size, rest]) => Uint8Array.of(...mark, 0, type, ...size, ...rest));
  const property = fc.property(fc.array(fc.oneof(packet, bytes(64)), { maxLength: 5 }), (packets) => {
    const read = reader();
    let held = 0;
    for (const one of packets) {
      held += one.length;
      try {
        const answer = read(one);
        if (answer === undefined) continue;
        assert.ok(answer.body.length <= held);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
      break;
    }
  });
  return holds('packets that no device sends', MILLION, property);
});

test('no bytes break the reader of messages but by the one error', () => {
  const property = fc.property(bytes(), (message) => {
    try {
      for (const [field, value] of decode(message)) {
        assert.ok(field >= 0);
        if (typeof value === 'number') assert.ok(value >= 0 && value < 2 ** 64 + 1);
        else assert.ok(value.length <= message.length);
      }
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  });
  return holds('messages in protobuf', MILLION, property);
});

test('what is written as a message is read back', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), bytes(300), fc.string(), fc.boolean());
  const field = fc.tuple(fc.integer({ min: 1, max: 2 ** 20 }), value);
  const plain = (/** @type {number | boolean | string | Uint8Array} */ given) =>
    typeof given === 'string' ? new TextEncoder().encode(given) : typeof given === 'boolean' ? Number(given) : given;
  const property = fc.property(fc.array(field, { maxLength: 6 }), (fields) => {
    const expected = new Map(fields.map(([number, given]) => [number, plain(given)]));
    assert.deepEqual(decode(encode(fields)), expected);
  });
  return holds('messages in protobuf, written and read back', MILLION / 5, property);
});
