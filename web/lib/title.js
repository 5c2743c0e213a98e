/** The title of the page, in which stands whose it is: who runs the service, if they gave it a name, or else its host. */

import { text } from './i18n/words.js';

let whose = location.host;
let shown = '';

/** @param {string} title */
export function setTitle(title) {
  shown = title;
  document.title = text('page.title', { title, host: whose });
}

/** @param {string} name of who runs the service */
export function nameSite(name) {
  whose = name;
  if (shown) setTitle(shown);
}

/** What was given to `setTitle` last, to be given again after another. */
export function currentTitle() {
  return shown;
}
