/**
 * Finds words in the table of the reader's language. A new language is a file beside en.js and a line in `TABLES`; what
 * only some pages say is in tables of their own, which they add.
 */

import en from './en.js';

/**
 * @typedef {keyof typeof en | keyof typeof import('./en/app.js').default | keyof typeof import('./en/account.js').default
 *   | keyof typeof import('./en/admin.js').default | keyof typeof import('./en/trezor.js').default} Key
 */

/** @type {Record<string, Record<keyof typeof en, string>>} */
const TABLES = { en };

const language =
  navigator.languages.map((tag) => tag.split('-')[0] ?? '').find((tag) => Object.hasOwn(TABLES, tag)) ?? 'en';
/** @type {Record<string, string>} */
const table = { ...(TABLES[language] ?? en) };

/**
 * Add the words of a page.
 *
 * @param {{en: Record<string, string>} & Record<string, Record<string, string>>} tables one a language
 */
export function addWords(tables) {
  Object.assign(table, tables[language] ?? tables.en);
}

/** The reader's own variant of that language, for dates and numbers. */
export const locale = navigator.languages.find((tag) => tag.split('-')[0] === language) ?? language;

/** @param {string} key */
export function isKey(key) {
  return Object.hasOwn(table, key);
}

/**
 * The words of `key` as plain text.
 *
 * @param {Key} key
 * @param {Record<string, string>} [values] what stands for `{name}` in them
 * @returns {string}
 */
export function text(key, values = {}) {
  return (table[key] ?? '').replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/**
 * The words of `key` as nodes, in which each value is kept apart, so that a name written from right to left, say, leaves
 * the sentence around it alone.
 *
 * @param {Key} key
 * @param {Record<string, string>} [values]
 * @returns {Array<string | HTMLElement>}
 */
export function words(key, values = {}) {
  return (table[key] ?? '').split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (!name) return part;
    const apart = document.createElement('bdi');
    apart.textContent = values[name] ?? '';
    return apart;
  });
}

document.documentElement.lang = language;
