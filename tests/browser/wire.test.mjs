/** What goes over the cables, byte by byte, without a browser: known bytes, models of the devices, and anything at all. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import decodeQr from 'qr/decode.js';
import { TronWeb, utils } from 'tronweb';
import { fromHex, toHex } from '../../web/lib/bytes.js';
import { decode, encode } from '../../web/lib/protobuf.js';
import { qrCode } from '../../web/lib/qr.js';
import { sha256 } from '../../web/lib/sha256.js';
import { fromBytes, fromEthereum, isAddress } from '../../web/wallets/address.js';
import { openKeepKey } from '../../web/wallets/keepkey.js';
import { reader as reportReader, toReports } from '../../web/wallets/ledger-frames.js';
import { openLedger } from '../../web/wallets/ledger.js';
import { readAddress, readSignature } from '../../web/wallets/manual.js';
import { reader as packetReader, toPackets } from '../../web/wallets/usb-packets.js';
import { KeepKeyModel } from './support/keepkey.mjs';
import { LedgerModel } from './support/ledger.mjs';
import { makeHid, makeUsb } from './support/transports.mjs';

const { BinaryReader } = createRequire(import.meta.url)('google-protobuf');
const tronWeb = new TronWeb({ fullHost: 'http://127.0.0.1:9' });
const prompts = { pin: async () => '', passphrase: async () => '', account: async () => '', confirm: () => {} };
const bytes = (/** @type {number} */ max) => fc.uint8Array({ maxLength: max });

test('a command to a Ledger is cut as its firmware reads it', () => {
  const [only, ...others] = toReports(0xabcd, fromHex('b001000000'));
  assert.equal(toHex(only ?? []), `abcd0500000005b001000000${'00'.repeat(52)}`);
  assert.equal(others.length, 0);
  // 57 bytes fit the first report, 59 each one after it.
  for (const [length, reports] of [[1, 1], [57, 1], [58, 2], [116, 2], [117, 3], [260, 5]]) {
    const cut = toReports(1, new Uint8Array(length ?? 0).fill(0xff));
    assert.equal(cut.length, reports, `${length} bytes`);
    assert.deepEqual(cut.map((report) => [report.length, report[4]]), cut.map((_, index) => [64, index]));
  }
});

test('what is cut for a Ledger is read back, whatever it is and whoever else speaks', () => {
  fc.assert(
    fc.property(bytes(600), fc.nat(65535), fc.array(bytes(64), { maxLength: 4 }), (command, channel, noise) => {
      const read = reportReader(channel);
      /** @type {Uint8Array | undefined} */
      let whole;
      for (const report of toReports(channel, command)) {
        for (const other of noise) if (other[2] !== 5) assert.equal(read(other), undefined);
        assert.equal(read(toReports(channel ^ 1, command)[0] ?? new Uint8Array()), undefined, 'another channel');
        whole = read(report);
      }
      assert.deepEqual(whole, command);
    }),
  );
});

test('reports of a Ledger that come out of order are not put together', () => {
  const [first, second, third] = /** @type {[Uint8Array, Uint8Array, Uint8Array]} */ (toReports(7, new Uint8Array(150).fill(1)));
  const read = reportReader(7);
  for (const report of [second, first, third, first]) assert.equal(read(report), undefined);
  assert.equal(read(second), undefined);
  assert.deepEqual(read(third), new Uint8Array(150).fill(1));
});

test('a message to a KeepKey is cut as its firmware reads it, and read back', () => {
  assert.equal(toHex(toPackets({ type: 0, body: new Uint8Array() })[0] ?? []), `3f23230000${'00'.repeat(59)}`);
  assert.equal(toHex(toPackets({ type: 1404, body: fromHex('1a0141') })[0] ?? []), `3f2323057c000000031a0141${'00'.repeat(52)}`);
  fc.assert(
    fc.property(bytes(600), fc.nat(65535), (body, type) => {
      const read = packetReader();
      assert.equal(read(new Uint8Array(64)), undefined, 'what is left of an older message');
      const packets = toPackets({ type, body });
      const answers = packets.map((packet) => read(packet));
      assert.deepEqual(answers.at(-1), { type, body });
      assert.ok(answers.slice(0, -1).every((answer) => answer === undefined));
    }),
  );
  assert.throws(() => packetReader()(fromHex('3f232300037fffffff00')), RangeError, 'a length that nobody could mean');
});

