/** All users: found by name, address, role, and whether they are locked out. */

import { form } from '../app/form.js';
import { pagedTable } from '../app/pages.js';
import { badge, panel } from '../app/parts.js';
import { time } from '../app/time.js';
import { el, visible } from '../lib/dom.js';
import { shortAddress } from '../lib/format.js';
import { text } from '../lib/i18n/words.js';
import { roleName } from '../account/profile.js';
import { loadPage } from './list.js';

/** @typedef {import('../lib/replies.js').User} User */

export const ROLES = /** @type {const} */ (['USER', 'NODE_OPERATOR', 'ADMIN', 'SUPER_ADMIN']);

/** The roles, to choose from. @type {ReadonlyArray<readonly [string, import('../lib/i18n/words.js').Key]>} */
export const ROLE_CHOICES = ROLES.map((role) => [role, `role.${role}`]);

/** @type {ReadonlyArray<import('../app/table.js').Column<User>>} */
const COLUMNS = [
  {
    key: 'users.user',
    rank: 'main',
    cell: (user) => [
      el('a', { href: `#user/${encodeURIComponent(user.user_id)}` }, el('bdi', {}, nameOf(user))),
      // Where there is no name, the address stands for it.
      visible(user.display_name ?? '') ? el('code', { class: 'aside address', dir: 'ltr', title: user.tron_address }, shortAddress(user.tron_address)) : undefined,
    ],
  },
  { key: 'users.role', cell: ({ role }) => roleName(role) },
  { key: 'users.state', cell: stateOf },
  { key: 'users.since', cell: ({ created_at: at }) => (at ? time(at) : '') },
  { key: 'users.lastSignIn', cell: ({ last_login_at: at }) => (at ? time(at, 'distance') : text('profile.never')) },
];

export function usersView() {
  /** @type {Record<string, string>} */
  let query = {};
  const list = pagedTable({
    caption: 'admin.users',
    columns: COLUMNS,
    none: 'users.none',
    load: (cursor) => loadPage('/users', 'users', query, cursor),
  });
  const filter = form({
    id: 'users-filter',
    fields: [
      { name: 'q', label: 'users.q', hint: 'users.q.hint', type: 'search' },
      { name: 'role', label: 'users.role', choices: [['', 'filter.all'], ...ROLE_CHOICES] },
      { name: 'locked', label: 'users.state', choices: [['', 'filter.all'], ['false', 'users.active'], ['true', 'users.locked']] },
    ],
    action: 'users.find',
    async save(values) {
      query = values;
      await list.reload();
    },
  });
  filter.classList.add('filter');
  return { element: panel('admin.users', filter, list.element), reload: list.reload };
}

/** @param {User} user */
export function nameOf({ display_name: name, tron_address: address }) {
  return visible(name ?? '') || shortAddress(address);
}

/** @param {User} user */
export function stateOf({ locked }) {
  return locked ? badge('users.locked', 'bad') : badge('users.active', 'good');
}
