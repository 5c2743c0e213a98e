/**
 * Finds words in the table of the reader's language, of which a page loads that one alone. A new language is a file beside
 * en.js with a folder of its name, and a line in `LANGUAGES`; what only some pages say is in the folder's tables.
 */

/**
 * @typedef {keyof typeof import('./en.js').default | keyof typeof import('./en/app.js').default
 *   | keyof typeof import('./en/account.js').default | keyof typeof import('./en/admin.js').default
 *   | keyof typeof import('./en/rights.js').default | keyof typeof import('./en/tls.js').default
 *   | keyof typeof import('./en/trezor.js').default} Key
 */

/** Each language in its own name. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', es: 'Español', zh: '简体中文', tr: 'Türkçe' };
/** Those that are written from right to left, once there is one. */
const RIGHT_TO_LEFT = ['ar', 'fa', 'he', 'ur'];
/** Where the reader's own choice is kept. */
const CHOSEN = 'lucid.language';

/** The languages that the reader wants, the best first: their choice here, then what the browser says. */
const wanted = [chosen(), ...navigator.languages].filter((tag) => tag !== null);
/** What the page speaks: looked up as in RFC 4647 §3.4, of whose steps these tables need the last alone. */
export const language = wanted.map((tag) => tag.split('-')[0] ?? '').find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? 'en';
/** The reader's own variant of that language, for dates and numbers. */
export const locale = navigator.languages.find((tag) => tag.split('-')[0] === language) ?? language;

document.documentElement.lang = language;
document.documentElement.dir = RIGHT_TO_LEFT.includes(language) ? 'rtl' : 'ltr';

/** @type {Record<string, string>} */
const table = {};
await load(`./${language}.js`);

/**
 * Add the words that only some pages say.
 *
 * @param {...('app' | 'account' | 'admin' | 'rights' | 'tls' | 'trezor')} names of tables; a later one's words stand above an earlier one's
 */
export async function addWords(...names) {
  await load(...names.map((name) => `./${language}/${name}.js`));
}

/** @param {...string} files */
async function load(...files) {
  for (const { default: more } of await Promise.all(files.map((file) => import(file)))) Object.assign(table, more);
}

/**
 * Speak another language from now on: the page begins anew.
 *
 * @param {string} tag of {@link LANGUAGES}
 */
export function chooseLanguage(tag) {
  try {
    localStorage.setItem(CHOSEN, tag);
  } catch {
    // A browser that keeps nothing goes on in the old one.
  }
  location.reload();
}

function chosen() {
  try {
    return localStorage.getItem(CHOSEN);
  } catch {
    return null;
  }
}

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
