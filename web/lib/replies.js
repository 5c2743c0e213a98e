/** What the service takes and answers, for the checks of types alone: no browser asks for this file. */

/**
 * How somebody will sign, as the service calls it; the text to sign follows from it.
 *
 * @typedef {'tron' | 'ethereum' | 'ledger' | 'keepkey' | 'keepkey-eth' | 'trezor' | 'trezor-eth'} WalletType
 */

/**
 * @typedef {object} Challenge
 * @property {string} message the whole text to sign
 * @property {string} digest what is signed for it, in hex; a Ledger shows it
 * @property {{raw_data_hex: string}} [trezor_tx] the transaction that is signed in its place by a `trezor`
 * @property {string} issued_at
 * @property {string} expires_at
 */

/**
 * @typedef {object} User
 * @property {string} user_id
 * @property {string} tron_address
 * @property {string} role
 * @property {string | null} [display_name]
 * @property {string | null} [email]
 * @property {string | null} [avatar_url]
 * @property {boolean} [locked]
 * @property {string} [created_at]
 * @property {string | null} [last_login_at]
 */

/**
 * @typedef {object} Tokens
 * @property {string} access_token
 * @property {number} expires_in seconds
 * @property {number} refresh_expires_in seconds
 * @property {string} session_id
 * @property {User} user
 */

export {};
