/** What a page has beside its content: its title, and the mark that this browser has signed in. */

import { text } from './i18n/words.js';

/** The name of who runs the service, or its host. */
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

/** The mark, beside the cookies, which no script sees: when this browser signed in, in localStorage. A change of it tells other tabs. */
export const SIGNED_IN = 'lucid-auth.signed-in';

/** Whether there may be a session to come back to. A browser that keeps nothing has none. */
export function hasSession() {
  try {
    return localStorage.getItem(SIGNED_IN) !== null;
  } catch {
    return false;
  }
}

/** Whether the browser keeps anything for this page. */
export function keepsThings() {
  try {
    localStorage.removeItem('lucid-auth.nothing');
    return true;
  } catch {
    return false;
  }
}

/**
 * Leave nothing of anybody in a page that is left: browsers keep it for whoever comes back, after a sign-out too. It begins anew.
 */
export function beginAnewAfterLeaving() {
  addEventListener('pagehide', ({ persisted }) => persisted && document.body.replaceChildren());
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
}
