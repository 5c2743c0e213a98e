/**
 * The session of this tab. The access token lives in memory only; the refresh token, good for one use each, lies in
 * sessionStorage so that a reload keeps one signed in.
 */

import { ApiError, refresh as callRefresh, signOut as callSignOut } from './api.js';

/** @typedef {import('./api.js').Tokens} Tokens */
/** @typedef {import('./api.js').User} User */

/**
 * @typedef {object} Session
 * @property {User} user
 * @property {Date} endsAt when it ends unless it is refreshed before
 * @property {string | undefined} walletId which wallet signed
 */

const REFRESH_TOKEN = 'lucid-auth.refresh-token';
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
 * Say what to do when the session was refreshed in the background, and when the service ended it.
 *
 * @param {{refreshed: (session: Session) => void, ended: (why: ApiError) => void}} listener
 */
export function watchSession(listener) {
  onRefreshed = listener.refreshed;
  onEnded = listener.ended;
  document.addEventListener('visibilitychange', schedule);
}

/** Whether there may be a session to come back to. */
export function hasSession() {
  return sessionStorage.getItem(REFRESH_TOKEN) !== null;
}

/**
 * @param {Tokens} tokens
 * @param {string | undefined} walletId
 * @returns {Session}
 */
export function beginSession(tokens, walletId) {
  if (walletId !== undefined) sessionStorage.setItem(WALLET, walletId);
  return accept(tokens);
}

/**
 * Exchange the refresh token for a new pair. Calls at the same time share one exchange, since the token works once.
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
 * End the session at the service, then here.
 *
 * @param {boolean} everywhere
 * @throws {ApiError} if the service cannot be asked; then the session is kept
 */
export async function endSession(everywhere) {
  try {
    if (!access || access.expiresAt <= Date.now()) await refreshSession();
    if (access) await callSignOut(access.token, everywhere);
  } catch (error) {
    // A session that the service no longer knows has ended already.
    if (!isOver(error)) throw error;
  }
  forget();
}

async function exchange() {
  const token = sessionStorage.getItem(REFRESH_TOKEN);
  try {
    if (token === null) throw new ApiError('sessionEnded');
    return accept(await callRefresh(token));
  } catch (error) {
    if (isOver(error)) forget();
    throw error;
  }
}

/**
 * @param {Tokens} tokens
 * @returns {Session}
 */
function accept(tokens) {
  const now = Date.now();
  const lifeMs = tokens.expires_in * 1000;
  sessionStorage.setItem(REFRESH_TOKEN, tokens.refresh_token);
  access = { token: tokens.access_token, expiresAt: now + lifeMs };
  refreshAt = access.expiresAt - Math.min(AHEAD_MS, lifeMs / 2);
  schedule();
  return {
    user: tokens.user,
    endsAt: new Date(now + tokens.refresh_expires_in * 1000),
    walletId: sessionStorage.getItem(WALLET) ?? undefined,
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

function forget() {
  clearTimeout(timer);
  access = undefined;
  refreshAt = Infinity;
  sessionStorage.removeItem(REFRESH_TOKEN);
  sessionStorage.removeItem(WALLET);
}

/**
 * Whether the service said that there is no session any more, and not merely nothing.
 *
 * @param {unknown} error
 */
function isOver(error) {
  return error instanceof ApiError && ['sessionEnded', 'signature', 'forbidden', 'accountLocked'].includes(error.kind);
}
