/** Signing elsewhere: the address goes in, the text goes out, by copying or as a QR code, and the signature comes back. */

import { el } from '../lib/dom.js';
import { isKey, words } from '../lib/i18n/words.js';
import { qrCode } from '../lib/qr.js';
import { readAddress, readSignature } from '../wallets/manual.js';
import { copyButton } from './copy.js';
import { announce, button, show } from './screen.js';
import { textToSign } from './sign-views.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */

/** Pixels of the picture for each module of the code, and modules of quiet zone around it. */
const SCALE = 4;
const QUIET = 4;

/** The address given last, so that trying again does not ask for it to be pasted again. */
let lastAddress = '';

/**
 * @param {() => void} back before a text was asked for
 * @param {() => void} cancel
 * @returns {Promise<import('../wallets/signer.js').Signer>}
 */
export async function openElsewhere(back, cancel) {
  const address = await new Promise((resolve) => show(addressView(resolve, back)));
  lastAddress = address;
  return {
    address,
    walletType: 'tron',
    showsText: true,
    sign: ({ message }) => new Promise((resolve) => show(signView(message, resolve, cancel))),
    current: () => undefined,
    watch: () => () => {},
    close: () => {},
  };
}

/**
 * @param {(address: string) => void} done
 * @param {() => void} back
 * @returns {import('./screen.js').View}
 */
function addressView(done, back) {
  const input = el('input', { id: 'address', class: 'mono', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder: 'T…' });
  input.value = lastAddress;
  const read = () => {
    const found = readAddress(input.value);
    return 'address' in found ? { value: found.address } : { wrong: `elsewhere.address.${found.wrong}` };
  };
  return {
    title: 'elsewhere.title',
    body: [
      el('p', { class: 'lead' }, words('elsewhere.lead')),
      field(input, 'elsewhere.address', read, 'action.continue', done),
      button('quiet', 'action.choose', back),
    ],
  };
}

/**
 * @param {string} message
 * @param {(signature: string) => void} done
 * @param {() => void} cancel
 * @returns {import('./screen.js').View}
 */
function signView(message, done, cancel) {
  const input = el('textarea', { id: 'signature', class: 'mono', rows: '4', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder: '0x…' });
  const read = () => {
    const found = readSignature(input.value);
    return 'signature' in found ? { value: found.signature } : { wrong: `elsewhere.signature.${found.wrong}` };
  };
  const quoted = textToSign(message);
  const wide = matchMedia('(min-width: 34rem)').matches;
  return {
    title: 'elsewhere.sign.title',
    body: [
      el('p', { class: 'lead' }, words('elsewhere.sign.lead')),
      el(
        'div',
        { class: 'with-copy' },
        el('h2', {}, words('elsewhere.text')),
        copyButton(message, quoted, { copy: 'elsewhere.copy', copied: 'elsewhere.copied', selected: 'elsewhere.selected' }),
      ),
      quoted,
      el('details', { class: 'steps', open: wide }, el('summary', {}, words('elsewhere.qr')), picture(message)),
      field(input, 'elsewhere.signature', read, 'elsewhere.check', done),
      button('quiet', 'action.cancel', cancel),
    ],
  };
}

/**
 * A field with its label, its button, and what is wrong with what is in it, said once it was tried and then as it changes.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement} input
 * @param {Key} label
 * @param {() => {value: string} | {wrong: string}} read
 * @param {Key} action
 * @param {(value: string) => void} done
 */
function field(input, label, read, action, done) {
  const problem = el('p', { class: 'wrong', id: `${input.id}-wrong`, hidden: true });
  const check = () => {
    const result = read();
    const wrong = 'wrong' in result && isKey(result.wrong) ? /** @type {Key} */ (result.wrong) : undefined;
    problem.hidden = !wrong;
    problem.replaceChildren(...(wrong ? words(wrong) : []));
    input.setAttribute('aria-invalid', String(Boolean(wrong)));
    if (wrong) input.setAttribute('aria-describedby', problem.id);
    else input.removeAttribute('aria-describedby');
    return result;
  };
  let tried = false;
  input.addEventListener('input', () => tried && check());
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    tried = true;
    const result = check();
    if ('value' in result) return done(result.value);
    announce(problem.textContent ?? '');
    input.focus();
  };
  return el(
    'form',
    { submit, novalidate: true },
    el('label', { for: input.id }, words(label)),
    input,
    problem,
    el('button', { type: 'submit', class: 'button primary' }, el('span', {}, words(action))),
  );
}

/** @param {string} message */
function picture(message) {
  const code = qrCode(message);
  const size = (code.length + 2 * QUIET) * SCALE;
  const canvas = el('canvas', { class: 'qr', width: String(size), height: String(size), role: 'img', 'aria-labelledby': 'qr-note' });
  const context = canvas.getContext('2d');
  if (context) {
    // Black on white in the dark, too: many readers know no other.
    context.fillStyle = '#fff';
    context.fillRect(0, 0, size, size);
    context.fillStyle = '#000';
    code.forEach((row, y) => row.forEach((dark, x) => dark && context.fillRect((x + QUIET) * SCALE, (y + QUIET) * SCALE, SCALE, SCALE)));
  }
  return el('figure', {}, canvas, el('figcaption', { class: 'small', id: 'qr-note' }, words('elsewhere.qrNote')));
}
