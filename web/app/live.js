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
  const place = dialog ?? document.body;
  // What is put in anew is new to a screen reader, too, and what is new is not a change that it would say.
  if (region.parentNode !== place) place.append(region);
  region.textContent = message;
}
