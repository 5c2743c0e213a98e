/** The tables of words, read from their files. */

import { readFile, readdir } from 'node:fs/promises';

const FOLDER = new URL('../../../web/lib/i18n/', import.meta.url);

/** What the pages say of languages: each in its own name. */
export const LANGUAGES = /** @type {Record<string, string>} */ (
  Object.fromEntries(
    [...(/LANGUAGES = \{(.*)\};/.exec(await readFile(new URL('words.js', FOLDER), 'utf8'))?.[1] ?? '').matchAll(/(\w+): '([^']+)'/g)].map(
      ([, tag, name]) => [tag, name],
    ),
  )
);

/**
 * The tables of a language by their file: '' for what every page says.
 *
 * @param {string} language
 * @returns {Promise<Record<string, Record<string, string>>>}
 */
export async function tablesOf(language) {
  const parts = (await readdir(new URL(`${language}/`, FOLDER))).toSorted();
  const read = async (/** @type {string} */ file) => (await import(new URL(file, FOLDER).href)).default;
  const tables = await Promise.all(parts.map(async (part) => [part.replace('.js', ''), await read(`${language}/${part}`)]));
  return { '': await read(`${language}.js`), ...Object.fromEntries(tables) };
}
