/** Moments, as an element: how long ago or hence in words, and exactly in its title. */

import { el } from '../lib/dom.js';
import { locale } from '../lib/i18n/words.js';

/** Seconds of each unit, the longest first. @type {ReadonlyArray<readonly [Intl.RelativeTimeFormatUnit, number]>} */
const UNITS = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/**
 * "24 Nov 2026, 03:19".
 *
 * @param {Date} date
 */
export function formatExact(date) {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}

/**
 * "3 minutes ago", "in 7 days", "now".
 *
 * @param {Date} date
 * @param {number} [now] milliseconds
 */
export function formatDistance(date, now = Date.now()) {
  const seconds = (date.getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', Infinity];
  return format.format(Math.round(seconds / length), unit);
}

/**
 * @param {string} moment RFC 3339
 * @param {'exact' | 'distance'} [look]
 */
export function time(moment, look = 'exact') {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return el('span', {}, moment);
  const exact = formatExact(date);
  return el('time', { datetime: moment, title: exact }, look === 'exact' ? exact : formatDistance(date));
}
