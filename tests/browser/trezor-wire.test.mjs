/** What goes over a Trezor's cable, byte by byte, without a browser: known transactions, and a model of the device. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { verifyMessage } from 'ethers';
import { TronWeb, utils } from 'tronweb';
import { fromHex, toHex } from '../../web/lib/bytes.js';
import { decode, encode } from '../../web/lib/protobuf.js';
import { toBytes } from '../../web/wallets/address.js';
import { ETHEREUM_PATH, TRON_PATH } from '../../web/wallets/path.js';
import { transferOf } from '../../web/wallets/trezor-transfer.js';
import { openTrezor } from '../../web/wallets/trezor.js';
import { along } from '../../web/wallets/usb-wallet.js';
import { fields } from './support/codec.mjs';
import { makeUsb } from './support/transports.mjs';
import { TREZOR, TrezorModel, rawTransaction } from './support/trezor.mjs';

/** @typedef {import('../../web/wallets/signer.js').Offer} Offer */
/** @typedef {import('./support/trezor.mjs').TrezorState} TrezorState */
/** @typedef {import('./support/transports.mjs').Wire} Wire */

const MESSAGE = 'auth.example.org wants you to sign in. Nonce: 1';

/**
 * The challenge as the service gives it.
 *
 * @param {string} address
 * @param {string} [message]
 * @returns {any}
 */
const challenge = (address, message = MESSAGE) => ({ message, trezor_tx: { raw_data_hex: toHex(transferOf(address, message).raw) } });

/** @param {string} choice @param {string[]} [seen] what the page was asked for */
const promptsFor = (choice, seen = []) => ({
  pin: async () => (seen.push('pin'), '1'),
  passphrase: async () => (seen.push('passphrase'), 'correct horse'),
  account: async (/** @type {Offer} */ { choices }) => (seen.push(choices.map(({ lack = '' }) => lack).join()), choice),
  confirm: (/** @type {string | undefined} */ entry) => void seen.push(entry ?? 'confirm'),
});

/** @param {TrezorModel} model @param {string} choice @param {Wire} [wire] @param {string[]} [seen] */
const openModel = (model, choice, wire = {}, seen = []) =>
  openTrezor(makeUsb((data) => model.receive(data), { ...TREZOR, ...wire }), new AbortController().signal, promptsFor(choice, seen));

/** @param {ReturnType<typeof decode>} message @param {number} number */
const part = (message, number) => /** @type {Uint8Array} */ (message.get(number));

test('the model serialises transactions as the firmware does, to the byte', async () => {
  const { vectors } = JSON.parse(await readFile(new URL('../vectors/trezor-tron-transactions.json', import.meta.url), 'utf8'));
  let transfers = 0;
  for (const { name, raw_data_hex: hex } of vectors) {
    const raw = decode(fromHex(hex));
    const contract = decode(part(raw, 11));
    const value = decode(part(decode(part(contract, 2)), 2));
    const amount = Number(value.get(3));
    // The others are no transfers, or of more than a number holds here.
    if (contract.get(1) !== 1 || !Number.isSafeInteger(amount)) continue;
    const head = {
      blockBytes: part(raw, 1),
      blockHash: part(raw, 4),
      expiration: Number(raw.get(8)),
      data: raw.has(10) ? part(raw, 10) : undefined,
      timestamp: Number(raw.get(14)),
    };
    assert.equal(toHex(rawTransaction(head, { owner: part(value, 1), to: part(value, 2), amount })), hex, name);
    transfers += 1;
  }
  assert.equal(transfers, 4);
});

test('of what the page sends, a Trezor makes the bytes that the service expects', () => {
  for (const length of [1, 127, 128, 225, 256]) {
    const { base58: address } = utils.accounts.generateAccount().address;
    const message = 'x'.repeat(length);
    const { head, contract, raw } = transferOf(address, message);
    assert.equal(toHex(toBytes(address)), TronWeb.address.toHex(address).toLowerCase());
    // The messages as bytes, and as another implementation reads them.
    const { 2: blockBytes, 3: blockHash, 4: expiration, 5: data, 6: timestamp } = fields(Buffer.from(encode(head)));
    const { 1: owner, 2: to, 3: amount } = fields(Buffer.from(encode(contract)));
    const made = rawTransaction({ blockBytes, blockHash, expiration, data, timestamp }, { owner, to, amount });
    assert.equal(toHex(made), toHex(raw), `${length} bytes`);
    const own = TronWeb.address.toHex(address);
    const json = {
      contract: [{ type: 'TransferContract', parameter: { type_url: 'type.googleapis.com/protocol.TransferContract', value: { owner_address: own, to_address: own, amount: 1 } } }],
      ref_block_bytes: '0000',
      ref_block_hash: '0000000000000000',
      expiration: 1,
      timestamp: 1,
      data: Buffer.from(message).toString('hex'),
    };
    const written = utils.transaction.txJsonToPb({ visible: false, raw_data: json });
    assert.equal(toHex(raw), utils.transaction.txPbToRawDataHex(written).toLowerCase(), 'and so does tronweb');
  }
});

