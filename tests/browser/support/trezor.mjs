/**
 * A Trezor, as its firmware speaks (trezor-firmware: `common/protob`, core/src/apps/tron/sign_tx.py, core/src/apps/ethereum,
 * legacy/firmware for the Model One): packets of 64 bytes, messages that google-protobuf reads and writes, signatures of
 * ethers. What it signs of a transaction it serialises itself, as the firmware does; it never sees the service's bytes.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { SigningKey, Wallet } from 'ethers';
import { utils } from 'tronweb';
import { Packets, bytes, failure, fields, message } from './codec.mjs';

const ETHEREUM_PATH = [0x8000002c, 0x8000003c, 0x80000000, 0, 0];
const TRON_PATH = [0x8000002c, 0x800000c3, 0x80000000, 0, 0];

/** What a Trezor is on the cable. */
export const TREZOR = { vendorId: 0x1209, productId: 0x53c1 };

/**
 * @typedef {object} TrezorState
 * @property {[number, number, number]} [version] of its firmware; 1.x is a Model One
 * @property {boolean} [bootloader]
 * @property {boolean} [empty] it holds no keys
 * @property {boolean} [thp] it speaks the protocol of the Safe 7
 * @property {boolean} [bitcoinOnly]
 * @property {string} [pin] a Model One takes its places from the page; any other takes it on its own screen
 * @property {string} [passphrase] the same
 * @property {boolean} [wrongKey] it signs with another key
 * @property {number} [failure] what it answers to signing instead of a signature, as when somebody says no
 * @property {number} [failureOfContract] what it answers to the contract
 * @property {boolean} [silent] it never answers
 * @property {boolean} [slow] nobody presses its button
 */

export class TrezorModel {
  /** Every text that it signed, and how. @type {Array<[string, string]>} */
  signed = [];
  /** The transactions that it signed, as it serialised them, in hex. @type {string[]} */
  transactions = [];
  /** The numbers of the messages it was sent. @type {number[]} */
  heard = [];
  /** The screens on which something was entered or read. @type {string[]} */
  shown = [];
  /** What the page did that firmware would not take. @type {string[]} */
  wrong = [];
  #packets = new Packets();
  /** What it does once its question is answered. @type {((type: number, body: Buffer) => Promise<number[][]> | number[][]) | undefined} */
  #waiting;
  #unlocked = false;
  #opened = false;

  /** @param {TrezorState} [state] */
  constructor(state = {}) {
    this.state = state;
    const [tron, ethereum] = [utils.accounts.generateAccount(), utils.accounts.generateAccount()];
    this.tron = { key: tron.privateKey, address: tron.address.base58 };
    this.ethereum = { key: ethereum.privateKey, address: ethereum.address.base58 };
  }

  /** Of the account that Trezor Suite shows. */
  get address() {
    return this.tron.address;
  }

  /** Unplugged and plugged in again, it knows nothing of a message that was cut off, and is locked. */
  replug() {
    this.#packets = new Packets();
    this.#waiting = undefined;
    this.#unlocked = false;
    this.#opened = false;
  }

  /**
   * @param {number[]} packet
   * @returns {Promise<number[][]>}
   */
  async receive(packet) {
    try {
      const heard = this.#packets.take(packet);
      if (!heard) return [];
      if (this.state.thp) return failure(17);
      return this.state.silent ? [] : await this.#handle(heard.type, heard.body);
    } catch (error) {
      this.wrong.push(String(error));
      return failure(99);
    }
  }

