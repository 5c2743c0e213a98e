/** Wallets that are found only by the name under which they put themselves into the page: what came before TIP-6963. */

/** @typedef {import('./provider.js').Provider} Provider */
/** @typedef {import('./tip6963.js').Wallet} Wallet */

/**
 * Where they are, and what to call them. Several put themselves in TronLink's place as well, so TronLink comes after
 * them, and the names that belong to nobody come last.
 *
 * @type {ReadonlyArray<readonly [string, ReadonlyArray<string>]>}
 */
const PLACES = [
  ['OKX Wallet', ['okxwallet', 'tronLink']],
  ['Trust Wallet', ['trustwallet', 'tronLink']],
  ['Bitget Wallet', ['bitkeep', 'tronLink']],
  ['TokenPocket', ['tokenpocket', 'tron']],
  ['Bybit Wallet', ['bybitWallet', 'tronLink']],
  ['Gate Wallet', ['gatewallet', 'tronLink']],
  ['FoxWallet', ['foxwallet', 'tronLink']],
  ['TronLink', ['tronLink']],
  ['TRON wallet', ['tron']],
];

/**
 * The wallets in the page that are not among `announced`.
 *
 * @param {ReadonlyArray<Wallet>} announced
 * @returns {Wallet[]}
 */
export function injectedWallets(announced) {
  /** @type {Wallet[]} */
  const found = [];
  for (const [name, path] of PLACES) {
    const provider = at(path);
    if (!provider || [...announced, ...found].some((wallet) => isSame(wallet, name, provider))) continue;
    found.push({ id: `injected ${name}`, name, icon: undefined, provider, legacy: name !== 'TRON wallet', family: 'tron' });
  }
  const tronWeb = at(['tronWeb']);
  if (found.length === 0 && announced.length === 0 && tronWeb) {
    // The browsers inside some wallet apps put in nothing but a connected tronWeb.
    const provider = /** @type {Provider} */ ({ tronWeb });
    found.push({ id: 'injected tronWeb', name: 'TRON wallet', icon: undefined, provider, legacy: true, family: 'tron' });
  }
  return found;
}

/**
 * TronLink announces `window.tron` and also puts in `window.tronLink`: two objects, one wallet. They share a tronWeb, or
 * at least the name.
 *
 * @param {Wallet} wallet
 * @param {string} name
 * @param {Provider} provider
 */
function isSame(wallet, name, provider) {
  if (wallet.provider === provider) return true;
  if (sameName(wallet.name, name)) return true;
  try {
    if (wallet.provider.tronWeb && wallet.provider.tronWeb === provider.tronWeb) return true;
    return sameName(wallet.name, 'TronLink') && 'isTronLink' in provider && provider.isTronLink === true;
  } catch {
    return false;
  }
}

/**
 * Whether two names are those of one wallet: some say "Wallet" after it in one place and not in another.
 *
 * @param {string} one
 * @param {string} other
 */
export function sameName(one, other) {
  const plain = (/** @type {string} */ name) => name.toLowerCase().replace(/ wallet$/, '');
  return plain(one) === plain(other);
}

/**
 * @param {ReadonlyArray<string>} path
 * @returns {Provider | undefined}
 */
function at(path) {
  try {
    /** @type {any} */
    let value = window;
    for (const step of path) value = value?.[step];
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
