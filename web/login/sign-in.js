/**
 * From the choice of a wallet on: connect, ask for a challenge, show it, have it signed, sign in; then hold the session.
 * Each step is a function here; what it looks like is in views.js, sign-views.js, signed-in.js and problems.js.
 */

import { ApiError, askChallenge } from '../lib/api.js';
import { shortAddress } from '../lib/format.js';
import { keepsThings } from '../lib/page.js';
import { beginSession, endSession, refreshSession, watchSession, whereBack } from '../lib/session.js';
import { watched as watchTron } from '../wallets/provider.js';
import { WalletError } from '../wallets/signer.js';
import { discovery, startOver } from './login.js';
import { clockNotice, problemView } from './problems.js';
import { promptsOf } from './prompts.js';
import { back, goTo, mustWait, tryAgain } from './return.js';
import { begin, button, during, notice, setNotice, show, shown, watchDuringStep } from './screen.js';
import * as signViews from './sign-views.js';
import { signedIn, updateEnd } from './signed-in.js';
import * as views from './views.js';
import { rememberWay, waysToSignIn } from './ways.js';

/** @typedef {import('./ways.js').Way} Way */
/** @typedef {import('../wallets/signer.js').Signer} Signer */
/** @typedef {import('../lib/replies.js').Challenge} Challenge */
/** @typedef {import('../lib/session.js').Session} Session */

watchSession({
  refreshed: (session) => updateEnd(session.endsAt),
  ended: (error) => showProblem(error, {}, startOver),
  signedIn: () => {
    if (shown) void restore();
  },
  signedOut: () => {
    if (shown && shown !== 'wallets') startOver('notice.signedOut');
  },
});

/** Come back to the session that this browser has. */
export async function restore() {
  const signal = begin();
  show(views.waiting('restoring.title'));
  try {
    void arrive(await during(refreshSession(), signal));
  } catch (error) {
    const over = error instanceof ApiError && error.kind === 'sessionEnded';
    showProblem(error, {}, over ? startOver : restore);
  }
}

/**
 * @param {Way} way
 * @param {boolean} [tried] it was tried before, so what to do first has been said
 */
export async function connectTo(way, tried = false) {
  const signal = begin();
  const values = { wallet: way.name };
  const confirm = views.waiting('sign.title', values, [views.cancelButton(cancel)]);
  try {
    if (!keepsThings()) throw new ApiError('noStorage');
    const prompts = promptsOf(way.name, confirm, signal, cancel);
    await prepare(way, await during(way.open({ signal, prompts, back: startOver, cancel, again: tried }), signal));
  } catch (error) {
    showProblem(error, values, () => connectTo(way, true));
  }
}

/**
 * Ask for a text to sign, and show it.
 *
 * @param {Way} way
 * @param {Signer} signer
 * @param {boolean} [renewed] in place of one that had grown too old
 */
async function prepare(way, signer, renewed = false) {
  const signal = begin(signer);
  show(views.waiting('asking.title'));
  const challenge = await askChallenge(signer.address, signer.walletType, signal);
  const lifeMs = Date.parse(challenge.expires_at) - Date.parse(challenge.issued_at);
  const attempt = { way, signer, challenge, renewed, expiresAt: Date.now() + lifeMs };
  if (signer.showsText) await signWith(attempt);
  else showReview(attempt, renewed ? notice('review.fresh') : clockNotice());
}

/** @typedef {{way: Way, signer: Signer, challenge: Challenge, renewed: boolean, expiresAt: number}} Attempt */

/**
 * @param {Attempt} attempt
 * @param {Node} [note]
 */
function showReview(attempt, note) {
  const { way, signer, expiresAt } = attempt;
  show(
    signViews.review({
      ...attempt,
      notice: note,
      // A text that is too old by now is renewed before the wallet opens, not refused after.
      sign: () => void (Date.now() < expiresAt ? signWith(attempt) : again(attempt)),
      compare: signer.showAddress ? () => compare(attempt) : undefined,
      cancel,
    }),
  );
  watchDuringStep(signer, (other) => {
    if (other !== signer.address) showOtherAccount(way, signer, other);
  });
}

/** @param {Attempt} attempt */
async function again({ way, signer }) {
  try {
    await prepare(way, signer, true);
  } catch (error) {
    showProblem(error, { wallet: way.name, own: signer.address }, () => connectTo(way, true));
  }
}

/**
 * Have the device show the address, for the person to compare.
 *
 * @param {Attempt} attempt
 */
async function compare(attempt) {
  const { way, signer } = attempt;
  const signal = begin(signer);
  const comparing = signViews.comparing(way, signer.address, cancel);
  show(comparing);
  try {
    await during(signer.showAddress?.(promptsOf(way.name, comparing, signal, cancel)) ?? Promise.resolve(), signal);
    showReview(attempt, notice('device.compared'));
  } catch (error) {
    showProblem(error, { wallet: way.name, own: signer.address }, () => connectTo(way, true));
  }
}

