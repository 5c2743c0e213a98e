// The transaction that a Trezor signs, held against tronweb's own protobuf: what it signs must be the same to the byte.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { TronWeb, utils } from 'tronweb';

import { startService } from '../lib/service.mjs';
import { ok, refused } from './api.mjs';
import { newWallet, sign } from './wallet.mjs';

const tron = new TronWeb({ fullHost: 'http://127.0.0.1:9' });

let service;

before(async () => {
  service = await startService({ env: { RATE_LIMIT_ENABLED: 'false' } });
});

after(() => service?.stop());

const challenge = ({ address }) => ok(service.url, 'POST', '/auth/challenge', {
  body: { tron_address: address, wallet_type: 'trezor' },
});

/** A transfer of 1 SUN to oneself that expired in 1970, with `message` as its memo: TRON's JSON of a transaction. */
function transfer(address, message) {
  const own = utils.address.toHex(address);
  return {
    visible: false,
    raw_data: {
      contract: [{
        type: 'TransferContract',
        parameter: {
          type_url: 'type.googleapis.com/protocol.TransferContract',
          value: { owner_address: own, to_address: own, amount: 1 },
        },
      }],
      ref_block_bytes: '0000',
      ref_block_hash: '0000000000000000',
      expiration: 1,
      timestamp: 1,
      data: Buffer.from(message).toString('hex'),
    },
  };
}

test('tronweb writes the transaction of a hundred challenges to the same bytes', async () => {
  for (let n = 0; n < 100; n += 1) {
    const wallet = newWallet();
    const reply = await challenge(wallet);
    const expected = transfer(wallet.address, reply.message);
    const written = utils.transaction.txJsonToPb(expected);
    assert.equal(reply.trezor_tx.raw_data_hex, utils.transaction.txPbToRawDataHex(written).toLowerCase());
    assert.equal(reply.digest, utils.transaction.txPbToTxID(written).replace(/^0x/, ''));
    assert.deepEqual(reply.trezor_tx.raw_data, expected.raw_data);
  }
});

test('what tronweb signs of the reply signs in, once', async () => {
  const wallet = newWallet();
  const { message, digest, trezor_tx: transaction } = await challenge(wallet);
  // tronweb checks that bytes, JSON and identifier are one before it signs.
  const { signature: [signature] } = await tron.trx.sign({ visible: false, txID: digest, ...transaction }, wallet.privateKey);
  const login = { body: { tron_address: wallet.address, message, signature } };
  const reply = await ok(service.url, 'POST', '/auth/login', login);
  assert.equal(reply.user.tron_address, wallet.address);
  assert.equal(await refused(service.url, 'POST', '/auth/login', login, 401), 'LUCID_AUTH_1012');
});

test('a signature of the message is none of the transaction', async () => {
  const wallet = newWallet();
  const { message } = await challenge(wallet);
  const login = { body: { tron_address: wallet.address, message, signature: await sign(wallet, message) } };
  assert.equal(await refused(service.url, 'POST', '/auth/login', login, 401), 'LUCID_AUTH_1001');
});
