/** Tables of data. On a phone each row is a card; the roles keep it a table for a screen reader then. */

import { el } from '../lib/dom.js';
import { text, words } from '../lib/i18n/words.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * @template Row
 * @typedef {object} Column
 * @property {Key} key its heading
 * @property {(row: Row) => string | Node | Array<string | Node | undefined>} cell what is text stays text, whoever wrote it
 * @property {'main' | 'actions'} [rank] `main` heads the card, `actions` is its foot; the heading of both is only heard
 */

/**
 * @template Row
 * @param {Key} caption heard, not seen
 * @param {ReadonlyArray<Column<Row>>} columns
 * @param {ReadonlyArray<Row>} [rows]
 */
export function table(caption, columns, rows = []) {
  const body = el('tbody', { role: 'rowgroup' });
  const head = columns.map(({ key, rank }) =>
    el('th', { scope: 'col', role: 'columnheader', class: rank }, el('span', { class: rank === 'actions' ? 'unseen' : undefined }, words(key))),
  );
  const cellOf = (/** @type {Column<Row>} */ { key, cell, rank }, /** @type {Row} */ row) => {
    const content = [cell(row)].flat().filter((part) => part !== undefined);
    return el('td', { role: 'cell', class: rank, 'data-label': rank ? undefined : text(key) }, el('div', {}, ...content));
  };
  /** @param {ReadonlyArray<Row>} more */
  const add = (more) => body.append(...more.map((row) => el('tr', { role: 'row' }, columns.map((column) => cellOf(column, row)))));
  add(rows);
  const element = el(
    'table',
    { class: 'table', role: 'table' },
    el('caption', { class: 'unseen' }, words(caption)),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, head)),
    body,
  );
  return { element, add };
}
