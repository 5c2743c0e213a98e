/** What people paste, what stands in the page's address, and what becomes a picture. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import decodeQR from 'qr/decode.js';

import { qrCode } from '../../web/lib/qr.js';
import { fromBytes, fromEthereum, isAddress, toBytes } from '../../web/wallets/address.js';
import { readAddress, readSignature } from '../../web/wallets/manual.js';
import { holds } from './cases.mjs';

const MILLION = 1_000_000;
const base58 = fc.constantFrom(...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz');

test('an address is what reads back as its bytes', () => {
  const property = fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.nat(33), base58, (account, at, other) => {
    const address = fromBytes(account);
    assert.ok(isAddress(address));
    assert.deepEqual(toBytes(address).slice(1), account);
    const hex = Array.from(account, (byte) => byte.toString(16).padStart(2, '0')).join('');
    assert.equal(fromEthereum(`0x${hex}`), address);
    // One character is another one: the checksum tells.
    const changed = address.slice(0, at) + other + address.slice(at + 1);
    assert.equal(isAddress(changed), changed === address);
  });
  return holds('addresses in the page', MILLION / 20, property);
});

test('no text that is pasted breaks the page, or is taken for what it is not', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF "\n'), minLength: 120, maxLength: 140 });
  const address = fc.array(base58, { minLength: 33, maxLength: 33 }).map((rest) => `T${rest.join('')}`);
  const property = fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), digits, address), (pasted) => {
    const signature = readSignature(pasted);
    if ('signature' in signature) assert.match(signature.signature, /^[0-9a-f]{128}(00|01|1b|1c)$/);
    const read = readAddress(pasted);
    assert.equal('address' in read, isAddress(pasted.trim()));
  });
  return holds('texts that are pasted', MILLION, property);
});

test('a QR code holds its text', () => {
  const property = fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => text !== ''), (text) => {
    if (new TextEncoder().encode(text).length > 666) return;
    const grid = qrCode(text);
    // Four modules of light around it, and four pixels a module.
    const size = (grid.length + 8) * 4;
    const data = new Uint8Array(size * size * 4).fill(255);
    grid.forEach((row, y) => row.forEach((dark, x) => {
      if (!dark) return;
      for (let line = 0; line < 4; line += 1) {
        const start = (((y + 4) * 4 + line) * size + (x + 4) * 4) * 4;
        data.fill(0, start, start + 16);
        for (let pixel = 0; pixel < 4; pixel += 1) data[start + pixel * 4 + 3] = 255;
      }
    }));
    assert.equal(decodeQR({ width: size, height: size, data }), text);
  });
  return holds('QR codes, drawn and read back', 500, property);
});

test('a page goes back to where the service says, whatever stands in its address', async () => {
  const query = fc.oneof(fc.webQueryParameters(), fc.string().map((text) => `return_to=${text}`), fc.webUrl().map((url) => `return_to=${encodeURIComponent(url)}&handover=failed`));
  let count = 0;
  const property = fc.asyncProperty(query, fc.webUrl(), fc.string(), async (search, told, kept) => {
    /** @type {string[]} */
    const went = [];
    const storage = new Map([['lucid-auth.went-back', kept]]);
    Object.assign(globalThis, {
      location: { search: `?${search}`, replace: (/** @type {string} */ address) => void went.push(address) },
      sessionStorage: {
        getItem: (/** @type {string} */ name) => storage.get(name) ?? null,
        setItem: (/** @type {string} */ name, /** @type {string} */ value) => void storage.set(name, value),
        removeItem: (/** @type {string} */ name) => void storage.delete(name),
      },
    });
    count += 1;
    const page = await import(`../../web/login/return.js?${count}`);
    const asked = new URLSearchParams(search).get('return_to');
    assert.equal(page.back?.returnTo, asked ?? undefined);
    // An address may have no host, as that of a file.
    const host = asked !== null && URL.canParse(asked) && new URL(asked).host;
    if (page.back) assert.equal(page.back.host, host || asked?.slice(0, 64));
    assert.equal(typeof page.mustWait(), 'boolean');
    assert.deepEqual(went, [], 'it left by itself');
    page.goTo(told);
    assert.deepEqual(went, [told]);
    // Straight back again, it waits for a click, until the person did something.
    if (page.back && !/ /.test(page.back.host)) assert.equal(page.mustWait(), true);
    page.tryAgain();
    assert.equal(page.mustWait(), false);
  });
  await holds('addresses of the login page', 2000, property);
});
