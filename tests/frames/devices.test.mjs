/** Devices that answer whatever they like: the page ends with an error of its own, or with a signature in form. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import fc from 'fast-check';

import { encode } from '../../web/lib/protobuf.js';
import { openKeepKey } from '../../web/wallets/keepkey.js';
import { toReports } from '../../web/wallets/ledger-frames.js';
import { openLedger } from '../../web/wallets/ledger.js';
import { WalletError } from '../../web/wallets/signer.js';
import { openTrezor } from '../../web/wallets/trezor.js';
import { toPackets } from '../../web/wallets/usb-packets.js';
import { bytes, holds } from './cases.mjs';

const CASES = 20_000;
const ADDRESS = 'TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH';
const ETHEREUM = '0xC8599111F29c1e1E061265b4AF93eA1F274aD78A';
const TEXT = new TextEncoder();

const prompts = (/** @type {string} */ choice) => ({
  pin: () => Promise.resolve('1234'),
  passphrase: () => Promise.resolve('x'),
  account: () => Promise.resolve(choice),
  confirm: () => {},
});

let used = 0;

/**
 * Sign with what was opened, if it was: only a good answer or an error of the page's own is allowed.
 * @param {() => Promise<import('../../web/wallets/signer.js').Signer>} open
 * @param {import('../../web/wallets/signer.js').Prompts} by
 */
async function uses(open, by) {
  used += 1;
  // Node lets go of signals between two turns of its loop alone, and these devices answer all within one.
  if (used % 1000 === 0) await setImmediate();
  try {
    const signer = await open();
    assert.match(signer.address, /^T[1-9A-HJ-NP-Za-km-z]{33}$/);
    const challenge = /** @type {import('../../web/lib/replies.js').Challenge} */ ({ message: 'a text' });
    assert.match(await signer.sign(challenge, by), /^[0-9a-f]{130}$/);
    signer.close();
  } catch (error) {
    if (error instanceof assert.AssertionError || !(error instanceof WalletError)) throw error;
  }
}

/** What a device of the two says: messages in form with any fields, and anything at all. */
const said = (() => {
  const value = fc.oneof(bytes(70), fc.nat(20), fc.constantFrom(ADDRESS, ETHEREUM, 'x'), fc.uint8Array({ minLength: 65, maxLength: 65 }));
  const field = fc.tuple(fc.integer({ min: 1, max: 13 }), value);
  const type = fc.constantFrom(3, 17, 18, 26, 41, 57, 66, 110, 1401, 1405, 2201, 2203, 2204, 9999);
  const message = fc.record({ type, body: fc.oneof(fc.array(field, { maxLength: 4 }).map(encode), bytes(200)) });
  const wanted = [
    { type: 17, body: encode([[2, 7], [3, 14], [4, 1], [12, true]]) },
    { type: 17, body: encode([[2, 2], [3, 11], [4, 0], [12, true]]) },
    { type: 1401, body: encode([[1, TEXT.encode(ADDRESS)]]) },
    { type: 57, body: encode([[2, TEXT.encode(ETHEREUM)]]) },
    { type: 57, body: encode([[1, new Uint8Array(20)]]) },
    { type: 66, body: encode([[2, new Uint8Array(65)]]) },
    { type: 1405, body: encode([[2, new Uint8Array(65)]]) },
  ];
  const packets = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...wanted) }, { weight: 2, arbitrary: message }).map(toPackets);
  return fc.array(fc.oneof({ weight: 9, arbitrary: packets }, { weight: 1, arbitrary: bytes(64).map((one) => [one]) }), { maxLength: 8 });
})();

/** @param {Uint8Array[]} answers @param {number} vendorId @param {number} productId */
function usb(answers, vendorId, productId) {
  const left = [...answers];
  const device = {
    opened: false,
    vendorId,
    productId,
    configuration: null,
    open: async () => {},
    close: async () => {},
    selectConfiguration: async () => {},
    claimInterface: async () => {},
    transferOut: async () => ({}),
    transferIn: async () => {
      const next = left.shift();
      if (!next) throw new Error('unplugged');
      return { data: new DataView(next.buffer, next.byteOffset, next.byteLength) };
    },
  };
  return { getDevices: async () => [device], requestDevice: async () => device };
}

test('a KeepKey that answers anything is an error or a signature', () => {
  const property = fc.asyncProperty(said, (answers) =>
    uses(() => openKeepKey(usb(answers.flat(), 0x2b24, 2), new AbortController().signal, prompts('')), prompts('')),
  );
  return holds('a KeepKey that answers anything', CASES, property);
});

test('a Trezor that answers anything is an error or a signature', () => {
  const property = fc.asyncProperty(said, fc.constantFrom('trezor', 'trezor-eth'), (answers, choice) =>
    uses(() => openTrezor(usb(answers.flat(), 0x1209, 0x53c1), new AbortController().signal, prompts(choice)), prompts(choice)),
  );
  return holds('a Trezor that answers anything', CASES, property);
});

test('a Ledger that answers anything is an error or a signature', () => {
  const status = fc.constantFrom([0x90, 0], [0x90, 0], [0x90, 0], [0x69, 0x85], [0x6a, 0x8c], [0x55, 0x15], []);
  const name = [1, 4, ...TEXT.encode('Tron'), 5, ...TEXT.encode('0.7.1')];
  const account = [65, ...new Uint8Array(65), 34, ...TEXT.encode(ADDRESS)];
  const wanted = fc.constantFrom(name, account, [...new Uint8Array(65)]);
  const answer = fc.tuple(fc.oneof(wanted, wanted, bytes(120).map((one) => [...one])), status).map(([data, end]) => Uint8Array.of(...data, ...end));
  const property = fc.asyncProperty(fc.array(answer, { maxLength: 5 }), bytes(64), async (answers, noise) => {
    const left = [...answers];
    /** @type {Set<(event: {data: DataView}) => void>} */
    const listeners = new Set();
    /** @type {Array<(event: {device: any}) => void>} */
    const plugs = [];
    const device = {
      opened: false,
      vendorId: 0x2c97,
      collections: [{ usagePage: 0xffa0 }],
      open: async () => {},
      close: async () => {},
      sendReport: async (/** @type {number} */ _, /** @type {Uint8Array} */ report) => {
        // A longer command has more reports; the answer comes after the last.
        if ((report[3] ?? 0) + (report[4] ?? 0) > 0) return;
        const next = left.shift();
        if (!next) return plugs.forEach((tell) => tell({ device }));
        const channel = (report[0] ?? 0) * 256 + (report[1] ?? 0);
        for (const one of [noise, ...toReports(channel, next)]) {
          const data = new DataView(one.buffer, one.byteOffset, one.byteLength);
          for (const listener of listeners) listener({ data });
        }
      },
      addEventListener: (/** @type {string} */ _, /** @type {(event: {data: DataView}) => void} */ listener) => void listeners.add(listener),
      removeEventListener: (/** @type {string} */ _, /** @type {(event: {data: DataView}) => void} */ listener) => void listeners.delete(listener),
    };
    const hid = {
      getDevices: async () => [device],
      requestDevice: async () => [device],
      addEventListener: (/** @type {string} */ _, /** @type {(event: {device: any}) => void} */ tell) => void plugs.push(tell),
      removeEventListener: () => {},
    };
    await uses(() => openLedger(/** @type {any} */ (hid), new AbortController().signal), prompts(''));
  });
  return holds('a Ledger that answers anything', CASES, property);
});
