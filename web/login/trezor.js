/** The Trezor and what is said of it, which the page loads when one is chosen. */

import { addWords } from '../lib/i18n/words.js';

export { openTrezor } from '../wallets/trezor.js';

await addWords('trezor');
