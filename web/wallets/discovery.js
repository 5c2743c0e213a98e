/**
 * Which wallets are in this page, kept up to date: some load after it does.
 *
 * Some announce themselves: those of TRON by TIP-6963, those of Ethereum by EIP-6963, which differ in the names of the events
 * alone. What an extension says of itself is a stranger's word: names are cut and cleaned, icons are taken only as small
 * images, and their number is bounded. Those that came before TIP-6963 are found by the name under which they put themselves
 * into the page.
 */

import { visible } from '../lib/dom.js';

/** @typedef {import('./provider.js').Provider} Provider */

/**
 * @typedef {object} Wallet
 * @property {string} id the same after a reload
 * @property {string} name to be shown as text only
 * @property {string | undefined} icon a data: URI, to be shown in an <img> only
 * @property {Provider} provider
 * @property {boolean} legacy found without TIP-6963
 * @property {Family} family whose accounts it shows
 */

/** @typedef {'tron' | 'ethereum'} Family */

/** @type {Readonly<Record<Family, string>>} */
const PROTOCOL = { tron: 'TIP6963', ethereum: 'eip6963' };

const MAX_WALLETS = 16;
const MAX_NAME = 32;
/** TIP-6963 asks for a square of at least 96 pixels: 64 KiB are plenty. */
const MAX_ICON = 65_536;
const ICON = /^data:image\/(png|jpeg|gif|webp|avif|svg\+xml|x-icon)[;,]/i;

/**
 * Call `found` with each wallet that announces itself, now and later, until the returned `stop`. `ask` makes all of
 * them announce themselves again.
 *
 * @param {Family} family
 * @param {(wallet: Wallet) => void} found
 * @returns {{ask: () => void, stop: () => void}}
 */
export function listenForWallets(family, found) {
  const seen = new Set();
  const onAnnounce = (/** @type {Event} */ event) => {
    const wallet = readAnnouncement(family, event);
    if (!wallet || (!seen.has(wallet.id) && seen.size >= MAX_WALLETS)) return;
    seen.add(wallet.id);
    found(wallet);
  };
  window.addEventListener(`${PROTOCOL[family]}:announceProvider`, onAnnounce);
  return {
    ask: () => window.dispatchEvent(new Event(`${PROTOCOL[family]}:requestProvider`)),
    stop: () => window.removeEventListener(`${PROTOCOL[family]}:announceProvider`, onAnnounce),
  };
}

/**
 * @param {Family} family
 * @param {Event} event
 * @returns {Wallet | undefined}
 */
function readAnnouncement(family, event) {
  try {
    const { info, provider } = /** @type {CustomEvent} */ (event).detail;
    const name = cleanName(info.name);
    if (typeof info.uuid !== 'string' || !name || typeof provider?.request !== 'function') return undefined;
    // The uuid is new in each page, the reverse domain name is not; two wallets may claim the same one, so the name
    // counts too.
    const id = `${String(info.rdns ?? info.uuid).slice(0, 100)} ${name}`;
    return { id, name, icon: safeIcon(info.icon), provider, legacy: false, family };
  } catch {
    return undefined;
  }
}

/**
 * A name fit to be shown: one line, no invisible or direction-changing characters, cut to a length.
 *
 * @param {unknown} name
 * @returns {string}
 */
export function cleanName(name) {
  if (typeof name !== 'string') return '';
  const shown = visible(name.slice(0, 1000));
  const characters = Array.from(shown);
  return characters.length > MAX_NAME ? `${characters.slice(0, MAX_NAME - 1).join('')}…` : shown;
}

/**
 * @param {unknown} icon
 * @returns {string | undefined}
 */
function safeIcon(icon) {
  return typeof icon === 'string' && icon.length <= MAX_ICON && ICON.test(icon) ? icon : undefined;
}

/**
 * Where they are, and what to call them. Several put themselves in TronLink's place as well, so TronLink comes after
 * them, and the names that belong to nobody come last.
 *
 * @type {ReadonlyArray<readonly [string, ReadonlyArray<string>]>}
 */
const PLACES = [
  ['OKX Wallet', ['okxwallet', 'tronLink']],
  ['Trust Wallet', ['trustwallet', 'tronLink']],
  ['Bitget Wallet', ['bitkeep', 'tronLink']],
  ['TokenPocket', ['tokenpocket', 'tron']],
  ['Bybit Wallet', ['bybitWallet', 'tronLink']],
  ['Gate Wallet', ['gatewallet', 'tronLink']],
  ['FoxWallet', ['foxwallet', 'tronLink']],
  ['TronLink', ['tronLink']],
  ['TRON wallet', ['tron']],
];

