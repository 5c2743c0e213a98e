/** What to say when something went wrong, and which way leads on. */

import { clockLeadMs } from '../lib/api.js';
import { el } from '../lib/dom.js';
import { formatWait, shortAddress } from '../lib/format.js';
import { isKey, text, words } from '../lib/i18n/words.js';
import { announce, button, host, notice } from './screen.js';

/** @typedef {import('./screen.js').View} View */
/** @typedef {import('../lib/i18n/words.js').Key} Key */
/** @typedef {import('../lib/api.js').ApiErrorKind | import('../wallets/signer.js').WalletErrorKind | 'otherAccount'} Kind */

/**
 * @typedef {object} Problem
 * @property {Kind} kind
 * @property {Record<string, string>} values what is known: the wallet, the account
 * @property {number} [waitSeconds]
 * @property {string} [reference]
 */

/** Where the same click would only find the same again. @type {ReadonlyArray<Kind>} */
const HOPELESS = ['insecurePage', 'noDeviceAccess', 'otherProtocol', 'bitcoinOnly'];

/**
 * The most that a clock here may differ from the service's, in milliseconds: more, and it calls a new text too old, which
 * is good for five minutes, or not issued yet.
 */
const MAX_AHEAD_MS = 300_000;
const MAX_BEHIND_MS = 60_000;

/** What to say if the clock here, or that of the service, is wrong. */
export function clockNotice() {
  if (clockLeadMs < MAX_AHEAD_MS && clockLeadMs > -MAX_BEHIND_MS) return undefined;
  const difference = formatWait(Math.abs(clockLeadMs) / 1000, Math.round);
  return notice(clockLeadMs > 0 ? 'clock.ahead' : 'clock.behind', { difference, host }, [], 'clock.title');
}

/**
 * @param {Problem} problem
 * @param {{retry: () => void, choose?: () => void}} ways what each way on does; `choose` if there is another wallet
 * @returns {View}
 */
export function problemView({ kind, values, waitSeconds, reference }, { retry, choose }) {
  const own = `problem.${kind}.retry`;
  const { wallet = '', own: account = '', other = '' } = values;
  const known = { ...values, wallet, own: account, ownShort: shortAddress(account), otherShort: shortAddress(other), host };
  const shown = reference !== undefined && kind === 'server';
  const waysOn = () => {
    if (choose && HOPELESS.includes(kind)) return [button('primary', 'action.choose', choose)];
    const label = isKey(own) ? /** @type {Key} */ (own) : kind === 'sessionEnded' ? 'action.signIn' : 'action.retry';
    const again = waitSeconds ? retryAfter(waitSeconds, retry) : button('primary', label, retry);
    return [again, choose ? button('quiet', 'action.choose', choose) : undefined];
  };
  return {
    title: `problem.${kind}.title`,
    values: known,
    // A text is too old, or not issued yet, for a clock that is wrong as well.
    notice: kind === 'challengeExpired' ? clockNotice() : undefined,
    body: [
      el('p', { class: 'lead' }, words(`problem.${kind}.lead`, known)),
      shown ? el('p', { class: 'small' }, words('problem.reference', { reference })) : undefined,
      ...waysOn(),
    ],
  };
}

/**
 * A button that counts down until it works.
 *
 * @param {number} seconds
 * @param {() => void} retry
 */
function retryAfter(seconds, retry) {
  const until = Date.now() + seconds * 1000;
  const left = () => Math.ceil((until - Date.now()) / 1000);
  // It stays in the order of the keyboard while it waits, so that the focus has somewhere to be.
  const waiting = button('primary', 'action.retryIn', () => left() <= 0 && retry(), { wait: formatWait(seconds) });
  waiting.setAttribute('aria-disabled', 'true');
  const label = /** @type {HTMLElement} */ (waiting.firstElementChild);
  const tick = setInterval(() => {
    if (!waiting.isConnected) return clearInterval(tick);
    if (left() > 0) {
      label.replaceChildren(...words('action.retryIn', { wait: formatWait(left()) }));
      return;
    }
    clearInterval(tick);
    label.replaceChildren(...words('action.retry'));
    waiting.removeAttribute('aria-disabled');
    announce(text('action.canRetry'));
  }, 1000);
  return waiting;
}
