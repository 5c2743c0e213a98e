/** The end of the account: typed first, then signed. */

import { confirm } from '../app/dialog.js';
import { showOnly } from '../app/frame.js';
import { button, link, panel } from '../app/parts.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';
import { shortAddress } from '../lib/format.js';
import { text, words } from '../lib/i18n/words.js';
import { forget } from '../lib/session.js';
import { readHardwareWallets } from './hardware.js';
import { haveSigned } from './signature.js';

/** @param {import('../lib/replies.js').User} user */
export function erasePanel(user) {
  const erase = async () => {
    /** @type {string[]} */
    let addresses = [];
    const sure = await confirm({
      title: 'erase.ask.title',
      lead: 'erase.ask.lead',
      action: 'erase.ask.action',
      danger: true,
      typed: text('erase.ask.typed'),
      async act() {
        const wallets = await readHardwareWallets();
        addresses = [user.tron_address, ...wallets.map(({ tron_address: address }) => address)];
      },
    });
    if (!sure) return;
    const erased = await haveSigned({
      title: 'erase.signing',
      lead: 'signing.lead.erase',
      values: { ownShort: addresses.map(shortAddress).join(', ') },
      refuses: (address) => (addresses.includes(address) ? undefined : 'signing.other'),
      async use({ address, message, signature }) {
        await call('DELETE', '/users/me', { body: { tron_address: address, message, signature } });
      },
    });
    if (!erased) return;
    forget();
    showOnly('erase.done.title', 'erase.done.lead', link('primary', 'erase.done.action', '/'));
  };
  const element = panel('erase.title', el('p', { class: 'lead' }, words('erase.lead')), el('div', { class: 'actions' }, button('danger', 'erase.action', () => void erase())));
  element.classList.add('grave');
  return element;
}
