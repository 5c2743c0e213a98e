/** What is said of a Trezor alone, in Spanish; loaded when one is chosen. */
export default {
  'trezor.title': '¿Qué cuenta de {wallet}?',
  'trezor.lead': 'Un {wallet} no firma mensajes de TRON. Puede iniciar sesión con una de dos cuentas, que para esta página son dos personas distintas.',

  'trezor.tron.name': 'La cuenta que muestra Trezor Suite',
  'trezor.tron.lead': '{wallet} muestra una transferencia de 0,000001 TRX de ti a ti. Nunca puede ejecutarse: solo demuestra que la clave es tuya.',
  'trezor.tron.action': 'Usar mi cuenta de Suite',
  'trezor.tron.one': 'Un Model One no puede: su firmware no conoce TRON.',
  'trezor.tron.old': 'Hace falta el firmware {least} o posterior, y el tuyo es {version}. Actualízalo en Trezor Suite.',
  'trezor.tron.account': 'Es la primera cuenta TRON que muestra Trezor Suite.',
  'trezor.tron.text': '{wallet} mostrará este texto como nota',
  'trezor.tron.shown': 'Después, tu propia dirección como destinatario y 0,000001 TRX. Si muestra otra cosa, recházalo.',
  'trezor.tron.meaning': 'Esto es una transacción, pero una que nunca puede ejecutarse: caducó en 1970, no se refiere a ningún bloque y paga a su propio remitente, y por cada una de esas cosas la red la rechaza. Firmarla demuestra que la cuenta es tuya y no cuesta nada.',
  'trezor.tron.confirm': 'Confirma en el dispositivo solo si muestra este texto como nota y luego tu propia dirección y 0,000001 TRX.',

  'trezor.eth.name': 'La cuenta de la ruta de Ethereum',
  'trezor.eth.lead': '{wallet} firma un texto, como para un sitio de Ethereum. Esta cuenta tiene otra dirección TRON que la que muestra Trezor Suite.',
  'trezor.eth.action': 'Usar mi cuenta de Ethereum',
  'trezor.eth.account': 'Pertenece a tu primera cuenta de Ethereum. No es la cuenta TRON que muestra Trezor Suite.',
  'trezor.eth.shown': 'Puede mostrarlo por partes: revísalas todas.',

  'enter.pin.title': 'Introduce tu PIN en {wallet}',
  'enter.passphrase.title': 'Introduce tu frase de contraseña en {wallet}',

  'problem.trezorTaken.title': '{wallet} está en uso en otro lugar',
  'problem.trezorTaken.lead': 'Cierra Trezor Suite (puede seguir en segundo plano), su Bridge y otras pestañas que lo usen. En Linux, puede que a tu cuenta le falte el permiso: instala sus reglas udev.',
  'problem.otherProtocol.title': 'Este {wallet} habla otro idioma',
  'problem.otherProtocol.lead': 'El Safe 7 habla un protocolo más nuevo que esta página no conoce. Úsalo con una billetera Ethereum de este navegador, como MetaMask.',
  'problem.trezorTooOld.title': 'El firmware de tu {wallet} es demasiado antiguo',
  'problem.trezorTooOld.lead': 'Actualízalo en Trezor Suite y luego inténtalo de nuevo.',
  'problem.bitcoinOnly.title': 'Este {wallet} solo conoce Bitcoin',
  'problem.bitcoinOnly.lead': 'Su firmware es el de solo Bitcoin, que no firma nada para otras monedas. Instala el firmware universal en Trezor Suite o usa otra billetera.',
  'problem.otherTransfer.title': 'Esa no es la transferencia prometida',
  'problem.otherTransfer.lead': 'El servicio pidió una transacción distinta de la que nunca puede ejecutarse. No se preguntó a tu {wallet}. Avisa a quien administra {host}.',
};
