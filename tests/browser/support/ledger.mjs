/**
 * A Ledger with the TRON app, as its firmware speaks (LedgerHQ/app-tron `docs/APDU.md`): it takes reports of 64 bytes,
 * is strict about each of them, and signs with tronweb.
 */

import assert from 'node:assert/strict';
import { TronWeb, utils } from 'tronweb';

const tronWeb = new TronWeb({ fullHost: 'http://127.0.0.1:9' });

/** m/44'/195'/0'/0/0, as the app reads it. */
const PATH = '058000002c800000c3800000000000000000000000';

/**
 * @typedef {object} LedgerState
 * @property {string} [app] the open one; "BOLOS" is none
 * @property {string} [appVersion]
 * @property {boolean} [locked]
 * @property {boolean} [signsByHash] false: the setting is off
 * @property {number} [status] what it answers to signing instead of a signature
 * @property {number} [nameStatus] what it answers when asked for its app
 * @property {boolean} [silent] it never answers
 * @property {boolean} [slow] it waits for a button that nobody presses when it is to sign or to show
 * @property {boolean} [wrongKey] signs with another key
 */

export class LedgerModel {
  /** Every message that it signed. @type {string[]} */
  signed = [];
  /** The addresses that it showed on its screen. @type {string[]} */
  shown = [];
  /** How long each command was, in bytes, and how many reports it took. @type {Array<[number, number]>} */
  commands = [];
  /** What the page did that firmware would not take. @type {string[]} */
  wrong = [];
  #command = /** @type {number[]} */ ([]);
  #wanted = 0;
  #next = 0;
  #channel = '';
  /** What is still to come of a message that did not fit one command. */
  #rest = 0;

  /** @param {LedgerState} [state] */
  constructor(state = {}) {
    this.state = /** @type {LedgerState} */ ({ app: 'Tron', appVersion: '0.7.1', ...state });
    const { privateKey, address } = utils.accounts.generateAccount();
    this.privateKey = privateKey;
    this.address = address.base58;
    this.publicKey = utils.accounts.generateAccount().publicKey;
  }

  /** Unplugged and plugged in again, it knows nothing of a command that was cut off. */
  replug() {
    this.#next = 0;
    this.#rest = 0;
  }

  /**
   * @param {number[]} report
   * @returns {Promise<number[][]>}
   */
  async receive(report) {
    try {
      const command = this.#collect(report);
      if (!command || this.state.silent) return [];
      const answer = await this.#answer(command);
      return answer ? this.#reports(answer) : [];
    } catch (error) {
      this.wrong.push(String(error));
      return this.#reports(status(0x6f00));
    }
  }

  /** @param {number[]} report */
  #collect(report) {
    assert.equal(report.length, 64, 'a report is 64 bytes');
    const [a = 0, b = 0, tag, high = 0, low = 0] = report;
    assert.equal(tag, 5);
    assert.equal(high * 256 + low, this.#next, 'reports come in order');
    if (this.#next === 0) {
      this.#channel = `${a},${b}`;
      this.#wanted = (report[5] ?? 0) * 256 + (report[6] ?? 0);
      this.#command = [];
    }
    assert.equal(`${a},${b}`, this.#channel, 'one channel for one command');
    const data = report.slice(this.#next === 0 ? 7 : 5);
    const room = this.#wanted - this.#command.length;
    this.#command.push(...data.slice(0, room));
    assert.ok(data.slice(room).every((byte) => byte === 0), 'the rest of a report is zeros');
    this.#next += 1;
    if (this.#command.length < this.#wanted) return undefined;
    this.commands.push([this.#wanted, this.#next]);
    this.#next = 0;
    return this.#command;
  }

  /**
   * @param {number[]} answer
   * @returns {number[][]}
   */
  #reports(answer) {
    const whole = [answer.length >> 8, answer.length & 255, ...answer];
    const reports = [];
    for (let start = 0; start < whole.length; start += 59) {
      const [a, b] = this.#channel.split(',').map(Number);
      /** @type {number[]} */
      const report = [a ?? 0, b ?? 0, 5, 0, reports.length, ...whole.slice(start, start + 59)];
      // Firmware leaves old bytes there, and not zeros.
      reports.push([...report, ...new Array(64 - report.length).fill(0xaa)]);
    }
    return reports;
  }

  /**
   * @param {number[]} command
   * @returns {Promise<number[] | undefined>} nothing: it waits for its button
   */
  async #answer([group, instruction, first = 0, second, length, ...data]) {
    const { app = '', appVersion = '', locked, silent, nameStatus } = this.state;
    assert.equal(length, data.length, 'Lc says how much follows');
    assert.equal(second, 0);
    if (silent) return undefined;
    if (locked) return status(0x5515);
    if (group === 0xb0) {
      assert.deepEqual([instruction, first, data.length], [1, 0, 0]);
      return nameStatus ? status(nameStatus) : [1, app.length, ...ascii(app), appVersion.length, ...ascii(appVersion), 1, 0, ...status(0x9000)];
    }
    assert.equal(group, 0xe0);
    if (app !== 'Tron') return status(app === 'BOLOS' ? 0x6e01 : 0x6d00);
    if (instruction === 2) return this.#getAddress(first, data);
    if (instruction === 8) return this.#sign(first, data);
    return status(0x6d00);
  }

  /**
   * @param {number} first
   * @param {number[]} data
   */
  #getAddress(first, data) {
    assert.equal(Buffer.from(data).toString('hex'), PATH);
    if (first === 1) {
      if (this.state.slow) return undefined;
      if (this.state.status) return status(this.state.status);
      this.shown.push(this.address);
    }
    return [65, ...Buffer.from(this.publicKey, 'hex'), 34, ...ascii(this.address), ...status(0x9000)];
  }

  /**
   * @param {number} first
   * @param {number[]} data
   */
  async #sign(first, data) {
    if (first === 0x80) {
      // What the real one does with a second command: it signs another digest than that of the message, and says nothing.
      this.#rest -= data.length;
      return this.#rest > 0 ? status(0x9000) : this.#signature('hashed wrongly');
    }
    assert.equal(first, 0);
    assert.equal(Buffer.from(data.slice(0, 21)).toString('hex'), PATH);
    const total = Buffer.from(data.slice(21, 25)).readUInt32BE();
    const message = Buffer.from(data.slice(25));
    this.#rest = total - message.length;
    assert.ok(this.#rest >= 0, 'no more data than was announced');
    if (this.#rest > 0) return status(0x9000);
    if (this.state.signsByHash === false) return status(0x6a8c);
    if (this.state.slow) return undefined;
    if (this.state.status) return status(this.state.status);
    this.signed.push(message.toString());
    return this.#signature(message.toString());
  }

  /** @param {string} text */
  async #signature(text) {
    const key = this.state.wrongKey ? utils.accounts.generateAccount().privateKey : this.privateKey;
    const bytes = Buffer.from((await tronWeb.trx.signMessageV2(text, key)).slice(2), 'hex');
    // This one says 0 and 1 where others say 27 and 28.
    return [...bytes.subarray(0, 64), (bytes[64] ?? 0) - 27, ...status(0x9000)];
  }
}

/** @param {number} word */
function status(word) {
  return [word >> 8, word & 255];
}

/** @param {string} text */
function ascii(text) {
  return [...Buffer.from(text, 'ascii')];
}
