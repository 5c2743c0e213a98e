/**
 * The login page: find a wallet, connect, ask for a challenge, show it, have it signed, sign in; then hold the session.
 * Each step is a function here; what it looks like is in views.js, signed-in.js and problems.js.
 */

import { ApiError, askChallenge } from '../lib/api.js';
import { shortAddress } from '../lib/format.js';
import { beginSession, endSession, hasSession, refreshSession, watchSession, whereBack } from '../lib/session.js';
import { discoverWallets } from '../wallets/discovery.js';
import { WalletError, connect, currentAddress, sign, watchAccount } from '../wallets/provider.js';
import { problemView } from './problems.js';
import { back, goTo, mustWait, tryAgain } from './return.js';
import { button, notice, setNotice, show } from './screen.js';
import { signedIn, updateEnd } from './signed-in.js';
import * as views from './views.js';

/** @typedef {import('../wallets/tip6963.js').Wallet} Wallet */
/** @typedef {import('../lib/session.js').Session} Session */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

const discovery = discoverWallets(onWalletsChanged);

/** Whether the list of wallets is on show, or the lack of any, so that a change of it should be, too. */
let choosing = false;
/** @type {Session | undefined} whoever is on show as signed in */
let present;
/** Ends the step that is under way; whatever it still brings is ignored. */
let step = new AbortController();
/** Ends the watching of a wallet's account. */
let stopWatching = () => {};

watchSession({
  refreshed: (session) => updateEnd(session.endsAt),
  ended: (error) => showProblem(error, {}, startOver),
  signedIn: () => {
    if (present || choosing) void restore();
  },
  signedOut: () => {
    if (present) startOver('notice.signedOut');
  },
});
// A page that comes back from the browser's cache has an old session in memory.
addEventListener('pageshow', (event) => event.persisted && location.reload());
void (hasSession() ? restore() : lookForWallets());

/** @returns {AbortSignal} of the step that begins; the one before ends */
function beginStep() {
  step.abort();
  stopWatching();
  stopWatching = () => {};
  choosing = false;
  present = undefined;
  step = new AbortController();
  return step.signal;
}

async function restore() {
  const signal = beginStep();
  show(views.waiting('restoring.title'));
  void discovery.scan();
  try {
    void arrive(await during(refreshSession(), signal));
  } catch (error) {
    const over = error instanceof ApiError && error.kind === 'sessionEnded';
    showProblem(error, {}, over ? startOver : restore);
  }
}

async function lookForWallets(/** @type {Key | undefined} */ stillNone = undefined) {
  const signal = beginStep();
  show(views.waiting('looking.title'));
  await discovery.scan();
  if (signal.aborted) return;
  startOver(stillNone && discovery.wallets.length === 0 ? stillNone : undefined);
}

/** @param {Key} [message] what to say about how one came here */
function startOver(message) {
  beginStep();
  choosing = true;
  const note = message ? notice(message) : undefined;
  if (discovery.wallets.length > 0) show(views.choose(discovery.wallets, connectTo, note));
  else show(views.none(() => lookForWallets('none.still'), note));
}

function onWalletsChanged() {
  if (choosing) startOver();
  if (present) watchWallet(present);
}

/** @param {Wallet} wallet */
async function connectTo(wallet) {
  const signal = beginStep();
  const values = { wallet: wallet.name };
  show(views.waiting('connect.title', values, [views.lead('connect.lead'), cancelButton()]));
  try {
    const address = await during(connect(wallet.provider, wallet), signal);
    await prepare(wallet, address);
  } catch (error) {
    showProblem(error, values, () => connectTo(wallet));
  }
}

/**
 * Ask for a text to sign, and show it.
 *
 * @param {Wallet} wallet
 * @param {string} address
 * @param {boolean} [renewed] in place of one that had grown too old
 */
async function prepare(wallet, address, renewed = false) {
  const signal = beginStep();
  show(views.waiting('asking.title'));
  const challenge = await askChallenge(address, signal);
  const lifeMs = Date.parse(challenge.expires_at) - Date.parse(challenge.issued_at);
  const expiresAt = Date.now() + lifeMs;
  const values = { wallet: wallet.name, own: address };
  const attempt = { wallet, address, message: challenge.message, renewed };
  show(
    views.review({
      ...attempt,
      notice: renewed ? notice('review.fresh') : undefined,
      // A text that is too old by now is renewed before the wallet opens, not refused after.
      sign: () => void (Date.now() < expiresAt ? signWith(attempt) : again(attempt)),
      cancel,
    }),
  );
  stopWatching = watchAccount(wallet.provider, (other) => {
    if (other !== address) showOtherAccount(wallet, values, other);
  });
}

