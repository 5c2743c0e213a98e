/** Forms: fields with labels, and what is wrong with one beside it, as the service says. */

import { ApiError } from '../lib/api.js';
import { el } from '../lib/dom.js';
import { isKey, text, words } from '../lib/i18n/words.js';
import { announce } from './live.js';
import { failed } from './parts.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @typedef {object} Field
 * @property {string} name as the service calls it
 * @property {Key} label
 * @property {Key} [hint]
 * @property {Key} [wrong] what to say when the service refuses it
 * @property {string} [value]
 * @property {string} [type] of the input
 * @property {string} [autocomplete]
 * @property {ReadonlyArray<readonly [value: string, label: Key]>} [choices] a list to choose from in place of an input
 */

/** The last moment with a year of four digits: browsers then take no more of them. */
const LAST = '9999-12-31T23:59';

/**
 * @param {object} form
 * @param {string} form.id
 * @param {ReadonlyArray<Field>} form.fields
 * @param {Key} form.action
 * @param {Key} [form.saved] what to say when it went well
 * @param {(values: Record<string, string>) => Promise<void>} form.save values are trimmed
 */
export function form({ id, fields, action, saved, save }) {
  const entries = fields.map((field) => ({ ...field, ...control(id, field) }));
  const said = el('p', { class: 'saved', hidden: true }, saved ? words(saved) : '');
  const problem = el('div', { class: 'slot' });
  const go = el('button', { type: 'submit', class: 'button primary' }, el('span', {}, words(action)));
  let busy = false;

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    go.setAttribute('aria-disabled', 'true');
    said.hidden = true;
    problem.replaceChildren();
    for (const { mark } of entries) mark(undefined);
    try {
      await save(Object.fromEntries(entries.map(({ name, input }) => [name, input.value.trim()])));
      said.hidden = false;
      if (saved) announce(text(saved));
    } catch (error) {
      const entry = error instanceof ApiError ? entries.find(({ name }) => name === error.field) : undefined;
      if (entry) {
        entry.mark(entry.wrong ?? 'form.wrong');
        entry.input.focus();
        announce(text(entry.wrong ?? 'form.wrong'));
      } else {
        problem.replaceChildren(failed(error));
        if (!(error instanceof ApiError)) throw error; // A mistake in this page: developers see it in the console.
      }
    } finally {
      busy = false;
      go.removeAttribute('aria-disabled');
    }
  };
  // What was said is about what stood there before.
  const input = () => {
    said.hidden = true;
  };
  return el(
    'form',
    { id, class: 'form', submit, input, novalidate: true },
    ...entries.map(({ element }) => element),
    problem,
    el('div', { class: 'actions' }, go, said),
  );
}

/**
 * @param {string} id of the form
 * @param {Field} field
 */
function control(id, { name, label, hint, value, type = 'text', autocomplete = 'off', choices }) {
  const own = `${id}-${name}`;
  const hintId = hint ? `${own}-hint` : undefined;
  const shared = { id: own, name, 'aria-describedby': hintId };
  const input = choices
    ? el('select', shared, choices.map(([choice, key]) => el('option', { value: choice, selected: choice === value }, text(key))))
    : el('input', { ...shared, type, autocomplete, dir: 'auto', spellcheck: 'false', max: type === 'datetime-local' ? LAST : undefined });
  if (value !== undefined && !choices) input.value = value;
  const wrong = el('p', { class: 'wrong', id: `${own}-wrong`, hidden: true });
  /** @param {Key | undefined} key what is wrong with it */
  const mark = (key) => {
    wrong.hidden = key === undefined;
    wrong.replaceChildren(...(key && isKey(key) ? words(key) : []));
    input.setAttribute('aria-invalid', String(key !== undefined));
    const described = [key === undefined ? undefined : wrong.id, hintId].filter((part) => part !== undefined).join(' ');
    if (described) input.setAttribute('aria-describedby', described);
    else input.removeAttribute('aria-describedby');
  };
  const element = el(
    'div',
    { class: 'field' },
    el('label', { for: own }, words(label)),
    input,
    wrong,
    hint ? el('p', { class: 'small', id: hintId }, words(hint)) : undefined,
  );
  return { element, input, mark };
}
