/** Who one is: what cannot be changed, and a form for what can. */

import { addressWithCopy } from '../app/copy.js';
import { form } from '../app/form.js';
import { showWho } from '../app/frame.js';
import { fact, facts, panel } from '../app/parts.js';
import { time } from '../app/time.js';
import { call } from '../lib/call.js';
import { isKey, text } from '../lib/i18n/words.js';

/** @typedef {import('../lib/replies.js').User} User */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

/** @param {User} user */
export function profilePanel(user) {
  let known = user;
  const fields = /** @type {const} */ ([
    { name: 'display_name', label: 'profile.name', hint: 'profile.name.hint', wrong: 'profile.name.wrong', autocomplete: 'nickname' },
    { name: 'email', label: 'profile.email', hint: 'profile.email.hint', wrong: 'profile.email.wrong', type: 'email', autocomplete: 'email' },
    { name: 'avatar_url', label: 'profile.avatar', hint: 'profile.avatar.hint', wrong: 'profile.avatar.wrong', type: 'url' },
  ]);
  /** @param {Record<string, string>} values */
  const save = async (values) => {
    // Only what changed: the rest may have been changed elsewhere since.
    const changes = Object.entries(values).filter(([name, value]) => value !== (Reflect.get(known, name) ?? ''));
    if (changes.length === 0) return;
    const body = Object.fromEntries(changes.map(([name, value]) => [name, value === '' ? null : value]));
    known = /** @type {User} */ (await call('PUT', '/users/me', { body }));
    showWho(known);
  };
  return panel(
    'profile.title',
    facts(
      fact('profile.address', addressWithCopy(user.tron_address)),
      fact('profile.role', roleName(user.role)),
      user.created_at ? fact('profile.since', time(user.created_at)) : undefined,
      fact('profile.lastSignIn', user.last_login_at ? time(user.last_login_at) : text('profile.never')),
    ),
    form({
      id: 'profile',
      fields: fields.map((field) => ({ ...field, value: user[field.name] ?? '' })),
      action: 'profile.save',
      saved: 'profile.saved',
      save,
    }),
  );
}

/** @param {string} role */
export function roleName(role) {
  const key = `role.${role}`;
  return isKey(key) ? text(/** @type {Key} */ (key)) : role;
}
