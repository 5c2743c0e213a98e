/** The sign-ins of the last day as bars, and the same in words and numbers. */

import { table } from '../app/table.js';
import { formatExact, time } from '../app/time.js';
import { el } from '../lib/dom.js';
import { locale, text, words } from '../lib/i18n/words.js';

/** @typedef {{from: string, succeeded: number, refused: number}} Hour */

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 100;
const STEP = 20;
const GAP = 4;

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 */
function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** @param {ReadonlyArray<Hour>} hours oldest first */
export function signInsChart(hours) {
  const sum = (/** @type {'succeeded' | 'refused'} */ which) => hours.reduce((total, hour) => total + hour[which], 0);
  const count = (/** @type {number} */ number) => new Intl.NumberFormat(locale).format(number);
  const most = Math.max(1, ...hours.map(({ succeeded, refused }) => succeeded + refused));
  const values = { succeeded: count(sum('succeeded')), refused: count(sum('refused')), most: count(Math.max(0, ...hours.map((hour) => hour.succeeded + hour.refused))) };
  const bars = hours.flatMap(({ from, succeeded, refused }, index) => {
    const x = index * STEP + GAP / 2;
    const good = (succeeded / most) * HEIGHT;
    const bad = (refused / most) * HEIGHT;
    const size = { x, width: STEP - GAP };
    const label = svg('title', {}, document.createTextNode(text('chart.hour', { hour: formatExact(new Date(from)), succeeded: count(succeeded), refused: count(refused) })));
    return [
      svg('g', {}, label,
        svg('rect', { ...size, class: 'room', y: 0, height: HEIGHT }),
        svg('rect', { ...size, class: 'good', y: HEIGHT - good, height: good }),
        svg('rect', { ...size, class: 'bad', y: HEIGHT - good - bad, height: bad })),
    ];
  });
  const width = hours.length * STEP;
  const chart = svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': text('chart.words', values) }, ...bars);
  const first = hours[0];
  return el(
    'div',
    { class: 'chart-box' },
    el('p', {}, words('chart.words', values)),
    chart,
    el('p', { class: 'axis small', 'aria-hidden': 'true' }, el('span', {}, first ? formatExact(new Date(first.from)) : ''), el('span', {}, words('chart.now'))),
    el('p', { class: 'legend small' }, el('span', { class: 'good' }, words('chart.succeeded')), el('span', { class: 'bad' }, words('chart.refused'))),
    el('details', {}, el('summary', {}, words('chart.table')), table('system.signIns', [
      { key: 'chart.from', rank: 'main', cell: ({ from }) => time(from) },
      { key: 'chart.succeeded', cell: ({ succeeded }) => count(succeeded) },
      { key: 'chart.refused', cell: ({ refused }) => count(refused) },
    ], [...hours].reverse()).element),
  );
}
