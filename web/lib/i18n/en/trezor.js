/** What is said of a Trezor alone, in English; loaded when one is chosen. */
export default {
  'trezor.title': 'Which account of your {wallet}?',
  'trezor.lead': 'A {wallet} signs no TRON messages. It can sign in with one of two accounts, and each counts as somebody else here.',

  'trezor.tron.name': 'The account that Trezor Suite shows',
  'trezor.tron.lead': 'Your {wallet} shows a transfer of 0.000001 TRX from you to yourself. It can never be carried out: it only proves that the key is yours.',
  'trezor.tron.action': 'Use my Suite account',
  'trezor.tron.one': 'A Model One cannot do this: its firmware does not know TRON.',
  'trezor.tron.old': 'This takes firmware {least} or newer, and yours is {version}. Update it in Trezor Suite.',
  'trezor.tron.account': 'It is the first TRON account that Trezor Suite shows.',
  'trezor.tron.text': '{wallet} will show this text as a note',
  'trezor.tron.shown': 'After it, your own address as the recipient, and 0.000001 TRX. If it shows anything else, say no.',
  'trezor.tron.meaning': 'This is a transaction, but one that can never be carried out: it expired in 1970, refers to no block, and pays its own sender, and for each of these the network refuses it. Signing it proves that the account is yours, and costs nothing.',
  'trezor.tron.confirm': 'Confirm on the device only if it shows this text as a note, then your own address and 0.000001 TRX.',

  'trezor.eth.name': 'The account of the Ethereum path',
  'trezor.eth.lead': 'Your {wallet} signs a text, as for an Ethereum site. This account has another TRON address than the one that Trezor Suite shows.',
  'trezor.eth.action': 'Use my Ethereum account',
  'trezor.eth.account': 'It belongs to your first Ethereum account. It is another one than the TRON account that Trezor Suite shows.',
  'trezor.eth.shown': 'It may show it in parts: look through all of them.',

  'enter.pin.title': 'Enter your PIN on the {wallet}',
  'enter.passphrase.title': 'Enter your passphrase on the {wallet}',

  'problem.trezorTaken.title': '{wallet} is in use elsewhere',
  'problem.trezorTaken.lead': 'Quit Trezor Suite (it may go on in the background), its Bridge, and other tabs that speak to it. On Linux, your account may lack the permission: install its udev rules.',
  'problem.otherProtocol.title': 'This {wallet} speaks another language',
  'problem.otherProtocol.lead': 'The Safe 7 speaks a newer protocol that this page does not know. Use it through an Ethereum wallet in this browser, such as MetaMask.',
  'problem.trezorTooOld.title': 'The firmware of your {wallet} is too old',
  'problem.trezorTooOld.lead': 'Update it in Trezor Suite, then try again.',
  'problem.bitcoinOnly.title': 'This {wallet} knows Bitcoin alone',
  'problem.bitcoinOnly.lead': 'Its firmware is the Bitcoin-only one, which signs nothing for other coins. Install the universal firmware in Trezor Suite, or use another wallet.',
  'problem.otherTransfer.title': 'That is not the transfer that was promised',
  'problem.otherTransfer.lead': 'The service asked for another transaction than the one that can never be carried out. Your {wallet} was not asked. Tell whoever runs {host}.',
};
