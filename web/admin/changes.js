/** Changes to somebody else's account: asked for, and signed for where a session alone is not enough. */

import { haveSigned } from '../account/signature.js';
import { confirm } from '../app/dialog.js';
import { ApiError } from '../lib/api.js';
import { shortAddress } from '../lib/format.js';

/** @typedef {{tron_address: string, message: string, signature: string}} Proof */

const FRESH_SIGNATURE_REQUIRED = 'LUCID_AUTH_1042';

/**
 * Ask, then do it; if the service wants a fresh signature, have the wallet sign and do it once more with that.
 *
 * @param {import('../lib/replies.js').User} me
 * @param {Omit<import('../app/dialog.js').Question, 'act'>} question
 * @param {(proof?: Proof) => Promise<unknown>} change
 * @returns {Promise<boolean>} whether it was done
 */
export async function askAndChange(me, question, change) {
  let signatureMissing = false;
  const act = async () => {
    try {
      await change();
    } catch (error) {
      if (!(error instanceof ApiError && error.code === FRESH_SIGNATURE_REQUIRED)) throw error;
      signatureMissing = true;
    }
  };
  const agreed = await confirm({ ...question, act });
  if (!agreed || !signatureMissing) return agreed;
  return haveSigned({
    title: 'fresh.title',
    lead: 'fresh.lead',
    values: { ownShort: shortAddress(me.tron_address) },
    refuses: (address) => (address === me.tron_address ? undefined : 'signing.other'),
    async use({ address, message, signature }) {
      await change({ tron_address: address, message, signature });
    },
  });
}
