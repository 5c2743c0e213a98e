/** The account page: who one is, where one is signed in, and what one can change about it. */

import { openPage } from '../app/frame.js';
import { addWords } from '../lib/i18n/words.js';
import account from '../lib/i18n/en/account.js';
import app from '../lib/i18n/en/app.js';

addWords({ en: { ...app, ...account } });
openPage({ title: 'account.title', begin: () => {} });
