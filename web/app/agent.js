/** Says which program and system a User-Agent header names. It is the client's own word: a hint, and no proof. */

/** The first that fits; those that pose as others come before them. @type {ReadonlyArray<readonly [string, RegExp]>} */
const PROGRAMS = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|Opera)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Vivaldi', /\bVivaldi\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//],
  ['Safari', /\bVersion\/[\d.]+.*\bSafari\//],
  ['curl', /^curl\//],
];

/** @type {ReadonlyArray<readonly [string, RegExp]>} */
const SYSTEMS = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows NT\b/],
  ['macOS', /\bMacintosh\b/],
  ['Linux', /\bLinux\b/],
];

const MAX_UNKNOWN = 60;

/**
 * @param {string} agent
 * @returns {{program: string | undefined, system: string | undefined, other: string}} other: what it says, on one line
 *   and cut, without characters that change its direction
 */
export function readAgent(agent) {
  const found = (/** @type {typeof PROGRAMS} */ list) => list.find(([, pattern]) => pattern.test(agent))?.[0];
  const plain = agent.slice(0, 1000).replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim();
  return {
    program: found(PROGRAMS),
    system: found(SYSTEMS),
    other: plain.length > MAX_UNKNOWN ? `${plain.slice(0, MAX_UNKNOWN - 1)}…` : plain,
  };
}
