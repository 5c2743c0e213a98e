/** Addresses in full, with a button that copies them. */

import { el } from '../lib/dom.js';
import { text } from '../lib/i18n/words.js';
import { announce } from './live.js';

/**
 * @param {string} address
 * @returns {HTMLElement}
 */
export function addressWithCopy(address) {
  // Where it is too long for its line it breaks in the middle, not before its last characters.
  const middle = Math.floor(address.length / 2);
  const shown = el('code', { class: 'address', dir: 'ltr' }, address.slice(0, middle), el('wbr'), address.slice(middle));
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(address);
      announce(text('app.copied'));
      button.classList.add('done');
    } catch {
      // Browsers keep the clipboard for HTTPS and localhost. The selection can be copied anywhere.
      getSelection()?.selectAllChildren(shown);
      announce(text('app.selected'));
    }
  };
  const button = el('button', { type: 'button', class: 'copy', 'aria-label': text('app.copy'), title: text('app.copy'), click: copy });
  return el('span', { class: 'copyable' }, shown, button);
}
