/** The title of the page, and whose it is: the name of who runs the service, or its host. */

import { text } from './i18n/words.js';

let whose = location.host;
let shown = '';

/** @param {string} title */
export function setTitle(title) {
  shown = title;
  document.title = text('page.title', { title, host: whose });
}

/** @param {string} name */
export function nameSite(name) {
  whose = name;
  if (shown) setTitle(shown);
}
