/** Numbers and times in the reader's way. */

import { locale } from './i18n/words.js';

/**
 * Enough of an address to tell it from others, where it is not to be copied.
 *
 * @param {string} address
 * @returns {string}
 */
export function shortAddress(address) {
  return `${address.slice(0, 8)}…${address.slice(-6)}`;
}

/**
 * Seconds in the largest unit that fits, rounded up unless said otherwise: "42 seconds", "3 minutes".
 *
 * @param {number} seconds
 * @param {(amount: number) => number} [round]
 * @returns {string}
 */
export function formatWait(seconds, round = Math.ceil) {
  const [amount, unit] =
    seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(round(amount));
}

/**
 * A moment as people say it: "Monday, 30 November at 16:04".
 *
 * @param {Date} date
 * @returns {string}
 */
export function formatMoment(date) {
  return new Intl.DateTimeFormat(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: 'numeric',
    minute: '2-digit',
  }).format(date);
}
