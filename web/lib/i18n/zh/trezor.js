/** What is said of a Trezor alone, in Chinese; loaded when one is chosen. */
export default {
  'trezor.title': '使用 {wallet} 的哪个账户？',
  'trezor.lead': '{wallet} 不签署 TRON 消息。它可以用两个账户之一登录，对此页面而言它们是两个不同的人。',

  'trezor.tron.name': 'Trezor Suite 显示的账户',
  'trezor.tron.lead': '您的 {wallet} 会显示一笔从您到您自己的 0.000001 TRX 转账。它永远无法执行：只用于证明密钥属于您。',
  'trezor.tron.action': '使用我的 Suite 账户',
  'trezor.tron.one': 'Model One 做不到：其固件不支持 TRON。',
  'trezor.tron.old': '需要固件 {least} 或更新版本，您的是 {version}。请在 Trezor Suite 中更新。',
  'trezor.tron.account': '它是 Trezor Suite 显示的第一个 TRON 账户。',
  'trezor.tron.text': '{wallet} 将以备注显示此文本',
  'trezor.tron.shown': '随后显示您自己的地址作为收款人，以及 0.000001 TRX。如果显示其他内容，请拒绝。',
  'trezor.tron.meaning': '这是一笔交易，但永远无法执行：它已在 1970 年过期，不引用任何区块，并且付款给自己；其中任何一点都会被网络拒绝。签名可证明账户属于您，且不收取费用。',
  'trezor.tron.confirm': '仅当设备以备注显示此文本，随后显示您自己的地址和 0.000001 TRX 时才确认。',

  'trezor.eth.name': '以太坊路径的账户',
  'trezor.eth.lead': '您的 {wallet} 像在以太坊网站上一样签署一段文本。此账户的 TRON 地址与 Trezor Suite 显示的不同。',
  'trezor.eth.action': '使用我的以太坊账户',
  'trezor.eth.account': '它属于您的第一个以太坊账户，不是 Trezor Suite 显示的 TRON 账户。',
  'trezor.eth.shown': '设备可能分段显示：请全部查看。',

  'enter.pin.title': '在 {wallet} 上输入您的 PIN',
  'enter.passphrase.title': '在 {wallet} 上输入您的密语',

  'problem.trezorTaken.title': '{wallet} 正被其他程序使用',
  'problem.trezorTaken.lead': '请退出 Trezor Suite（可能仍在后台运行）、其 Bridge 以及使用它的其他标签页。在 Linux 上，您的账户可能缺少权限：请安装其 udev 规则。',
  'problem.otherProtocol.title': '此 {wallet} 使用另一种协议',
  'problem.otherProtocol.lead': 'Safe 7 使用此页面不支持的新协议。请通过此浏览器中的以太坊钱包（如 MetaMask）使用它。',
  'problem.trezorTooOld.title': '您的 {wallet} 固件版本过旧',
  'problem.trezorTooOld.lead': '请在 Trezor Suite 中更新，然后重试。',
  'problem.bitcoinOnly.title': '此 {wallet} 仅支持比特币',
  'problem.bitcoinOnly.lead': '其固件为仅比特币版本，不为其他币种签名。请在 Trezor Suite 中安装通用固件，或使用其他钱包。',
  'problem.otherTransfer.title': '这不是约定的转账',
  'problem.otherTransfer.lead': '服务请求的交易不是那笔永远无法执行的交易。未向您的 {wallet} 发出请求。请告知 {host} 的管理者。',
};
