/** The service's HTTP interface, and the only file that calls `fetch`. */

/**
 * @typedef {object} Challenge
 * @property {string} message the whole text to sign
 * @property {string} issued_at
 * @property {string} expires_at
 */

/**
 * @typedef {object} User
 * @property {string} user_id
 * @property {string} tron_address
 * @property {string} role
 * @property {string | null} [display_name]
 */

/**
 * @typedef {object} Tokens
 * @property {string} access_token
 * @property {number} expires_in seconds
 * @property {string} refresh_token
 * @property {number} refresh_expires_in seconds
 * @property {string} session_id
 * @property {User} user
 */

/**
 * Why the service did not do what it was asked, in as many kinds as there are things to say about it.
 *
 * @typedef {'signature' | 'challengeExpired' | 'sessionEnded' | 'forbidden' | 'closed' | 'accountLocked' | 'rateLimited'
 *   | 'unknownHost' | 'unreachable' | 'server'} ApiErrorKind
 */

/** The service said no, or nothing. */
export class ApiError extends Error {
  /**
   * @param {ApiErrorKind} kind
   * @param {{waitSeconds?: number, reference?: string}} [more]
   */
  constructor(kind, { waitSeconds, reference } = {}) {
    super(kind);
    this.kind = kind;
    /** How long to wait before it is worth trying again, in seconds. */
    this.waitSeconds = waitSeconds;
    /** The request id, under which the operator finds the cause in the log. */
    this.reference = reference;
  }
}

/** How long the service may take for an answer, in milliseconds. */
const PATIENCE_MS = 15_000;

/** @type {Readonly<Record<string, ApiErrorKind>>} */
const KIND_OF_CODE = {
  LUCID_AUTH_1001: 'signature',
  LUCID_AUTH_1002: 'sessionEnded',
  LUCID_AUTH_1003: 'forbidden',
  LUCID_AUTH_1005: 'accountLocked',
  LUCID_AUTH_1006: 'rateLimited',
  // Not of this service, too old, used before: each is mended by a new one.
  LUCID_AUTH_1010: 'challengeExpired',
  LUCID_AUTH_1011: 'challengeExpired',
  LUCID_AUTH_1012: 'challengeExpired',
  LUCID_AUTH_1019: 'closed',
  LUCID_AUTH_1027: 'unknownHost',
  LUCID_AUTH_1029: 'unreachable',
};

/**
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<Challenge>}
 */
export async function askChallenge(address, signal) {
  const reply = await post('/auth/challenge', { tron_address: address, wallet_type: 'tron' }, { signal });
  if (typeof reply.message !== 'string') throw new ApiError('server');
  return /** @type {Challenge} */ (reply);
}

/**
 * @param {{address: string, message: string, signature: string}} answer
 * @param {AbortSignal} signal
 * @returns {Promise<Tokens>}
 */
export async function signIn({ address, message, signature }, signal) {
  return asTokens(await post('/auth/login', { tron_address: address, message, signature }, { signal }));
}

/**
 * @param {string} refreshToken good for one use
 * @returns {Promise<Tokens>}
 */
export async function refresh(refreshToken) {
  return asTokens(await post('/auth/refresh', { refresh_token: refreshToken }));
}

/**
 * @param {string} accessToken
 * @param {boolean} everywhere end the sessions on other devices, too
 */
export async function signOut(accessToken, everywhere) {
  await post('/auth/logout', { logout_all_sessions: everywhere }, { accessToken });
}

/**
 * @typedef {object} Brand
 * @property {string | null} name of whoever runs this service
 * @property {boolean} logo whether there is one at `/branding/logo`
 */

/** @returns {Promise<Brand>} */
export async function readBrand() {
  const response = await fetch('/branding.json', { redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new ApiError('server');
  return response.json();
}

/** @returns {Promise<import('../docs/docs.js').OpenApi>} what the service says of this interface */
export async function readDocument() {
  const response = await fetch('/openapi.json', { redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new ApiError('server');
  return response.json();
}

/**
 * @param {string} path
 * @param {object} body
 * @param {{accessToken?: string, signal?: AbortSignal}} [options]
 * @returns {Promise<Record<string, unknown>>}
 */
async function post(path, body, { accessToken, signal } = {}) {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  /** @type {Record<string, string>} */
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  if (accessToken) headers.Authorization = `Bearer ${accessToken}`;
  /** @type {Response} */
  let response;
  /** @type {unknown} */
  let reply;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'same-origin',
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    reply = await response.json().catch((error) => {
      // Not JSON: something between here and the service answered. The status still says what to think of it.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('unreachable');
  }
  if (!response.ok) throw refusal(response, reply);
  if (typeof reply !== 'object' || reply === null) throw new ApiError('server');
  return /** @type {Record<string, unknown>} */ (reply);
}

/**
 * @param {Response} response
 * @param {unknown} reply an RFC 9457 problem, unless the service did not write it
 * @returns {ApiError}
 */
function refusal(response, reply) {
  const code = /** @type {{error?: {code?: unknown}}} */ (reply)?.error?.code;
  const seconds = Number(response.headers.get('Retry-After') ?? NaN);
  return new ApiError((typeof code === 'string' ? KIND_OF_CODE[code] : undefined) ?? kindOfStatus(response.status), {
    waitSeconds: Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 86_400) : undefined,
    reference: response.headers.get('X-Request-Id')?.slice(0, 64) ?? undefined,
  });
}

/**
 * @param {number} status
 * @returns {ApiErrorKind}
 */
function kindOfStatus(status) {
  switch (status) {
    case 401:
      return 'sessionEnded';
    case 403:
      return 'forbidden';
    case 421:
      return 'unknownHost';
    case 423:
      return 'accountLocked';
    case 429:
      return 'rateLimited';
    case 502:
    case 503:
    case 504:
      return 'unreachable';
    default:
      return 'server';
  }
}

/**
 * @param {Record<string, unknown>} reply
 * @returns {Tokens}
 */
function asTokens(reply) {
  const user = /** @type {Record<string, unknown> | null | undefined} */ (reply.user);
  const complete =
    typeof reply.access_token === 'string' &&
    typeof reply.refresh_token === 'string' &&
    typeof reply.expires_in === 'number' &&
    typeof reply.refresh_expires_in === 'number' &&
    typeof user?.tron_address === 'string' &&
    typeof user.role === 'string';
  if (!complete) throw new ApiError('server');
  return /** @type {Tokens} */ (/** @type {unknown} */ (reply));
}
