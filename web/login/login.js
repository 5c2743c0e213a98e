/**
 * The login page up to the choice of a wallet: what everybody sees first, so it is made of little. What comes after the
 * choice is in sign-in.js, which comes after the first view.
 */

import { el } from '../lib/dom.js';
import { languageMenu } from '../lib/i18n/menu.js';
import { hasSession } from '../lib/mark.js';
import { discoverWallets } from '../wallets/discovery.js';
import { notice, show } from './screen.js';
import { begin, shown } from './step.js';
import * as views from './views.js';
import { firstOf, waysToSignIn } from './ways.js';

/** @typedef {import('./ways.js').Way} Way */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

document.body.append(el('footer', { class: 'foot' }, languageMenu()));
export const discovery = discoverWallets(onWalletsChanged);

// A page that comes back from the browser's cache has an old session in memory.
addEventListener('pageshow', (event) => event.persisted && location.reload());
if (hasSession()) {
  show(views.waiting('restoring.title'));
  void discovery.scan();
  goOn(({ restore }) => restore());
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
  else if (shown) goOn(({ watchAgain }) => watchAgain());
}

/** @param {Way} way */
function connectTo(way) {
  goOn((signIn) => signIn.connectTo(way));
}

/**
 * Go on with what comes after the choice. A page that could not load it begins anew when asked to.
 *
 * @param {(signIn: typeof import('./sign-in.js')) => void} step
 */
function goOn(step) {
  import('./sign-in.js').then(step, () => {
    begin();
    show(views.cutOff(() => location.reload()));
  });
}
