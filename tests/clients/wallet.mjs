// A TRON wallet that this project did not write: tronweb. For the tests, and as a command for the README:
//
//   node tests/clients/wallet.mjs new            prints ADDRESS=… and PRIVATE_KEY=…, made at random
//   node tests/clients/wallet.mjs sign KEY TEXT  prints the signature of TEXT

import { TronWeb, utils } from 'tronweb';
import { pathToFileURL } from 'node:url';

// Signing asks no node; tronweb only wants an address for one.
const tron = new TronWeb({ fullHost: 'http://127.0.0.1:9' });

/** Make a wallet: `{ address, privateKey }`. */
export function newWallet() {
  const { privateKey, address } = utils.accounts.generateAccount();
  return { address: address.base58, privateKey };
}

/** What TronLink does when a page asks for `signMessageV2`. */
export function sign(wallet, text) {
  return tron.trx.signMessageV2(text, wallet.privateKey);
}

/** The digest that {@link sign} signs, as `0x…`. */
export function digest(text) {
  return utils.message.hashMessage(text);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [command, privateKey, text] = process.argv.slice(2);
  if (command === 'new') {
    const wallet = newWallet();
    console.log(`ADDRESS=${wallet.address}\nPRIVATE_KEY=${wallet.privateKey}`);
  } else if (command === 'sign' && text !== undefined) {
    console.log(await sign({ privateKey }, text));
  } else {
    console.error('usage: wallet.mjs new | wallet.mjs sign KEY TEXT');
    process.exitCode = 2;
  }
}
