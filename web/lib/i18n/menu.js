/** The menu of languages, each in its own name. */

import { el } from '../dom.js';
import { LANGUAGES, chooseLanguage, language, text } from './words.js';

export function languageMenu() {
  const options = Object.entries(LANGUAGES).map(([tag, name]) => el('option', { value: tag, lang: tag, selected: tag === language }, name));
  const menu = el('select', { class: 'language', 'aria-label': text('language.label'), change: () => chooseLanguage(menu.value) }, options);
  return menu;
}
