/**
 * `navigator.hid` and `navigator.usb` with one device on them. Only the wire is replaced: what a page writes goes, byte for
 * byte, to a model of the device in this process, and what the model answers comes back as the browser would bring it.
 */

/** @typedef {import('playwright-core').Page} Page */

/**
 * @typedef {object} Wire how the cable and the browser behave
 * @property {boolean} [allowed] the person allowed the device on an earlier visit
 * @property {boolean} [chooseNothing] the person closes the browser's list
 * @property {boolean} [forbidden] the browser's owner forbids devices
 * @property {boolean} [taken] another program holds the device
 * @property {number} [unplugAfter] it is unplugged when so many reports or packets were written
 * @property {boolean} [noise] before each answer comes the answer to somebody else
 * @property {number} [vendorId]
 * @property {number} [productId]
 */

/**
 * @typedef {object} Model
 * @property {(data: number[]) => Promise<number[][]> | number[][]} receive one report or packet; answers with those that
 *   the device sends then
 */

/**
 * Self-contained, as it also runs in a page.
 *
 * @param {(data: number[]) => Promise<number[][]>} send
 * @param {Wire} wire
 */
export function makeHid(send, wire) {
  /** @type {Array<(event: any) => void>} */
  let gone = [];
  /** @type {Array<(event: any) => void>} */
  let heard = [];
  let written = 0;
  let allowed = wire.allowed ?? false;
  const fail = (/** @type {string} */ name) => new DOMException(`The device says ${name}`, name);
  const device = {
    opened: false,
    vendorId: 0x2c97,
    productId: wire.productId ?? 0x5011,
    collections: [{ usagePage: 0xffa0 }],
    async open() {
      if (wire.taken) throw fail('NotAllowedError');
      if (device.opened) throw fail('InvalidStateError');
      device.opened = true;
    },
    async close() {
      device.opened = false;
    },
    async sendReport(/** @type {number} */ id, /** @type {Uint8Array} */ data) {
      if (!device.opened || id !== 0) throw fail('InvalidStateError');
      if (wire.unplugAfter !== undefined && written >= wire.unplugAfter) throw fail('NotAllowedError');
      written += 1;
      const answers = await send([...data]);
      if (wire.unplugAfter !== undefined && written >= wire.unplugAfter) {
        device.opened = false;
        setTimeout(() => gone.forEach((listener) => listener({ device })));
        return;
      }
      // The browser brings reports one by one, each by an event of its own.
      answers.forEach((answer, index) =>
        setTimeout(() => {
          const say = (/** @type {number[]} */ bytes) => heard.forEach((listener) => listener({ data: new DataView(Uint8Array.from(bytes).buffer) }));
          if (wire.noise) say([0x12, 0x34, 5, 0, index, 0, 2, 0x69, 0x85, ...new Array(55).fill(0)]);
          if (device.opened) say(answer);
        }, 1 + index),
      );
    },
    addEventListener: (/** @type {string} */ _type, /** @type {any} */ listener) => void heard.push(listener),
    removeEventListener: (/** @type {string} */ _type, /** @type {any} */ listener) => {
      heard = heard.filter((other) => other !== listener);
    },
  };
  return {
    device,
    listeners: () => heard.length,
    async getDevices() {
      if (wire.forbidden) throw fail('SecurityError');
      return allowed ? [device] : [];
    },
    async requestDevice(/** @type {{filters: Array<{vendorId: number}>}} */ { filters }) {
      if (globalThis.navigator?.userActivation?.isActive === false) throw fail('SecurityError');
      if (!filters.some(({ vendorId }) => vendorId === device.vendorId)) throw new TypeError('no such device');
      if (wire.chooseNothing) return [];
      allowed = true;
      return [device];
    },
    addEventListener: (/** @type {string} */ _type, /** @type {any} */ listener) => void gone.push(listener),
    removeEventListener: (/** @type {string} */ _type, /** @type {any} */ listener) => {
      gone = gone.filter((other) => other !== listener);
    },
  };
}

/**
 * Self-contained, as it also runs in a page.
 *
 * @param {(data: number[]) => Promise<number[][]>} send
 * @param {Wire} wire
 */
