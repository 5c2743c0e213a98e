/**
 * The login page up to the choice of a wallet: what everybody sees first, so it is made of little. What comes after the
 * choice is in sign-in.js, which comes after the first view.
 */

import { el } from '../lib/dom.js';
import { beginAnewAfterLeaving, hasSession } from '../lib/page.js';
import { discoverWallets } from '../wallets/discovery.js';
import { begin, notice, show, shown } from './screen.js';
import * as views from './views.js';
import { firstOf, waysToSignIn } from './ways.js';

/** @typedef {import('./ways.js').Way} Way */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

const foot = el('footer', { class: 'foot' });
document.body.append(foot);
// Not before the first view; without it the page speaks as the browser asks.
import('../lib/i18n/menu.js').then(({ languageMenu }) => foot.append(languageMenu()), () => {});
export const discovery = discoverWallets(onWalletsChanged);

/** What comes after the choice, once it is here. @type {typeof import('./sign-in.js') | undefined} */
let signIn;

beginAnewAfterLeaving();
if (hasSession()) {
  void discovery.scan();
  goOn(({ restore }) => restore(), views.waiting('restoring.title'));
} else {
  void lookForWallets();
  // Before it is needed; whether it came is asked again then.
  import('./sign-in.js').catch(() => {});
}

async function lookForWallets(/** @type {Key | undefined} */ stillNone = undefined) {
  const signal = begin();
  show(views.waiting('looking.title'));
  await discovery.scan();
  if (signal.aborted) return;
  startOver(stillNone && discovery.wallets.length === 0 ? stillNone : undefined);
}

/** @param {Key} [message] what to say about how one came here */
export function startOver(message) {
  begin(undefined, 'wallets');
  const note = message ? notice(message) : undefined;
  const ways = waysToSignIn(discovery.wallets);
  const first = firstOf(ways);
  if (first || discovery.wallets.length > 0) show(views.choose(ways, first, connectTo, note));
  else show(views.none(ways, connectTo, () => lookForWallets('none.still'), note));
}

function onWalletsChanged() {
  if (shown === 'wallets') startOver();
  else if (shown) signIn?.watchAgain();
}

/** @param {Way} way */
function connectTo(way) {
  const values = { wallet: way.name };
  goOn(({ connectTo: connect }) => connect(way), views.waiting(way.kind === 'wallet' ? 'connect.title' : 'device.opening', values));
}

/**
 * Go on with what comes after the choice. A page that could not load it begins anew when asked to.
 *
 * @param {(module: typeof import('./sign-in.js')) => void} step
 * @param {import('./screen.js').View} waiting what to show until it is here
 */
function goOn(step, waiting) {
  if (signIn) return step(signIn);
  const signal = begin();
  show(waiting);
  import('./sign-in.js').then(
    (module) => {
      signIn = module;
      if (!signal.aborted) step(module);
    },
    () => {
      begin();
      show(views.cutOff(() => location.reload()));
    },
  );
}
