/** What goes wrong, and the way on from it. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { click, heading, launch, onPage, signInOn } from './support/browser.mjs';
import { open, refuse } from './support/states.mjs';
import { installWallet } from './support/wallet.mjs';

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

// Each: how the wallet behaves at first, how far it comes, and what the page says; then it behaves, and all goes well.
const mended = /** @type {const} */ ([
  ['refuses to connect', { refuseConnect: true }, 1, 'You said no in your wallet'],
  ['refuses to sign', { refuseSign: true }, 2, 'You said no in your wallet'],
  ['is locked', { locked: true }, 1, 'TronLink is locked'],
  ['still has an earlier question open', { pending: true }, 1, 'TronLink is still waiting for you'],
]);
for (const place of /** @type {const} */ (['tip6963', 'tronLink'])) {
  for (const [case_, behaviour, steps, title] of mended) {
    test(`a wallet found by ${place} that ${case_} is told so, and trying again works`, async () => {
      await onPage(browser, service.url, async (page) => {
        const wallet = await open(page, { place, ...behaviour }, steps);
        await heading(page, title);
        await wallet.behave({ refuseConnect: false, refuseSign: false, locked: false, pending: false });
        await click(page, 'Try again');
        await click(page, /^Sign with /);
        await heading(page, 'You are signed in');
      });
    });
  }
}

test('without a wallet the page says where to get one, and finds it when it comes', async () => {
  await onPage(browser, service.url, async (page) => {
    await page.goto('/');
    await heading(page, 'No TRON wallet found');
    assert.ok((await page.getByRole('link').count()) >= 2);
    await click(page, 'Look again');
    await page.locator('.notice').getByText('Still no wallet found.').waitFor();
    // An extension that loads late.
    await page.evaluate(() => {
      const info = { uuid: 'late', name: 'Late Wallet', icon: '', rdns: 'org.example.late' };
      const detail = { info, provider: { request: () => Promise.resolve([]) } };
      dispatchEvent(new CustomEvent('TIP6963:announceProvider', { detail }));
    });
    await page.getByRole('button', { name: 'Continue with Late Wallet' }).waitFor();
  });
});

test('of two wallets the chosen one is asked, and the other is not', async () => {
  await onPage(browser, service.url, async (page) => {
    const one = await installWallet(page, { name: 'First' });
    const two = await installWallet(page, { name: 'Second' });
    await page.goto('/');
    await page.getByRole('button', { name: 'First' }).waitFor();
    await signInOn(page, /Second/);
    assert.equal(await page.locator('.short-address').textContent(), two.address);
    assert.deepEqual([one.signed.length, two.signed.length], [0, 1]);
  });
});

test('one wallet that shows itself in two ways is listed once', async () => {
  await onPage(browser, service.url, async (page) => {
    await installWallet(page, { name: 'TronLink' });
    await installWallet(page, { place: 'tronLink' });
    await page.goto('/');
    await page.getByRole('button', { name: 'Continue with TronLink' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'TronLink' }).count(), 1);
  });
});

test('the name and icon of a wallet are shown as text and image, whatever they are', async () => {
  await onPage(browser, service.url, async (page) => {
    await installWallet(page, { name: '\u202e<b onclick=alert(1)>Sign\u0000\n in</b>' + 'x'.repeat(1000), icon: 'javascript:alert(1)' });
    await installWallet(page, { name: 'Remote', icon: 'https://tracker.example/pixel.png' });
    await installWallet(page, { name: 'Broken', icon: 'data:image/png;base64,AAAA' });
    await page.goto('/');
    await page.getByRole('button', { name: 'Remote' }).waitFor();
    const names = await page.locator('.wallet .name').allTextContents();
    assert.equal(names[0], '<b onclick=alert(1)>Sign in</b>…');
    assert.equal(await page.locator('.wallet b').count(), 0);
    await page.locator('img.icon').waitFor({ state: 'detached' });
  });
});

test('a signature of another key is refused by the service, and named', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await open(page, { wrongKey: true }, 2);
      await heading(page, 'The signature does not fit the account');
      await page.getByText(wallet.address.slice(-6)).waitFor();
      assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0);
    },
    { refusals: /401/ },
  );
});

