/** The words that a screen reader says of what happens in the page. */

import { el } from '../lib/dom.js';

const region = el('p', { id: 'status', class: 'unseen', role: 'status' });

/** @returns {HTMLElement} to be put into the page once */
export function begin() {
  return region;
}

/**
 * Have a screen reader say `message` when it is done with what it says now.
 *
 * @param {string} message
 */
export function announce(message) {
  // Behind an open dialog nothing is read out.
  const dialog = document.querySelector('dialog[open]');
  (dialog ?? document.body).append(region);
  region.textContent = message;
}
