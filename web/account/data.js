/** Everything that is stored about one, as a file. */

import { announce } from '../app/live.js';
import { button, failed, panel } from '../app/parts.js';
import { call } from '../lib/call.js';
import { el } from '../lib/dom.js';
import { text, words } from '../lib/i18n/words.js';

export function dataPanel() {
  const said = el('div', { class: 'slot' });
  let busy = false;
  const download = button('secondary', 'data.export', async () => {
    if (busy) return;
    busy = true;
    download.setAttribute('aria-disabled', 'true');
    said.replaceChildren();
    try {
      save('lucid-auth-export.json', JSON.stringify(await call('GET', '/users/me/export'), null, 2));
      said.replaceChildren(el('p', { class: 'saved' }, words('data.exported')));
      announce(text('data.exported'));
    } catch (error) {
      said.replaceChildren(failed(error));
    } finally {
      busy = false;
      download.removeAttribute('aria-disabled');
    }
  });
  return panel('data.title', el('p', { class: 'lead' }, words('data.lead')), said, el('div', { class: 'actions' }, download));
}

/**
 * Hand `content` to the browser as a file. The file is made here, so that no address of it holds a token.
 *
 * @param {string} name
 * @param {string} content
 */
function save(name, content) {
  const href = URL.createObjectURL(new Blob([content], { type: 'application/json' }));
  el('a', { href, download: name }).click();
  // The browser has taken hold of it once the click is done with.
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
