/**
 * What the page shows: one view at a time, the focus in it, and the words that a screen reader hears; and one step at a
 * time: what the one before still brings is ignored, and what it held is let go of.
 */

import { byId, el } from '../lib/dom.js';
import { text, words } from '../lib/i18n/words.js';
import { setTitle } from '../lib/page.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */
/** @typedef {import('../wallets/signer.js').Signer} Signer */
/** @typedef {import('../wallets/signer.js').Watched} Watched */

/**
 * @typedef {object} View
 * @property {Key} title
 * @property {Record<string, string>} [values] what stands in the title
 * @property {boolean} [busy] something is under way that ends by itself, or in the wallet
 * @property {boolean} [done] something went well
 * @property {Array<Node | undefined>} body
 * @property {Node} [notice] stands before the title
 */

/** How the service is called here; the wallet shows the same name. */
export const host = location.host;

const card = byId('card');
const status = byId('status');
byId('brand').textContent = text('brand');
// Not before the first view; without it there is this name.
import('../lib/branding.js').then(({ showBrand }) => showBrand(), () => {});

let shownAt = 0;
let clickedAt = 0;
// The second click of a double click is meant for what stood there at the first, not for what has come in its place.
card.addEventListener(
  'click',
  (event) => {
    if (event.detail > 1 && clickedAt < shownAt) event.stopPropagation();
    clickedAt = event.timeStamp;
  },
  { capture: true },
);

/**
 * Show `view` in place of the one before.
 *
 * The focus goes to the new title when it was in the old view, so that nobody is left in a place that is gone; it stays
 * where it is while the page loads by itself.
 *
 * @param {View} view
 */
export function show({ title, values, busy = false, done = false, body, notice }) {
  const hadFocus = card.contains(document.activeElement);
  const heading = el('h1', { tabindex: '-1' }, words(title, values));
  const mark = busy ? 'spinner' : done ? 'tick' : undefined;
  const parts = [notice, mark && el('span', { class: mark, 'aria-hidden': 'true' }), heading, ...body];
  card.replaceChildren(...parts.filter((part) => part !== undefined));
  shownAt = performance.now();
  card.classList.toggle('busy', busy);
  card.setAttribute('aria-busy', String(busy));
  const plain = text(title, values);
  setTitle(plain);
  if (hadFocus) heading.focus();
  else announce(plain);
}

/**
 * Have a screen reader say `message` when it is done with what it says now.
 *
 * @param {string} message
 */
export function announce(message) {
  status.textContent = message;
}

/**
 * Put a notice before the title of the view that stands, in place of the one before.
 *
 * @param {Node | undefined} notice
 */
export function setNotice(notice) {
  const old = card.querySelector('.notice');
  const hadFocus = old?.contains(document.activeElement);
  old?.remove();
  if (notice) card.prepend(notice);
  if (hadFocus) card.querySelector('h1')?.focus();
}

/**
 * @param {Key} key
 * @param {Record<string, string>} values
 * @param {Array<Node>} actions
 * @param {Key} [title]
 */
export function notice(key, values = {}, actions = [], title = undefined) {
  announce(title ? `${text(title)}. ${text(key, values)}` : text(key, values));
  return el(
    'section',
    { class: 'notice' },
    title ? el('h2', {}, words(title)) : undefined,
    el('p', {}, words(key, values)),
    actions.length > 0 ? el('div', { class: 'row' }, actions) : undefined,
  );
}

/**
 * @param {'primary' | 'secondary' | 'quiet'} rank
 * @param {Key} key
 * @param {() => void} click
 * @param {Record<string, string>} [values]
 */
export function button(rank, key, click, values) {
  return el('button', { type: 'button', class: `button ${rank}`, click: () => click() }, el('span', {}, words(key, values)));
}

/**
 * What is on show that another tab or a wallet may change: the list of wallets or the lack of any, or whoever is signed in.
 *
 * @type {'wallets' | import('../lib/session.js').Session | undefined}
 */
export let shown;

let step = new AbortController();
/** Ends the watching of a wallet's account. */
let stopWatching = () => {};
/** @type {Signer | undefined} what is held open for the step */
let inUse;

/**
 * @param {Signer} [signer] that the step goes on with; any other is let go of
 * @param {typeof shown} [show] what the step shows
 * @returns {AbortSignal} of the step that begins; the one before ends
 */
export function begin(signer, show) {
  step.abort();
  shown = show;
  stopWatching();
  stopWatching = () => {};
  if (inUse !== signer) inUse?.close();
  inUse = signer;
  step = new AbortController();
  return step.signal;
}

/**
 * Call `listener` with each account that the wallet changes to, until the step ends.
 *
 * @param {Watched} watched
 * @param {(address: string) => void} listener
 */
export function watchDuringStep(watched, listener) {
  stopWatching();
  stopWatching = watched.watch(listener);
}

/**
 * What `promise` brings, unless the step ends before. Wallets cannot be told to stop, only not be listened to.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export function during(promise, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
