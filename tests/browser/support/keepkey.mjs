/**
 * A KeepKey, as its firmware speaks (keepkey/device-protocol, lib/firmware/fsm_msg_tron.h, pin_sm.c): packets of 64 bytes,
 * messages that google-protobuf reads and writes, signatures of tronweb and ethers.
 */

import assert from 'node:assert/strict';
import { Wallet } from 'ethers';
import { TronWeb, utils } from 'tronweb';
import { Packets, failure, fields, message } from './codec.mjs';

const tronWeb = new TronWeb({ fullHost: 'http://127.0.0.1:9' });

const PATH = [0x8000002c, 0x800000c3, 0x80000000, 0, 0];

/**
 * @typedef {object} KeepKeyState
 * @property {[number, number, number]} [version] of its firmware
 * @property {boolean} [bootloader]
 * @property {boolean} [empty] it holds no keys
 * @property {string} [pin] the places of its PIN, as of a number pad
 * @property {string} [passphrase]
 * @property {number} [failure] what it answers to signing instead of a signature, as when somebody says no
 * @property {boolean} [silent] it never answers
 * @property {boolean} [slow] nobody presses its button
 */

export class KeepKeyModel {
  /** Every message that it signed, and how. @type {Array<[string, string]>} */
  signed = [];
  /** The numbers of the messages it was sent. @type {number[]} */
  heard = [];
  /** The addresses that it showed on its screen. @type {string[]} */
  shown = [];
  /** What the page did that firmware would not take. @type {string[]} */
  wrong = [];
  #packets = new Packets();
  /** What it does once its question is answered. @type {((type: number, body: Buffer) => Promise<number[][]> | number[][]) | undefined} */
  #waiting;
  #unlocked = false;
  #opened = false;

  /** @param {KeepKeyState} [state] */
  constructor(state = {}) {
    this.state = state;
    const { privateKey, address } = utils.accounts.generateAccount();
    this.privateKey = privateKey;
    this.address = address.base58;
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
      return this.state.silent ? [] : await this.#handle(heard.type, heard.body);
    } catch (error) {
      this.wrong.push(String(error));
      return failure(9);
    }
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
    if (type === 0) return this.#features();
    if (type === 20) return waiting ? failure(4) : [];
    if (waiting) return waiting(type, body);
    if (this.state.bootloader) return failure(1);
    switch (type) {
      case 56:
        return this.#opens(() => {
          assert.deepEqual(fields(body), { 1: PATH });
          return message(57, (writer) => writer.writeBytes(1, Buffer.from(TronWeb.address.toHex(this.address).slice(2), 'hex')));
        });
      case 108:
        return this.#opens(() => this.#sign('eip191', body, 2, 110));
      case 1400:
        return this.#isNative() ? this.#opens(() => this.#getAddress(body)) : failure(1);
      case 1404:
        return this.#isNative() ? this.#opens(() => this.#sign('tron-v2', body, 3, 1405)) : failure(1);
      default:
        return failure(1);
    }
  }

  #features() {
    const { version = [7, 14, 1], bootloader = false, empty = false, pin, passphrase } = this.state;
    return message(17, (writer) => {
      writer.writeString(1, 'keepkey.com');
      version.forEach((part, index) => writer.writeUint32(2 + index, part));
      writer.writeBool(5, bootloader);
      writer.writeString(6, '3B1F2F8F3B1F2F8F3B1F2F8F');
      writer.writeBool(7, pin !== undefined);
      writer.writeBool(8, passphrase !== undefined);
      writer.writeString(10, 'A label that is long enough for the features to need several packets');
      writer.writeBool(12, !empty);
      writer.writeBytes(13, Buffer.alloc(40, 0xab));
    });
  }

  #isNative() {
    const [major, minor, patch] = this.state.version ?? [7, 14, 1];
    return major * 1e6 + minor * 1e3 + patch >= 7_014_001;
  }

  /**
   * Do `act` once the device is unlocked.
   *
   * @param {() => Promise<number[][]> | number[][]} act
   * @returns {Promise<number[][]>}
   */
  async #opens(act) {
    const { pin, passphrase, empty } = this.state;
    if (empty) return failure(11);
    if (pin !== undefined && !this.#unlocked) {
      this.#waiting = (type, body) => {
        assert.equal(type, 19);
        if (fields(body)[1]?.toString() !== pin) return failure(7);
        this.#unlocked = true;
        return this.#opens(act);
      };
      return message(18, (writer) => writer.writeEnum(1, 1));
    }
    if (passphrase !== undefined && !this.#opened) {
      this.#waiting = (type, body) => {
        assert.equal(type, 42);
        assert.equal(fields(body)[1]?.toString(), passphrase);
        this.#opened = true;
        return this.#opens(act);
      };
      return message(41, () => {});
    }
    return act();
  }

  /** @param {Buffer} body */
  #getAddress(body) {
    const { 1: path, 3: show } = fields(body);
    assert.deepEqual(path, PATH);
    const answer = message(1401, (writer) => writer.writeString(1, this.address));
    return show ? this.#asks(() => (this.shown.push(this.address), answer)) : answer;
  }

  /**
   * @param {'tron-v2' | 'eip191'} scheme
   * @param {Buffer} body
   * @param {number} field of the message
   * @param {number} type of the answer
   */
  #sign(scheme, body, field, type) {
    const { 1: path, [field]: bytes, ...rest } = fields(body);
    assert.deepEqual(path, PATH);
    assert.deepEqual(rest, {});
    const text = String(bytes);
    assert.ok(text.length <= 1024 && /^[ -~]+$/.test(text), 'what it can show is printable');
    return this.#asks(async () => {
      const signature =
        scheme === 'tron-v2' ? await tronWeb.trx.signMessageV2(text, this.privateKey) : await new Wallet(this.privateKey).signMessage(text);
      this.signed.push([scheme, text]);
      return message(type, (writer) => {
        if (scheme === 'tron-v2') writer.writeString(1, this.address);
        else writer.writeBytes(1, Buffer.alloc(20));
        writer.writeBytes(2, Buffer.from(signature.slice(2), 'hex'));
      });
    });
  }

  /**
   * Ask for its button, then do `act`.
   *
   * @param {() => Promise<number[][]> | number[][]} act
   */
  #asks(act) {
    this.#waiting = (type) => {
      assert.equal(type, 27);
      if (this.state.slow) {
        this.#waiting = () => failure(1);
        return [];
      }
      return this.state.failure ? failure(this.state.failure) : act();
    };
    return message(26, (writer) => writer.writeEnum(1, 7));
  }
}
