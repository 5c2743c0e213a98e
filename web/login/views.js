/** The first views: the choice of a wallet, and waiting. Each is made of what it is given, and calls what it is given. */

import { el } from '../lib/dom.js';
import { words } from '../lib/i18n/words.js';
import { button, host } from './screen.js';

/** @typedef {import('./screen.js').View} View */
/** @typedef {import('./ways.js').Way} Way */
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
 * @param {Key} key
 * @param {Record<string, string>} [values]
 */
export function small(key, values) {
  return el('p', { class: 'small' }, words(key, values));
}

/** @param {() => void} cancel */
export function cancelButton(cancel) {
  return button('secondary', 'action.cancel', cancel);
}

/**
 * @param {() => void} again
 * @returns {View}
 */
export function cutOff(again) {
  return {
    title: 'problem.unreachable.title',
    body: [el('p', { class: 'lead' }, words('problem.unreachable.lead', { host })), button('primary', 'action.retry', again)],
  };
}

/**
 * @param {ReadonlyArray<Way>} ways
 * @param {Way | undefined} first the one to offer before the others
 * @param {(way: Way) => void} choose
 * @param {Node} [notice]
 * @returns {View}
 */
export function choose(ways, first, choose, notice) {
  const wallets = ways.filter((way) => way.kind === 'wallet' && way !== first);
  return {
    title: 'choose.title',
    notice,
    body: [
      el('p', { class: 'lead' }, words('choose.lead', { host })),
      first ? wayButton(first, choose, 'primary') : undefined,
      wallets.length > 0 ? el('h2', { id: 'wallets' }, words(first ? 'choose.otherWallets' : 'choose.many')) : undefined,
      wallets.length > 0
        ? el('ul', { class: 'wallets', 'aria-labelledby': 'wallets' }, wallets.map((way) => el('li', {}, wayButton(way, choose, 'secondary'))))
        : undefined,
      ...otherWays(ways.filter((way) => way !== first), choose),
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
 * @param {ReadonlyArray<Way>} ways those that need no wallet in the browser
 * @param {(way: Way) => void} choose
 * @param {() => void} again
 * @param {Node} [notice]
 * @returns {View}
 */
export function none(ways, choose, again, notice) {
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
      small('none.phone'),
      button('primary', 'none.again', again),
      ...otherWays(ways, choose),
    ],
  };
}

/**
 * @param {ReadonlyArray<Way>} ways
 * @param {(way: Way) => void} choose
 */
function otherWays(ways, choose) {
  const others = ways.filter(({ kind }) => kind !== 'wallet');
  return [
    el('h2', { id: 'ways' }, words('choose.ways')),
    el('ul', { class: 'ways', 'aria-labelledby': 'ways' }, others.map((way) => el('li', {}, wayButton(way, choose, 'secondary')))),
  ];
}

/**
 * @param {Way} way
 * @param {(way: Way) => void} choose
 * @param {'primary' | 'secondary'} rank
 */
export function wayButton(way, choose, rank) {
  const letter = () => el('span', { class: 'icon', 'aria-hidden': 'true' }, Array.from(way.name)[0]?.toUpperCase() ?? '');
  let icon = letter();
  if (way.icon) {
    const image = el('img', {
      class: 'icon',
      alt: '',
      width: '28',
      height: '28',
      src: way.icon,
      error: () => image.replaceWith(letter()),
    });
    icon = image;
  }
  const first = rank === 'primary';
  return el(
    'button',
    { type: 'button', class: `button ${rank} wallet`, click: () => choose(way) },
    icon,
    el('span', { class: 'name' }, first ? words('choose.one', { wallet: way.name }) : el('bdi', {}, way.name)),
    !first && way.hint ? el('span', { class: 'hint' }, words(way.hint)) : undefined,
    !first && way.kind === 'wallet' ? el('span', { class: 'arrow', 'aria-hidden': 'true' }, '→') : undefined,
  );
}
