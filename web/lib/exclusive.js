/**
 * One at a time among the tabs of this browser: for what uses the refresh cookie up, since the same token used by many
 * tabs ends the session.
 */

const NAME = 'lucid-auth.turn';
/** Where a page that is left says so, as it can finish nothing else by then. */
const LEFT = 'lucid-auth.left';
/** The longest that a turn lasts: its tab may be gone by then. Longer than any call of the service, in milliseconds. */
const TURN_MS = 20_000;
/** After how long somebody who waits looks again, in milliseconds. */
const LOOK_MS = 40;

/** @typedef {{own: string, since: number}} Turn */

/**
 * Do `work` when it is this tab's turn.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function exclusively(work) {
  // Browsers keep locks for HTTPS and localhost.
  return navigator.locks ? navigator.locks.request(NAME, work) : inTurn(work);
}

/**
 * The same over plain HTTP: whoever's name stands in a database has the turn. Its transactions come one after the other,
 * those of all tabs, so that no two can find it free.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function inTurn(work) {
  const own = crypto.getRandomValues(new Uint32Array(2)).join('-');
  // A page that is left must not keep the others waiting, nor the one that comes in its place.
  const leave = () => localStorage.setItem(LEFT, own);
  addEventListener('pagehide', leave);
  try {
    while (!(await change((turn) => (isTaken(turn) ? undefined : { own, since: Date.now() })))) {
      await pause(LOOK_MS * (1 + Math.random()));
    }
    localStorage.removeItem(LEFT);
    return await work();
  } finally {
    await change((turn) => (turn?.own === own ? null : undefined));
    removeEventListener('pagehide', leave);
  }
}

/**
 * Whether a tab has the turn. A clock that was put back does not make a turn longer.
 *
 * @param {Turn | null | undefined} turn
 */
function isTaken(turn) {
  if (!turn || turn.own === localStorage.getItem(LEFT)) return false;
  const since = Date.now() - turn.since;
  return since >= 0 && since < TURN_MS;
}

/**
 * See whose turn it is and write what `decide` makes of it, if anything; no other tab comes between. In a browser without
 * a database nobody waits: the service answers a token twice.
 *
 * @param {(turn: Turn | null | undefined) => Turn | null | undefined} decide
 * @returns {Promise<boolean>} whether it was written
 */
async function change(decide) {
  const database = await open();
  if (!database) return true;
  try {
    return await new Promise((resolve) => {
      const transaction = database.transaction(NAME, 'readwrite');
      const store = transaction.objectStore(NAME);
      const found = store.get(NAME);
      let written = false;
      found.onsuccess = () => {
        const next = decide(found.result);
        if (next === undefined) return;
        store.put(next, NAME);
        written = true;
      };
      transaction.oncomplete = () => resolve(written);
      transaction.onabort = () => resolve(true);
    });
  } finally {
    database.close();
  }
}

/** @returns {Promise<IDBDatabase | undefined>} */
function open() {
  return new Promise((resolve) => {
    const request = indexedDB.open(NAME);
    request.onupgradeneeded = () => request.result.createObjectStore(NAME);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(undefined);
  });
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
