/**
 * The way back: who was sent here by an app to sign in goes back there. The service alone says where to, and under which
 * address; what stands in the address of this page is only asked about.
 */

const query = new URLSearchParams(location.search);
const returnTo = query.get('return_to');

/** When this tab last went back without a click, and where to: in sessionStorage. */
const WENT = 'lucid-auth.went-back';
/** Who is here again so soon was not taken for signed in there. In milliseconds. */
const SOON_MS = 30_000;

/** Whether the app's host could not receive the session. */
let failed = query.get('handover') === 'failed';

let clicked = false;

/** Where the person came from, if they were sent here. */
export const back = returnTo === null ? undefined : { returnTo, state: query.get('state'), host: hostOf(returnTo) };

/**
 * Whether to wait for a click before going back: the last time it led nowhere, and it must not go round for ever.
 *
 * @returns {boolean}
 */
export function mustWait() {
  if (failed) return true;
  const [host, at] = sessionStorage.getItem(WENT)?.split(' ') ?? [];
  return host === back?.host && Date.now() - Number(at) < SOON_MS;
}

/** Go on as if nothing had failed before: the person did something for it. */
export function tryAgain() {
  failed = false;
  clicked = true;
  sessionStorage.removeItem(WENT);
}

/**
 * Leave this page for `address`, which the service gave.
 *
 * @param {string} address
 */
export function goTo(address) {
  if (!clicked) sessionStorage.setItem(WENT, `${back?.host} ${Date.now()}`);
  // Not assign(): whoever goes back in their browser's history is to come to where they were before.
  location.replace(address);
}

/** @param {string} address */
function hostOf(address) {
  return (URL.canParse(address) && new URL(address).host) || address.slice(0, 64);
}