test('messages are written as google-protobuf reads them, and read without ever hanging', () => {
  assert.equal(toHex(encode([[1, 0x8000002c], [3, true], [3, 'ab']])), '08ac80808008180' + '11a026162');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), bytes(300), (field, number, data) => {
      const message = encode([[field, number], [field + 1, data]]);
      const reader = new BinaryReader(message);
      assert.ok(reader.nextField() && reader.getFieldNumber() === field && reader.readUint32() === number);
      assert.ok(reader.nextField());
      assert.deepEqual(new Uint8Array(reader.readBytes()), data);
      assert.deepEqual(decode(message), new Map(/** @type {Array<[number, any]>} */ ([[field, number], [field + 1, data]])));
    }),
  );
  fc.assert(
    fc.property(bytes(80), (garbage) => {
      try {
        decode(garbage);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
  );
});

test('a Ledger signs what is shown, at every length that fits its first command', async () => {
  for (const length of [1, 32, 33, 57, 159, 200, 224, 225]) {
    const model = new LedgerModel();
    const hid = makeHid((data) => model.receive(data), { noise: true });
    const signer = await openLedger(hid, new AbortController().signal);
    assert.equal(signer.address, model.address);
    const message = 'x'.repeat(length);
    const signature = await signer.sign(challenge(message), prompts);
    assert.equal(await tronWeb.trx.verifyMessageV2(message, withV27(signature)), model.address, `${length} bytes`);
    assert.deepEqual(model.wrong, []);
    assert.deepEqual(model.signed, [message]);
    assert.equal(model.commands.length, 3, 'app, address, and one command for the message');
    assert.equal(model.commands[2]?.[0], 5 + 21 + 4 + length);
    signer.close();
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(hid.device.opened, false);
    assert.equal(hid.listeners(), 0);
  }
});

test('a longer message never reaches a Ledger: it would sign another digest, without an error', async () => {
  const model = new LedgerModel();
  const signer = await openLedger(makeHid((data) => model.receive(data), {}), new AbortController().signal);
  await assert.rejects(signer.sign(challenge('x'.repeat(226)), prompts), { kind: 'unsupported' });
  assert.equal(model.commands.length, 2);
});

test('each thing that a Ledger can say instead is told apart', async () => {
  const cases = /** @type {const} */ ([
    // what is the matter                 state                        wire                     kind              values
    ['locked',                            { locked: true },            {},                      'deviceLocked'],
    ['no app open',                       { app: 'BOLOS' },            {},                      'appClosed'],
    ['no app open, on new firmware',      { nameStatus: 0x6e01 },      {},                      'appClosed'],
    ['another app open',                  { app: 'Bitcoin' },          {},                      'otherApp',       { app: 'Bitcoin' }],
    ['the setting off',                   { signsByHash: false },      {},                      'settingOff',     { setting: 'Sign by hash' }],
    ['custom contracts off',              { status: 0x6a8d },          {},                      'settingOff',     { setting: 'Custom contracts' }],
    ['refused',                           { status: 0x6985 },          {},                      'refusedOnDevice'],
    ['refused by the system',             { status: 0x5501 },          {},                      'refusedOnDevice'],
    ['locked while signing',              { status: 0x5515 },          {},                      'deviceLocked'],
    ['closed while signing',              { status: 0x6e00 },          {},                      'appClosed'],
    ['a TRON app that signs no messages', { status: 0x6d00 },          {},                      'tooOld'],
    ['something else',                    { status: 0x6faa },          {},                      'deviceFailed',   { code: '0x6faa' }],
    ['taken by another program',          {},                          { taken: true },         'deviceTaken'],
    ['none chosen',                       {},                          { chooseNothing: true }, 'notChosen'],
    ['forbidden',                         {},                          { forbidden: true },     'noDeviceAccess', { api: 'WebHID' }],
    ['unplugged at once',                 {},                          { unplugAfter: 0 },      'unplugged'],
    ['unplugged before it said its app',  {},                          { unplugAfter: 1 },      'unplugged'],
    ['unplugged in the middle of a text', {},                          { unplugAfter: 4 },      'unplugged'],
  ]);
  for (const [name, state, wire, kind, values = {}] of cases) {
    const model = new LedgerModel(state);
    const sign = async () => {
      const signer = await openLedger(makeHid((data) => model.receive(data), wire), new AbortController().signal);
      return signer.sign(challenge('x'.repeat(225)), prompts);
    };
    await assert.rejects(sign(), { kind, values }, name);
    assert.deepEqual([model.wrong, model.signed], [[], []], name);
  }
});

test('each thing that a KeepKey can say instead is told apart', async () => {
  const cases = /** @type {const} */ ([
    // what is the matter                 state                       wire                     kind               values
    ['refused',                           { failure: 4 },             {},                      'refusedOnDevice'],
    ['the PIN cancelled',                 { failure: 6 },             {},                      'refusedOnDevice'],
    ['the PIN wrong',                     { pin: '1234' },            {},                      'pinInvalid'],
    ['a message it does not know',        { failure: 1 },             {},                      'tooOld'],
    ['busy',                              { failure: 15 },            {},                      'deviceBusy'],
    ['a fault',                           { failure: 99 },            {},                      'deviceFailed',    { code: '99' }],
    ['update mode',                       { bootloader: true },       {},                      'bootloader'],
    ['no keys',                           { empty: true },            {},                      'notSetUp'],
    ['firmware that speaks HID alone',    {},                         { productId: 1 },        'tooOld'],
    ['taken by another program',          {},                         { taken: true },         'deviceTaken'],
    ['none chosen',                       {},                         { chooseNothing: true }, 'notChosen'],
    ['forbidden',                         {},                         { forbidden: true },     'noDeviceAccess',  { api: 'WebUSB' }],
    ['unplugged before it said its name', {},                         { unplugAfter: 1 },      'unplugged'],
    ['unplugged in the middle of a text', {},                         { unplugAfter: 4 },      'unplugged'],
  ]);
  for (const [name, state, wire, kind, values = {}] of cases) {
    const model = new KeepKeyModel(state);
    const sign = async () => {
      const signer = await openKeepKey(makeUsb((data) => model.receive(data), wire), new AbortController().signal, prompts);
      return signer.sign(challenge('x'.repeat(225)), prompts);
    };
    await assert.rejects(sign(), { kind, values }, name);
    assert.deepEqual([model.wrong, model.signed], [[], []], name);
  }
});

test('a KeepKey signs as its firmware can, whatever an earlier page left unread', async () => {
  const cases = /** @type {const} */ ([
    [[7, 14, 1], 'keepkey', 'tron-v2'],
    [[7, 15, 0], 'keepkey', 'tron-v2'],
    [[8, 0, 0], 'keepkey', 'tron-v2'],
    [[7, 14, 0], 'keepkey-eth', 'eip191'],
    [[7, 9, 11], 'keepkey-eth', 'eip191'],
    [[6, 20, 2], 'keepkey-eth', 'eip191'],
  ]);
  for (const [version, walletType, scheme] of cases) {
    const model = new KeepKeyModel({ version: [...version] });
    const usb = makeUsb((data) => model.receive(data), { noise: true });
    const signer = await openKeepKey(usb, new AbortController().signal, prompts);
    assert.deepEqual([signer.address, signer.walletType], [model.address, walletType], version.join('.'));
    const signature = await signer.sign(challenge('Sign this.'), prompts);
    assert.match(signature, /^[0-9a-f]{128}(1b|1c)$/);
    assert.deepEqual(model.signed, [[scheme, 'Sign this.']]);
    assert.deepEqual(model.wrong, []);
  }
});

test('a device that says nothing is given up, and one that is closed is told so', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const ledger = new LedgerModel({ silent: true });
  const opening = openLedger(makeHid((data) => ledger.receive(data), {}), new AbortController().signal);
  const keepkey = new KeepKeyModel({ silent: true });
  const other = openKeepKey(makeUsb((data) => keepkey.receive(data), {}), new AbortController().signal, prompts);
  const refused = [assert.rejects(opening, { kind: 'deviceBusy' }), assert.rejects(other, { kind: 'deviceBusy' })];
  for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
  context.mock.timers.tick(5000);
  await Promise.all(refused);
});

