// Traefik is in no Debian release, so it is not run here: its example is read, and the service is asked what Traefik
// would ask by it (https://doc.traefik.io/traefik/middlewares/http/forwardauth/).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { signIn } from '../clients/api.mjs';
import { newWallet } from '../clients/wallet.mjs';
import { UNLIMITED, startService } from '../lib/service.mjs';
import { example } from './support/proxy.mjs';

/** @param {string} name */
function read(name) {
  const program = 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)';
  const done = spawnSync('python3', ['-c', program, example(name)], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}

test('the example names only what is there, and asks before it passes on', () => {
  const { entryPoints, providers } = read('traefik.yml');
  assert.match(providers.file.filename, /traefik-dynamic\.yml$/);
  const { http } = read('traefik-dynamic.yml');
  for (const [name, router] of Object.entries(http.routers)) {
    assert.ok(http.services[router.service], name);
    for (const middleware of router.middlewares ?? []) assert.ok(http.middlewares[middleware], `${name}: ${middleware}`);
    for (const entryPoint of router.entryPoints) assert.ok(entryPoints[entryPoint], `${name}: ${entryPoint}`);
    assert.equal(router.middlewares[0], 'no-claims', `${name}: claims go before anybody is asked`);
    const open = router.service !== 'app' || name === 'app-public';
    assert.equal(router.middlewares?.some((/** @type {string} */ one) => one.startsWith('lucid-auth-')) ?? false, !open, name);
  }
});

test('the example removes what a client says of itself', () => {
  const { customRequestHeaders: removed } = read('traefik-dynamic.yml').http.middlewares['no-claims'].headers;
  for (const name of ['Forwarded', 'X-Original-URL', 'Remote-User', 'Remote_User', 'X-Lucid-Role', 'X_Lucid_Role']) {
    assert.equal(removed[name], '', name);
  }
});

test('lucid-auth answers what Traefik asks by it', async () => {
  const { http } = read('traefik-dynamic.yml');
  const service = await startService({
    env: { ...UNLIMITED, PUBLIC_URL: 'https://auth.example.org', ALLOWED_REDIRECT_ORIGINS: 'https://app.example.org', TRUSTED_PROXIES: '127.0.0.1' },
  });
  try {
    const { access_token: token } = await signIn(service.url, newWallet());
    const { 'lucid-auth-user': user, 'lucid-auth-admin': admin } = http.middlewares;
    /**
     * @param {{address: string}} middleware
     * @param {Record<string, string>} headers
     */
    const ask = ({ address }, headers) => {
      const { pathname, search } = new URL(address);
      const forwarded = {
        'X-Forwarded-For': '192.0.2.7',
        'X-Forwarded-Method': 'GET',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'app.example.org',
        'X-Forwarded-Port': '443',
        'X-Forwarded-Uri': '/a?b=c',
        'X-Forwarded-Server': 'traefik',
      };
      return fetch(service.url + pathname + search, { redirect: 'manual', headers: { ...forwarded, ...headers } });
    };
    const allowed = await ask(user.forwardAuth, { Authorization: `Bearer ${token}` });
    assert.equal(allowed.status, 200);
    for (const name of user.forwardAuth.authResponseHeaders) assert.ok(allowed.headers.get(name), name);
    assert.equal((await ask(admin.forwardAuth, { Authorization: `Bearer ${token}` })).status, 403);
    assert.equal((await ask(user.forwardAuth, { Accept: '*/*' })).status, 401);
    const sent = await ask(user.forwardAuth, { Accept: 'text/html' });
    assert.equal(sent.status, 302);
    const to = encodeURIComponent('https://app.example.org/a?b=c');
    assert.ok(sent.headers.get('location')?.startsWith(`https://auth.example.org/?return_to=${to}&state=`));
    assert.match(sent.headers.get('set-cookie') ?? '', /^__Host-lucid_state=/);
  } finally {
    await service.stop();
  }
});
