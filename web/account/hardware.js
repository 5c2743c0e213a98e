/** The hardware wallets whose addresses sign in to the account, too. */

import { addressWithCopy } from '../app/copy.js';
import { confirm } from '../app/dialog.js';
import { form } from '../app/form.js';
import { showOutcome } from '../app/outcome.js';
import { button, empty, fetched, panel, rowButton } from '../app/parts.js';
import { table } from '../app/table.js';
import { time } from '../app/time.js';
import { ApiError } from '../lib/api.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';
import { shortAddress } from '../lib/format.js';
import { words } from '../lib/i18n/words.js';
import { walletName } from './sessions.js';
import { haveSigned } from './signature.js';

/**
 * @typedef {object} HardwareWallet as the service tells it
 * @property {string} id
 * @property {string} type
 * @property {string} tron_address
 * @property {string | null} label
 * @property {string} connected_at
 * @property {string} verified_at
 */

const KINDS = /** @type {const} */ ([
  ['ledger', 'wallet.ledger'],
  ['trezor', 'wallet.trezor'],
  ['keepkey', 'wallet.keepkey'],
]);

/** @returns {Promise<HardwareWallet[]>} */
export async function readHardwareWallets() {
  return (await call('GET', '/hw')).wallets;
}

/** @param {import('../lib/replies.js').User} user */
export function hardwarePanel(user) {
  const list = fetched(readHardwareWallets, (wallets) => [
    wallets.length > 0 ? table('hardware.title', columns, wallets).element : empty('hardware.none'),
  ]);
  const place = el('div', { class: 'slot' });
  const add = button('secondary', 'hardware.add', () => {
    const adding = addForm();
    place.replaceChildren(adding);
    adding.querySelector('select')?.focus();
  });
  const element = panel('hardware.title', el('p', { class: 'lead' }, words('hardware.lead')), list.element, place);

  function close() {
    place.replaceChildren(el('div', { class: 'actions' }, add));
  }
  close();

  function addForm() {
    const made = form({
      id: 'hardware',
      fields: [
        { name: 'type', label: 'hardware.kind', choices: KINDS },
        { name: 'label', label: 'hardware.label', hint: 'hardware.label.hint', wrong: 'hardware.label.wrong' },
      ],
      action: 'hardware.go',
      async save({ type = '', label = '' }) {
        const known = [user.tron_address, ...(await readHardwareWallets()).map(({ tron_address: address }) => address)];
        /** @type {object | undefined} */
        let added;
        await haveSigned({
          title: 'signing.hardware',
          lead: 'signing.lead.hardware',
          device: type,
          refuses: (address) => (known.includes(address) ? 'signing.own' : undefined),
          async use({ address, message, signature, device }) {
            added = { type: device ?? type, tron_address: address, message, signature, label: label === '' ? undefined : label };
          },
        });
        if (!added) return;
        /** @type {ApiError | undefined} */
        let refused;
        // Who holds a session alone must not come to stay: a wallet that signs in already has to agree.
        const done = await haveSigned({
          title: 'hardware.confirm.title',
          lead: 'hardware.confirm.lead',
          values: { ownShort: known.map(shortAddress).join(', ') },
          refuses: (address) => (known.includes(address) ? undefined : 'signing.other'),
          async use({ address, message, signature }) {
            try {
              await call('POST', '/hw/connect', { body: { ...added, proof: { tron_address: address, message, signature } } });
            } catch (error) {
              // Both texts are used up by then: whatever is mended, it begins in the form.
              if (!(error instanceof ApiError && error.code)) throw error;
              refused = error;
            }
          },
        });
        if (refused) throw refused;
        if (!done) return;
        close();
        await showOutcome('hardware.added', element, list.reload);
      },
    });
    made.querySelector('.actions')?.append(
      button('quiet', 'action.cancel', () => {
        close();
        add.focus();
      }),
    );
    return made;
  }

  /** @type {ReadonlyArray<import('../app/table.js').Column<HardwareWallet>>} */
  const columns = [
    {
      key: 'hardware.name',
      rank: 'main',
      cell: ({ label, type }) => (label ? [el('bdi', {}, label), el('span', { class: 'aside' }, walletName(type))] : walletName(type)),
    },
    { key: 'hardware.address', cell: ({ tron_address: address }) => addressWithCopy(address) },
    { key: 'hardware.connected', cell: ({ connected_at: at }) => time(at) },
    { key: 'hardware.verified', cell: ({ verified_at: at }) => time(at, 'distance') },
    {
      key: 'hardware.actions',
      rank: 'actions',
      cell: (wallet) => rowButton('quiet', 'hardware.remove', nameOf(wallet), () => void remove(wallet)),
    },
  ];

  /** @param {HardwareWallet} wallet */
  async function remove(wallet) {
    const done = await confirm({
      title: 'hardware.remove.title',
      lead: 'hardware.remove.lead',
      values: { wallet: nameOf(wallet) },
      action: 'hardware.remove.action',
      danger: true,
      act: async () => void (await call('POST', `/hw/disconnect/${encodeURIComponent(wallet.id)}`)),
    });
    if (done) await showOutcome('hardware.removed', element, list.reload);
  }
  return element;
}

/** @param {HardwareWallet} wallet */
function nameOf({ label, type }) {
  return label ?? walletName(type);
}
