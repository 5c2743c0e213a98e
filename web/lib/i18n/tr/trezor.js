/** What is said of a Trezor alone, in Turkish; loaded when one is chosen. */
export default {
  'trezor.title': '{wallet} cihazınızın hangi hesabı?',
  'trezor.lead': '{wallet} TRON mesajlarını imzalamaz. İki hesaptan biriyle oturum açabilir; bu sayfa için bunlar iki ayrı kişidir.',

  'trezor.tron.name': 'Trezor Suite’in gösterdiği hesap',
  'trezor.tron.lead': '{wallet} sizden size 0,000001 TRX tutarında bir aktarım gösterir. Asla gerçekleştirilemez: yalnızca anahtarın sizin olduğunu kanıtlar.',
  'trezor.tron.action': 'Suite hesabımı kullan',
  'trezor.tron.one': 'Model One bunu yapamaz: ürün yazılımı TRON’u bilmiyor.',
  'trezor.tron.old': 'Bunun için {least} veya daha yeni ürün yazılımı gerekir; sizinki {version}. Trezor Suite’te güncelleyin.',
  'trezor.tron.account': 'Trezor Suite’in gösterdiği ilk TRON hesabıdır.',
  'trezor.tron.text': '{wallet} bu metni not olarak gösterecek',
  'trezor.tron.shown': 'Ardından alıcı olarak kendi adresinizi ve 0,000001 TRX. Başka bir şey gösterirse reddedin.',
  'trezor.tron.meaning': 'Bu bir işlemdir, ama asla gerçekleştirilemeyen bir işlem: 1970’te süresi dolmuştur, hiçbir bloğa başvurmaz ve kendi göndericisine öder; ağ bunların her biri için onu reddeder. İmzalamak hesabın size ait olduğunu kanıtlar ve ücreti yoktur.',
  'trezor.tron.confirm': 'Cihazda yalnızca bu metni not olarak, sonra kendi adresinizi ve 0,000001 TRX gösteriyorsa onaylayın.',

  'trezor.eth.name': 'Ethereum yolunun hesabı',
  'trezor.eth.lead': '{wallet} bir Ethereum sitesindeki gibi bir metin imzalar. Bu hesabın TRON adresi, Trezor Suite’in gösterdiğinden başkadır.',
  'trezor.eth.action': 'Ethereum hesabımı kullan',
  'trezor.eth.account': 'İlk Ethereum hesabınıza aittir. Trezor Suite’in gösterdiği TRON hesabından başka bir hesaptır.',
  'trezor.eth.shown': 'Metni parça parça gösterebilir: hepsine bakın.',

  'enter.pin.title': 'PIN kodunuzu {wallet} üzerinde girin',
  'enter.passphrase.title': 'Parola ifadenizi {wallet} üzerinde girin',

  'problem.trezorTaken.title': '{wallet} başka yerde kullanılıyor',
  'problem.trezorTaken.lead': 'Trezor Suite’i (arka planda sürebilir), Bridge programını ve onu kullanan diğer sekmeleri kapatın. Linux’ta hesabınızın izni olmayabilir: udev kurallarını kurun.',
  'problem.otherProtocol.title': 'Bu {wallet} başka bir dil konuşuyor',
  'problem.otherProtocol.lead': 'Safe 7, bu sayfanın bilmediği daha yeni bir protokol konuşur. Bu tarayıcıdaki MetaMask gibi bir Ethereum cüzdanıyla kullanın.',
  'problem.trezorTooOld.title': '{wallet} cihazınızın ürün yazılımı çok eski',
  'problem.trezorTooOld.lead': 'Trezor Suite’te güncelleyin, sonra yeniden deneyin.',
  'problem.bitcoinOnly.title': 'Bu {wallet} yalnızca Bitcoin biliyor',
  'problem.bitcoinOnly.lead': 'Ürün yazılımı yalnızca Bitcoin sürümüdür ve diğer paralar için bir şey imzalamaz. Trezor Suite’te evrensel ürün yazılımını kurun veya başka bir cüzdan kullanın.',
  'problem.otherTransfer.title': 'Bu, söz verilen aktarım değil',
  'problem.otherTransfer.lead': 'Hizmet, asla gerçekleştirilemeyen işlemden başka bir işlem istedi. {wallet} cihazınıza sorulmadı. {host} işletmenine bildirin.',
};
