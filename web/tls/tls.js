/** How a device comes to trust the certificate authority that the service made itself: compare, download, install. */

import { ApiError, send } from '../lib/api.js';
import { el } from '../lib/dom.js';
import { languageMenu } from '../lib/i18n/menu.js';
import { addWords, locale, text, words } from '../lib/i18n/words.js';
import { button, host, show } from '../login/screen.js';

/** Systems and browsers by their own names, with the words for each and what is typed there. */
const SYSTEMS = /** @type {const} */ ([
  { name: 'Windows', steps: 'tls.windows' },
  { name: 'macOS', steps: 'tls.macos' },
  { name: 'iPhone, iPad', steps: 'tls.ios' },
  { name: 'Android', steps: 'tls.android' },
  {
    name: 'Debian, Ubuntu, Raspberry Pi OS',
    steps: 'tls.debian',
    typed: 'sudo cp ca.crt /usr/local/share/ca-certificates/lucid-auth.crt && sudo update-ca-certificates',
  },
  { name: 'Chrome, Chromium (Linux)', steps: 'tls.chrome' },
  { name: 'Firefox', steps: 'tls.firefox' },
]);

await addWords('tls');
document.body.append(el('footer', { class: 'foot' }, languageMenu()));
await open();

async function open() {
  try {
    const { name, sha256, valid_until: until } = await send('GET', '/tls/ca');
    showAuthority({ name, sha256, until: new Date(until) });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    show({
      title: 'problem.unreachable.title',
      body: [el('p', { class: 'lead' }, words('problem.unreachable.lead', { host })), button('primary', 'action.retry', () => void open())],
    });
  }
}

/** @param {{name: string, sha256: string, until: Date}} authority */
function showAuthority({ name, sha256, until }) {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(until);
  show({
    title: 'tls.title',
    body: [
      el('p', { class: 'lead' }, words('tls.lead', { host })),
      el('h2', {}, words('tls.compare')),
      el('p', {}, words('tls.compare.lead')),
      typed('lucid-auth tls ca --fingerprint'),
      el('p', { class: 'small' }, words('tls.compare.package', { command: 'sudo lucid-authctl tls ca --fingerprint' })),
      el('p', { id: 'sha256' }, words('tls.compare.same', { name })),
      el('blockquote', { class: 'to-sign', dir: 'ltr', 'aria-labelledby': 'sha256' }, inPairs(sha256)),
      el('p', { class: 'small' }, words('tls.compare.other')),
      el('h2', {}, words('tls.install')),
      el('a', { class: 'button primary', href: '/tls/ca.crt' }, el('span', {}, words('tls.download'))),
      el('div', {}, SYSTEMS.map(instructions)),
      el('p', {}, words('tls.after')),
      el('a', { class: 'button secondary', href: '/' }, el('span', {}, words('tls.toLogin'))),
      el('p', { class: 'small' }, words('tls.risk', { date })),
    ],
  });
}

/** @param {(typeof SYSTEMS)[number]} system */
function instructions(system) {
  const command = 'typed' in system ? typed(system.typed) : undefined;
  return el('details', { class: 'steps' }, el('summary', {}, system.name), el('p', {}, text(system.steps)), command);
}

/**
 * A fingerprint that breaks between bytes alone, so that two can be compared.
 *
 * @param {string} fingerprint
 */
function inPairs(fingerprint) {
  return fingerprint.split(':').flatMap((pair, index) => (index === 0 ? [pair] : [':', el('wbr'), pair]));
}

/**
 * A line for a terminal.
 *
 * @param {string} line
 */
function typed(line) {
  return el('blockquote', { class: 'full-address', dir: 'ltr' }, el('code', {}, line));
}
