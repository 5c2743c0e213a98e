/** A list that comes in pages, by cursor: the first at once, each more by a button. */

import { ApiError } from '../lib/api.js';
import { el } from '../lib/dom.js';
import { text } from '../lib/i18n/words.js';
import { announce } from './live.js';
import { button, empty, failed, loading } from './parts.js';
import { table } from './table.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @template Row
 * @param {object} list
 * @param {Key} list.caption
 * @param {ReadonlyArray<import('./table.js').Column<Row>>} list.columns
 * @param {Key} list.none what to say if there is nothing
 * @param {(cursor: string | undefined) => Promise<{rows: Row[], next: string | null | undefined}>} list.load
 */
export function pagedTable({ caption, columns, none, load }) {
  const element = el('div', { class: 'fetched' });
  /** @type {{element: HTMLElement, add: (rows: ReadonlyArray<Row>) => void} | undefined} */
  let shown;
  let latest = 0;

  /**
   * @param {string | undefined} cursor
   * @param {import('./parts.js').Say} [fail]
   */
  async function fetchPage(cursor, fail) {
    const mine = (latest += 1);
    const foot = element.querySelector(':scope > .more');
    const hadFocus = foot?.contains(document.activeElement) ?? false;
    const waiting = el('div', { class: 'more' }, loading());
    if (foot) foot.replaceWith(waiting);
    else element.replaceChildren(waiting);
    /** @type {Array<Node>} */
    let next = [];
    try {
      const { rows, next: following } = await load(cursor);
      if (mine !== latest) return;
      if (shown) shown.add(rows);
      else if (rows.length > 0) {
        shown = table(caption, columns, rows);
        waiting.before(shown.element);
      } else next = [empty(following ? 'list.soFar' : none)];
      if (!fail) announce(text(rows.length > 0 ? 'list.loaded' : following ? 'list.soFar' : shown ? 'list.end' : none, { count: String(rows.length) }));
      if (following) next = [...next, button('secondary', 'list.more', () => void fetchPage(following))];
    } catch (error) {
      if (mine !== latest) return;
      next = [failed(error, () => void fetchPage(cursor), fail)];
      if (!(error instanceof ApiError)) throw error; // A mistake in this page: developers see it in the console.
    } finally {
      if (mine === latest) {
        waiting.replaceChildren(...next);
        if (hadFocus) (waiting.querySelector('button') ?? focusable(element.querySelector('tr:last-child')))?.focus();
      }
    }
  }

  /**
   * Begin again with the first page, as after a change of a filter.
   *
   * @param {import('./parts.js').Say} [fail] takes what a screen reader is to hear if that went wrong; of what came it then hears nothing
   */
  function reload(fail) {
    shown = undefined;
    element.replaceChildren();
    return fetchPage(undefined, fail);
  }
  void reload();
  return { element, reload };
}

/** @param {Element | null} element */
function focusable(element) {
  if (!(element instanceof HTMLElement)) return undefined;
  element.tabIndex = -1;
  return element;
}
