/** What strangers call themselves, fit to be shown: on one line, with something to see in it, and over nothing else. */

/**
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
