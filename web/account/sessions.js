/** Where one is signed in, and how to end that. */

import { readAgent } from '../app/agent.js';
import { confirm } from '../app/dialog.js';
import { leave, signOut } from '../app/frame.js';
import { showOutcome } from '../app/outcome.js';
import { badge, button, empty, fetched, panel, rowButton } from '../app/parts.js';
import { table } from '../app/table.js';
import { time } from '../app/time.js';
import { ApiError } from '../lib/api.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';
import { shortAddress } from '../lib/format.js';
import { isKey, text, words } from '../lib/i18n/words.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */
/**
 * @typedef {object} SignedIn a session as the service tells it
 * @property {string} id
 * @property {string} created_at
 * @property {string} last_activity_at
 * @property {string} expires_at
 * @property {string} ip
 * @property {string} user_agent
 * @property {string} wallet_type
 * @property {string} tron_address
 * @property {boolean} current
 */

/** @param {import('../lib/replies.js').User} user */
export function sessionsPanel(user) {
  const list = fetched(readSessions, render);
  const element = panel('sessions.title', el('p', { class: 'lead' }, words('sessions.lead')), list.element);

  /** @param {SignedIn[]} sessions */
  function render(sessions) {
    if (sessions.length === 0) return [empty('sessions.none')];
    const others = sessions.filter(({ current }) => !current);
    const ordered = [...sessions].sort(
      (one, other) => Number(other.current) - Number(one.current) || Date.parse(other.last_activity_at) - Date.parse(one.last_activity_at),
    );
    return [
      table('sessions.title', columns, ordered).element,
      el(
        'div',
        { class: 'actions' },
        others.length > 0 ? button('secondary', 'sessions.others', () => void endOthers()) : undefined,
        button('secondary', 'sessions.all', () => void endAll()),
      ),
    ];
  }

  /** @type {ReadonlyArray<import('../app/table.js').Column<SignedIn>>} */
  const columns = [
    {
      key: 'sessions.device',
      rank: 'main',
      cell: (session) => [el('bdi', {}, agentName(session)), ' ', session.current ? badge('sessions.this', 'good') : undefined],
    },
    {
      key: 'sessions.wallet',
      cell: ({ wallet_type: type, tron_address: address }) => [
        walletName(type),
        address === user.tron_address ? undefined : el('span', { class: 'aside', title: address }, shortAddress(address)),
      ],
    },
    { key: 'sessions.ip', cell: ({ ip }) => el('span', { class: 'ip', dir: 'ltr' }, ip) },
    { key: 'sessions.created', cell: ({ created_at: at }) => time(at) },
    { key: 'sessions.active', cell: ({ last_activity_at: at }) => time(at, 'distance') },
    { key: 'sessions.expires', cell: ({ expires_at: at }) => time(at, 'distance') },
    {
      key: 'sessions.actions',
      rank: 'actions',
      cell: (session) =>
        session.current
          ? rowButton('quiet', 'in.out', text('sessions.this'), () => void signOut())
          : rowButton('quiet', 'sessions.end', agentName(session), () => void end(session)),
    },
  ];

  /** @param {SignedIn} session */
  async function end(session) {
    const done = await confirm({
      title: 'sessions.end.title',
      lead: 'sessions.end.lead',
      values: { device: agentName(session) },
      action: 'sessions.end.action',
      danger: true,
      act: () => endOne(session),
    });
    if (done) await showOutcome('sessions.ended', element, list.reload);
  }

  async function endOthers() {
    const act = async () => {
      // Those that there are now, not those of the list: somebody may have signed in since.
      for (const other of await readSessions()) if (!other.current) await endOne(other);
    };
    const done = await confirm({ title: 'sessions.others.title', lead: 'sessions.others.lead', action: 'sessions.others', danger: true, act });
    if (done) await showOutcome('sessions.othersEnded', element, list.reload);
    // Some may have ended before one could not be.
    else await list.reload();
  }

  function endAll() {
    return confirm({ title: 'sessions.all.title', lead: 'sessions.all.lead', action: 'sessions.all', danger: true, act: () => leave(true) });
  }
  return element;
}

/** @returns {Promise<SignedIn[]>} */
async function readSessions() {
  return (await call('GET', '/sessions')).sessions;
}

/** @param {SignedIn} session */
export async function endOne({ id }) {
  try {
    await call('DELETE', `/sessions/${encodeURIComponent(id)}`);
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof ApiError && error.code === 'LUCID_AUTH_1031')) throw error;
  }
}

/** @param {SignedIn} session */
export function agentName({ user_agent: agent }) {
  const { program, system, other } = readAgent(agent);
  if (program && system) return text('agent.both', { program, system });
  return program ?? (other || text('agent.unknown'));
}

/** @param {string} type */
export function walletName(type) {
  const key = `wallet.${type}`;
  return isKey(key) ? text(/** @type {Key} */ (key)) : type;
}
