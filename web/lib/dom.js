/** Builds elements without markup: text stays text, whoever wrote it. */

/**
 * Make an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | undefined | ((event: Event) => void)>} [attributes] a function listens to the
 *   event of its name; `false` and `undefined` leave the attribute out
 * @param {...(string | Node | undefined | Array<string | Node | undefined>)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined));
  return element;
}

/**
 * The element of the page with this id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * What strangers call themselves, fit to be shown: on one line, with something to see in it, and over nothing else.
 *
 * @param {string} name
 * @returns {string} empty if there is nothing to see in it
 */
export function visible(name) {
  return (
    name
      // Some letters are nothing to see, too: the fillers of Hangul, and an empty cell of Braille.
      .replace(/[\p{C}\p{Z}\p{DI}\u2800\s]+/gu, ' ')
      // A pile of accents on one letter would cover its neighbours.
      .replace(/(\p{M}{2})\p{M}+/gu, '$1')
      .trim()
  );
}
