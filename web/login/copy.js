/** A button that copies a text which stands beside it. */

import { el } from '../lib/dom.js';
import { text } from '../lib/i18n/words.js';
import { announce } from './screen.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @param {string} value
 * @param {Element} shown the element that shows it, to be selected where there is no clipboard
 * @param {{copy: Key, copied: Key, selected: Key}} keys
 */
export function copyButton(value, shown, keys) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      announce(text(keys.copied));
      button.classList.add('done');
    } catch {
      // Browsers keep the clipboard for HTTPS and localhost. The selection can be copied anywhere.
      getSelection()?.selectAllChildren(shown);
      announce(text(keys.selected));
    }
  };
  const button = el('button', { type: 'button', class: 'copy', 'aria-label': text(keys.copy), title: text(keys.copy), click: copy });
  return button;
}
