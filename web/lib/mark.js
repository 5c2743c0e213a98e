/** The mark that this browser has signed in, beside the cookies, which no script sees. */

/** When it did, in localStorage; a change of it tells other tabs. */
export const SIGNED_IN = 'lucid-auth.signed-in';

/** Whether there may be a session to come back to. */
export function hasSession() {
  return localStorage.getItem(SIGNED_IN) !== null;
}
