/** The view of somebody who is signed in. */

import { el, visible } from '../lib/dom.js';
import { formatMoment } from '../lib/format.js';
import { isKey, text, words } from '../lib/i18n/words.js';
import { copyButton } from './copy.js';
import { button } from './screen.js';

/** @typedef {import('./screen.js').View} View */
/** @typedef {import('../lib/i18n/words.js').Key} Key */
/** @typedef {import('../lib/session.js').Session} Session */

/**
 * @param {Session} session
 * @param {(everywhere: boolean) => void} leave
 * @returns {View}
 */
export function signedIn({ user, endsAt }, leave) {
  const name = visible(user.display_name ?? '');
  const role = `role.${user.role}`;
  const entry = (/** @type {Key} */ key, /** @type {Array<string | Node>} */ ...value) => [
    el('dt', {}, words(key)),
    el('dd', {}, ...value),
  ];
  return {
    title: name ? 'in.titleNamed' : 'in.title',
    values: name ? { name } : undefined,
    done: true,
    body: [
      el(
        'dl',
        {},
        entry('in.account', ...accountWithCopy(user.tron_address)),
        entry('in.role', isKey(role) ? text(/** @type {Key} */ (role)) : user.role),
        entry('in.until', el('time', { id: 'ends', datetime: endsAt.toISOString() }, formatMoment(endsAt))),
      ),
      el('a', { class: 'button primary', href: '/account' }, words('in.toAccount')),
      button('secondary', 'in.out', () => leave(false)),
      button('quiet', 'in.outEverywhere', () => leave(true)),
      el('p', { class: 'small centred' }, words('in.everywhereHint')),
    ],
  };
}

/**
 * Show the new end of a session that was refreshed, if it is on show.
 *
 * @param {Date} endsAt
 */
export function updateEnd(endsAt) {
  const time = document.getElementById('ends');
  if (!(time instanceof HTMLTimeElement)) return;
  time.dateTime = endsAt.toISOString();
  time.textContent = formatMoment(endsAt);
}

/**
 * The address, shortened to the eye only: whoever selects, copies or hears it gets all of it.
 *
 * @param {string} address
 */
function accountWithCopy(address) {
  const code = el('code', { class: 'short-address' }, el('span', {}, address.slice(0, -6)), el('span', {}, address.slice(-6)));
  const copy = copyButton(address, code, { copy: 'in.copy', copied: 'in.copied', selected: 'in.notCopied' });
  return [code, copy];
}
