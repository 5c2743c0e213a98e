/** Asks before something that cannot be undone. */

import { el } from '../lib/dom.js';
import { text, words } from '../lib/i18n/words.js';
import { announce } from './live.js';
import { button, failed } from './parts.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @typedef {object} Question
 * @property {Key} title
 * @property {Key} lead
 * @property {Record<string, string>} [values] what stands in the title and the lead
 * @property {Array<Node>} [body] more to read or fill in
 * @property {Key} action what the button that goes on says
 * @property {boolean} [danger] it destroys something
 * @property {string} [typed] what must be typed first
 * @property {() => Promise<void>} [act] what to do; the dialog stays until it is done, and says why it is not
 */

/**
 * Ask, and answer whether it was done. Escape, "Cancel" and going on to another part of the page say no; the focus goes back to where it was.
 *
 * @param {Question} question
 * @returns {Promise<boolean>}
 */
export function confirm(question) {
  return new Promise((answer) => ask(question, answer));
}

/**
 * @param {Question} question
 * @param {(done: boolean) => void} answer
 */
function ask({ title, lead, values, body = [], action, danger = false, typed, act }, answer) {
  const opener = document.activeElement;
  const problem = el('div', { class: 'slot' });
  const input = typed ? el('input', { id: 'dialog-typed', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' }) : undefined;
  const wrong = el('p', { class: 'wrong', id: 'dialog-wrong', hidden: true }, typed ? words('dialog.mistyped', { typed }) : '');
  const go = el('button', { type: 'submit', class: `button ${danger ? 'danger' : 'primary'}` }, el('span', {}, words(action)));
  const cancel = button('secondary', 'action.cancel', () => dialog.close());
  let busy = false;
  let done = false;

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy) return;
    const mistyped = input !== undefined && input.value.trim() !== typed;
    wrong.hidden = !mistyped;
    input?.setAttribute('aria-invalid', String(mistyped));
    if (mistyped) {
      input.setAttribute('aria-describedby', wrong.id);
      announce(wrong.textContent ?? '');
      return input.focus();
    }
    busy = true;
    go.setAttribute('aria-disabled', 'true');
    problem.replaceChildren();
    announce(text('app.working'));
    try {
      await act?.();
      done = true;
      dialog.close();
    } catch (error) {
      problem.replaceChildren(failed(error));
    } finally {
      busy = false;
      go.removeAttribute('aria-disabled');
    }
  };

  // Comes before the event by which the page shows that part, which takes the focus.
  const leave = () => busy || dialog.close();
  addEventListener('popstate', leave);

  const dialog = el(
    'dialog',
    {
      'aria-labelledby': 'dialog-title',
      close: () => {
        removeEventListener('popstate', leave);
        announce('');
        dialog.remove();
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
        answer(done);
      },
      // What is under way cannot be called back.
      cancel: (event) => busy && event.preventDefault(),
    },
    el('h2', { id: 'dialog-title' }, words(title, values)),
    el('p', {}, words(lead, values)),
    ...body,
    el(
      'form',
      { submit, novalidate: true },
      input && typed ? el('label', { for: input.id }, words('dialog.type', { typed })) : undefined,
      input,
      wrong,
      problem,
      el('div', { class: 'actions' }, cancel, go),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  announce(''); // From now on in here.
  (input ?? cancel).focus();
}