test('what stands on a KeepKey goes away when the page lets go of it', async () => {
  const model = new KeepKeyModel({ slow: true });
  const usb = makeUsb((data) => model.receive(data), {});
  const signer = await openKeepKey(usb, new AbortController().signal, prompts);
  const signing = assert.rejects(signer.sign(challenge('Sign this.'), { ...prompts, confirm: () => setTimeout(() => signer.close(), 5) }), { name: 'AbortError' });
  await signing;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(model.heard.at(-1), 20, 'Cancel');
  assert.equal(usb.device.opened, false);
});

test('SHA-256 and addresses are those of others', () => {
  fc.assert(fc.property(bytes(300), (data) => assert.equal(toHex(sha256(data)), createHash('sha256').update(data).digest('hex'))));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (account) => {
      const address = fromBytes(account);
      assert.equal(address, TronWeb.address.fromHex(`41${toHex(account)}`));
      assert.equal(address, fromEthereum(`0x${toHex(account)}`));
      assert.ok(isAddress(address));
    }),
  );
  const { base58 } = utils.accounts.generateAccount().address;
  for (let place = 1; place < base58.length; place += 1) {
    const slip = `${base58.slice(0, place)}${base58[place] === 'x' ? 'y' : 'x'}${base58.slice(place + 1)}`;
    assert.equal(isAddress(slip), false, slip);
  }
  for (const none of ['', 'T', '0x', `0x${'0'.repeat(39)}`, `0x${'g'.repeat(40)}`]) assert.equal(fromEthereum(none), undefined);
});

