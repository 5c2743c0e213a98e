/**
 * A KeepKey or a Trezor on its cable, which speak alike: a question goes out, it asks back for its button, a PIN or a
 * passphrase, and answers.
 */

import { decode, encode } from '../lib/protobuf.js';
import { reader, toPackets } from './usb-packets.js';
import { WalletError } from './signer.js';

/** @typedef {import('./signer.js').Prompts} Prompts */
/** @typedef {Map<number, number | Uint8Array>} Fields */
/** @typedef {ReadonlyArray<readonly [number, number | boolean | string | Uint8Array]>} FieldList */

/**
 * What is used here of a WebUSB device.
 *
 * @typedef {object} UsbDevice
 * @property {boolean} opened
 * @property {number} vendorId
 * @property {number} productId
 * @property {unknown} configuration
 * @property {() => Promise<void>} open
 * @property {() => Promise<void>} close
 * @property {(value: number) => Promise<void>} selectConfiguration
 * @property {(number: number) => Promise<void>} claimInterface
 * @property {(endpoint: number, data: Uint8Array) => Promise<{status?: string}>} transferOut
 * @property {(endpoint: number, length: number) => Promise<{status?: string, data?: DataView}>} transferIn
 */

const ENDPOINT = 1;

/** The numbers of the messages on the wire. */
const INITIALIZE = 0;
const FAILURE = 3;
const FEATURES = 17;
const PIN_REQUEST = 18;
const PIN_ACK = 19;
const CANCEL = 20;
const BUTTON_REQUEST = 26;
const BUTTON_ACK = 27;
const PASSPHRASE_REQUEST = 41;
const PASSPHRASE_ACK = 42;
/** What a Trezor of another protocol says in this one: InvalidProtocol. */
const OTHER_PROTOCOL = 17;
/** How long a device may take to say who it is, in milliseconds. */
const PATIENCE_MS = 5000;

/**
 * @param {Fields} failure
 * @returns {WalletError}
 */
function refusal(failure) {
  const code = Number(failure.get(1) ?? 0);
  switch (code) {
    case 1: // UnexpectedMessage: it does not know what it was asked.
      return new WalletError('tooOld');
    case 4: // ActionCancelled
    case 6: // PinCancelled
      return new WalletError('refusedOnDevice');
    case 7: // PinInvalid
      return new WalletError('pinInvalid');
    case 11: // NotInitialized
      return new WalletError('notSetUp');
    case 15: // Busy
    case 19: // InProgress
      return new WalletError('deviceBusy');
    default:
      return new WalletError('deviceFailed', { code: String(code) });
  }
}

/** An open device: one question at a time, with what it asks back before it answers. */
export class Link {
  #over = new AbortController();
  #asking = false;
  #closed = false;
  /** Ends when all that was to be sent is on its way. */
  #sent = Promise.resolve();

  /**
   * @param {UsbDevice} device
   * @param {Record<number, 'pin' | 'passphrase'>} [entries] which of its button requests mean that something is entered on it
   */
  constructor(device, entries = {}) {
    this.device = device;
    this.entries = entries;
  }

  async open() {
    try {
      if (!this.device.opened) await this.device.open();
      if (!this.device.configuration) await this.device.selectConfiguration(1);
      await this.device.claimInterface(0);
    } catch {
      throw new WalletError('deviceTaken');
    }
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#over.abort(new DOMException('closed', 'AbortError'));
    // What stands on its screen goes away with the question.
    const last = this.#asking ? this.#send(CANCEL, []) : Promise.resolve();
    void last.then(() => this.device.close()).catch(() => {
      // It is gone already.
    });
  }

  /** @returns {Promise<Fields>} what the device says of itself; whatever it was doing ends */
  async features() {
    const patience = setTimeout(() => this.#over.abort(new WalletError('deviceBusy')), PATIENCE_MS);
    try {
      await this.#write(INITIALIZE, []);
      for (;;) {
        // Answers to what an earlier page asked may come first.
        const { type, fields } = await this.#read();
        if (type === FEATURES) return fields;
        if (type === FAILURE && fields.get(1) === OTHER_PROTOCOL) throw new WalletError('otherProtocol');
      }
    } finally {
      clearTimeout(patience);
    }
  }

  /**
   * @param {number} type
   * @param {FieldList} fields
   * @param {Prompts} prompts
   * @param {number} expected the type of the answer
   * @returns {Promise<Fields>}
   * @throws {WalletError} if the device says no, or is gone
   */
  async ask(type, fields, prompts, expected) {
    this.#asking = true;
    try {
      await this.#write(type, fields);
      for (;;) {
        const answer = await this.#read();
        if (answer.type === BUTTON_REQUEST) {
          prompts.confirm(this.entries[Number(answer.fields.get(1) ?? 0)]);
          await this.#write(BUTTON_ACK, []);
        } else if (answer.type === PIN_REQUEST) {
          await this.#write(PIN_ACK, [[1, await prompts.pin()]]);
        } else if (answer.type === PASSPHRASE_REQUEST) {
          const passphrase = await prompts.passphrase();
          await this.#write(PASSPHRASE_ACK, [passphrase === undefined ? [3, true] : [1, passphrase]]);
        } else if (answer.type === FAILURE) {
          throw refusal(answer.fields);
        } else if (answer.type !== expected) {
          throw new WalletError('deviceFailed', { code: String(answer.type) });
        } else {
          return answer.fields;
        }
      }
    } finally {
      // Closed in between, the device still waits, and `close` has seen to that.
      this.#asking = false;
    }
  }

  /**
   * @param {number} type
   * @param {FieldList} fields
   */
  async #write(type, fields) {
    this.#over.signal.throwIfAborted();
    await this.#unlessOver(this.#send(type, fields));
  }

  /**
   * Send a message when the one before is out: a device takes every packet for the rest of the message that it is in.
   *
   * @param {number} type
   * @param {FieldList} fields
   * @returns {Promise<void>}
   */
  #send(type, fields) {
    const send = async () => {
      for (const packet of toPackets({ type, body: encode(fields) })) await this.device.transferOut(ENDPOINT, packet);
    };
    this.#sent = this.#sent.then(send);
    return this.#sent;
  }

  /** @returns {Promise<{type: number, fields: Fields}>} */
  async #read() {
    const read = reader();
    for (;;) {
      const { data } = await this.#unlessOver(this.device.transferIn(ENDPOINT, 64));
      try {
        const message = data && read(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        if (message) return { type: message.type, fields: decode(message.body) };
      } catch {
        throw new WalletError('deviceFailed', { code: 'answer' });
      }
    }
  }

  /**
   * @template T
   * @param {Promise<T>} transfer
   * @returns {Promise<T>}
   */
  #unlessOver(transfer) {
    const over = this.#over.signal;
    return new Promise((resolve, reject) => {
      const onOver = () => reject(over.reason);
      over.addEventListener('abort', onOver, { once: true });
      // A device that cannot be spoken to any more was unplugged.
      const done = () => over.removeEventListener('abort', onOver);
      transfer.finally(done).then(resolve, () => reject(over.aborted ? over.reason : new WalletError('unplugged')));
    });
  }
}