export function makeUsb(send, wire) {
  let written = 0;
  let allowed = wire.allowed ?? false;
  let claimed = false;
  /** @type {number[][]} packets that nobody has read yet */
  const waiting = wire.noise ? [[0x3f, 0x23, 0x23, 0, 3, 0, 0, 0, 2, 8, 4, ...new Array(53).fill(0)]] : [];
  /** @type {Array<{resolve: (value: any) => void, reject: (error: unknown) => void}>} */
  let readers = [];
  const fail = (/** @type {string} */ name) => new DOMException(`The device says ${name}`, name);
  const pump = () => {
    while (waiting.length > 0 && readers.length > 0) {
      const bytes = Uint8Array.from(waiting.shift() ?? []);
      readers.shift()?.resolve({ status: 'ok', data: new DataView(bytes.buffer) });
    }
  };
  const end = (/** @type {string} */ name) => {
    readers.forEach(({ reject }) => reject(fail(name)));
    readers = [];
  };
  const isGone = () => wire.unplugAfter !== undefined && written >= wire.unplugAfter;
  const device = {
    opened: false,
    vendorId: wire.vendorId ?? 0x2b24,
    productId: wire.productId ?? 2,
    configuration: /** @type {unknown} */ (null),
    async open() {
      device.opened = true;
    },
    async close() {
      device.opened = false;
      claimed = false;
      end('AbortError');
    },
    async selectConfiguration(/** @type {number} */ value) {
      if (value !== 1) throw fail('NotFoundError');
      device.configuration = {};
    },
    async claimInterface(/** @type {number} */ number) {
      if (wire.taken) throw fail('NetworkError');
      if (number !== 0 || !device.configuration) throw fail('NotFoundError');
      claimed = true;
    },
    async transferOut(/** @type {number} */ endpoint, /** @type {Uint8Array} */ data) {
      if (!claimed || endpoint !== 1) throw fail('InvalidStateError');
      if (isGone()) throw fail('NotFoundError');
      written += 1;
      const answers = await send([...data]);
      if (isGone()) return end('NetworkError'), { status: 'ok' };
      waiting.push(...answers);
      pump();
      return { status: 'ok', bytesWritten: data.length };
    },
    transferIn(/** @type {number} */ endpoint, /** @type {number} */ length) {
      if (!claimed || endpoint !== 1 || length !== 64) return Promise.reject(fail('InvalidStateError'));
      if (isGone()) return Promise.reject(fail('NotFoundError'));
      return new Promise((resolve, reject) => {
        readers.push({ resolve, reject });
        pump();
      });
    },
  };
  return {
    device,
    async getDevices() {
      if (wire.forbidden) throw fail('SecurityError');
      return allowed ? [device] : [];
    },
    async requestDevice(/** @type {{filters: Array<{vendorId: number, productId?: number}>}} */ { filters }) {
      if (globalThis.navigator?.userActivation?.isActive === false) throw fail('SecurityError');
      const listed = filters.some(({ vendorId, productId }) => vendorId === device.vendorId && (productId ?? device.productId) === device.productId);
      if (!listed) throw new TypeError('no such device');
      if (wire.chooseNothing) throw fail('NotFoundError');
      allowed = true;
      return device;
    },
  };
}

/**
 * Put a device into every document that `page` loads from now on.
 *
 * @param {Page} page
 * @param {'hid' | 'usb'} by
 * @param {Model} model
 * @param {Wire} [wire]
 */
export async function plugIn(page, by, model, wire = {}) {
  await page.exposeFunction(`${by}_send`, (/** @type {number[]} */ data) => model.receive(data));
  const make = by === 'hid' ? makeHid : makeUsb;
  await page.addInitScript(`{
    const wire = ${JSON.stringify(wire)};
    window.${by}_wire = wire;
    const made = (${make})((data) => window.${by}_send(data), wire);
    Object.defineProperty(Navigator.prototype, '${by}', { configurable: true, get: () => made });
  }`);
  return {
    /** Change how it behaves in this document. @param {Wire} change */
    behave: (change) => page.evaluate(([key, to]) => Object.assign(Reflect.get(window, /** @type {string} */ (key)), to), [`${by}_wire`, change]),
  };
}
