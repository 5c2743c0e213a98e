/**
 * The session of this browser, as this tab knows it. The access token lives in memory only; the session and the refresh
 * token, good for one use each, are cookies that no script sees. All tabs share those, so they take turns to use them.
 */

import { ApiError, handOver, refresh as callRefresh, signIn as callSignIn, signOut as callSignOut } from './api.js';
import { exclusively } from './exclusive.js';
import { SIGNED_IN, hasSession } from './page.js';

/** @typedef {import('./replies.js').Tokens} Tokens */
/** @typedef {import('./replies.js').User} User */

/**
 * @typedef {object} Session
 * @property {User} user
 * @property {Date} endsAt when it ends unless it is refreshed before
 * @property {string | undefined} walletId which wallet signed
 */

/** Which wallet signed, in localStorage. */
const WALLET = 'lucid-auth.wallet';

/** How long before an access token expires a new one is fetched, in milliseconds; for short-lived tokens, half their life. */
const AHEAD_MS = 60_000;
/** How soon a refresh that did not reach the service is tried again, in milliseconds. */
const AGAIN_MS = 20_000;
/** The longest timer that browsers keep, in milliseconds. */
const MAX_TIMER_MS = 2_147_483_647;

/** @type {{token: string, expiresAt: number} | undefined} */
let access;
/** @type {Promise<Session> | undefined} */
let refreshing;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let refreshAt = Infinity;
/** @type {(session: Session) => void} */
let onRefreshed = () => {};
/** @type {(why: ApiError) => void} */
let onEnded = () => {};

/**
 * Say what to do when the session was refreshed in the background, when the service ended it, and when another tab
 * signed in or out.
 *
 * @param {{refreshed: (session: Session) => void, ended: (why: ApiError) => void, signedIn: () => void,
 *   signedOut: () => void}} listener
 */
export function watchSession(listener) {
  onRefreshed = listener.refreshed;
  onEnded = listener.ended;
  document.addEventListener('visibilitychange', schedule);
  // Other tabs alone are told.
  addEventListener('storage', ({ key }) => {
    if (key !== SIGNED_IN && key !== null) return;
    drop();
    if (hasSession()) listener.signedIn();
    else listener.signedOut();
  });
}

/**
 * Sign in with a signed challenge.
 *
 * @param {Parameters<typeof callSignIn>[0]} answer
 * @param {string} walletId which wallet signed
 * @param {AbortSignal} signal
 * @returns {Promise<Session>}
 */
export function beginSession(answer, walletId, signal) {
  return exclusively(async () => {
    const tokens = await callSignIn(answer, signal);
    localStorage.setItem(WALLET, walletId);
    localStorage.setItem(SIGNED_IN, new Date().toISOString());
    return accept(tokens);
  });
}

/**
 * Exchange the refresh token for the next one, and get an access token with it. Calls at the same time share one
 * exchange.
 *
 * @returns {Promise<Session>}
 * @throws {ApiError} if the service cannot be asked; then the session is kept. Also if it is over; then it is forgotten.
 */
export function refreshSession() {
  refreshing ??= exchange().finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

/**
 * Where the service sends this browser back to, with its session.
 *
 * @param {string} returnTo
 * @param {string | null} state
 * @returns {Promise<string>}
 */
export async function whereBack(returnTo, state) {
  if (!access || access.expiresAt <= Date.now()) await refreshSession();
  if (!access) throw new ApiError('sessionEnded');
  return handOver(access.token, returnTo, state);
}

/**
 * End the session at the service, then here.
 *
 * @param {boolean} everywhere
 * @throws {ApiError} if the service cannot be asked; then the session is kept
 */
export async function endSession(everywhere) {
  try {
    if (!access || access.expiresAt <= Date.now()) await refreshSession();
    const { token } = access ?? {};
    if (token) await exclusively(() => callSignOut(token, everywhere));
  } catch (error) {
    // A session that the service no longer knows has ended already.
    if (!isOver(error)) throw error;
  }
  forget();
}

/**
 * Do something with an access token, and once more with a new one if the service no longer takes the first. Where the
 * session turns out to be over, the listener of `watchSession` is told, too.
 *
 * @template T
 * @param {(accessToken: string) => Promise<T>} act
 * @returns {Promise<T>}
 */
export async function withAccess(act) {
  try {
    if (access && access.expiresAt > Date.now()) {
      try {
        return await act(access.token);
      } catch (error) {
        if (!(error instanceof ApiError && error.kind === 'sessionEnded')) throw error;
      }
    }
    await refreshSession();
    return await act(access?.token ?? '');
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'sessionEnded' && !hasSession()) onEnded(error);
    throw error;
  }
}

function exchange() {
  return exclusively(async () => {
    try {
      // Another tab may have signed out while this one waited for its turn.
      if (!hasSession()) throw new ApiError('sessionEnded');
      return accept(await callRefresh());
    } catch (error) {
      if (isOver(error)) forget();
      throw error;
    }
  });
}

/**
 * @param {Tokens} tokens
 * @returns {Session}
 */
function accept(tokens) {
  const now = Date.now();
  const lifeMs = tokens.expires_in * 1000;
  access = { token: tokens.access_token, expiresAt: now + lifeMs };
  refreshAt = access.expiresAt - Math.min(AHEAD_MS, lifeMs / 2);
  schedule();
  return {
    user: tokens.user,
    endsAt: new Date(now + tokens.refresh_expires_in * 1000),
    walletId: localStorage.getItem(WALLET) ?? undefined,
  };
}

/** A page that nobody sees does not refresh: it catches up when it is seen again. */
function schedule() {
  clearTimeout(timer);
  if (refreshAt === Infinity || document.visibilityState === 'hidden') return;
  timer = setTimeout(refreshInBackground, Math.min(Math.max(refreshAt - Date.now(), 0), MAX_TIMER_MS));
}

async function refreshInBackground() {
  try {
    onRefreshed(await refreshSession());
  } catch (error) {
    if (error instanceof ApiError && isOver(error)) return onEnded(error);
    // The service is away: keep the session and ask again.
    refreshAt = Date.now() + Math.max(AGAIN_MS, (error instanceof ApiError ? error.waitSeconds ?? 0 : 0) * 1000);
    schedule();
  }
}

/** There is no session any more, in no tab. */
export function forget() {
  drop();
  localStorage.removeItem(SIGNED_IN);
  localStorage.removeItem(WALLET);
}

/** This tab has no access token any more. */
function drop() {
  clearTimeout(timer);
  access = undefined;
  refreshAt = Infinity;
}

/**
 * Whether the service said that there is no session any more, and not merely nothing.
 *
 * @param {unknown} error
 */
function isOver(error) {
  return error instanceof ApiError && ['sessionEnded', 'signature', 'forbidden', 'accountLocked'].includes(error.kind);
}
