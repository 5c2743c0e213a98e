/** What somebody may do to the pages who means harm, is in a hurry, or has a bad connection. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { record } from '../lib/figures.mjs';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { confirmAsOwner, openAccount, signInElsewhere } from './support/account-states.mjs';
import { click, heading, launch, onPage, refreshToken, signInOn } from './support/browser.mjs';
import { keepNothing, open, refuse } from './support/states.mjs';
import { installWallet, randomAccount } from './support/wallet.mjs';

/** @typedef {import('playwright-core').Page} Page */

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

test('who goes back to a page after a sign-out sees nothing of whoever was signed in', async () => {
  // Playwright switches off what browsers do for people: keep a page that is left, to show it at once.
  const keeping = await launch({ whole: true, without: ['--disable-back-forward-cache'] });
  const context = await keeping.newContext({ baseURL: service.url, locale: 'en-GB' });
  try {
    for (const path of ['/', '/account']) {
      const page = await context.newPage();
      const wallet = await installWallet(page);
      await page.goto('/');
      await signInOn(page);
      if (path !== '/') {
        await page.goto(path);
        await page.locator('.facts .address').waitFor();
      }
      assert.match(await page.locator('body').innerText(), new RegExp(wallet.address.slice(-6)));
      // What is there to see when the page comes back, before it can have asked anybody anything.
      await page.evaluate(() => addEventListener('pageshow', ({ persisted }) => sessionStorage.setItem('seen', JSON.stringify([persisted, document.documentElement.innerText]))));
      await page.goto('/docs');
      const other = await context.newPage();
      await other.goto('/');
      await other.getByRole('button', { name: 'Sign out', exact: true }).click();
      await other.locator('.notice').getByText('You are signed out').waitFor();
      await other.close();
      // Not waiting for it: the page that comes back may be gone again by the time it has loaded.
      await page.evaluate(() => void setTimeout(() => history.back()));
      await page.getByRole('button', { name: /^Continue with / }).waitFor();
      const [persisted, seen] = JSON.parse((await page.evaluate(() => sessionStorage.getItem('seen'))) ?? '[]');
      assert.equal(persisted, true, 'the browser must have kept the page');
      assert.equal(seen, '', path);
      await page.close();
    }
  } finally {
    await keeping.close();
  }
});

