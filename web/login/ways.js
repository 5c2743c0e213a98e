/**
 * The ways to sign in: the wallets that are in this page, devices on a cable, and signing elsewhere. A new kind of device
 * is an entry in `DEVICES` and a file in `wallets/`; that file is loaded when the device is chosen.
 */

import { text } from '../lib/i18n/words.js';
import { show } from './screen.js';
import * as views from './views.js';

/** @typedef {import('../wallets/signer.js').Signer} Signer */
/** @typedef {import('../wallets/signer.js').Prompts} Prompts */
/** @typedef {import('../wallets/discovery.js').Wallet} Wallet */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @typedef {object} Way
 * @property {string} id the same after a reload
 * @property {string} name
 * @property {string | undefined} icon a data: URI
 * @property {'wallet' | 'device' | 'elsewhere'} kind
 * @property {Key} [hint] a few words after the name
 * @property {'ledger' | 'keepkey' | 'trezor'} [device] what the service calls it
 * @property {(stage: Stage) => Promise<Signer>} open
 * @property {Wallet} [wallet] that it opens
 */

/**
 * What a way works with while it opens.
 *
 * @typedef {object} Stage
 * @property {AbortSignal} signal
 * @property {Prompts} prompts
 * @property {() => void} back before anything was done
 * @property {() => void} cancel
 * @property {boolean} again it was tried before, so what to do first has been said
 */

/**
 * @typedef {object} Device
 * @property {'ledger' | 'keepkey' | 'trezor'} id
 * @property {string} name
 * @property {'hid' | 'usb'} by which of the browser's interfaces it is reached
 * @property {ReadonlyArray<Key>} steps what the person does first
 * @property {() => Promise<(api: any, signal: AbortSignal, prompts: Prompts) => Promise<Signer>>} load
 */

/** @type {ReadonlyArray<Device>} */
const DEVICES = [
  {
    id: 'ledger',
    name: 'Ledger',
    by: 'hid',
    steps: ['device.plugIn', 'device.ledgerApp', 'device.close'],
    load: async () => (await import('../wallets/ledger.js')).openLedger,
  },
  {
    id: 'keepkey',
    name: 'KeepKey',
    by: 'usb',
    steps: ['device.plugInOnly', 'device.close'],
    load: async () => (await import('../wallets/keepkey.js')).openKeepKey,
  },
  {
    id: 'trezor',
    name: 'Trezor',
    by: 'usb',
    steps: ['device.plugInOnly', 'device.closeSuite'],
    load: async () => (await import('./trezor.js')).openTrezor,
  },
];

const LAST = 'lucid-auth.last-way';

/**
 * @param {ReadonlyArray<Wallet>} wallets
 * @returns {Way[]}
 */
export function waysToSignIn(wallets) {
  return [...wallets.map(walletWay), ...DEVICES.map(deviceWay), elsewhereWay()];
}

/**
 * The way to offer before the others: the one of last time, or else the only TRON wallet there is.
 *
 * @param {ReadonlyArray<Way>} ways
 * @returns {Way | undefined}
 */
export function firstOf(ways) {
  const wallets = ways.filter(({ kind, hint }) => kind === 'wallet' && !hint);
  return ways.find(({ id }) => id === lastWay()) ?? (wallets.length === 1 ? wallets[0] : undefined);
}

/** @param {Way} way that led in */
export function rememberWay({ id }) {
  try {
    localStorage.setItem(LAST, id);
  } catch {
    // Some browsers keep nothing for some pages: then nothing is remembered.
  }
}

function lastWay() {
  try {
    return localStorage.getItem(LAST);
  } catch {
    return null;
  }
}

/**
 * @param {Wallet} wallet
 * @returns {Way}
 */
function walletWay(wallet) {
  const { id, name, icon, provider, family } = wallet;
  return {
    id,
    name,
    icon,
    kind: 'wallet',
    hint: family === 'ethereum' ? 'choose.ethereum' : undefined,
    wallet,
    async open({ cancel }) {
      show(views.waiting('connect.title', { wallet: name }, [views.lead('connect.lead'), views.cancelButton(cancel)]));
      if (family === 'tron') {
        const { openTron } = await import('../wallets/provider.js');
        return openTron(provider, wallet);
      }
      const { openEthereum } = await import('../wallets/eip6963.js');
      return openEthereum(provider);
    },
  };
}

/**
 * @param {Device} device
 * @returns {Way}
 */
function deviceWay({ id, name, by, steps, load }) {
  return {
    id,
    name,
    icon: undefined,
    kind: 'device',
    device: id,
    async open({ signal, prompts, back, cancel, again }) {
      const [{ getReady }, { WalletError }] = await Promise.all([import('./sign-views.js'), import('../wallets/signer.js')]);
      if (!isSecureContext) throw new WalletError('insecurePage');
      const api = Reflect.get(navigator, by);
      if (!api) throw new WalletError('noDeviceAccess', { api: by === 'hid' ? 'WebHID' : 'WebUSB' });
      const loading = load();
      if (!again) await new Promise((go) => show(getReady(name, steps, () => go(undefined), back)));
      show(views.waiting('device.opening', { wallet: name }, [views.lead('device.openingLead'), views.cancelButton(cancel)]));
      const open = await loading;
      return open(api, signal, prompts);
    },
  };
}

/** @returns {Way} */
function elsewhereWay() {
  return {
    id: 'elsewhere',
    name: text('elsewhere.name'),
    icon: undefined,
    kind: 'elsewhere',
    async open({ back, cancel }) {
      const { openElsewhere } = await import('./elsewhere.js');
      return openElsewhere(back, cancel);
    },
  };
}
