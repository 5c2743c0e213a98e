/**
 * The frame of a page for somebody who is signed in: header, menu, main part, and what is shown instead of it while there
 * is no session.
 */

import { ApiError } from '../lib/api.js';
import { showBrand } from '../lib/branding.js';
import { el, visible } from '../lib/dom.js';
import { languageMenu } from '../lib/i18n/menu.js';
import { text, words } from '../lib/i18n/words.js';
import { beginAnewAfterLeaving, hasSession, setTitle } from '../lib/page.js';
import { endSession, refreshSession, watchSession } from '../lib/session.js';
import { announce, begin as beginAnnouncing } from './live.js';
import { button, failed, link, loading } from './parts.js';

/** @typedef {import('../lib/replies.js').User} User */
/** @typedef {import('../lib/session.js').Session} Session */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @typedef {object} Page
 * @property {Key} title
 * @property {(user: User) => boolean} [admits] whom it is for; everybody who is signed in if it is missing
 * @property {(main: HTMLElement, session: Session) => void} begin puts the page into `main`, below its title
 */

const ADMINS = ['ADMIN', 'SUPER_ADMIN'];

const PLACES = /** @type {const} */ ([
  { path: '/account', key: 'app.account', admits: () => true },
  { path: '/admin', key: 'app.admin', admits: isAdmin },
]);

const main = el('main', { id: 'main', tabindex: '-1' });
const menu = el('nav', { class: 'places' });
const who = el('div', { class: 'who' });

/** @param {User} user */
export function isAdmin({ role }) {
  return ADMINS.includes(role);
}

/** Where to sign in, and come back to this part of this page. */
export function signInPath() {
  // The service sends nobody back to an address with other characters.
  const part = /^#[\w/.%-]+$/.test(location.hash) && location.hash !== '#main' ? location.hash : '';
  return `/?return_to=${encodeURIComponent(location.origin + location.pathname + location.search + part)}`;
}

/** @param {Page} page */
export function openPage(page) {
  setTitle(text(page.title));
  menu.setAttribute('aria-label', text('app.menu'));
  document.body.replaceChildren(
    el('a', { class: 'skip', href: '#main', click: skip }, words('app.skip')),
    el(
      'header',
      { class: 'top' },
      el('a', { class: 'brand', href: '/' }, el('img', { src: '/web/favicon.svg', alt: '', width: '28', height: '28' }), el('span', { id: 'brand' }, text('brand'))),
      who,
      menu,
    ),
    main,
    el('footer', { class: 'foot' }, languageMenu()),
    beginAnnouncing(),
  );
  void showBrand();
  watchConnection();
  watchSession({
    refreshed: () => {},
    ended: showEnded,
    signedIn: () => location.reload(),
    signedOut: () => leaveFor('/'),
  });
  beginAnewAfterLeaving();
  if (hasSession()) void start(page);
  else leaveFor(signInPath());
}

/** Go to the content and leave the address alone: what stands after # there says which part of the page it is. @param {Event} event */
function skip(event) {
  event.preventDefault();
  main.focus();
}

/** Show who somebody is, anew after they changed their name. @param {User} user */
export function showWho({ display_name: name, tron_address: address }) {
  const shown = visible(name ?? '') || `${address.slice(0, 6)}…${address.slice(-4)}`;
  const out = button('quiet', 'in.out', () => void signOut());
  who.replaceChildren(el('span', { class: 'name' }, el('span', { class: 'unseen' }, words('app.who'), ' '), el('bdi', {}, shown)), out);
}

let leaving = false;

/** End the session and go to the login page; if it cannot be ended, say so at the top. */
export async function signOut() {
  if (leaving) return;
  leaving = true;
  main.querySelector(':scope > .problem')?.remove();
  try {
    await leave(false);
  } catch (error) {
    leaving = false;
    main.prepend(failed(error, () => void signOut()));
    scrollTo(0, 0);
  }
}

/**
 * End the session, or all of them, and go to the login page.
 *
 * @param {boolean} everywhere
 * @throws {ApiError} if the service cannot be asked; then nothing has changed
 */
export async function leave(everywhere) {
  await endSession(everywhere);
  leaveFor('/');
}

/** @param {string} path of this origin */
export function leaveFor(path) {
  location.replace(path);
}

/** @param {Page} page */
async function start(page) {
  const title = el('h1', { tabindex: '-1' }, words(page.title));
  main.replaceChildren(title, loading());
  try {
    const session = await refreshSession();
    showWho(session.user);
    showMenu(session.user);
    if (page.admits && !page.admits(session.user)) {
      main.replaceChildren(title, notice('app.notForYou.title', 'app.notForYou.lead', link('primary', 'app.toAccount', '/account')));
      return;
    }
    main.replaceChildren(title);
    page.begin(main, session);
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'sessionEnded') return showEnded();
    main.replaceChildren(title, failed(error, () => void start(page)));
    if (!(error instanceof ApiError)) throw error; // A mistake in this page: developers see it in the console.
  }
}

/** @param {User} user */
function showMenu(user) {
  const places = PLACES.filter(({ admits }) => admits(user));
  menu.replaceChildren(
    el(
      'ul',
      {},
      places.map(({ path, key }) => el('li', {}, el('a', { href: path, 'aria-current': path === location.pathname ? 'page' : undefined }, words(key)))),
    ),
  );
}

function showEnded() {
  showOnly('problem.sessionEnded.title', 'problem.sessionEnded.lead', link('primary', 'action.signIn', signInPath()));
}

/**
 * Nobody is signed in any more: show this, and nothing of the page.
 *
 * @param {Key} title
 * @param {Key} lead
 * @param {Node} way that leads on
 */
export function showOnly(title, lead, way) {
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  who.replaceChildren();
  menu.replaceChildren();
  const heading = el('h1', { tabindex: '-1' }, words(title));
  main.replaceChildren(el('section', { class: 'panel alone' }, heading, el('p', { class: 'lead' }, words(lead, { host: location.host })), way));
  heading.focus();
}

/** While the browser says that it is offline, so does the page. */
function watchConnection() {
  const bar = el('p', { class: 'offline' }, words('app.offline'));
  const update = () => {
    if (navigator.onLine) bar.remove();
    else {
      main.previousElementSibling?.append(bar);
      announce(text('app.offline'));
    }
  };
  addEventListener('online', update);
  addEventListener('offline', update);
  update();
}

/**
 * What stands alone in the main part.
 *
 * @param {Key} title
 * @param {Key} lead
 * @param {Node} way that leads on
 */
function notice(title, lead, way) {
  return el('section', { class: 'panel alone' }, el('h2', {}, words(title)), el('p', { class: 'lead' }, words(lead, { host: location.host })), way);
}
