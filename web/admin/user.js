/** One user: who they are, what an admin can do about them, where they are signed in, and what they did. */

import { roleName } from '../account/profile.js';
import { addressWithCopy } from '../app/copy.js';
import { form } from '../app/form.js';
import { showOutcome } from '../app/outcome.js';
import { button, fact, facts, fetched, panel } from '../app/parts.js';
import { time } from '../app/time.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';
import { text, words } from '../lib/i18n/words.js';
import { auditTable } from './audit.js';
import { askAndChange } from './changes.js';
import { userSessions } from './user-sessions.js';
import { ROLES, ROLE_CHOICES, nameOf, stateOf } from './users.js';

/** @typedef {import('./users.js').User} User */
/** @typedef {Omit<import('../app/dialog.js').Question, 'act'>} Question */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @param {import('../lib/replies.js').User} me
 * @param {string} id
 * @param {() => void} changed the list of users is not what it was
 * @param {(said: Key) => void} gone there is no such user any more
 */
export function userView(me, id, changed, gone) {
  const path = `/users/${encodeURIComponent(id)}`;
  const own = id === me.user_id;

  const profile = fetched(
    async () => {
      const [user, rights] = await Promise.all([call('GET', path), call('GET', '/auth/permissions')]);
      return { user: /** @type {User} */ (/** @type {unknown} */ (user)), rights: /** @type {string[]} */ (rights.permissions) };
    },
    ({ user, rights }) => {
      element.querySelector('h2')?.replaceChildren(el('bdi', {}, nameOf(user)));
      return [
        facts(
          fact('profile.address', addressWithCopy(user.tron_address)),
          fact('users.role', roleName(user.role)),
          fact('users.state', stateOf(user)),
          fact('profile.email', user.email ? el('bdi', {}, user.email) : text('user.nothing')),
          fact('users.since', user.created_at ? time(user.created_at) : ''),
          fact('users.lastSignIn', user.last_login_at ? time(user.last_login_at) : text('profile.never')),
          fact('user.id', el('code', { class: 'address', dir: 'ltr' }, user.user_id)),
        ),
        ...actions(user, rights),
      ];
    },
  );
  const sessions = userSessions(me, id, () => refreshed('sessions.ended'));
  const entries = auditTable(() => ({ user_id: id }));
  const element = panel('user.title', profile.element);
  return [
    el('p', {}, el('a', { class: 'back', href: '#users' }, words('user.back'))),
    element,
    panel('user.sessions', sessions.element),
    panel('user.entries', entries.element),
  ];

  /**
   * What the caller may do; where that is less than all, why.
   *
   * @param {User} user
   * @param {string[]} rights
   */
  function actions(user, rights) {
    if (own) return [el('p', { class: 'lead' }, words('user.own'), ' ', el('a', { href: '/account' }, words('app.toAccount')))];
    const rank = (/** @type {string} */ role) => ROLES.findIndex((other) => other === role);
    if (rank(user.role) > rank(me.role)) return [el('p', { class: 'lead' }, words('user.above', { role: roleName(user.role) }))];
    const may = (/** @type {string} */ right) => rights.includes(right);
    return [
      may('assign_roles') ? roleForm(user) : undefined,
      el(
        'div',
        { class: 'actions' },
        may('manage_users') ? (user.locked ? button('secondary', 'user.unlock', () => void unlock(user)) : button('danger', 'user.lock', () => void lock(user))) : undefined,
        may('force_user_logout') ? button('secondary', 'user.signOut', () => void signOut(user)) : undefined,
        may('assign_roles') ? button('danger', 'user.erase', () => void erase(user)) : undefined,
      ),
      may('assign_roles') ? undefined : el('p', { class: 'small' }, words('user.superOnly')),
    ];
  }

  /** @param {User} user */
  function roleForm(user) {
    const element = form({
      id: 'user-role',
      fields: [{ name: 'role', label: 'users.role', value: user.role, choices: ROLE_CHOICES }],
      action: 'user.role',
      async save({ role = '' }) {
        if (role === user.role) return;
        const values = { name: nameOf(user), role: roleName(role) };
        const done = await ask(user, { title: 'user.role.title', lead: 'user.role.lead', values, action: 'user.role' }, 'PUT', '/role', 'user.role.done', { role });
        // It says what is, unless the role is what they asked for.
        if (!done) element.reset();
      },
    });
    element.classList.add('filter');
    return element;
  }

  /** @param {User} user */
  function lock(user) {
    return ask(user, { title: 'user.lock.title', lead: 'user.lock.lead', action: 'user.lock', danger: true }, 'POST', '/lock', 'user.lock.done');
  }

  /** @param {User} user */
  function unlock(user) {
    return ask(user, { title: 'user.unlock.title', lead: 'user.unlock.lead', action: 'user.unlock' }, 'POST', '/unlock', 'user.unlock.done');
  }

  /** @param {User} user */
  async function signOut(user) {
    /** @type {Question} */
    const question = { title: 'user.signOut.title', lead: 'user.signOut.lead', values: { name: nameOf(user) }, action: 'user.signOut', danger: true };
    // It takes no signature, and so no body.
    if (await askAndChange(me, question, () => call('POST', `${path}/logout`))) await refreshed('user.signOut.done');
  }

  /** @param {User} user */
  function erase(user) {
    /** @type {Question} */
    const question = { title: 'user.erase.title', lead: 'user.erase.lead', action: 'user.erase', danger: true, typed: user.tron_address.slice(-6) };
    return ask(user, question, 'DELETE', '', 'user.erase.done');
  }

  /**
   * @param {User} user
   * @param {Question} question
   * @param {'POST' | 'PUT' | 'DELETE'} method
   * @param {string} what is changed, below the user's path
   * @param {Key} said when it is done
   * @param {object} [body]
   * @returns {Promise<boolean>} whether it was done
   */
  async function ask(user, question, method, what, said, body) {
    const values = { name: nameOf(user), ...question.values };
    const done = await askAndChange(me, { ...question, values }, (proof) => call(method, `${path}${what}`, { body: { ...body, proof } }));
    if (!done) return false;
    if (method === 'DELETE') {
      gone(said);
      return true;
    }
    changed();
    await refreshed(said);
    return true;
  }

  /** @param {Key} said */
  function refreshed(said) {
    return showOutcome(said, element, profile.reload, sessions.reload, entries.reload);
  }
}
