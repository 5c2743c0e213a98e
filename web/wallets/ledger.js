/**
 * Signs with a Ledger by WebHID: opens it, looks which app is open on it, and speaks to the TRON app.
 *
 * Commands: LedgerHQ/app-tron `docs/APDU.md`; the name of the app is one that all apps answer.
 */

import { fromUtf8, toHex, toUtf8 } from '../lib/bytes.js';
import { isAddress } from './address.js';
import { reader, toReports } from './ledger-frames.js';
import { TRON_PATH } from './path.js';
import { WalletError } from './signer.js';

/**
 * What is used here of a WebHID device.
 *
 * @typedef {object} HidDevice
 * @property {boolean} opened
 * @property {number} vendorId
 * @property {ReadonlyArray<{usagePage?: number}>} collections
 * @property {() => Promise<void>} open
 * @property {() => Promise<void>} close
 * @property {(id: number, data: Uint8Array) => Promise<void>} sendReport
 * @property {(type: 'inputreport', listener: (event: {data: DataView}) => void) => void} addEventListener
 * @property {(type: 'inputreport', listener: (event: {data: DataView}) => void) => void} removeEventListener
 */

/**
 * What is used here of `navigator.hid`.
 *
 * @typedef {object} Hid
 * @property {() => Promise<HidDevice[]>} getDevices
 * @property {(options: {filters: Array<{vendorId: number}>}) => Promise<HidDevice[]>} requestDevice
 * @property {(type: 'disconnect', listener: (event: {device: HidDevice}) => void) => void} addEventListener
 * @property {(type: 'disconnect', listener: (event: {device: HidDevice}) => void) => void} removeEventListener
 */

const VENDOR = 0x2c97;
/** Of the interface that takes commands, and not of the security key that the device may also be. */
const USAGE_PAGE = 0xffa0;

const OK = 0x9000;
/** How long a device may take for what needs nobody's hand, in milliseconds. */
const PATIENCE_MS = 5000;

/**
 * The longest message, in bytes, that is signed as it should be: what does not fit the first command is hashed wrongly
 * by the TRON app, without an error (0.7.1, and tronweb #660).
 */
const MAX_MESSAGE = 225;

/** The settings that the TRON app can ask for, by the status that it answers without them. */
const SETTINGS = new Map([
  [0x6a8b, 'Transactions data'],
  [0x6a8c, 'Sign by hash'],
  [0x6a8d, 'Custom contracts'],
]);

/**
 * Open a Ledger and ask it for its account. To be called from a click.
 *
 * @param {Hid} hid
 * @param {AbortSignal} signal closes the device
 * @returns {Promise<import('./signer.js').Signer>}
 * @throws {WalletError}
 */
