/** The account page: who one is, where one is signed in, and what one can change about it. */

import { openPage } from '../app/frame.js';
import { addWords } from '../lib/i18n/words.js';
import { dataPanel } from './data.js';
import { erasePanel } from './erase.js';
import { hardwarePanel } from './hardware.js';
import { profilePanel } from './profile.js';
import { rightsPanel } from './rights.js';
import { sessionsPanel } from './sessions.js';

await addWords('app', 'account', 'rights');
openPage({
  title: 'account.title',
  begin(main, { user }) {
    main.append(profilePanel(user), sessionsPanel(user), hardwarePanel(user), rightsPanel(), dataPanel(), erasePanel(user));
  },
});