test('the messages are those that trezorlib 0.20.2 writes', () => {
  const own = 'TY72iA3SBtrds3QLYsS7LwYfkzXwAXCRWT';
  const { head, contract } = transferOf(own, 'hello');
  const written = [
    encode(along(ETHEREUM_PATH)),
    encode([...along(ETHEREUM_PATH), [2, 'hello']]),
    encode([...along(TRON_PATH), [2, true]]),
    encode([...along(TRON_PATH), ...head]),
    encode(contract),
  ];
  assert.deepEqual(written.map(toHex), [
    '08ac8080800808bc8080800808808080800808000800',
    '08ac8080800808bc8080800808808080800808000800120568656c6c6f',
    '08ac8080800808c381808008088080808008080008001001',
    '08ac8080800808c38180800808808080800808000800120200001a08000000000000000020012a0568656c6c6f3001',
    '0a1541f2cd810c48c401d392ead3c6e1e1cb9f57750a58121541f2cd810c48c401d392ead3c6e1e1cb9f57750a581801',
  ]);
});

test('each model signs in the ways that its firmware has', async () => {
  const cases = /** @type {const} */ ([
    // version     why it has no Suite account
    [[2, 11, 0], ''],
    [[2, 12, 3], ''],
    [[3, 0, 0],  ''],
    [[2, 10, 9], 'trezor.tron.old'],
    [[2, 3, 0],  'trezor.tron.old'],
    [[1, 14, 2], 'trezor.tron.one'],
    [[1, 9, 0],  'trezor.tron.one'],
  ]);
  for (const [version, lack] of cases) {
    const isOne = version[0] === 1;
    const secrets = { pin: '1', passphrase: 'correct horse' };
    for (const choice of lack ? ['trezor-eth'] : ['trezor', 'trezor-eth']) {
      const model = new TrezorModel({ version: [...version], ...secrets });
      /** @type {string[]} */
      const seen = [];
      const signer = await openModel(model, choice, { noise: true }, seen);
      const expected = choice === 'trezor' ? model.tron.address : model.ethereum.address;
      assert.deepEqual([signer.walletType, signer.address], [choice, expected], version.join('.'));
      assert.deepEqual(seen, [`${lack},`, 'pin', 'passphrase'], 'by the page or on the device');
      assert.deepEqual(model.shown, isOne ? [] : ['pin', 'passphrase'], 'on the device');
      const signature = await signer.sign(challenge(signer.address), promptsFor(choice, seen));
      assert.match(signature, /^[0-9a-f]{128}(1b|1c)$/);
      if (choice === 'trezor') {
        assert.deepEqual(model.transactions, [toHex(transferOf(signer.address, MESSAGE).raw)]);
        assert.deepEqual(model.shown.slice(2), [MESSAGE, toHex(toBytes(signer.address)), '0.000001 TRX']);
        assert.equal(await recovered(signature, model.transactions[0] ?? ''), model.tron.address);
      } else {
        assert.equal(TronWeb.address.fromHex(verifyMessage(MESSAGE, `0x${signature}`).replace('0x', '41')), model.ethereum.address);
      }
      assert.deepEqual([model.wrong, model.signed.length], [[], 1]);
      signer.close();
    }
  }
});

/** @param {string} signature @param {string} raw */
async function recovered(signature, raw) {
  const txID = createHash('sha256').update(Buffer.from(raw, 'hex')).digest('hex');
  return TronWeb.address.fromHex(utils.crypto.ecRecover(txID, signature));
}

