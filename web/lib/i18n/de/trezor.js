/** What is said of a Trezor alone, in German; loaded when one is chosen. */
export default {
  'trezor.title': 'Welches Konto von {wallet}?',
  'trezor.lead': 'Ein {wallet} signiert keine TRON-Nachrichten. Er kann mit einem von zwei Konten anmelden, und für diese Seite sind das zwei verschiedene Personen.',

  'trezor.tron.name': 'Das Konto, das Trezor Suite zeigt',
  'trezor.tron.lead': '{wallet} zeigt eine Überweisung von 0,000001 TRX von Ihnen an Sie selbst. Sie kann nie ausgeführt werden: Sie beweist nur, dass der Schlüssel Ihnen gehört.',
  'trezor.tron.action': 'Mein Suite-Konto benutzen',
  'trezor.tron.one': 'Ein Model One kann das nicht: Seine Firmware kennt TRON nicht.',
  'trezor.tron.old': 'Dafür braucht es die Firmware {least} oder neuer; Ihre ist {version}. Aktualisieren Sie sie in Trezor Suite.',
  'trezor.tron.account': 'Es ist das erste TRON-Konto, das Trezor Suite zeigt.',
  'trezor.tron.text': '{wallet} wird diesen Text als Notiz zeigen',
  'trezor.tron.shown': 'Danach Ihre eigene Adresse als Empfänger und 0,000001 TRX. Zeigt das Gerät etwas anderes, lehnen Sie ab.',
  'trezor.tron.meaning': 'Das ist eine Transaktion, aber eine, die nie ausgeführt werden kann: Sie ist 1970 abgelaufen, bezieht sich auf keinen Block und zahlt an den eigenen Absender, und für jedes davon lehnt das Netz sie ab. Mit der Signatur beweisen Sie, dass das Konto Ihnen gehört; sie kostet nichts.',
  'trezor.tron.confirm': 'Bestätigen Sie auf dem Gerät nur, wenn es diesen Text als Notiz zeigt, dann Ihre eigene Adresse und 0,000001 TRX.',

  'trezor.eth.name': 'Das Konto des Ethereum-Pfads',
  'trezor.eth.lead': '{wallet} signiert einen Text, wie für eine Ethereum-Seite. Dieses Konto hat eine andere TRON-Adresse als das, das Trezor Suite zeigt.',
  'trezor.eth.action': 'Mein Ethereum-Konto benutzen',
  'trezor.eth.account': 'Es gehört zu Ihrem ersten Ethereum-Konto und ist ein anderes als das TRON-Konto, das Trezor Suite zeigt.',
  'trezor.eth.shown': 'Vielleicht zeigt das Gerät ihn in Teilen: Sehen Sie alle durch.',

  'enter.pin.title': 'PIN auf dem {wallet} eingeben',
  'enter.passphrase.title': 'Passphrase auf dem {wallet} eingeben',

  'problem.trezorTaken.title': '{wallet} wird anderswo benutzt',
  'problem.trezorTaken.lead': 'Beenden Sie Trezor Suite (es läuft vielleicht im Hintergrund weiter), die Bridge und andere Tabs, die das Gerät benutzen. Unter Linux fehlt Ihrem Konto vielleicht die Berechtigung: Installieren Sie die udev-Regeln.',
  'problem.otherProtocol.title': 'Dieser {wallet} spricht eine andere Sprache',
  'problem.otherProtocol.lead': 'Der Safe 7 spricht ein neueres Protokoll, das diese Seite nicht kennt. Benutzen Sie ihn über eine Ethereum-Wallet in diesem Browser, etwa MetaMask.',
  'problem.trezorTooOld.title': 'Die Firmware von {wallet} ist zu alt',
  'problem.trezorTooOld.lead': 'Aktualisieren Sie sie in Trezor Suite, und versuchen Sie es dann noch einmal.',
  'problem.bitcoinOnly.title': 'Dieser {wallet} kennt nur Bitcoin',
  'problem.bitcoinOnly.lead': 'Seine Firmware ist die reine Bitcoin-Firmware, die für andere Coins nichts signiert. Installieren Sie die universelle Firmware in Trezor Suite, oder nehmen Sie eine andere Wallet.',
  'problem.otherTransfer.title': 'Das ist nicht die versprochene Überweisung',
  'problem.otherTransfer.lead': 'Der Dienst verlangte eine andere Transaktion als die, die nie ausgeführt werden kann. {wallet} wurde nicht gefragt. Sagen Sie dem Betreiber von {host} Bescheid.',
};