test('no page of ours stands in a frame of another’s', async () => {
  const paths = ['/', '/account', '/admin', '/docs', '/branding/logo'];
  const frames = paths.map((path) => `<iframe src="${service.url}${path}"></iframe>`).join('');
  const evil = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(`<!doctype html><title>evil</title>${frames}`));
  await new Promise((listening) => evil.listen(0, '127.0.0.1', () => listening(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (evil.address());
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForLoadState('networkidle');
    const shown = page.frames().filter((frame) => frame !== page.mainFrame());
    assert.equal(shown.length, paths.length);
    for (const frame of shown) assert.match(frame.url(), /^chrome-error:/, 'the browser refuses to show it');
    record('pages put into a frame', paths.length);
  } finally {
    await context.close();
    evil.close();
  }
});

test('text becomes neither markup nor script, whoever puts it into the page', async () => {
  const context = await browser.newContext({ baseURL: service.url });
  try {
    for (const path of ['/', '/docs']) {
      const page = await context.newPage();
      await page.goto(path);
      await page.locator('h1').first().waitFor();
      const ran = await page.evaluate(async () => {
        /** Throws what the setter throws. @param {object} into @param {string} name */
        const put = (into, name) => Reflect.set(into, name, '<img src=x>');
        const sinks = {
          innerHTML: () => put(document.body, 'innerHTML'),
          outerHTML: () => put(document.createElement('div').appendChild(document.createElement('p')), 'outerHTML'),
          insertAdjacentHTML: () => Reflect.get(document.body, 'insertAdjacentHTML').call(document.body, 'beforeend', '<b>x</b>'),
          write: () => document.write('<b>x</b>'),
          parseFromString: () => new DOMParser().parseFromString('<b>x</b>', 'text/html'),
          fragment: () => document.createRange().createContextualFragment('<b>x</b>'),
          srcdoc: () => put(document.createElement('iframe'), 'srcdoc'),
          eval: () => Reflect.get(window, 'eval')('1'),
          Function: () => new Function('return 1')(),
          script: () => (document.createElement('script').text = 'ran = 1'),
          source: () => (document.createElement('script').src = '/web/login/login.js'),
          handler: () => document.createElement('button').setAttribute('onclick', 'ran = 1'),
          worker: () => new Worker('/web/login/login.js'),
        };
        // What the debugger runs may use eval until it returns: this goes on as the page's own would.
        await new Promise((later) => setTimeout(later));
        /** @type {string[]} */
        const worked = [];
        for (const [name, sink] of Object.entries(sinks)) {
          try {
            sink();
            worked.push(name);
          } catch (error) {
            if (!(error instanceof TypeError || error instanceof EvalError || error instanceof DOMException)) throw error;
          }
        }
        // This is refused without a word to whoever tries.
        const link = document.createElement('a');
        link.href = 'javascript:void(document.title = "ran")';
        document.body.append(link);
        link.click();
        await new Promise((resolve) => setTimeout(resolve));
        return [...worked, ...(document.title === 'ran' ? ['address'] : [])];
      });
      assert.deepEqual(ran, [], path);
      record('ways to turn text into script', 14);
      await page.close();
    }
  } finally {
    await context.close();
  }
});

test('an address to go back to leads nowhere that the service does not know', async () => {
  const { host } = new URL(service.url);
  const tricks = [
    'javascript:alert(1)', 'data:text/html,<script>alert(1)</script>', '//evil.example/', 'https://evil.example/', `http://${host}@evil.example/`,
    `${service.url}.evil.example/`, `${service.url}@evil.example/`, `${service.url}\\@evil.example/`, `${service.url}//evil.example/`, '/\\evil.example', '/account', '',
    'java\tscript:alert(1)', `blob:${service.url}/x`, `file:///etc/passwd`, `${service.url}/%0d%0aLocation:https://evil.example/`, 'x'.repeat(5000),
  ];
  await onPage(
    browser,
    service.url,
    async (page) => {
      await open(page, {}, 0);
      await signInOn(page);
      for (const trick of tricks) {
        await page.goto(`/?return_to=${encodeURIComponent(trick)}`);
        // What is a path here is gone to, and there is no such page; all else is refused, and one stays signed in.
        if (trick.includes('%0d%0a')) await page.waitForURL(trick);
        else await heading(page, trick === '' ? /You are signed in|This page cannot send you back/ : 'This page cannot send you back');
        assert.equal(new URL(page.url()).origin, service.url, trick);
      }
      record('addresses to be sent back to', tricks.length);
      await page.goto('/');
      await heading(page, 'You are signed in');
    },
    { refusals: /403|404|422/ },
  );
});

test('names that every object has are no words of the service', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      await installWallet(page);
      for (const code of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
        await refuse(page, '/auth/challenge', { status: 400, code }, 1);
        await page.goto('/');
        await page.getByRole('button', { name: /^Continue with / }).click();
        await heading(page, 'Something went wrong on our side');
      }
      await page.unrouteAll();
      await page.route('**/auth/login', async (route) => {
        const answer = await route.fetch();
        const body = (await answer.text()).replace('"role":"USER"', '"role":"constructor","__proto__":{"polluted":1}').replace(/^\{/, '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},');
        await route.fulfill({ response: answer, body });
      });
      await page.goto('/');
      await signInOn(page);
      assert.equal(await page.locator('dd', { hasText: /^constructor$/ }).count(), 1, 'a role that the page does not know is said as it is');
      assert.equal(await page.evaluate(() => Reflect.get({}, 'polluted')), undefined);
    },
    { refusals: /400/ },
  );
});

test('two clicks do what one does, over a slow connection too', async () => {
  await onPage(browser, service.url, async (page) => {
    /** @type {Record<string, number>} */
    const calls = {};
    page.on('request', (request) => {
      const name = `${request.method()} ${new URL(request.url()).pathname}`;
      calls[name] = (calls[name] ?? 0) + 1;
    });
    const wallet = await installWallet(page);
    /** @type {Array<() => void>} */
    const held = [];
    await page.route('**/login/sign-in.js', async (route) => {
      await new Promise((go) => held.push(() => go(undefined)));
      await route.continue();
    });
    await page.goto('/', { waitUntil: 'domcontentloaded' });
    const way = page.getByRole('button', { name: /^Continue with / });
    await way.waitFor();
    // Where the second click falls, another view may stand by then, with a button of its own.
    await way.dblclick();
    await heading(page, 'Open TronLink');
    for (const go of held) go();
    await heading(page, 'Read, then sign');
    const sign = page.getByRole('button', { name: /^Sign with / });
    await sign.dblclick();
    await heading(page, 'You are signed in');
    assert.equal(wallet.signed.length, 1);
    assert.deepEqual([calls['POST /auth/challenge'], calls['POST /auth/login']], [1, 1]);

    await page.goto('/account');
    const save = page.getByRole('button', { name: 'Save profile' });
    await page.getByLabel('Name', { exact: true }).fill('Ada');
    await save.dblclick();
    await page.locator('#profile .saved').waitFor();
    assert.equal(calls['PUT /users/me'], 1);
    const out = page.getByRole('button', { name: 'Sign out', exact: true });
    await out.dblclick();
    await way.waitFor();
    assert.equal(calls['POST /auth/logout'], 1);
  });
});

