/** What each way of signing offers to the page, and the ways in which it can fail. */

/** @typedef {import('../lib/api.js').Challenge} Challenge */

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
 * @property {import('../lib/api.js').WalletType} walletType what to ask the service for
 * @property {(challenge: Challenge, prompts: Prompts) => Promise<string>} sign answers with 65 bytes in hex
 * @property {(prompts: Prompts) => Promise<void>} [showAddress] on the device's own screen
 * @property {boolean} [showsText] its `sign` shows the text by itself, so nobody else need do it before
 * @property {() => void} close lets go of what it holds
 */

/**
 * What a device may want from the person while it works. Each of the first two rejects if they cancel.
 *
 * @typedef {object} Prompts
 * @property {() => Promise<string>} pin the places of its digits on the device's matrix, as on a number pad
 * @property {() => Promise<string>} passphrase
 * @property {() => void} confirm the device waits for its button
 */

/**
 * Kinds of failure. The first line are those of software wallets, the rest those of devices, and of what was signed
 * elsewhere.
 *
 * @typedef {'refused' | 'locked' | 'pending' | 'unsupported' | 'walletFailed'
 *   | 'insecurePage' | 'noDeviceAccess' | 'notChosen' | 'unplugged' | 'deviceTaken' | 'deviceLocked' | 'deviceBusy'
 *   | 'appClosed' | 'otherApp' | 'settingOff' | 'refusedOnDevice' | 'pinInvalid' | 'bootloader' | 'notSetUp'
 *   | 'tooOld' | 'deviceFailed' | 'pastedOther'} WalletErrorKind
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
