/** Small parts that every page is made of: buttons, badges, and what stands where there is nothing to show yet. */

import { ApiError } from '../lib/api.js';
import { el } from '../lib/dom.js';
import { formatWait } from '../lib/format.js';
import { isKey, text, words } from '../lib/i18n/words.js';
import { announce } from './live.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */
/** @typedef {'primary' | 'secondary' | 'quiet' | 'danger'} Rank */
/** @typedef {(words: string) => void} Say */

/**
 * @param {Rank} rank
 * @param {Key} key
 * @param {() => void} click
 * @param {Record<string, string>} [values]
 */
export function button(rank, key, click, values) {
  return el('button', { type: 'button', class: `button ${rank}`, click: () => click() }, el('span', {}, words(key, values)));
}

/**
 * A button whose words say what it does only beside what it belongs to; `about` names that for a screen reader.
 *
 * @param {Rank} rank
 * @param {Key} key
 * @param {string} about
 * @param {() => void} click
 */
export function rowButton(rank, key, about, click) {
  const made = button(rank, key, click);
  made.setAttribute('aria-label', `${text(key)}: ${about}`);
  return made;
}

/**
 * @param {Rank} rank
 * @param {Key} key
 * @param {string} href of this origin
 */
export function link(rank, key, href) {
  return el('a', { class: `button ${rank}`, href }, words(key));
}

/**
 * @param {Key} key
 * @param {'good' | 'bad' | 'plain'} [kind]
 */
export function badge(key, kind = 'plain') {
  return el('span', { class: `badge ${kind}` }, words(key));
}

/** Something is on its way. */
export function loading() {
  return el('p', { class: 'loading' }, el('span', { class: 'spinner', 'aria-hidden': 'true' }), words('app.loading'));
}

/**
 * There is nothing to show, and that is not wrong.
 *
 * @param {Key} key
 */
export function empty(key) {
  return el('p', { class: 'empty' }, words(key));
}

/**
 * What to say of `error`, and a way on.
 *
 * @param {unknown} error
 * @param {() => void} [retry]
 * @param {Say} [say] takes what a screen reader is to hear of it
 */
export function failed(error, retry, say = announce) {
  const known = error instanceof ApiError ? error : undefined;
  const own = `refusal.${known?.code}`;
  const kind = known?.kind ?? 'server';
  const values = { host: location.host, wait: known?.waitSeconds ? formatWait(known.waitSeconds) : '' };
  const title = kind === 'forbidden' ? 'app.forbidden.title' : /** @type {Key} */ (`problem.${kind}.title`);
  const lead = kind === 'forbidden' ? 'app.forbidden.lead' : /** @type {Key} */ (`problem.${kind}.lead`);
  const said = isKey(own) ? [el('p', {}, words(/** @type {Key} */ (own), values))] : [el('p', {}, el('strong', {}, words(title, values))), el('p', {}, words(lead, values))];
  say(isKey(own) ? text(/** @type {Key} */ (own), values) : text(title, values));
  return el(
    'div',
    { class: 'problem' },
    ...said,
    values.wait ? el('p', {}, words('app.wait', values)) : undefined,
    kind === 'server' && known?.reference ? el('p', { class: 'small' }, words('problem.reference', { reference: known.reference })) : undefined,
    retry ? button('secondary', 'action.retry', retry) : undefined,
  );
}

/**
 * What is known of something, each with its name.
 *
 * @param {...(Node | undefined)} some from `fact`
 */
export function facts(...some) {
  return el('dl', { class: 'facts' }, some);
}

/**
 * @param {Key} key
 * @param {...(string | Node | undefined)} value
 */
export function fact(key, ...value) {
  return el('div', {}, el('dt', {}, words(key)), el('dd', {}, value));
}

/**
 * A part of a page with a title.
 *
 * @param {Key} title
 * @param {...(Node | undefined)} body
 */
export function panel(title, ...body) {
  const id = title.replaceAll('.', '-');
  return el('section', { class: 'panel', 'aria-labelledby': id }, el('h2', { id, tabindex: '-1' }, words(title)), ...body);
}

/**
 * A place that fetches what it shows: loading first, then what `render` makes of it, or what went wrong and a way to
 * try again.
 *
 * @template T
 * @param {() => Promise<T>} load
 * @param {(data: T) => Array<Node | undefined>} render
 */
export function fetched(load, render) {
  const element = el('div', { class: 'fetched' });
  let latest = 0;
  /**
   * Fetch anew; what is on show stays until there is something newer.
   *
   * @param {Say} [fail] takes what a screen reader is to hear if that went wrong
   */
  async function reload(fail) {
    const mine = (latest += 1);
    const hadFocus = element.contains(document.activeElement) && element.querySelector('.problem') !== null;
    if (!element.hasChildNodes() || element.querySelector(':scope > .problem')) element.replaceChildren(loading());
    element.setAttribute('aria-busy', 'true');
    try {
      const data = await load();
      if (mine === latest) element.replaceChildren(...render(data).filter((node) => node !== undefined));
    } catch (error) {
      if (mine === latest) element.replaceChildren(failed(error, () => void reload(), fail));
      if (!(error instanceof ApiError)) throw error; // A mistake in this page: developers see it in the console.
    } finally {
      element.removeAttribute('aria-busy');
      if (hadFocus) /** @type {HTMLElement | null} */ (element.closest('.panel')?.querySelector('h2') ?? null)?.focus();
    }
  }
  void reload();
  return { element, reload };
}
