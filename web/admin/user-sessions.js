/** Where a user is signed in, and how an admin ends that. */

import { agentName, endOne, walletName } from '../account/sessions.js';
import { confirm } from '../app/dialog.js';
import { empty, fetched, rowButton } from '../app/parts.js';
import { table } from '../app/table.js';
import { time } from '../app/time.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';

/** @typedef {import('../account/sessions.js').SignedIn} SignedIn */

/**
 * @param {import('../lib/replies.js').User} me
 * @param {string} id of the user
 * @param {() => Promise<void>} ended what to do when one has ended
 */
export function userSessions(me, id, ended) {
  const end = async (/** @type {SignedIn} */ session) => {
    const done = await confirm({
      title: 'sessions.end.title',
      lead: 'sessions.end.lead',
      values: { device: agentName(session) },
      action: 'sessions.end.action',
      danger: true,
      act: () => endOne(session),
    });
    if (done) await ended();
  };
  /** @type {ReadonlyArray<import('../app/table.js').Column<SignedIn>>} */
  const columns = [
    { key: 'sessions.device', rank: 'main', cell: (session) => el('bdi', {}, agentName(session)) },
    { key: 'sessions.wallet', cell: ({ wallet_type: type }) => walletName(type) },
    { key: 'sessions.ip', cell: ({ ip }) => el('span', { class: 'ip', dir: 'ltr' }, ip) },
    { key: 'sessions.created', cell: ({ created_at: at }) => time(at) },
    { key: 'sessions.active', cell: ({ last_activity_at: at }) => time(at, 'distance') },
    {
      key: 'sessions.actions',
      rank: 'actions',
      // One's own are looked after on the account page.
      cell: (session) => (id === me.user_id ? '' : rowButton('quiet', 'sessions.end', agentName(session), () => void end(session))),
    },
  ];
  return fetched(
    async () => /** @type {SignedIn[]} */ ((await call('GET', '/sessions', { query: { user_id: id } })).sessions),
    (sessions) => (sessions.length > 0 ? [table('user.sessions', columns, sessions).element] : [empty('user.sessions.none')]),
  );
}