/**
 * The wallets in the page that are not among `announced`.
 *
 * @param {ReadonlyArray<Wallet>} announced
 * @returns {Wallet[]}
 */
export function injectedWallets(announced) {
  /** @type {Wallet[]} */
  const found = [];
  for (const [name, path] of PLACES) {
    const provider = at(path);
    if (!provider || [...announced, ...found].some((wallet) => isSame(wallet, name, provider))) continue;
    found.push({ id: `injected ${name}`, name, icon: undefined, provider, legacy: name !== 'TRON wallet', family: 'tron' });
  }
  const tronWeb = at(['tronWeb']);
  if (found.length === 0 && announced.length === 0 && tronWeb) {
    // The browsers inside some wallet apps put in nothing but a connected tronWeb.
    const provider = /** @type {Provider} */ ({ tronWeb });
    found.push({ id: 'injected tronWeb', name: 'TRON wallet', icon: undefined, provider, legacy: true, family: 'tron' });
  }
  return found;
}

/**
 * TronLink announces `window.tron` and also puts in `window.tronLink`: two objects, one wallet. They share a tronWeb, or
 * at least the name.
 *
 * @param {Wallet} wallet
 * @param {string} name
 * @param {Provider} provider
 */
function isSame(wallet, name, provider) {
  if (wallet.provider === provider) return true;
  if (sameName(wallet.name, name)) return true;
  try {
    if (wallet.provider.tronWeb && wallet.provider.tronWeb === provider.tronWeb) return true;
    return sameName(wallet.name, 'TronLink') && 'isTronLink' in provider && provider.isTronLink === true;
  } catch {
    return false;
  }
}

/**
 * Whether two names are those of one wallet: some say "Wallet" after it in one place and not in another.
 *
 * @param {string} one
 * @param {string} other
 */
export function sameName(one, other) {
  const plain = (/** @type {string} */ name) => name.toLowerCase().replace(/ wallet$/, '');
  return plain(one) === plain(other);
}

/**
 * @param {ReadonlyArray<string>} path
 * @returns {Provider | undefined}
 */
function at(path) {
  try {
    /** @type {any} */
    let value = window;
    for (const step of path) value = value?.[step];
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** How long wallets have to show themselves before one says that there are none, in milliseconds. */
const PATIENCE_MS = 700;

/**
 * Look for wallets, and call `changed` whenever the list becomes another one.
 *
 * @param {() => void} changed
 */
export function discoverWallets(changed) {
  /** @type {Map<string, Wallet>} */
  const announced = new Map();
  /** @type {Map<string, Wallet>} */
  const ethereum = new Map();
  /** @type {Wallet[]} */
  let wallets = [];

  function update() {
    const found = [...announced.values()];
    found.push(...injectedWallets(found));
    // Many wallets hold accounts of both kinds: with those, one signs in by the TRON one.
    const isTron = (/** @type {Wallet} */ { name }) => found.some((wallet) => sameName(wallet.name, name));
    found.push(...[...ethereum.values()].filter((wallet) => !isTron(wallet)));
    const same = found.length === wallets.length && found.every((wallet, index) => alike(wallet, wallets[index]));
    wallets = found;
    if (!same) changed();
  }

  const listen = (/** @type {Family} */ family, /** @type {Map<string, Wallet>} */ known) =>
    listenForWallets(family, (wallet) => {
      // The first one keeps its place: a later one of the same name could be another extension's.
      if (known.has(wallet.id)) return;
      known.set(wallet.id, wallet);
      update();
    });
  const announcements = [listen('tron', announced), listen('ethereum', ethereum)];
  // Old versions of TronLink say when they are ready.
  window.addEventListener('tronLink#initialized', update);

  /** When they have had their time: at first since the page was asked for, as they come into it before it does. */
  let until = PATIENCE_MS;

  /** Look again, and answer when wallets have had time to show themselves. */
  async function scan() {
    for (const { ask } of announcements) ask();
    update();
    while (!wallets.some(({ family }) => family === 'tron') && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      update();
    }
    until = performance.now() + PATIENCE_MS;
  }

  return {
    scan,
    /** @returns {ReadonlyArray<Wallet>} announced ones first, those of Ethereum last */
    get wallets() {
      return wallets;
    },
  };
}

/**
 * @param {Wallet} one
 * @param {Wallet | undefined} other
 */
function alike(one, other) {
  return one.id === other?.id && one.provider === other.provider;
}
