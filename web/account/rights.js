/** What one's role allows, in words. */

import { empty, fetched, panel } from '../app/parts.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';
import { isKey, text, words } from '../lib/i18n/words.js';
import { roleName } from './profile.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */
/** @typedef {{role: string, permissions: string[]}} Role */

export function rightsPanel() {
  const list = fetched(
    async () => {
      const [own, policy] = await Promise.all([call('GET', '/auth/permissions'), call('GET', '/permissions')]);
      return { own: /** @type {Role} */ (own), known: /** @type {Array<{name: string, description: string}>} */ (policy.permissions) };
    },
    ({ own, known }) => {
      if (own.permissions.length === 0) return [empty('rights.none')];
      // One that a newer service knows has the service's own words.
      const described = (/** @type {string} */ name) => {
        const key = `permission.${name}`;
        return isKey(key) ? text(/** @type {Key} */ (key)) : (known.find((permission) => permission.name === name)?.description ?? name);
      };
      return [
        el('p', {}, words('rights.lead', { role: roleName(own.role) })),
        el('ul', { class: 'rights' }, own.permissions.map((name) => el('li', {}, described(name)))),
      ];
    },
  );
  return panel('rights.title', list.element);
}