/** @param {Attempt} attempt */
async function signWith(attempt) {
  const { way, signer, challenge, renewed } = attempt;
  const { address } = signer;
  const { message } = challenge;
  const values = { wallet: way.name, own: address };
  const other = signer.current();
  if (other && other !== address) return showOtherAccount(way, signer, other);
  const signal = begin(signer);
  const signing = signViews.signing(attempt, cancel);
  if (!signer.showsText) show(signing);
  try {
    const signature = await during(signer.sign(challenge, promptsOf(way.name, signing, signal, cancel)), signal);
    show(views.waiting('check.title'));
    const session = await during(beginSession({ address, message, signature, device: way.device }, way.id, signal), signal);
    rememberWay(way);
    tryAgain();
    void arrive(session, way.kind === 'wallet' ? signer : undefined);
  } catch (error) {
    // The text grew too old while the wallet was open: fetch another, once, without being asked.
    if (error instanceof ApiError && error.kind === 'challengeExpired' && !renewed) return again(attempt);
    const pasted = error instanceof ApiError && error.kind === 'signature' && signer.showsText;
    showProblem(pasted ? new WalletError('pastedOther') : error, values, () => connectTo(way, true));
  }
}

/**
 * Go back to where one was sent here from, or stay.
 *
 * @param {Session} session
 * @param {Signer} [signer] a wallet that led in, to be watched
 */
async function arrive(session, signer) {
  if (!back) return enter(session, signer);
  const { returnTo, state, host } = back;
  const values = { back: host };
  const again = () => (tryAgain(), void arrive(session));
  if (mustWait()) return showProblem(new ApiError('handover'), values, again);
  const signal = begin();
  show(views.waiting('back.title', values));
  try {
    goTo(await during(whereBack(returnTo, state), signal));
  } catch (error) {
    const refused = error instanceof ApiError && error.kind === 'returnRefused';
    showProblem(error, values, refused ? () => enter(session) : again);
  }
}

/**
 * @param {Session} session
 * @param {Signer} [signer] a wallet that led in, to be watched
 */
function enter(session, signer) {
  begin(signer, session);
  show(signedIn(session, (everywhere) => leave(session, everywhere)));
  watchWallet(session, signer);
}

/**
 * Say so when the wallet that signed shows another account. The session stays the first one's.
 *
 * @param {Session} session
 * @param {import('../wallets/signer.js').Watched} [wallet] found by the session if it is not given
 */
function watchWallet(session, wallet) {
  const way = waysToSignIn(discovery.wallets).find(({ id }) => id === session.walletId);
  const watched = wallet ?? (way?.wallet?.family === 'tron' ? watchTron(way.wallet.provider) : undefined);
  if (!way || !watched) return;
  const own = session.user.tron_address;
  const compare = (/** @type {string | undefined} */ other) => {
    if (!other || other === own) return setNotice(undefined);
    const short = { otherShort: shortAddress(other), ownShort: shortAddress(own) };
    const follow = button('secondary', 'switched.follow', () => leave(session, false, () => connectTo(way)));
    const stay = button('quiet', 'switched.stay', () => setNotice(undefined));
    setNotice(notice('switched.lead', short, [follow, stay], 'switched.title'));
  };
  compare(watched.current());
  watchDuringStep(watched, compare);
}

/** See again whether the wallet of whoever is signed in shows another account: there are other wallets now. */
export function watchAgain() {
  if (shown && shown !== 'wallets') watchWallet(shown);
}

/**
 * @param {Session} session
 * @param {boolean} everywhere
 * @param {() => void} [then]
 */
async function leave(session, everywhere, then) {
  begin();
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

/**
 * @param {Way} way
 * @param {Signer} signer
 * @param {string} other
 */
function showOtherAccount(way, signer, other) {
  begin();
  const values = { wallet: way.name, own: signer.address, other };
  show(problemView({ kind: 'otherAccount', values }, { retry: () => connectTo(way, true) }));
}

/**
 * @param {unknown} error
 * @param {Record<string, string>} values
 * @param {() => void} retry
 */
function showProblem(error, values, retry) {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  begin();
  const ways = { retry, choose: values.wallet ? startOver : undefined };
  if (error instanceof ApiError || error instanceof WalletError) {
    const known = error instanceof WalletError ? { ...values, ...error.values } : values;
    show(problemView({ ...error, kind: error.kind, values: known }, ways));
    return;
  }
  show(problemView({ kind: 'server', values }, ways));
  throw error; // A mistake in this page: developers see it in the console.
}
