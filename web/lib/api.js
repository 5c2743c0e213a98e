/** The service's HTTP interface, and the only file that calls `fetch`. */

/** @typedef {import('./replies.js').Challenge} Challenge */
/** @typedef {import('./replies.js').Tokens} Tokens */
/** @typedef {import('./replies.js').WalletType} WalletType */

/**
 * Why the service did not do what it was asked, in as many kinds as there are things to say about it.
 *
 * @typedef {'signature' | 'challengeExpired' | 'sessionEnded' | 'forbidden' | 'closed' | 'accountLocked' | 'rateLimited'
 *   | 'returnRefused' | 'handover' | 'unknownHost' | 'unreachable' | 'server' | 'walletFailed' | 'noStorage'} ApiErrorKind
 */

/** The service said no, or nothing. */
export class ApiError extends Error {
  /**
   * @param {ApiErrorKind} kind
   * @param {{waitSeconds?: number, reference?: string, code?: string, field?: string}} [more]
   */
  constructor(kind, { waitSeconds, reference, code, field } = {}) {
    super(kind);
    this.kind = kind;
    /** How long to wait before it is worth trying again, in seconds. */
    this.waitSeconds = waitSeconds;
    /** The request id, under which the operator finds the cause in the log. */
    this.reference = reference;
    /** Which refusal it is, such as LUCID_AUTH_1025. */
    this.code = code;
    /** The field of the body that is refused. */
    this.field = field;
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
  LUCID_AUTH_1065: 'unknownHost',
  LUCID_AUTH_1066: 'returnRefused',
};

/** How far the clock here is ahead of the service's, in milliseconds, as its last reply showed; negative if behind. */
export let clockLeadMs = 0;

/**
 * @param {string} address
 * @param {WalletType} walletType
 * @param {AbortSignal} signal
 * @returns {Promise<Challenge>}
 */
export async function askChallenge(address, walletType, signal) {
  // What the service cannot read is the account, of which the wallet alone spoke.
  const reply = await post('/auth/challenge', { tron_address: address, wallet_type: walletType }, { signal, unreadable: 'walletFailed' });
  if (typeof reply.message !== 'string' || typeof reply.digest !== 'string') throw new ApiError('server');
  return /** @type {Challenge} */ (reply);
}

/**
 * @param {{address: string, message: string, signature: string, device?: 'ledger' | 'keepkey' | 'trezor'}} answer
 * @param {AbortSignal} signal
 * @returns {Promise<Tokens>}
 */
export async function signIn({ address, message, signature, device }, signal) {
  const hardware_wallet = device && { type: device };
  const answer = { tron_address: address, message, signature, hardware_wallet, token_delivery: 'cookie' };
  return asTokens(await post('/auth/login', answer, { signal }));
}

/**
 * Exchange the refresh token in the cookie, which is good for one use, for the next.
 *
 * @returns {Promise<Tokens>}
 */
export async function refresh() {
  // The browser must hear the next one, even if this page is gone by then.
  return asTokens(await post('/auth/refresh', {}, { keepalive: true }));
}

/**
 * @param {string} accessToken
 * @param {boolean} everywhere end the sessions on other devices, too
 */
export async function signOut(accessToken, everywhere) {
  await post('/auth/logout', { logout_all_sessions: everywhere }, { accessToken });
}

/**
 * @param {string} accessToken
 * @param {string} returnTo where the person came from, as the address of this page says
 * @param {string | null} state of their browser there
 * @returns {Promise<string>} where to go, as the service says
 */
export async function handOver(accessToken, returnTo, state) {
  const body = { return_to: returnTo, ...(state && { state }) };
  // Whoever made the link wrote what is in it.
  const reply = await post('/auth/handover', body, { accessToken, unreadable: 'returnRefused' });
  if (typeof reply.location !== 'string') throw new ApiError('server');
  return reply.location;
}

/**
 * @typedef {object} Brand
 * @property {string | null} name of whoever runs this service
 * @property {string | null} accent its colour, as it was asked for
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
 * Ask anything of the service.
 *
 * @param {'GET' | 'POST' | 'PUT' | 'DELETE'} method
 * @param {string} path
 * @param {object} [options]
 * @param {object} [options.body]
 * @param {Record<string, string | undefined>} [options.query] what is undefined or empty is left out
 * @param {string} [options.accessToken]
 * @param {AbortSignal} [options.signal]
 * @param {boolean} [options.keepalive]
 * @param {ApiErrorKind} [options.unreadable] what it means that the service cannot read a field, if that may happen
 * @returns {Promise<Record<string, any>>} empty if the service has nothing to say
 */
export async function send(method, path, { body, query = {}, accessToken, signal, keepalive, unreadable } = {}) {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  /** @type {Record<string, string>} */
  const headers = { Accept: 'application/json' };
  if (body) headers['Content-Type'] = 'application/json';
  if (accessToken) headers.Authorization = `Bearer ${accessToken}`;
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) asked.set(name, value);
  /** @type {Response} */
  let response;
  /** @type {unknown} */
  let reply;
  try {
    response = await fetch(asked.size > 0 ? `${path}?${asked}` : path, {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: 'no-store',
      credentials: 'same-origin',
      redirect: 'error',
      keepalive,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    reply = response.status === 204 ? {} : await response.json().catch((error) => {
      // Not JSON: something between here and the service answered. The status still says what to think of it.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('unreachable');
  }
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (!Number.isNaN(date)) clockLeadMs = Date.now() - date;
  if (response.status === 422 && unreadable) throw new ApiError(unreadable);
  if (!response.ok) throw refusal(response, reply);
  if (typeof reply !== 'object' || reply === null) throw new ApiError('server');
  return reply;
}

/**
 * @param {string} path
 * @param {object} body
 * @param {{accessToken?: string, signal?: AbortSignal, keepalive?: boolean, unreadable?: ApiErrorKind}} [options]
 */
function post(path, body, options) {
  return send('POST', path, { body, ...options });
}

/**
 * @param {Response} response
 * @param {unknown} reply an RFC 9457 problem, unless the service did not write it
 * @returns {ApiError}
 */
function refusal(response, reply) {
  const { code, details } = /** @type {{error?: {code?: unknown, details?: {field?: unknown, locked_by?: unknown}}}} */ (reply)?.error ?? {};
  const known = typeof code === 'string' ? code : undefined;
  const kind = known && Object.hasOwn(KIND_OF_CODE, known) ? KIND_OF_CODE[known] : undefined;
  // What an administrator locked has no end that is known.
  const seconds = details?.locked_by === 'administrator' ? NaN : Number(response.headers.get('Retry-After') ?? NaN);
  return new ApiError(kind ?? kindOfStatus(response.status), {
    waitSeconds: Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 86_400) : undefined,
    reference: response.headers.get('X-Request-Id')?.slice(0, 64) ?? undefined,
    code: known,
    field: typeof details?.field === 'string' ? details.field : undefined,
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
    typeof reply.expires_in === 'number' &&
    typeof reply.refresh_expires_in === 'number' &&
    typeof user?.tron_address === 'string' &&
    typeof user.role === 'string';
  if (!complete) throw new ApiError('server');
  return /** @type {Tokens} */ (/** @type {unknown} */ (reply));
}
