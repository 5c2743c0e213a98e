/** What was done, said once the page shows what has become of it: nothing that comes with that is said over it. */

import { text } from '../lib/i18n/words.js';
import { announce } from './live.js';

/** @typedef {import('../lib/i18n/words.js').Key} Key */
/** @typedef {(fail: import('./parts.js').Say) => Promise<void>} Reload */

/** What was done and is not said yet. @type {Array<string>} */
let done = [];

/**
 * Have `reloads` show what has become of `element`, and then a screen reader say what was done, and what of it cannot be shown.
 *
 * @param {Key} key what was done
 * @param {Element} element the panel in which it was done
 * @param {...Reload} reloads
 */
export async function showOutcome(key, element, ...reloads) {
  done.push(text(key));
  /** @type {Set<string>} */
  const wrong = new Set();
  await Promise.all(reloads.map((reload) => reload((words) => wrong.add(words))));
  // The button that was pressed is gone. A screen reader that is told of a new focus stops saying what it was told before.
  if (document.activeElement === document.body) element.querySelector('h2')?.focus();
  // What was done meanwhile is true already, and nothing else will be said of what was done before.
  const said = [...done, ...wrong];
  done = [];
  if (said.length > 0) announce(said.join(' '));
}
