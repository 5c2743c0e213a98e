/** The views before one is signed in. Each is made of what it is given, and calls what it is given. */

import { el } from '../lib/dom.js';
import { words } from '../lib/i18n/words.js';
import { button, host } from './screen.js';

/** @typedef {import('./screen.js').View} View */
/** @typedef {import('../wallets/tip6963.js').Wallet} Wallet */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

/** Wallets that anyone without one can get. */
const WALLETS_TO_GET = [
  ['TronLink', 'https://www.tronlink.org/'],
  ['OKX Wallet', 'https://web3.okx.com/'],
  ['Bitget Wallet', 'https://web3.bitget.com/'],
];

/**
 * @param {Key} title
 * @param {Record<string, string>} [values]
 * @param {Array<Node | undefined>} [body]
 * @returns {View}
 */
export function waiting(title, values, body = []) {
  return { title, values, busy: true, body };
}

/** @param {Key} key */
export function lead(key) {
  return el('p', { class: 'lead' }, words(key));
}

/**
 * @param {ReadonlyArray<Wallet>} wallets at least one
 * @param {(wallet: Wallet) => void} choose
 * @param {Node} [notice]
 * @returns {View}
 */
export function choose(wallets, choose, notice) {
  const [only] = wallets;
  const several = wallets.length > 1;
  return {
    title: 'choose.title',
    notice,
    body: [
      el('p', { class: 'lead' }, words('choose.lead', { host })),
      several ? el('h2', { id: 'wallets' }, words('choose.many')) : undefined,
      only && !several ? walletButton(only, () => choose(only), 'primary') : undefined,
      several
        ? el('ul', { class: 'wallets', 'aria-labelledby': 'wallets' }, wallets.map((wallet) =>
            el('li', {}, walletButton(wallet, () => choose(wallet), 'secondary')),
          ))
        : undefined,
      el(
        'details',
        { class: 'steps' },
        el('summary', {}, words('choose.steps')),
        el('ol', {}, el('li', {}, words('choose.step1')), el('li', {}, words('choose.step2')), el('li', {}, words('choose.step3'))),
      ),
    ],
  };
}

/**
 * @param {() => void} again
 * @param {Node} [notice]
 * @returns {View}
 */
export function none(again, notice) {
  const link = ([name, href] = /** @type {string[]} */ ([])) =>
    el(
      'li',
      {},
      el(
        'a',
        { class: 'button secondary wallet', href, target: '_blank', rel: 'noopener noreferrer' },
        el('span', { class: 'icon', 'aria-hidden': 'true' }, (name ?? '').slice(0, 1)),
        el('span', { class: 'name' }, name, el('span', { class: 'unseen' }, ' ', words('none.newTab'))),
        el('span', { class: 'arrow', 'aria-hidden': 'true' }, '↗'),
      ),
    );
  return {
    title: 'none.title',
    notice,
    body: [
      el('p', { class: 'lead' }, words('none.lead', { host })),
      el('ul', { class: 'wallets' }, WALLETS_TO_GET.map(link)),
      el('p', { class: 'small' }, words('none.phone')),
      button('primary', 'none.again', again),
    ],
  };
}

/**
 * @param {{wallet: Wallet, address: string, message: string, sign: () => void, cancel: () => void, notice?: Node}} what
 * @returns {View}
 */
export function review({ wallet, address, message, sign, cancel, notice }) {
  return {
    title: 'review.title',
    notice,
    body: [
      el('h2', {}, words('review.account')),
      el('p', { class: 'full-address' }, address),
      el('h2', {}, words('review.text', { wallet: wallet.name })),
      textToSign(message),
      el('p', { class: 'small' }, words('review.note')),
      button('primary', 'review.sign', sign, { wallet: wallet.name }),
      button('quiet', 'action.cancel', cancel),
    ],
  };
}

/**
 * The text as it is: breaking it into parts would no longer be what the wallet shows.
 *
 * @param {string} message
 */
export function textToSign(message) {
  return el('blockquote', { class: 'to-sign', dir: 'ltr' }, message);
}

/**
 * @param {Wallet} wallet
 * @param {() => void} click
 * @param {'primary' | 'secondary'} rank
 */
function walletButton(wallet, click, rank) {
  const letter = () => el('span', { class: 'icon', 'aria-hidden': 'true' }, Array.from(wallet.name)[0]?.toUpperCase() ?? '');
  let icon = letter();
  if (wallet.icon) {
    const image = el('img', {
      class: 'icon',
      alt: '',
      width: '28',
      height: '28',
      src: wallet.icon,
      error: () => image.replaceWith(letter()),
    });
    icon = image;
  }
  return el(
    'button',
    { type: 'button', class: `button ${rank} wallet`, click },
    icon,
    el('span', { class: 'name' }, rank === 'primary' ? words('choose.one', { wallet: wallet.name }) : el('bdi', {}, wallet.name)),
    rank === 'primary' ? undefined : el('span', { class: 'arrow', 'aria-hidden': 'true' }, '→'),
  );
}
