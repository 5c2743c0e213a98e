/**
 * Runs nginx and Caddy with the examples of `packaging/`, in front of the real service and two apps. The examples are taken
 * as they stand; only their names, ports and certificates are replaced, each of which must be there. The second app is what
 * they say of it: another copy of the last block. It is also alone at a port of its own, where a proxy may take any host for
 * its.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { UNLIMITED, startService } from '../../lib/service.mjs';
import { startUpstream } from './upstream.mjs';

const START_MS = 20_000;
const STOP_MS = 10_000;

/** @param {string} name */
export const example = (name) => fileURLToPath(new URL(`../../../packaging/${name}`, import.meta.url));

/** @typedef {Awaited<ReturnType<typeof startUpstream>>} Upstream */

/**
 * @typedef {object} Stage
 * @property {string} auth the origin of the service, as browsers see it
 * @property {string} app the origin of the app
 * @property {string} other that of the other app
 * @property {string} alone where only the other app is
 * @property {import('../../lib/service.mjs').Service} service
 * @property {Upstream} upstream
 * @property {Upstream} otherUpstream
 * @property {() => Promise<void>} stop
 */

/**
 * Start all of them.
 *
 * @param {'nginx' | 'caddy'} kind
 * @returns {Promise<Stage>}
 */
export async function startStage(kind) {
  const folder = await mkdtemp(join(tmpdir(), `lucid-auth-${kind}-`));
  const [port, alone] = [await freePort(), await freePort()];
  const [auth, app, other] = [`https://auth.localhost:${port}`, `https://app.localhost:${port}`, `https://other.localhost:${port}`];
  const service = await startService({
    // So that each request has its line in the log, also one that machines ask again and again.
    env: { ...UNLIMITED, LOG_LEVEL: 'DEBUG', PUBLIC_URL: auth, ALLOWED_REDIRECT_ORIGINS: `${app},${other}`, TRUSTED_PROXIES: '127.0.0.1' },
  });
  const [upstream, otherUpstream] = [await startUpstream(), await startUpstream()];
  const inside = { service: new URL(service.url).port, upstream: upstream.port, other: otherUpstream.port };
  const clean = async () => {
    await Promise.all([service.stop(), upstream.stop(), otherUpstream.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const ports = { port, alone };
    const proxy = await start(...(kind === 'nginx' ? await nginx(folder, ports, inside) : await caddy(folder, ports, inside)), port);
    const stop = async () => (await proxy(), clean());
    return { auth, app, other, alone: `https://other.localhost:${alone}`, service, upstream, otherUpstream, stop };
  } catch (error) {
    await clean();
    throw error;
  }
}

/**
 * @param {string} text
 * @param {Array<[string, string | number]>} pairs
 */
function replaced(text, pairs) {
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`the example has no ${from}`);
    text = text.replaceAll(from, String(to));
  }
  return text;
}

/**
 * `text`, and another copy of what stands in it from the last `mark` on, for the other app.
 *
 * @param {string} text
 * @param {string} mark
 * @param {Array<[string, string | number]>} pairs
 */
function withCopy(text, mark, pairs) {
  const at = text.lastIndexOf(mark);
  if (at < 0) throw new Error(`the example has no ${mark}`);
  return `${text}\n${replaced(text.slice(at), [...pairs, ['app.example.org', 'other.example.org']])}`;
}

/** @typedef {{port: number, alone: number}} Ports alone: where only the other app is */
/** @typedef {{service: string, upstream: number, other: number}} Inside */

/**
 * @param {string} folder
 * @param {Ports} ports
 * @param {Inside} inside
 * @returns {Promise<[string, string[], string]>} command, arguments, folder
 */
async function nginx(folder, { port, alone }, inside) {
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:*.localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  const text = withCopy(await readFile(example('nginx.conf'), 'utf8'), '\nserver {', [
    ['http://app;', 'http://other;'],
    ['listen 443 ssl;', `listen 443 ssl; listen 127.0.0.1:${alone} ssl;`],
    ['app.example.org.crt', 'auth.example.org.crt'],
    ['app.example.org.key', 'auth.example.org.key'],
  ]);
  const site = replaced(`${text}\nupstream other { server 127.0.0.1:${inside.other}; }\n`, [
    ['/etc/ssl/private/auth.example.org.crt', join(folder, 'cert.pem')],
    ['/etc/ssl/private/auth.example.org.key', join(folder, 'key.pem')],
    ['/etc/ssl/private/app.example.org.crt', join(folder, 'cert.pem')],
    ['/etc/ssl/private/app.example.org.key', join(folder, 'key.pem')],
    ['set $lucid_host $server_name;', `set $lucid_host $server_name:${port};`],
    ['auth.example.org', 'auth.localhost'],
    ['app.example.org', 'app.localhost'],
    ['other.example.org', 'other.localhost'],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['listen 80;', `listen unix:${join(folder, 'http.sock')};`],
    ['127.0.0.1:8089', `127.0.0.1:${inside.service}`],
    ['127.0.0.1:3000', `127.0.0.1:${inside.upstream}`],
  ]);
  await writeFile(join(folder, 'site.conf'), site);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  const root = userInfo().uid === 0 ? 'user root;' : '';
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; ${root} pid ${folder}/nginx.pid; error_log stderr warn; worker_processes 1; events {}
     http { access_log off; ${paths.join(' ')} include ${folder}/site.conf; }`,
  );
  return ['nginx', ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], folder];
}

/**
 * @param {string} folder
 * @param {Ports} ports
 * @param {Inside} inside
 * @returns {Promise<[string, string[], string]>} command, arguments, folder
 */
async function caddy(folder, { port, alone }, inside) {
  const text = withCopy(await readFile(example('Caddyfile'), 'utf8'), '\napp.example.org {', [['127.0.0.1:3000', `127.0.0.1:${inside.other}`]]);
  const site = replaced(text, [
    ['auth.example.org {', `https://auth.localhost:${port} {`],
    ['app.example.org {', `https://app.localhost:${port} {`],
    ['other.example.org {', `https://other.localhost:${port}, https://other.localhost:${alone} {`],
    ['127.0.0.1:8089', `127.0.0.1:${inside.service}`],
    ['127.0.0.1:3000', `127.0.0.1:${inside.upstream}`],
  ]);
  // On the names of this machine, Caddy makes certificates of its own.
  const options = '{\nadmin off\nauto_https disable_redirects\nskip_install_trust\ndefault_bind 127.0.0.1\n}\n';
  await writeFile(join(folder, 'Caddyfile'), options + site);
  return ['caddy', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], folder];
}

/**
 * Start a proxy, and wait until it answers.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} folder
 * @param {number} port
 * @returns {Promise<() => Promise<void>>} what ends it
 */
async function start(command, args, folder, port) {
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  let ended = false;
  const exited = new Promise((resolve) => {
    const end = (/** @type {unknown} */ why) => {
      ended = true;
      output += `\n${command} ended: ${why}`;
      resolve(undefined);
    };
    child.once('exit', end);
    child.once('error', end);
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
  };
  const limit = Date.now() + START_MS;
  while (!(await answers(port))) {
    if (ended || Date.now() > limit) {
      await stop();
      throw new Error(`${command} does not answer:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return stop;
}

/** @param {number} port */
function answers(port) {
  return new Promise((/** @type {(value: boolean) => void} */ resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'app.localhost', rejectUnauthorized: false });
    socket.once('secureConnect', () => (resolve(true), socket.destroy()));
    socket.once('error', () => (resolve(false), socket.destroy()));
  });
}

/** A port below those that the system gives to clients, so that nobody takes it before the proxy does. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
