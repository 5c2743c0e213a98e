/** Signing in with an Ethereum wallet, and with a signature that was made elsewhere. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import decodeQr from 'qr/decode.js';
import { TronWeb, utils } from 'tronweb';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { click, heading, launch, onPage, tabTo } from './support/browser.mjs';
import { installEthereum } from './support/ethereum.mjs';
import { openElsewhere, refuse } from './support/states.mjs';
import { installWallet } from './support/wallet.mjs';

const tronWeb = new TronWeb({ fullHost: 'http://127.0.0.1:9' });

/** @type {import('../lib/service.mjs').Service} */
let service;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  [service, browser] = await Promise.all([startService({ env: UNLIMITED }), launch()]);
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

test('a text goes out as it is, by copying and by QR code, and its signature signs in', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const { address, privateKey } = await openElsewhere(page);
      const message = await page.locator('.to-sign').innerText();
      assert.ok(message.includes(address));
      await click(page, 'Copy text');
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), message);

      const pixels = await page.locator('canvas').evaluate((canvas) => {
        const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
        const context = /** @type {HTMLCanvasElement} */ (canvas).getContext('2d');
        return { width, height, data: [...(context?.getImageData(0, 0, width, height).data ?? [])] };
      });
      assert.equal(decodeQr({ ...pixels, data: Uint8ClampedArray.from(pixels.data) }), message, 'another reader reads the same');

      const signature = await tronWeb.trx.signMessageV2(message, privateKey);
      await page.getByLabel('The signature').fill(`"${signature.slice(2, 80)}\n  ${signature.slice(80)}"`);
      await click(page, 'Sign in');
      await heading(page, 'You are signed in');
      assert.equal(await page.locator('.short-address').textContent(), address);
    },
    { context: { permissions: ['clipboard-read', 'clipboard-write'] } },
  );
});

test('what is wrong with an address or a signature is said beside the field, and asks the service nothing', async () => {
  await onPage(browser, service.url, async (page) => {
    let asked = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') asked += 1;
    });
    await page.goto('/');
    await click(page, 'Elsewhere');
    const { address } = utils.accounts.generateAccount();
    const slip = `${address.base58.slice(0, -1)}${address.base58.endsWith('a') ? 'b' : 'a'}`;
    for (const [typed, said] of /** @type {const} */ ([
      ['', 'Enter the address'],
      ['0x52908400098527886E0F7030069857D2E4169EE7', 'That is no TRON address'],
      [slip, 'There is a slip'],
    ])) {
      const field = page.getByLabel('Your TRON address');
      await field.fill(typed);
      await click(page, 'Continue');
      await page.locator('.wrong').getByText(said).waitFor();
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      assert.equal(await field.getAttribute('aria-describedby'), 'address-wrong');
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'address');
    }
    assert.equal(asked, 0);
    await page.getByLabel('Your TRON address').fill(` ${address.base58} `);
    assert.equal(await page.locator('.wrong').isVisible(), false, 'it is said no longer once it is right');
    await page.keyboard.press('Enter');
    await heading(page, 'Sign this text');
    for (const [typed, said] of /** @type {const} */ ([
      ['', 'Paste the signature'],
      ['not hex', 'made of 0 to 9'],
      ['0x1234', 'A part of it is missing'],
      ['ab'.repeat(66), 'That is too much'],
      ['ab'.repeat(65), 'made in another way'],
    ])) {
      await page.getByLabel('The signature').fill(typed);
      await click(page, 'Sign in');
      await page.locator('.wrong').getByText(said).waitFor();
    }
    assert.equal(asked, 1, 'the challenge alone');
  });
});

test('a signature of another key or text leads to a new text, with the address kept', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const { address, privateKey } = await openElsewhere(page);
      await page.getByLabel('The signature').fill(await tronWeb.trx.signMessageV2('another text', privateKey));
      await click(page, 'Sign in');
      await heading(page, 'The signature does not fit the account');
      await click(page, 'Get a new text');
      assert.equal(await page.getByLabel('Your TRON address').inputValue(), address);
    },
    { refusals: /401/ },
  );
});

test('signing elsewhere works by the keyboard alone', async () => {
  await onPage(browser, service.url, async (page) => {
    const { privateKey, address } = utils.accounts.generateAccount();
    await page.goto('/');
    await heading(page, 'No TRON wallet found');
    await tabTo(page, /^E?Elsewhere$/);
    await page.keyboard.press('Enter');
    await heading(page, 'Sign elsewhere');
    await page.keyboard.press('Tab');
    await page.keyboard.insertText(address.base58);
    await page.keyboard.press('Enter');
    await heading(page, 'Sign this text');
    const message = await page.locator('.to-sign').innerText();
    await page.getByLabel('The signature').focus();
    await page.keyboard.insertText(await tronWeb.trx.signMessageV2(message, privateKey));
    await tabTo(page, /^Sign in$/);
    await page.keyboard.press('Enter');
    await heading(page, 'You are signed in');
  });
});

