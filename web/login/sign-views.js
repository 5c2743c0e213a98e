/** The views from the choice of a wallet to its signature. Each is made of what it is given, and calls what it is given. */

import { el } from '../lib/dom.js';
import { words } from '../lib/i18n/words.js';
import { button } from './screen.js';
import { cancelButton, small, waiting } from './views.js';

/** @typedef {import('./screen.js').View} View */
/** @typedef {import('./ways.js').Way} Way */
/** @typedef {import('../wallets/signer.js').Signer} Signer */
/** @typedef {import('../lib/replies.js').Challenge} Challenge */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @param {string} wallet
 * @param {ReadonlyArray<Key>} steps what the person does first
 * @param {() => void} go
 * @param {() => void} cancel
 * @returns {View}
 */
export function getReady(wallet, steps, go, cancel) {
  return {
    title: 'device.title',
    values: { wallet },
    body: [
      el('ol', { class: 'todo' }, steps.map((step) => el('li', {}, words(step, { wallet })))),
      small('device.browserAsks', { wallet }),
      button('primary', 'device.connect', go, { wallet }),
      button('quiet', 'action.choose', cancel),
    ],
  };
}

/** @typedef {{way: Way, signer: Signer, challenge: Challenge}} Subject what is to be signed, and by what */

/**
 * @param {Subject & {sign: () => void, compare?: () => void, cancel: () => void, notice?: Node}} what
 * @returns {View}
 */
export function review({ way, signer, challenge, sign, compare, cancel, notice }) {
  const wallet = way.name;
  return {
    title: 'review.title',
    notice,
    body: [
      el('h2', {}, words('review.account')),
      fullAddress(signer.address),
      signer.walletType === 'ethereum' ? small('review.ethereum', { wallet }) : signer.said && small(signer.said.account),
      compare ? button('secondary', 'device.compare', compare, { wallet }) : undefined,
      ...toSign({ way, signer, challenge }),
      small(signer.said?.meaning ?? 'review.note'),
      button('primary', 'review.sign', sign, { wallet }),
      button('quiet', 'action.cancel', cancel),
    ],
  };
}

/**
 * @param {Subject} subject
 * @param {() => void} cancel
 * @returns {View}
 */
export function signing({ way, signer, challenge }, cancel) {
  const lead = signer.said?.confirm ?? (signer.walletType === 'ledger' ? 'sign.leadHash' : way.device ? 'sign.leadDevice' : 'sign.lead');
  const shown = signer.walletType === 'ledger' ? hash(challenge.digest) : textToSign(challenge.message);
  return waiting('sign.title', { wallet: way.name }, [el('p', { class: 'lead' }, words(lead)), shown, cancelButton(cancel)]);
}

/**
 * @param {Way} way
 * @param {string} address
 * @param {() => void} cancel
 * @returns {View}
 */
export function comparing({ name }, address, cancel) {
  return waiting('device.comparing', { wallet: name }, [
    el('p', { class: 'lead' }, words('device.comparingLead', { wallet: name })),
    fullAddress(address),
    cancelButton(cancel),
  ]);
}

/**
 * What is signed, as the wallet shows it.
 *
 * @param {Subject} subject
 */
function toSign({ way, signer, challenge }) {
  const heading = (/** @type {Key} */ key) => el('h2', {}, words(key, { wallet: way.name }));
  if (signer.walletType === 'ledger') {
    return [
      heading('review.textOnly'),
      textToSign(challenge.message),
      heading('review.hash'),
      hash(challenge.digest),
      small('review.hashNote'),
    ];
  }
  const { said } = signer;
  const note = way.device && small(said?.shown ?? 'review.beginning', { wallet: way.name });
  return [heading(said?.text ?? 'review.text'), textToSign(challenge.message), note];
}

/**
 * A digest in the two forms in which Ledgers show it: a Nano the short one, Stax and Flex the long one.
 *
 * @param {string} digest
 */
function hash(digest) {
  const upper = digest.toUpperCase();
  return el('p', { class: 'hash', dir: 'ltr' }, el('strong', {}, `${upper.slice(0, 4)}…${upper.slice(-4)}`), el('span', {}, upper));
}

/** @param {string} address */
function fullAddress(address) {
  return el('p', { class: 'full-address', dir: 'ltr' }, address);
}

/**
 * The text as it is: breaking it into parts would no longer be what the wallet shows.
 *
 * @param {string} message
 */
export function textToSign(message) {
  return el('blockquote', { class: 'to-sign', dir: 'ltr' }, message);
}
