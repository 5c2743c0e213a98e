/** The mark that this browser has signed in, beside the cookies, which no script sees. */

/** When it did, in localStorage; a change of it tells other tabs. */
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