/** @typedef {{wallet: Wallet, address: string, message: string, renewed: boolean}} Attempt */

/** @param {Attempt} attempt */
async function again({ wallet, address }) {
  try {
    await prepare(wallet, address, true);
  } catch (error) {
    showProblem(error, { wallet: wallet.name, own: address }, () => connectTo(wallet));
  }
}

/** @param {Attempt} attempt */
async function signWith(attempt) {
  const { wallet, address, message, renewed } = attempt;
  const values = { wallet: wallet.name, own: address };
  const other = currentAddress(wallet.provider);
  if (other && other !== address) return showOtherAccount(wallet, values, other);
  const signal = beginStep();
  show(views.waiting('sign.title', values, [views.lead('sign.lead'), views.textToSign(message), cancelButton()]));
  try {
    const signature = await during(sign(wallet.provider, message), signal);
    show(views.waiting('check.title'));
    tryAgain();
    void arrive(await during(beginSession({ address, message, signature }, wallet.id, signal), signal));
  } catch (error) {
    // The text grew too old while the wallet was open: fetch another, once, without being asked.
    if (error instanceof ApiError && error.kind === 'challengeExpired' && !renewed) return again(attempt);
    showProblem(error, values, () => connectTo(wallet));
  }
}

/**
 * Go back to where one was sent here from, or stay.
 *
 * @param {Session} session
 */
async function arrive(session) {
  if (!back) return enter(session);
  const { returnTo, state, host } = back;
  const values = { back: host };
  const again = () => (tryAgain(), void arrive(session));
  if (mustWait()) return showProblem(new ApiError('handover'), values, again);
  const signal = beginStep();
  show(views.waiting('back.title', values));
  try {
    goTo(await during(whereBack(returnTo, state), signal));
  } catch (error) {
    const refused = error instanceof ApiError && error.kind === 'returnRefused';
    showProblem(error, values, refused ? () => enter(session) : again);
  }
}

/** @param {Session} session */
function enter(session) {
  beginStep();
  present = session;
  show(signedIn(session, (everywhere) => leave(session, everywhere)));
  watchWallet(session);
}

/**
 * Say so when the wallet that signed shows another account. The session stays the first one's.
 *
 * @param {Session} session
 */
function watchWallet(session) {
  stopWatching();
  const wallet = discovery.wallets.find(({ id }) => id === session.walletId);
  if (!wallet) return;
  const own = session.user.tron_address;
  const compare = (/** @type {string | undefined} */ other) => {
    if (!other || other === own) return setNotice(undefined);
    const short = { otherShort: shortAddress(other), ownShort: shortAddress(own) };
    const follow = button('secondary', 'switched.follow', () => leave(session, false, () => connectTo(wallet)));
    const stay = button('quiet', 'switched.stay', () => setNotice(undefined));
    setNotice(notice('switched.lead', short, [follow, stay], 'switched.title'));
  };
  compare(currentAddress(wallet.provider));
  stopWatching = watchAccount(wallet.provider, compare);
}

/**
 * @param {Session} session
 * @param {boolean} everywhere
 * @param {() => void} [then]
 */
async function leave(session, everywhere, then) {
  beginStep();
  show(views.waiting('in.leaving'));
  try {
    await endSession(everywhere);
  } catch {
    enter(session);
    return setNotice(notice('notice.notSignedOut'));
  }
  if (then) then();
  else startOver(everywhere ? 'notice.signedOutEverywhere' : 'notice.signedOut');
}

function cancel() {
  startOver('notice.cancelled');
}

function cancelButton() {
  return button('secondary', 'action.cancel', cancel);
}

/**
 * @param {Wallet} wallet
 * @param {Record<string, string>} values
 * @param {string} other
 */
function showOtherAccount(wallet, values, other) {
  beginStep();
  show(problemView({ kind: 'otherAccount', values: { ...values, other } }, { retry: () => connectTo(wallet) }));
}

/**
 * @param {unknown} error
 * @param {Record<string, string>} values
 * @param {() => void} retry
 */
function showProblem(error, values, retry) {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  beginStep();
  const ways = { retry, choose: values.wallet && discovery.wallets.length > 1 ? startOver : undefined };
  if (error instanceof ApiError || error instanceof WalletError) {
    show(problemView({ ...error, kind: error.kind, values }, ways));
    return;
  }
  show(problemView({ kind: 'server', values }, ways));
  throw error; // A mistake in this page: developers see it in the console.
}

/**
 * What `promise` brings, unless the step ends before. Wallets cannot be told to stop, only not be listened to.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function during(promise, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