test('a service that is gone at any step is said to be, and what was begun can be done when it is back', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await installWallet(page);
      await page.goto('/');
      for (const path of ['/auth/challenge', '/auth/login']) {
        await refuse(page, path, 'abort', 1);
        await page.getByRole('button', { name: /^Continue with / }).click();
        if (path === '/auth/login') await click(page, /^Sign with /);
        await heading(page, 'The service cannot be reached');
        await click(page, 'Choose another way');
      }
      await signInOn(page);
      await signInElsewhere(page, wallet.account, 'gone/1');
      await page.goto('/account');
      await page.getByRole('button', { name: /^End: gone/ }).waitFor();
      const gone = page.getByText('The service cannot be reached').first();

      await refuse(page, '/users/me', 'abort', 1);
      await page.getByLabel('Name', { exact: true }).fill('Ada');
      await page.getByRole('button', { name: 'Save profile' }).click();
      await gone.waitFor();
      await page.getByRole('button', { name: 'Save profile' }).click();
      await page.locator('#profile .saved').waitFor();

      await refuse(page, '/users/me/export', 'abort', 1);
      await page.getByRole('button', { name: 'Download' }).click();
      await gone.waitFor();
      await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);

      await page.route('**/sessions/*', (route) => route.abort('connectionrefused'), { times: 1 });
      await page.getByRole('button', { name: /^End: gone/ }).click();
      const end = page.getByRole('dialog').getByRole('button').last();
      await end.click();
      await gone.waitFor();
      await end.click();
      await page.getByRole('button', { name: /^End: gone/ }).waitFor({ state: 'detached' });

      await refuse(page, '/hw/connect', 'abort', 1);
      const hardware = randomAccount();
      await wallet.become(hardware);
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await page.getByRole('button', { name: 'TronLink' }).click();
      await click(page, /^Sign with /);
      await confirmAsOwner(page, wallet);
      await heading(page, 'The service cannot be reached');
      await click(page, 'Try again');
      await click(page, /^Sign with /);
      await page.getByText('The wallet is added.').waitFor({ state: 'attached' });
      record('steps at which the service is gone', 6);
    },
    { refusals: /ERR_CONNECTION_REFUSED/ },
  );
});

test('a session that ends while the wallet is open does nothing for whoever signs then', async () => {
  await onPage(
    browser,
    service.url,
    async (page) => {
      const wallet = await openAccount(page);
      const { access_token: token } = await signInElsewhere(page, wallet.account);
      await wallet.become(randomAccount());
      await page.getByRole('button', { name: 'Add a hardware wallet' }).click();
      await page.getByRole('button', { name: 'Choose how to reach it' }).click();
      await page.getByRole('button', { name: 'TronLink' }).click();
      await heading(page, 'Read, then sign');
      const headers = { Authorization: `Bearer ${token}` };
      await fetch(`${service.url}/sessions`, { method: 'DELETE', headers });
      await click(page, /^Sign with /);
      await confirmAsOwner(page, wallet);
      await heading(page, 'Your session has ended');
      assert.equal(await page.locator('#card').count(), 0, 'nothing is asked of the wallet any more');
      assert.doesNotMatch(await page.locator('body').innerText(), new RegExp(wallet.address.slice(-6)));
      assert.equal(await refreshToken(page), undefined);
      await page.getByRole('link', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: /^Continue with / }).waitFor();
    },
    { refusals: /401/ },
  );
});

test('a dialog that stands open when another tab signs out is gone with what was behind it', async () => {
  await onPage(browser, service.url, async (page) => {
    const wallet = await openAccount(page);
    await page.getByRole('button', { name: 'Delete account' }).click();
    await page.getByLabel('Type delete').fill('delete');
    const other = await page.context().newPage();
    await other.goto('/');
    await other.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('button', { name: /^Continue with / }).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.doesNotMatch(await page.locator('body').innerText(), new RegExp(wallet.address.slice(-6)));
  });
});

test('a browser that keeps nothing is told what to allow, before its wallet is asked', async () => {
  await onPage(browser, service.url, async (page) => {
    await keepNothing(page);
    const wallet = await open(page, {}, 1);
    await heading(page, 'Your browser keeps nothing for this page');
    assert.equal(wallet.signed.length, 0);
    await click(page, 'Choose another way');
    await page.getByRole('button', { name: /^Continue with / }).waitFor();
  });
});

test('the second click of a double click falls on nothing that came after the first', async () => {
  await onPage(browser, service.url, async (page) => {
    await open(page, { silent: true }, 0);
    const way = page.getByRole('button', { name: /^Continue with / });
    await way.waitFor();
    // Wherever on it: something of the next view is beneath.
    const { x, y, width, height } = (await way.boundingBox()) ?? assert.fail('it must be on the screen');
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.up();
    const cancel = page.getByRole('button', { name: 'Cancel' });
    const there = (await cancel.boundingBox()) ?? assert.fail('it must be on the screen');
    await page.mouse.move(there.x + 20, there.y + 20);
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    await heading(page, 'Open TronLink');
    await page.mouse.down();
    await page.mouse.up();
    await page.locator('.notice').getByText('Nothing was signed.').waitFor();
  });
});
