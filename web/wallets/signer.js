/** What each way of signing offers to the page, and the ways in which it can fail. */

/** @typedef {import('../lib/replies.js').Challenge} Challenge */
/** @typedef {import('../lib/i18n/words.js').Key} Key */

/**
 * A wallet whose account may change.
 *
 * @typedef {object} Watched
 * @property {() => string | undefined} current the account on show in the wallet now, if it says so
 * @property {(listener: (address: string) => void) => () => void} watch tells of a change of account, until it is ended
 */

/**
 * An account that can sign, whatever holds its key.
 *
 * @typedef {Watched & Account} Signer
 *
 * @typedef {object} Account
 * @property {string} address in TRON's form
 * @property {import('../lib/replies.js').WalletType} walletType what to ask the service for
 * @property {(challenge: Challenge, prompts: Prompts) => Promise<string>} sign answers with 65 bytes in hex
 * @property {(prompts: Prompts) => Promise<void>} [showAddress] on the device's own screen
 * @property {boolean} [showsText] its `sign` shows the text by itself, so nobody else need do it before
 * @property {Said} [said] what the page says of it that it does not say of others
 * @property {() => void} close lets go of what it holds
 *
 * @typedef {object} Said
 * @property {Key} account whose account it is
 * @property {Key} [text] over the text: how the wallet shows it
 * @property {Key} shown under the text: what else it shows
 * @property {Key} [meaning] what it means to sign
 * @property {Key} confirm when to confirm in the wallet
 */

/**
 * What a device may want from the person while it works.
 *
 * @typedef {object} Prompts
 * @property {() => Promise<string>} pin the places of its digits on the device's matrix, as on a number pad
 * @property {() => Promise<string | undefined>} passphrase nothing if it is to be entered on the device
 * @property {(offer: Offer) => Promise<string>} account which of the device's accounts it is to be: the `id` of a choice
 * @property {(entry?: 'pin' | 'passphrase') => void} confirm the device waits for its button, or until that is entered on it
 */

/**
 * The accounts of a device, each with its own way of signing.
 *
 * @typedef {object} Offer
 * @property {Key} title
 * @property {Key} lead
 * @property {ReadonlyArray<Choice>} choices
 *
 * @typedef {object} Choice
 * @property {string} id
 * @property {Key} name
 * @property {Key} lead
 * @property {Key} action
 * @property {Key} [lack] why this device cannot
 * @property {Record<string, string>} [values] what stands in it
 */

/**
 * Kinds of failure. The first line are those of software wallets, the rest those of devices, and of what was signed
 * elsewhere.
 *
 * @typedef {'refused' | 'locked' | 'pending' | 'unsupported' | 'walletFailed'
 *   | 'insecurePage' | 'noDeviceAccess' | 'notChosen' | 'unplugged' | 'deviceTaken' | 'deviceLocked' | 'deviceBusy'
 *   | 'appClosed' | 'otherApp' | 'settingOff' | 'refusedOnDevice' | 'pinInvalid' | 'bootloader' | 'notSetUp'
 *   | 'tooOld' | 'deviceFailed' | 'otherProtocol' | 'trezorTaken' | 'trezorTooOld' | 'bitcoinOnly' | 'otherTransfer'
 *   | 'pastedOther'} WalletErrorKind
 */

/** A wallet did not do what it was asked. */
export class WalletError extends Error {
  /**
   * @param {WalletErrorKind} kind
   * @param {Record<string, string>} [values] what the words about it name
   */
  constructor(kind, values = {}) {
    super(kind);
    this.kind = kind;
    this.values = values;
  }
}
