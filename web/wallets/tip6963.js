/**
 * Wallets that announce themselves: those of TRON by TIP-6963, those of Ethereum by EIP-6963, which differ in the names of
 * the events alone. What an extension says of itself is a stranger's word: names are cut and
 * cleaned, icons are taken only as small images, and their number is bounded.
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