  get #version() {
    return this.state.version ?? [2, 11, 0];
  }

  get #isOne() {
    return this.#version[0] === 1;
  }

  get #knowsTron() {
    const [major, minor] = this.#version;
    return major > 2 || (major === 2 && minor >= 11);
  }

  /**
   * @param {number} type
   * @param {Buffer} body
   * @returns {Promise<number[][]>}
   */
  async #handle(type, body) {
    this.heard.push(type);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (type === 0) {
      assert.deepEqual(fields(body), {}, 'a new session');
      this.#opened = false;
      return this.#features();
    }
    if (type === 20) return failure(4);
    if (waiting) return waiting(type, body);
    if (this.state.bootloader || this.state.bitcoinOnly) return failure(1);
    switch (type) {
      case 56:
        return this.#at(body, ETHEREUM_PATH, ({ 1: path, ...rest }) => {
          assert.deepEqual(rest, {});
          return message(57, (writer) => writer.writeString(2, new Wallet(this.ethereum.key).address));
        });
      case 64:
        return this.#at(body, ETHEREUM_PATH, (asked) => this.#signMessage(asked));
      case 2200:
        return this.#knowsTron ? this.#at(body, TRON_PATH, (asked) => this.#getAddress(asked)) : failure(1);
      case 2202:
        return this.#knowsTron ? this.#at(body, TRON_PATH, (asked) => this.#signTx(asked)) : failure(1);
      default:
        return failure(1);
    }
  }

  #features() {
    const { bootloader = false, empty = false, pin, passphrase } = this.state;
    return message(17, (writer) => {
      writer.writeString(1, 'trezor.io');
      this.#version.forEach((part, index) => writer.writeUint32(2 + index, part));
      if (bootloader) writer.writeBool(5, true);
      writer.writeString(6, '3B1F2F8F3B1F2F8F3B1F2F8F');
      writer.writeBool(7, pin !== undefined);
      writer.writeBool(8, passphrase !== undefined);
      writer.writeString(10, 'A label that is long enough for several packets');
      writer.writeBool(12, !empty);
      writer.writeString(21, this.#isOne ? '1' : 'Safe 3');
      for (const capability of [1, 2, 7, 17, 24]) writer.writeEnum(30, capability);
      writer.writeBytes(35, Buffer.alloc(32, 0xab));
    });
  }

  /**
   * Do `act` with what was asked, once the device is unlocked, if the path is the coin's own.
   *
   * @param {Buffer} body
   * @param {number[]} path
   * @param {(asked: Record<number, any>) => Promise<number[][]> | number[][]} act
   * @returns {Promise<number[][]>}
   */
  async #at(body, path, act) {
    const asked = fields(body);
    // "Forbidden key path"
    if (JSON.stringify(asked[1]) !== JSON.stringify(path)) return failure(3);
    return this.#opens(() => act(asked));
  }

  /**
   * @param {() => Promise<number[][]> | number[][]} act
   * @returns {Promise<number[][]>}
   */
  async #opens(act) {
    const { pin, passphrase, empty } = this.state;
    if (empty) return failure(11);
    if (pin !== undefined && !this.#unlocked) {
      const unlocked = () => ((this.#unlocked = true), this.#opens(act));
      if (!this.#isOne) return this.#screen(20, 'pin', unlocked);
      this.#waiting = (type, body) => {
        assert.equal(type, 19);
        return fields(body)[1]?.toString() === pin ? unlocked() : failure(7);
      };
      return message(18, (writer) => writer.writeEnum(1, 1));
    }
    if (passphrase !== undefined && !this.#opened) {
      const opened = () => ((this.#opened = true), this.#opens(act));
      this.#waiting = (type, body) => {
        assert.equal(type, 42);
        const { 1: typed, 3: onDevice, ...rest } = fields(body);
        assert.deepEqual(rest, {});
        if (!this.#isOne) {
          assert.deepEqual([typed, onDevice], [undefined, 1], 'the page does not see it');
          return this.#screen(19, 'passphrase', opened);
        }
        assert.deepEqual([typed?.toString(), onDevice], [passphrase, undefined]);
        return opened();
      };
      return message(41, () => {});
    }
    return act();
  }

  /** @param {Record<number, any>} asked */
  #getAddress({ 1: path, 2: show, ...rest }) {
    assert.deepEqual(rest, {});
    const answer = message(2201, (writer) => writer.writeString(1, this.tron.address));
    return show ? this.#screen(10, this.tron.address, () => answer) : answer;
  }

  /** @param {Record<number, any>} asked */
  #signMessage({ 1: path, 2: text, ...rest }) {
    assert.deepEqual(rest, {});
    assert.match(String(text), /^[ -~]+$/, 'a Model One shows anything else as hex');
    return this.#confirms(async () => {
      const wallet = this.state.wrongKey ? Wallet.createRandom() : new Wallet(this.ethereum.key);
      const signature = await wallet.signMessage(String(text));
      this.signed.push(['eip191', String(text)]);
      return message(66, (writer) => {
        writer.writeBytes(2, Buffer.from(signature.slice(2), 'hex'));
        writer.writeString(3, wallet.address);
      });
    });
  }

  /**
   * The note is shown, the contract is asked for, recipient and amount are shown, and all is signed.
   *
   * @param {Record<number, any>} asked
   */
  #signTx({ 1: path, 2: blockBytes, 3: blockHash, 4: expiration, 5: data, 6: timestamp, ...rest }) {
    assert.deepEqual(rest, {});
    for (const required of [blockBytes, blockHash, expiration, timestamp]) assert.notEqual(required, undefined);
    assert.ok(data.length <= 256, 'Tron: data field too long');
    this.shown.push(String(data));
    return this.#confirms(() => {
      this.#waiting = (type, body) => {
        assert.equal(type, 2205);
        const { 1: owner, 2: to, 3: amount, ...more } = fields(body);
        assert.deepEqual([owner.length, to.length, more], [21, 21, {}]);
        this.shown.push(to.toString('hex'), `${amount / 1_000_000} TRX`.replace('1e-6', '0.000001'));
        const raw = rawTransaction({ blockBytes, blockHash, expiration, data, timestamp }, { owner, to, amount });
        return this.#confirms(() => this.#signRaw(raw, String(data)), this.state.failureOfContract);
      };
      return message(2204, () => {});
    });
  }

  /**
   * @param {Buffer} raw
   * @param {string} note
   */
  #signRaw(raw, note) {
    const key = this.state.wrongKey ? utils.accounts.generateAccount().privateKey : this.tron.key;
    const signature = new SigningKey(`0x${key.replace(/^0x/, '')}`).sign(createHash('sha256').update(raw).digest());
    this.signed.push(['trezor-tx', note]);
    this.transactions.push(raw.toString('hex'));
    return message(2203, (writer) => writer.writeBytes(1, Buffer.from(signature.serialized.slice(2), 'hex')));
  }

  /**
   * Show a screen, and do `act` once the page has acknowledged it.
   *
   * @param {number} code
   * @param {string} name
   * @param {() => Promise<number[][]> | number[][]} act
   */
  #screen(code, name, act) {
    this.#waiting = (type, body) => {
      assert.deepEqual([type, body.length], [27, 0]);
      this.shown.push(name);
      return this.state.slow ? this.#stay(act) : act();
    };
    return message(26, (writer) => writer.writeEnum(1, code));
  }

  /**
   * @param {() => Promise<number[][]> | number[][]} act
   * @param {number} [code] of the failure that comes instead
   */
  #confirms(act, code = this.state.failure) {
    this.#waiting = (type, body) => {
      assert.deepEqual([type, body.length], [27, 0]);
      if (this.state.slow) return this.#stay(act);
      return code ? failure(code) : act();
    };
    return message(26, (writer) => writer.writeEnum(1, 8));
  }

  /** Nobody touches it: it goes on waiting. @param {() => Promise<number[][]> | number[][]} act */
  #stay(act) {
    this.#waiting = () => act();
    return [];
  }
}

/**
 * What a Trezor signs: `TronRawTransaction` of `messages-tron.proto`, each field in the order of its number.
 *
 * @param {{blockBytes: Uint8Array, blockHash: Uint8Array, expiration: number, data: Uint8Array | undefined, timestamp: number}} head
 * @param {{owner: Uint8Array, to: Uint8Array, amount: number}} contract
 */
export function rawTransaction({ blockBytes, blockHash, expiration, data, timestamp }, { owner, to, amount }) {
  const value = bytes((writer) => {
    writer.writeBytes(1, owner);
    writer.writeBytes(2, to);
    writer.writeUint64(3, amount);
  });
  const parameter = bytes((writer) => {
    writer.writeString(1, 'type.googleapis.com/protocol.TransferContract');
    writer.writeBytes(2, value);
  });
  const contract = bytes((writer) => {
    writer.writeEnum(1, 1);
    writer.writeBytes(2, parameter);
  });
  return bytes((writer) => {
    writer.writeBytes(1, blockBytes);
    writer.writeBytes(4, blockHash);
    writer.writeUint64(8, expiration);
    if (data) writer.writeBytes(10, data);
    writer.writeBytes(11, contract);
    writer.writeUint64(14, timestamp);
  });
}
