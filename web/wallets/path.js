/** Where hardware wallets keep the first account of TRON and of Ethereum: m/44'/195'/0'/0/0, m/44'/60'/0'/0/0 (BIP-44, SLIP-44). */

const HARDENED = 0x80000000;

export const TRON_PATH = [44 + HARDENED, 195 + HARDENED, HARDENED, 0, 0];
export const ETHEREUM_PATH = [44 + HARDENED, 60 + HARDENED, HARDENED, 0, 0];
