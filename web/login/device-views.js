/** What devices ask for while they work: a PIN, by the places of its digits, a passphrase, and which account it is to be. */

import { el } from '../lib/dom.js';
import { text, words } from '../lib/i18n/words.js';
import { announce, button } from './screen.js';

/** @typedef {import('./screen.js').View} View */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

/** @typedef {import('../wallets/signer.js').Offer} Offer */

/** The places as they lie on a number pad, which is how the device calls them. */
const PLACES = ['7', '8', '9', '4', '5', '6', '1', '2', '3'];
const MAX_PIN = 9;
const MAX_PASSPHRASE = 50;

/**
 * The digits stand on the device alone, each time in other places; the page learns the places, not the PIN.
 *
 * @param {string} wallet
 * @param {(places: string) => void} done
 * @param {() => void} cancel
 * @returns {View}
 */
export function pin(wallet, done, cancel) {
  let places = '';
  const entered = el('output', { class: 'dots', 'aria-label': text('pin.entered', { count: '0' }) });
  const change = (/** @type {string} */ to) => {
    places = to.slice(0, MAX_PIN);
    entered.textContent = '●'.repeat(places.length);
    entered.setAttribute('aria-label', text('pin.entered', { count: String(places.length) }));
    announce(text('pin.entered', { count: String(places.length) }));
  };
  const key = (/** @type {string} */ place) =>
    el(
      'button',
      { type: 'button', class: 'place', 'aria-label': text(/** @type {Key} */ (`pin.place${place}`)), click: () => change(places + place) },
      el('span', { 'aria-hidden': 'true' }, '●'),
    );
  const submit = () => {
    if (places) done(places);
    else announce(text('pin.empty'));
  };
  const form = el(
    'form',
    {
      submit: (event) => {
        event.preventDefault();
        submit();
      },
    },
    entered,
    el('div', { class: 'matrix', role: 'group', 'aria-label': text('pin.matrix') }, PLACES.map(key)),
    el('p', { class: 'small centred' }, words('pin.keys')),
    el('button', { type: 'submit', class: 'button primary' }, words('action.continue')),
    button('secondary', 'pin.delete', () => change(places.slice(0, -1))),
    button('quiet', 'action.cancel', cancel),
  );
  const onKey = (/** @type {KeyboardEvent} */ { key: pressed, target, ctrlKey, altKey, metaKey }) => {
    if (!form.isConnected) return document.removeEventListener('keydown', onKey);
    if (ctrlKey || altKey || metaKey) return; // For the browser: the first of its tabs, say.
    if (/^[1-9]$/.test(pressed)) change(places + pressed);
    else if (pressed === 'Backspace') change(places.slice(0, -1));
    else if (pressed === 'Enter' && !(target instanceof HTMLButtonElement)) submit();
  };
  // Wherever the focus is: nothing else on the page takes digits now.
  document.addEventListener('keydown', onKey);
  return { title: 'pin.title', values: { wallet }, body: [el('p', { class: 'lead' }, words('pin.lead', { wallet })), form] };
}

/**
 * @param {string} wallet
 * @param {(passphrase: string) => void} done
 * @param {() => void} cancel
 * @returns {View}
 */
export function passphrase(wallet, done, cancel) {
  const input = el('input', { id: 'passphrase', type: 'password', maxlength: String(MAX_PASSPHRASE), autocomplete: 'off', 'aria-describedby': 'passphrase-note' });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    done(input.value);
  };
  const form = el(
    'form',
    { submit },
    el('label', { for: 'passphrase' }, words('passphrase.label')),
    input,
    el('p', { class: 'small', id: 'passphrase-note' }, words('passphrase.note')),
    el('button', { type: 'submit', class: 'button primary' }, words('action.continue')),
    button('quiet', 'action.cancel', cancel),
  );
  return { title: 'passphrase.title', values: { wallet }, body: [el('p', { class: 'lead' }, words('passphrase.lead')), form] };
}

/**
 * @param {string} wallet
 * @param {Offer} offer
 * @param {(id: string) => void} done
 * @param {() => void} cancel
 * @returns {View}
 */
export function account(wallet, { title, lead, choices }, done, cancel) {
  const first = choices.find(({ lack }) => !lack);
  const parts = choices.flatMap((choice) => [
    el('h2', {}, words(choice.name, { wallet })),
    el('p', {}, words(choice.lead, { wallet })),
    choice.lack
      ? el('p', { class: 'small' }, words(choice.lack, choice.values))
      : button(choice === first ? 'primary' : 'secondary', choice.action, () => done(choice.id)),
  ]);
  return { title, values: { wallet }, body: [el('p', { class: 'lead' }, words(lead, { wallet })), ...parts, button('quiet', 'action.cancel', cancel)] };
}
