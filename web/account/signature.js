/** Has a wallet sign a fresh challenge, in place of the page, and then shows the page as it was. */

import { el } from '../lib/dom.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @typedef {object} Wish
 * @property {Key} title
 * @property {Key} lead
 * @property {Record<string, string>} [values] what stands in the lead
 * @property {string} [device] the kind of hardware wallet that is meant
 * @property {(address: string) => 'signing.other' | 'signing.own' | undefined} refuses why an account cannot do it
 * @property {(answer: Answer) => Promise<void>} use what the signature is for
 */

/** @typedef {{address: string, message: string, signature: string, device: string | undefined}} Answer */

/** Where the login page's views are shown; they look for it by its name. */
const card = el('div', { id: 'card', class: 'card', tabindex: '-1' });

/**
 * @param {Wish} wish
 * @returns {Promise<boolean>} whether it was signed and used
 */
export async function haveSigned(wish) {
  const main = /** @type {HTMLElement} */ (document.querySelector('main'));
  const opener = document.activeElement;
  const { title } = document;
  const page = [...main.childNodes];
  main.replaceChildren(card);
  scrollTo(0, 0);
  card.focus();
  try {
    const { sign } = await import('./signing.js');
    return await sign(wish);
  } finally {
    // The session may have ended meanwhile, and something else be on show.
    if (card.isConnected) {
      document.title = title;
      main.replaceChildren(...page);
      if (opener instanceof HTMLElement) opener.focus();
    }
    card.replaceChildren();
  }
}