test('an Ethereum wallet signs the text that it can check, and leads to the TRON address of its account', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await installEthereum(page);
    await page.goto('/');
    await click(page, /MetaMask/);
    await heading(page, 'Read, then sign');
    await page.getByText('It belongs to your Ethereum account').waitFor();
    assert.equal(await page.locator('.full-address').innerText(), wallet.address);
    const message = await page.locator('.to-sign').textContent();
    assert.ok(message?.startsWith(`${new URL(service.url).host} wants you to sign in with your Ethereum account:\n${wallet.ethereum}\n`), message ?? '');
    await click(page, 'Sign with MetaMask');
    await heading(page, 'You are signed in');
    assert.deepEqual(wallet.signed, [message]);
    assert.equal(await page.locator('.short-address').textContent(), wallet.address);

    await wallet.switchAway();
    await page.getByRole('heading', { name: 'Your wallet changed accounts' }).waitFor();
    await page.locator('.notice').getByText(wallet.stranger.slice(-6)).waitFor();
  });
});

test('an Ethereum wallet that changes accounts before signing is not asked to sign', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await installEthereum(page);
    await page.goto('/');
    await click(page, /MetaMask/);
    await heading(page, 'Read, then sign');
    await wallet.switchAway();
    await heading(page, 'Your wallet changed accounts');
    assert.equal(wallet.signed.length, 0);
  });
});

for (const [case_, behaviour, signs, title] of /** @type {const} */ ([
  ['refuses to connect', { refuseConnect: true }, false, 'You said no in your wallet'],
  ['is locked', { locked: true }, false, 'MetaMask is locked'],
  ['refuses to sign', { refuseSign: true }, true, 'You said no in your wallet'],
])) {
  test(`an Ethereum wallet that ${case_} is told so, and trying again works`, async () => {
    await onPage(browser, service.url, async (page) => {
      const wallet = await installEthereum(page, behaviour);
      await page.goto('/');
      await click(page, /MetaMask/);
      if (signs) await click(page, /^Sign with/);
      await heading(page, title);
      await wallet.behave({ refuseConnect: false, locked: false, refuseSign: false });
      await click(page, 'Try again');
      await click(page, /^Sign with/);
      await heading(page, 'You are signed in');
    });
  });
}

test('a wallet with accounts of both kinds is listed once, with its TRON account', async () => {
  await onPage(browser, service.url, async (page) => {
    await installWallet(page, { name: 'OKX Wallet' });
    await installEthereum(page, { name: 'OKX Wallet' });
    await page.goto('/');
    await page.getByRole('button', { name: 'Continue with OKX Wallet' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /OKX/ }).count(), 1);
  });
});

test('the way that led in is offered first, until another one does', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await installEthereum(page);
    await installWallet(page, { name: 'TronLink' });
    await page.goto('/');
    await page.getByRole('button', { name: 'Continue with TronLink' }).waitFor();
    await click(page, /^MetaMask/);
    await click(page, /^Sign with/);
    await heading(page, 'You are signed in');
    await click(page, 'Sign out');
    await page.getByText('You are signed out.').first().waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Continue with MetaMask' }).waitFor();
    assert.equal(wallet.signed.length, 1);
  });
});

for (const [case_, shift, said] of /** @type {const} */ ([
  ['ahead', 3 * 3_600_000, /3 hours ahead/],
  ['behind', -20 * 60_000, /20 minutes behind/],
])) {
  test(`a clock that is ${case_} of the service's is named, and holds nobody up`, async () => {
    await onPage(browser, service.url, async (page) => {
      await page.clock.install({ time: Date.now() + shift });
      await installWallet(page);
      await page.goto('/');
      await click(page, /^Continue with/);
      await page.locator('.notice').getByText(said).waitFor();
      await click(page, /^Sign with/);
      await heading(page, 'You are signed in');
    });
  });
}

test('a challenge that is refused as too old names the clocks if they do not agree', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await page.clock.install({ time: Date.now() - 3_600_000 });
      await refuse(page, '/auth/login', { status: 401, code: 'LUCID_AUTH_1011', date: new Date().toUTCString() });
      await installWallet(page);
      await page.goto('/');
      await click(page, /^Continue with/);
      await click(page, /^Sign with/);
      await page.locator('.notice').getByText('This is a new one.').waitFor();
      await click(page, /^Sign with/);
      await heading(page, 'That took too long');
      await page.locator('.notice').getByText(/behind/).waitFor();
    },
    { refusals: /401/ },
  );
});