export async function openLedger(hid, signal) {
  const link = new Link(hid, await choose(hid));
  const close = () => link.close();
  signal.addEventListener('abort', close);
  try {
    signal.throwIfAborted();
    await link.open();
    await checkApp(link);
    return signer(link, await address(link, false));
  } catch (error) {
    link.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}

/**
 * @param {Link} link
 * @param {string} own
 * @returns {import('./signer.js').Signer}
 */
function signer(link, own) {
  return {
    address: own,
    walletType: 'ledger',
    async sign({ message }, prompts) {
      const bytes = toUtf8(message);
      if (bytes.length > MAX_MESSAGE) throw new WalletError('unsupported');
      prompts.confirm();
      const length = [0, 0, bytes.length >> 8, bytes.length & 255];
      const signature = await link.ask(0xe0, 0x08, 0, [...pathBytes(), ...length, ...bytes]);
      if (signature.length < 65) throw new WalletError('deviceFailed', { code: 'signature' });
      return toHex(signature.subarray(0, 65));
    },
    async showAddress(prompts) {
      prompts.confirm();
      await address(link, true);
    },
    current: () => undefined,
    watch: () => () => {},
    close: () => link.close(),
  };
}

/**
 * @param {Hid} hid
 * @returns {Promise<HidDevice>} one that the person allowed before, or allows now
 */
async function choose(hid) {
  const fitting = (/** @type {HidDevice[]} */ devices) => {
    const own = devices.filter(({ vendorId }) => vendorId === VENDOR);
    return own.find(({ collections }) => collections.some(({ usagePage }) => usagePage === USAGE_PAGE)) ?? own[0];
  };
  // A rule of this page, or of the browser's owner, keeps it from devices.
  const forbidden = () => {
    throw new WalletError('noDeviceAccess', { api: 'WebHID' });
  };
  const known = fitting(await hid.getDevices().catch(forbidden));
  // Refused if the click is too long ago; nothing is chosen then, either.
  const device = known ?? fitting(await hid.requestDevice({ filters: [{ vendorId: VENDOR }] }).catch(() => []));
  if (device) return device;
  throw new WalletError('notChosen');
}

/**
 * Make sure that the TRON app is the open one.
 *
 * @param {Link} link
 */
async function checkApp(link) {
  // Format 1, then the name and the version, each after its length.
  const answer = await link.ask(0xb0, 0x01, 0, [], PATIENCE_MS);
  const name = fromUtf8(answer.subarray(2, 2 + (answer[1] ?? 0)));
  if (answer[0] !== 1 || name === 'BOLOS') throw new WalletError('appClosed');
  if (name !== 'Tron') throw new WalletError('otherApp', { app: name.slice(0, 32) });
}

/**
 * @param {Link} link
 * @param {boolean} shown on its screen, to be compared and confirmed
 * @returns {Promise<string>}
 */
async function address(link, shown) {
  const answer = await link.ask(0xe0, 0x02, shown ? 1 : 0, pathBytes(), shown ? undefined : PATIENCE_MS);
  // The public key and the address, each after its length.
  const at = 1 + (answer[0] ?? 0);
  const text = fromUtf8(answer.subarray(at + 1, at + 1 + (answer[at] ?? 0)));
  if (!isAddress(text)) throw new WalletError('deviceFailed', { code: 'address' });
  return text;
}

/** The path as the app reads it: the number of steps, then each in four bytes. */
function pathBytes() {
  return [TRON_PATH.length, ...TRON_PATH.flatMap((step) => [step >>> 24, (step >> 16) & 255, (step >> 8) & 255, step & 255])];
}

/**
 * @param {number} status that is not OK
 * @param {number} instruction
 * @returns {WalletError}
 */
function refusal(status, instruction) {
  const setting = SETTINGS.get(status);
  if (setting) return new WalletError('settingOff', { setting });
  switch (status) {
    case 0x5515:
    case 0x530c:
    case 0x6804:
    case 0x6982:
      return new WalletError('deviceLocked');
    case 0x6985:
    case 0x5501:
      return new WalletError('refusedOnDevice');
    case 0x6d00:
    case 0x6d02:
    case 0x6e00:
    case 0x6e01:
    case 0x6511:
      // The TRON app is open by then, and does not know how to sign a message.
      return new WalletError(instruction === 0x08 && status === 0x6d00 ? 'tooOld' : 'appClosed');
    default:
      return new WalletError('deviceFailed', { code: `0x${status.toString(16).padStart(4, '0')}` });
  }
}

/** An open device: one command at a time, each with its answer. */
class Link {
  /** A random one: the answer to a command of an earlier page, or of another program, is not taken for ours. */
  #channel = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
  #over = new AbortController();

  /**
   * @param {Hid} hid
   * @param {HidDevice} device
   */
  constructor(hid, device) {
    this.device = device;
    const onDisconnect = (/** @type {{device: HidDevice}} */ event) => {
      if (event.device === device) this.#over.abort(new WalletError('unplugged'));
    };
    hid.addEventListener('disconnect', onDisconnect);
    this.#over.signal.addEventListener('abort', () => hid.removeEventListener('disconnect', onDisconnect));
  }

  async open() {
    if (this.device.opened) return;
    try {
      await this.device.open();
    } catch {
      throw new WalletError('deviceTaken');
    }
  }

  close() {
    this.#over.abort(new DOMException('closed', 'AbortError'));
    this.device.close().catch(() => {
      // It is gone already.
    });
  }

  /**
   * @param {number} group
   * @param {number} instruction
   * @param {number} first parameter; the second is always 0
   * @param {ReadonlyArray<number>} data at most 255 bytes
   * @param {number} [patienceMs] nothing: for as long as the person takes
   * @returns {Promise<Uint8Array>}
   * @throws {WalletError} if the device says no, or nothing, or is gone
   */
  async ask(group, instruction, first, data, patienceMs) {
    const answer = await this.#exchange(Uint8Array.of(group, instruction, first, 0, data.length, ...data), patienceMs);
    if (answer.length < 2) throw new WalletError('deviceFailed', { code: 'answer' });
    const status = new DataView(answer.buffer).getUint16(answer.length - 2);
    if (status !== OK) throw refusal(status, instruction);
    return answer.subarray(0, -2);
  }

  /**
   * @param {Uint8Array} command
   * @param {number | undefined} patienceMs
   * @returns {Promise<Uint8Array>}
   */
  #exchange(command, patienceMs) {
    const { device } = this;
    const over = this.#over.signal;
    const read = reader(this.#channel);
    const done = new AbortController();
    return new Promise((resolve, reject) => {
      if (over.aborted) return reject(over.reason);
      const onReport = (/** @type {{data: DataView}} */ { data }) => {
        const answer = read(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        if (answer) resolve(answer);
      };
      device.addEventListener('inputreport', onReport);
      done.signal.addEventListener('abort', () => device.removeEventListener('inputreport', onReport));
      over.addEventListener('abort', () => reject(over.reason), { signal: done.signal });
      if (patienceMs) {
        const timer = setTimeout(() => reject(new WalletError('deviceBusy')), patienceMs);
        done.signal.addEventListener('abort', () => clearTimeout(timer));
      }
      const send = async () => {
        for (const report of toReports(this.#channel, command)) await device.sendReport(0, report);
      };
      // A device that cannot be written to any more was unplugged, whether the browser said so yet or not.
      send().catch(() => reject(new WalletError('unplugged')));
    }).finally(() => done.abort());
  }
}