test('what is pasted is taken in every form that programs print, and nothing else', () => {
  const good = `${'ab'.repeat(64)}1b`;
  for (const form of [good, `0x${good}`, ` 0x${good}\n`, `"0x${good}"`, good.toUpperCase(), `${good.slice(0, 64)}\r\n  ${good.slice(64)}`]) {
    assert.deepEqual(readSignature(form), { signature: good }, form);
  }
  const bad = /** @type {const} */ ([
    ['', 'empty'],
    ['0x', 'empty'],
    ['hello', 'notHex'],
    [good.slice(2), 'tooShort'],
    [`${good}00`, 'tooLong'],
    [`${'ab'.repeat(64)}25`, 'ending'],
  ]);
  for (const [text, wrong] of bad) assert.deepEqual(readSignature(text), { wrong }, text);

  const { base58 } = utils.accounts.generateAccount().address;
  assert.deepEqual(readAddress(` ${base58}\n`), { address: base58 });
  assert.deepEqual(readAddress(''), { wrong: 'empty' });
  assert.deepEqual(readAddress('0x1234'), { wrong: 'notTron' });
  assert.deepEqual(readAddress(`${base58.slice(0, -1)}${base58.at(-1) === 'x' ? 'y' : 'x'}`), { wrong: 'misspelt' });
});

test('a QR code is read back by another reader, at every size', () => {
  for (let length = 0; length <= 666; length += length < 30 ? 1 : 9) {
    const text = randomBytes(length).toString('base64').slice(0, length);
    assert.equal(decodeQr(picture(qrCode(text))), text, `${length} bytes`);
  }
  assert.throws(() => qrCode('x'.repeat(667)), RangeError);
});

/** @param {boolean[][]} code */
function picture(code) {
  const [scale, quiet] = [3, 4];
  const size = (code.length + 2 * quiet) * scale;
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      if (code[Math.floor(y / scale) - quiet]?.[Math.floor(x / scale) - quiet]) data.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3);
    }
  }
  return { width: size, height: size, data };
}

/** @param {string} message */
function challenge(message) {
  return { message, digest: '', issued_at: '', expires_at: '' };
}

/** @param {string} signature that ends with 00 or 01 */
function withV27(signature) {
  assert.match(signature, /^[0-9a-f]{128}0[01]$/);
  return `0x${signature.slice(0, -2)}${(parseInt(signature.slice(-2), 16) + 27).toString(16)}`;
}
