/** The administration page: its parts, and which of them the address asks for. */

import { isAdmin, openPage } from '../app/frame.js';
import { showOutcome } from '../app/outcome.js';
import { el } from '../lib/dom.js';
import { addWords, text, words } from '../lib/i18n/words.js';
import { setTitle } from '../lib/page.js';
import { auditView } from './audit.js';
import { systemView } from './system.js';
import { userView } from './user.js';
import { usersView } from './users.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */

// Signing and sessions are said here as on the account page; what differs is said anew.
await addWords('app', 'account', 'admin');
openPage({ title: 'admin.title', admits: isAdmin, begin });

const PARTS = /** @type {const} */ ([
  { name: 'users', key: 'admin.users' },
  { name: 'audit', key: 'admin.audit' },
  { name: 'system', key: 'admin.system' },
]);

/**
 * @param {HTMLElement} main
 * @param {import('../lib/session.js').Session} session
 */
function begin(main, { user: me }) {
  const links = PARTS.map(({ name, key }) => ({ name, link: el('a', { href: `#${name}` }, words(key)) }));
  const menu = el('nav', { class: 'parts', 'aria-label': text('admin.parts') }, el('ul', {}, links.map(({ link }) => el('li', {}, link))));
  const view = el('div', { class: 'view' });
  const users = usersView();
  /** Made when it is first asked for, and then kept with what was asked of it. @type {ReturnType<typeof auditView> | undefined} */
  let audit;
  let stale = false;
  const changed = () => {
    stale = true;
  };
  /** What was done to somebody who can no longer be shown, and is said of the list. @type {Key | undefined} */
  let done;
  const gone = (/** @type {Key} */ said) => {
    done = said;
    // Who went back meanwhile is there already.
    if (location.hash === '#users') open();
    else location.hash = 'users';
  };
  main.append(menu, view);

  const show = () => {
    const [part = '', id] = location.hash.slice(1).split('/');
    // The link that skips to the content, opened in some other way than by a click.
    if (part === 'main' && view.hasChildNodes()) return undefined;
    const { name: current, key } = PARTS.find(({ name }) => name === part) ?? PARTS[0];
    const title = part === 'user' ? 'user.title' : key;
    setTitle(`${text(title)} · ${text('admin.title')}`);
    for (const { name, link } of links) {
      if (name === current) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    if (part === 'user' && id) view.replaceChildren(...userView(me, id, changed, gone));
    else if (current === 'system') view.replaceChildren(...systemView());
    else if (current === 'audit') {
      // There is always something new in it.
      if (audit) void audit.reload();
      audit ??= auditView();
      view.replaceChildren(audit.element);
    } else {
      view.replaceChildren(users.element);
      if (done) void showOutcome(done, users.element, users.reload);
      else if (stale) void users.reload();
      stale = false;
      done = undefined;
    }
    return view;
  };
  /** What had the focus in each view that was left: who comes back goes on from there. @type {WeakMap<Element, HTMLElement>} */
  const left = new WeakMap();
  const open = () => {
    const { activeElement: focused } = document;
    const before = view.lastElementChild;
    if (before && focused instanceof HTMLElement && before.contains(focused)) left.set(before, focused);
    if (!show()) return;
    const again = view.lastElementChild && left.get(view.lastElementChild);
    if (again?.isConnected) return again.focus();
    scrollTo(0, 0);
    view.querySelector('h2')?.focus();
  };
  addEventListener('hashchange', open);
  show();
}
