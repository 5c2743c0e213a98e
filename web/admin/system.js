/** How the service stands: its health, what it holds, its signing keys, and the sign-ins of the last day. */

import { roleName } from '../account/profile.js';
import { confirm } from '../app/dialog.js';
import { showOutcome } from '../app/outcome.js';
import { badge, button, fact, facts, fetched, panel } from '../app/parts.js';
import { table } from '../app/table.js';
import { time } from '../app/time.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';
import { formatWait } from '../lib/format.js';
import { locale, words } from '../lib/i18n/words.js';
import { signInsChart } from './chart.js';

/** @typedef {{kid: string, state: 'next' | 'active' | 'retiring', created_at: string, signs_from: string, accepted_until: string | null}} SigningKey */

/** @type {ReadonlyArray<import('../app/table.js').Column<SigningKey>>} */
const KEY_COLUMNS = [
  { key: 'keys.kid', rank: 'main', cell: ({ kid }) => el('code', { class: 'address', dir: 'ltr' }, kid) },
  { key: 'users.state', cell: ({ state }) => badge(`keys.${state}`, state === 'active' ? 'good' : 'plain') },
  { key: 'keys.created', cell: ({ created_at: at }) => time(at) },
  { key: 'keys.signsFrom', cell: ({ signs_from: at }) => time(at) },
  { key: 'keys.until', cell: ({ accepted_until: at }) => (at ? time(at) : '–') },
];

export function systemView() {
  const state = fetched(async () => {
    const [system, rights] = await Promise.all([call('GET', '/system'), call('GET', '/auth/permissions')]);
    return { system, mayRotate: rights.permissions.includes('manage_system_config') };
  }, render);

  /** @param {{system: Record<string, any>, mayRotate: boolean}} found */
  function render({ system, mayRotate }) {
    const { health, users } = system;
    const well = health.status === 'healthy';
    return [
      facts(
        fact('system.health', badge(well ? 'system.healthy' : 'system.unhealthy', well ? 'good' : 'bad')),
        fact('system.version', system.version),
        fact('system.uptime', formatWait(system.uptime_seconds, Math.floor)),
        fact('system.started', time(system.started_at)),
        fact('system.database', bytes(system.database_bytes)),
        fact('system.sessions', count(system.sessions)),
        fact('system.backup', ...lastBackup(health.backup)),
      ),
      part('admin.users'),
      facts(
        fact('system.total', count(users.total)),
        ...users.by_role.map((/** @type {{role: string, users: number}} */ one) => el('div', {}, el('dt', {}, roleName(one.role)), el('dd', {}, count(one.users)))),
        fact('users.locked', count(users.locked)),
      ),
      part('system.signIns'),
      signInsChart(system.sign_ins),
      part('system.keys'),
      table('system.keys', KEY_COLUMNS, system.signing_keys).element,
      el('div', { class: 'actions' }, mayRotate ? button('secondary', 'keys.rotate', () => void rotate()) : el('p', { class: 'small' }, words('keys.superOnly'))),
    ];
  }

  async function rotate() {
    const act = async () => void (await call('POST', '/keys/rotate'));
    const done = await confirm({ title: 'keys.rotate.title', lead: 'keys.rotate.lead', action: 'keys.rotate', act });
    if (done) await showOutcome('keys.rotated', element, state.reload);
  }
  const element = panel('admin.system', state.element);
  return [element];
}

/** @param {{status: 'healthy' | 'overdue' | 'failing' | 'disabled', verified_at: string | null}} backup */
function lastBackup({ status, verified_at: at }) {
  return [badge(`system.backup.${status}`, status === 'healthy' ? 'good' : status === 'disabled' ? 'plain' : 'bad'), ' ', ...(at ? [time(at)] : words('system.backup.none'))];
}

/** @param {import('../lib/i18n/words.js').Key} key */
function part(key) {
  return el('h3', {}, words(key));
}

/** @param {number} number */
function count(number) {
  return new Intl.NumberFormat(locale).format(number);
}

/** @param {number} size */
function bytes(size) {
  const [amount, unit] = size < 1e6 ? [size / 1e3, 'kilobyte'] : size < 1e9 ? [size / 1e6, 'megabyte'] : [size / 1e9, 'gigabyte'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(amount);
}
