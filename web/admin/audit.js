/** The audit log: what happened, newest first. */

import { form } from '../app/form.js';
import { pagedTable } from '../app/pages.js';
import { badge, panel } from '../app/parts.js';
import { time } from '../app/time.js';
import { ApiError } from '../lib/api.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';
import { shortAddress } from '../lib/format.js';
import { isKey, text } from '../lib/i18n/words.js';
import { loadPage } from './list.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */
/**
 * @typedef {object} Entry as the service tells it
 * @property {number} number
 * @property {string} at
 * @property {string} action
 * @property {'success' | 'refused'} outcome
 * @property {string} actor
 * @property {string | null} user_id
 * @property {string | null} tron_address
 * @property {string | null} ip
 * @property {string | null} detail
 */

const ACTIONS = /** @type {const} */ ([
  'sign_in', 'sign_in.locked', 'sign_out', 'session.revoked', 'refresh.reuse',
  'user.added', 'user.profile_changed', 'user.role_changed', 'user.locked', 'user.unlocked', 'user.erased',
  'keys.sealed', 'keys.reset', 'wallet.connected', 'wallet.verified', 'wallet.disconnected',
  'key.added', 'key.retired', 'audit.stopped', 'audit.resumed',
]);

const ADDRESS = /^T[1-9A-HJ-NP-Za-km-z]{33}$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** @type {ReadonlyArray<import('../app/table.js').Column<Entry>>} */
const COLUMNS = [
  {
    key: 'audit.action',
    rank: 'main',
    cell: ({ action, outcome }) => [el('span', { class: 'action' }, actionName(action)), ' ', outcome === 'refused' ? badge('audit.refused', 'bad') : undefined],
  },
  { key: 'audit.at', cell: ({ at }) => time(at) },
  { key: 'audit.user', cell: ({ user_id: id, tron_address: address }) => (id ? userLink(id, address) : '–') },
  { key: 'audit.actor', cell: ({ actor, user_id: id }) => actorOf(actor, id) },
  { key: 'sessions.ip', cell: ({ ip }) => el('span', { class: 'ip', dir: 'ltr' }, ip ?? '–') },
  { key: 'audit.detail', cell: ({ detail }) => el('bdi', { class: 'detail' }, detail ?? '–') },
];

/**
 * @param {() => Record<string, string | undefined>} query what is asked for, at each reload
 */
export function auditTable(query) {
  return pagedTable({
    caption: 'admin.audit',
    columns: COLUMNS,
    none: 'audit.none',
    load: (cursor) => loadPage('/audit', 'entries', query(), cursor),
  });
}

export function auditView() {
  /** @type {Record<string, string | undefined>} */
  let query = {};
  const list = auditTable(() => query);
  const filter = form({
    id: 'audit-filter',
    fields: [
      { name: 'user', label: 'audit.user', hint: 'audit.user.hint', wrong: 'audit.user.wrong', type: 'search' },
      { name: 'action', label: 'audit.action', choices: [['', 'filter.all'], ...ACTIONS.map((action) => /** @type {const} */ ([action, `action.${action}`]))] },
      { name: 'outcome', label: 'audit.outcome', choices: [['', 'filter.all'], ['success', 'audit.success'], ['refused', 'audit.refused']] },
      { name: 'from', label: 'audit.from', type: 'datetime-local' },
      { name: 'to', label: 'audit.to', type: 'datetime-local' },
    ],
    action: 'audit.find',
    async save({ user = '', action, outcome, from, to }) {
      query = { user_id: await idOf(user), action, outcome, from: moment('from', from), to: moment('to', to) };
      await list.reload();
    },
  });
  filter.classList.add('filter');
  return { element: panel('admin.audit', filter, list.element), reload: list.reload };
}

/** The identifier of whoever is meant by it, or by their address. @param {string} user */
async function idOf(user) {
  if (user === '' || UUID.test(user)) return user;
  const found = ADDRESS.test(user) ? (await call('GET', '/users', { query: { q: user } })).users[0] : undefined;
  // As the service would refuse the field.
  if (!found) throw new ApiError('server', { field: 'user' });
  return found.user_id;
}

/** As the service reads times. @param {string} field @param {string | undefined} local */
function moment(field, local) {
  if (!local) return undefined;
  const date = new Date(local);
  // Years of five digits and more: as the service would refuse the field.
  if (!(date.getFullYear() < 10_000)) throw new ApiError('server', { field });
  return date.toISOString().replace(/\.\d+/, '');
}

/** @param {string} action */
function actionName(action) {
  const key = `action.${action}`;
  return isKey(key) ? text(/** @type {Key} */ (key)) : action;
}

/** @param {string} id @param {string | null} [address] */
function userLink(id, address) {
  return el('a', { class: address ? 'short' : undefined, href: `#user/${encodeURIComponent(id)}`, title: address ?? id }, address ? shortAddress(address) : text('audit.byUser'));
}

/** @param {string} actor @param {string | null} subject */
function actorOf(actor, subject) {
  const key = `actor.${actor}`;
  if (isKey(key)) return text(/** @type {Key} */ (key));
  return actor === subject ? text('audit.self') : userLink(actor);
}
