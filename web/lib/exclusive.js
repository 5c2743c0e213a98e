/**
 * One at a time among the tabs of this browser: for what uses the refresh cookie up, since the same token used by many
 * tabs ends the session.
 */

const NAME = 'lucid-auth.turn';
/** The longest that a turn lasts: its tab may be gone by then. Longer than any call of the service, in milliseconds. */
const TURN_MS = 20_000;
/** How long another tab may take to see what this one wrote, in milliseconds. */
const SETTLE_MS = 60;

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
 * The same over plain HTTP: whoever's name stands in localStorage has the turn. Two tabs that write at the same moment
 * both look again after a while, and only one of them finds its own name.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function inTurn(work) {
  const own = crypto.getRandomValues(new Uint32Array(2)).join('-');
  const release = () => isOf(own) && localStorage.removeItem(NAME);
  // A page that is left must not keep the others waiting, nor the one that comes in its place.
  addEventListener('pagehide', release);
  for (;;) {
    if (!isTaken()) {
      localStorage.setItem(NAME, `${Date.now()} ${own}`);
      await pause(SETTLE_MS);
      if (isOf(own)) break;
    }
    await pause(SETTLE_MS * (1 + Math.random()));
  }
  try {
    return await work();
  } finally {
    release();
    removeEventListener('pagehide', release);
  }
}

/** Whether a tab has the turn. A clock that was put back does not make a turn longer. */
function isTaken() {
  const since = Date.now() - Number.parseInt(localStorage.getItem(NAME) ?? '', 10);
  return since >= 0 && since < TURN_MS;
}

/** @param {string} own */
function isOf(own) {
  return localStorage.getItem(NAME)?.endsWith(` ${own}`) ?? false;
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
