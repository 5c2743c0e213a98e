/** Fetches the pages of a list. */

import { call } from '../lib/call.js';

/** How many empty pages are passed over before the person is asked whether to go on. */
const EMPTY_PAGES = 8;

/**
 * The next rows of the list at `path`. A page may be empty and not be the last: then the ones after it are fetched.
 *
 * @param {string} path
 * @param {string} name of the rows in a reply
 * @param {Record<string, string | undefined>} query
 * @param {string | undefined} cursor
 */
export async function loadPage(path, name, query, cursor) {
  let next = cursor;
  for (let pages = 0; ; pages += 1) {
    const reply = await call('GET', path, { query: { ...query, cursor: next } });
    next = reply.next_cursor ?? undefined;
    const rows = reply[name];
    if (rows.length > 0 || !next || pages === EMPTY_PAGES) return { rows, next };
  }
}