test('each thing that a Trezor can say instead is told apart', async () => {
  /** @type {Array<[string, TrezorState, Wire, string, Record<string, string>?]>} */
  const cases = [
    // what is the matter                    state                       wire                                     kind
    ['refused',                              { failure: 4 },             {},                                      'refusedOnDevice'],
    ['the PIN cancelled',                    { failure: 6 },             {},                                      'refusedOnDevice'],
    ['busy',                                 { failure: 15 },            {},                                      'deviceBusy'],
    ['a forbidden path',                     { failure: 3 },             {},                                      'deviceFailed', { code: '3' }],
    ['a fault',                              { failure: 99 },            {},                                      'deviceFailed', { code: '99' }],
    ['update mode',                          { bootloader: true },       {},                                      'bootloader'],
    ['update mode, by its number',           {},                         { productId: 0x53c0 },                   'bootloader'],
    ['no keys',                              { empty: true },            {},                                      'notSetUp'],
    ['Bitcoin alone',                        { bitcoinOnly: true },      {},                                      'bitcoinOnly'],
    ['the protocol of a Safe 7',             { thp: true },              {},                                      'otherProtocol'],
    ['a Model One that speaks HID alone',    {},                         { vendorId: 0x534c, productId: 1 },      'trezorTooOld'],
    ['an old Model One',                     { version: [1, 8, 3] },     {},                                      'trezorTooOld'],
    ['an old Model T',                       { version: [2, 2, 0] },     {},                                      'trezorTooOld'],
    ['taken by Trezor Suite',                {},                         { taken: true },                         'trezorTaken'],
    ['none chosen',                          {},                         { chooseNothing: true },                 'notChosen'],
    ['forbidden',                            {},                         { forbidden: true },                     'noDeviceAccess', { api: 'WebUSB' }],
    ['unplugged before it said its name',    {},                         { unplugAfter: 1 },                      'unplugged'],
    ['unplugged in the middle',              {},                         { unplugAfter: 3 },                      'unplugged'],
  ];
  for (const choice of ['trezor', 'trezor-eth']) {
    for (const [name, state, wire, kind, values = {}] of cases) {
      const model = new TrezorModel(state);
      const sign = async () => {
        const signer = await openModel(model, choice, wire);
        return signer.sign(challenge(signer.address), promptsFor(choice));
      };
      await assert.rejects(sign(), { kind, values }, `${choice}: ${name}`);
      assert.deepEqual([model.wrong, model.signed], [[], []], name);
    }
  }
  const model = new TrezorModel({ failureOfContract: 4 });
  const signer = await openModel(model, 'trezor');
  await assert.rejects(signer.sign(challenge(signer.address), promptsFor('trezor')), { kind: 'refusedOnDevice' }, 'refused at the amount');
});

test('another device of the same maker of numbers is none of the list', async () => {
  const model = new TrezorModel();
  await assert.rejects(openModel(model, 'trezor', { productId: 0x0001, allowed: true }), { kind: 'notChosen' });
  assert.deepEqual(model.heard, []);
});

test('a Trezor is never asked for a transaction that could be carried out', async () => {
  const model = new TrezorModel();
  const signer = await openModel(model, 'trezor');
  const { raw } = transferOf(signer.address, MESSAGE);
  const stranger = transferOf(utils.accounts.generateAccount().address.base58, MESSAGE).raw;
  const later = Uint8Array.from(raw);
  later[raw.indexOf(0x40) + 1] = 2;
  for (const other of [stranger, later, raw.slice(0, -1), new Uint8Array()]) {
    const asked = { ...challenge(signer.address), trezor_tx: { raw_data_hex: toHex(other) } };
    await assert.rejects(signer.sign(asked, promptsFor('trezor')), { kind: 'otherTransfer' });
  }
  await assert.rejects(signer.sign(/** @type {any} */ ({ message: MESSAGE }), promptsFor('trezor')), { kind: 'otherTransfer' });
  assert.ok(!model.heard.includes(2202));
});

test('what stands on a Trezor goes away when the page lets go of it', async () => {
  for (const choice of ['trezor', 'trezor-eth']) {
    const model = new TrezorModel({ slow: true });
    const usb = makeUsb((data) => model.receive(data), TREZOR);
    const signer = await openTrezor(usb, new AbortController().signal, promptsFor(choice));
    const prompts = { ...promptsFor(choice), confirm: () => void setTimeout(() => signer.close(), 5) };
    await assert.rejects(signer.sign(challenge(signer.address), prompts), { name: 'AbortError' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(model.heard.at(-1), 20, 'Cancel');
    assert.equal(usb.device.opened, false);
  }
});

test('a question that is let go of on its way is sent to its end, and then taken back', async () => {
  const model = new TrezorModel({ slow: true });
  let packets = 0;
  const person = { after: () => {} };
  const usb = makeUsb(async (data) => {
    packets += 1;
    const answer = await model.receive(data);
    person.after();
    return answer;
  }, TREZOR);
  const signer = await openTrezor(usb, new AbortController().signal, promptsFor('trezor'));
  const before = packets;
  person.after = () => signer.close();
  await assert.rejects(signer.sign(challenge(signer.address), promptsFor('trezor')), { name: 'AbortError' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(packets - before > 2, 'the question takes several packets');
  assert.deepEqual([model.heard.slice(-2), model.wrong], [[2202, 20], []]);
  assert.equal(usb.device.opened, false);
});
