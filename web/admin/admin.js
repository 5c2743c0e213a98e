/** The administration page. */

import { isAdmin, openPage } from '../app/frame.js';
import { empty } from '../app/parts.js';
import admin from '../lib/i18n/en/admin.js';
import app from '../lib/i18n/en/app.js';
import { addWords } from '../lib/i18n/words.js';

addWords({ en: { ...app, ...admin } });
openPage({ title: 'admin.title', admits: isAdmin, begin: (main) => main.append(empty('admin.none')) });