test('a wallet that changes accounts before signing is not asked to sign for the wrong one', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await open(page, {}, 1);
    await heading(page, 'Read, then sign');
    await wallet.switchTo(wallet.stranger);
    await heading(page, 'Your wallet changed accounts');
    await click(page, 'Go on with the new account');
    await heading(page, 'Read, then sign');
    assert.equal(await page.locator('.full-address').textContent(), wallet.stranger);
    assert.equal(wallet.signed.length, 0);
  });
});

test('a wallet that cannot sign messages is told so', async () => {
  await onPage(browser, service.url, async (page) => {
    await open(page, { oldSigner: true }, 2);
    await heading(page, 'TronLink cannot sign this');
  });
});

test('what a cancelled wallet still answers is ignored', async () => {
  await onPage(browser, service.url, async (page) => {
    await open(page, { silent: true }, 1);
    await heading(page, 'Open TronLink');
    await click(page, 'Cancel');
    await page.locator('.notice').getByText('Nothing was signed.').waitFor();
    await page.getByRole('button', { name: /^Continue with / }).waitFor();
  });
});

test('a challenge that the service no longer takes is replaced by a new one, once', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await refuse(page, '/auth/login', { status: 401, code: 'LUCID_AUTH_1011' }, 2);
      const wallet = await open(page, {}, 2);
      await page.locator('.notice').getByText('This is a new one.').waitFor();
      await click(page, /^Sign with /);
      await heading(page, 'That took too long');
      assert.equal(new Set(wallet.signed).size, 2, 'each time another text');
      await click(page, 'Try again');
      await click(page, /^Sign with /);
      await heading(page, 'You are signed in');
    },
    { refusals: /401/ },
  );
});

test('a text that grew old on the screen is renewed before the wallet opens', async () => {
  await onPage(browser, service.url, async (page) => {
    await page.clock.install();
    const wallet = await open(page, {}, 1);
    const first = await page.locator('.to-sign').innerText();
    await page.clock.fastForward('05:01');
    await click(page, /^Sign with /);
    await page.locator('.notice').getByText('This is a new one.').waitFor();
    assert.notEqual(await page.locator('.to-sign').innerText(), first);
    assert.equal(wallet.signed.length, 0);
  });
});

test('where registration is closed, a stranger is told whom to ask', async () => {
  const closed = await startService({ env: { ...UNLIMITED, REGISTRATION: 'closed' } });
  try {
    await onPage(
      browser,
      closed.url,
      async (page) => {
        const wallet = await open(page, {}, 2);
        await heading(page, 'Registration is closed');
        await page.getByText(wallet.address).waitFor();
      },
      { refusals: /403/ },
    );
  } finally {
    await closed.stop();
  }
});

test('who must wait sees how long, and can go on after it', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await page.clock.install();
      await refuse(page, '/auth/challenge', { status: 429, code: 'LUCID_AUTH_1006', retryAfter: 30 }, 1);
      await open(page, {}, 1);
      await heading(page, 'Too many attempts');
      const again = page.getByRole('button', { name: /^Try again/ });
      assert.match(await again.innerText(), /in 30 seconds/);
      await page.clock.runFor('00:05');
      assert.match(await again.innerText(), /in 2[45] seconds/);
      await again.click({ force: true });
      await heading(page, 'Too many attempts');
      await page.clock.runFor('00:26');
      assert.equal(await again.innerText(), 'Try again');
      await again.click();
      await heading(page, 'Read, then sign');
    },
    { refusals: /429/ },
  );
});

test('a session outlives a service that is away for a while', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await open(page, {}, 0);
      await signInOn(page);
      await refuse(page, '/auth/refresh', 'abort', 1);
      await page.reload();
      await heading(page, 'The service cannot be reached');
      await click(page, 'Try again');
      await heading(page, 'You are signed in');

      await refuse(page, '/auth/logout', { status: 502 }, 1);
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await page.locator('.notice').getByText('you are still signed in').waitFor();
    },
    { refusals: /ERR_CONNECTION_REFUSED|502/ },
  );
});
