/** Signing on the account page: the same ways, and the same views, as those to sign in. */

import { ApiError, askChallenge } from '../lib/api.js';
import { el } from '../lib/dom.js';
import { shortAddress } from '../lib/format.js';
import { isKey, words } from '../lib/i18n/words.js';
import { clockNotice, problemView } from '../login/problems.js';
import { promptsOf } from '../login/prompts.js';
import { begin, button, during, host, notice, show } from '../login/screen.js';
import * as signViews from '../login/sign-views.js';
import * as views from '../login/views.js';
import { waysToSignIn } from '../login/ways.js';
import { discoverWallets } from '../wallets/discovery.js';
import { WalletError } from '../wallets/signer.js';

/** @typedef {import('./signature.js').Wish} Wish */
/** @typedef {import('../login/ways.js').Way} Way */
/** @typedef {import('../wallets/signer.js').Signer} Signer */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

let onChange = () => {};
const discovery = discoverWallets(() => onChange());

/**
 * @param {Wish} wish
 * @returns {Promise<boolean>}
 */
export function sign(wish) {
  return new Promise((resolve) => {
    let using = false;
    const end = (/** @type {boolean} */ done) => {
      removeEventListener('popstate', leave);
      onChange = () => {};
      begin();
      resolve(done);
    };
    // Who goes on to another part of the page means to see that. What is signed already cannot be called back.
    const leave = () => using || end(false);
    addEventListener('popstate', leave);
    void choose();

    async function choose() {
      const signal = begin();
      show(views.waiting('looking.title'));
      await discovery.scan();
      if (!signal.aborted) list();
    }

    function list() {
      begin();
      onChange = list;
      // What was chosen in the form is offered first.
      const ways = waysToSignIn(discovery.wallets);
      const first = ways.find(({ device }) => device !== undefined && device === wish.device);
      const group = (/** @type {Key} */ key, /** @type {Way[]} */ some) =>
        some.length > 0
          ? [
              el('h2', { id: key }, words(key)),
              el('ul', { class: 'wallets', 'aria-labelledby': key }, some.map((way) => el('li', {}, views.wayButton(way, connect, 'secondary')))),
            ]
          : [];
      const others = ways.filter((way) => way !== first);
      show({
        title: wish.title,
        body: [
          el('p', { class: 'lead' }, words(wish.lead, wish.values)),
          first ? views.wayButton(first, connect, 'primary') : undefined,
          ...group('signing.wallets', others.filter(({ kind }) => kind === 'wallet')),
          ...group('choose.ways', others.filter(({ kind }) => kind !== 'wallet')),
          button('quiet', 'action.cancel', () => end(false)),
        ],
      });
    }

    async function connect(/** @type {Way} */ way, again = false) {
      onChange = () => {};
      const signal = begin();
      const confirming = views.waiting('sign.title', { wallet: way.name }, [views.cancelButton(list)]);
      try {
        const prompts = promptsOf(way.name, confirming, signal, list);
        const signer = await during(way.open({ signal, prompts, back: list, cancel: list, again }), signal);
        const refused = wish.refuses(signer.address);
        if (refused) return showRefusal(way, `${refused}.title`, `${refused}.lead`, { otherShort: shortAddress(signer.address) });
        await prepare(way, signer);
      } catch (error) {
        showProblem(error, way);
      }
    }

    async function prepare(/** @type {Way} */ way, /** @type {Signer} */ signer, renewed = false) {
      const signal = begin(signer);
      show(views.waiting('asking.title'));
      const challenge = await askChallenge(signer.address, signer.walletType, signal);
      const attempt = { way, signer, challenge, renewed };
      if (signer.showsText) return finish(attempt);
      const expiresAt = Date.now() + Date.parse(challenge.expires_at) - Date.parse(challenge.issued_at);
      show(
        signViews.review({
          ...attempt,
          notice: renewed ? notice('review.fresh') : clockNotice(),
          sign: () => void (Date.now() < expiresAt ? finish(attempt) : renew(attempt)),
          cancel: () => end(false),
        }),
      );
    }

    /** @typedef {{way: Way, signer: Signer, challenge: import('../lib/replies.js').Challenge, renewed: boolean}} Attempt */

    async function renew(/** @type {Attempt} */ { way, signer }) {
      try {
        await prepare(way, signer, true);
      } catch (error) {
        showProblem(error, way);
      }
    }

    async function finish(/** @type {Attempt} */ attempt) {
      const { way, signer, challenge, renewed } = attempt;
      const { address } = signer;
      const other = signer.current();
      if (other && other !== address) {
        begin();
        const values = { wallet: way.name, own: address, other };
        return showView(problemView({ kind: 'otherAccount', values }, waysOn(way)));
      }
      const signal = begin(signer);
      const signing = signViews.signing(attempt, list);
      if (!signer.showsText) show(signing);
      try {
        const signature = await during(signer.sign(challenge, promptsOf(way.name, signing, signal, list)), signal);
        show(views.waiting('signing.done'));
        using = true;
        await wish.use({ address, message: challenge.message, signature, device: way.device }).finally(() => (using = false));
        end(true);
      } catch (error) {
        if (error instanceof ApiError && error.kind === 'challengeExpired' && !renewed) return renew(attempt);
        showProblem(error, way, address);
      }
    }

    function showRefusal(/** @type {Way} */ way, /** @type {Key} */ title, /** @type {Key} */ lead, /** @type {Record<string, string>} */ more = {}) {
      begin();
      const values = { wallet: way.name, host, ...more };
      const { retry, choose } = waysOn(way);
      showView({
        title,
        values,
        body: [el('p', { class: 'lead' }, words(lead, values)), button('primary', 'action.retry', retry), button('secondary', 'action.choose', choose)],
      });
    }

    const waysOn = (/** @type {Way} */ way) => ({ retry: () => void connect(way, true), choose: list });

    /** Show what did not go on, with a way back to the page. @param {import('../login/screen.js').View} view */
    function showView(view) {
      show({ ...view, body: [...view.body, button('quiet', 'action.cancel', () => end(false))] });
    }

    function showProblem(/** @type {unknown} */ error, /** @type {Way} */ way, own = '') {
      if (error instanceof DOMException && error.name === 'AbortError') return;
      begin();
      const refusal = error instanceof ApiError ? `refusal.${error.code}` : '';
      if (isKey(refusal)) return showRefusal(way, 'signing.refused', /** @type {Key} */ (refusal));
      const known = error instanceof ApiError || error instanceof WalletError;
      const values = { wallet: way.name, own, ...(error instanceof WalletError ? error.values : {}) };
      showView(problemView({ ...(known ? error : {}), kind: known ? error.kind : 'server', values }, waysOn(way)));
      if (!known) throw error; // A mistake in this page: developers see it in the console.
    }
  });
}
