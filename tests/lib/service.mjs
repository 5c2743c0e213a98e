/** Runs the real binary on a free port with a data folder of its own. */

import { spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARY = process.env.LUCID_AUTH_BIN ?? fileURLToPath(new URL('../../target/release/lucid-auth', import.meta.url));
/** Settings under which many sign-ins from one address, failed ones too, do not get in each other's way. */
export const UNLIMITED = { RATE_LIMIT_ENABLED: 'false', MAX_LOGIN_ATTEMPTS: '1000' };

const START_MS = 20_000;
const STOP_MS = 10_000;

/**
 * @typedef {object} Service
 * @property {string} url such as http://localhost:40123
 * @property {string} dataDir
 * @property {() => string} output what it has written to stdout and stderr
 * @property {() => Promise<void>} stop asks it to end, and waits until it has
 */

/**
 * @param {{env?: Record<string, string>, args?: string[], files?: Record<string, string>}} [options] more environment
 *   variables and flags, and files that are in the data folder from the start
 * @returns {Promise<Service>}
 */
export async function startService({ env = {}, args = [], files = {} } = {}) {
  await access(BINARY).catch(() => {
    throw new Error(`${BINARY} is missing: build it with "cargo build --release", or name it in LUCID_AUTH_BIN`);
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'lucid-auth-test-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dataDir, name)), { recursive: true });
    await writeFile(join(dataDir, name), content);
  }
  const serve = ['serve', '--bind', '127.0.0.1', '--port', '0', '--data-dir', dataDir, ...args];
  const child = spawn(BINARY, serve, {
    // Nothing from the developer's own environment decides what is tested. There is one default port for metrics, and
    // many tests.
    env: { PATH: process.env.PATH ?? '', HOME: dataDir, METRICS_ENABLED: 'false', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const clean = () => rm(dataDir, { recursive: true, force: true });

  /** @type {Promise<string>} */
  const started = new Promise((resolve, reject) => {
    const read = (/** @type {Buffer} */ chunk) => {
      output += chunk;
      // With PUBLIC_URL it names that, not where it listens.
      const port = /"message":"ready".*"port":(\d+)/.exec(output)?.[1];
      if (port) resolve(`${env.TLS_SELF_SIGNED === 'true' ? 'https' : 'http'}://localhost:${port}`);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}:\n${output}`)));
    setTimeout(() => reject(new Error(`the service named no address:\n${output}`)), START_MS).unref();
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
    await clean();
  };
  try {
    return { url: await started, dataDir, output: () => output, stop };
  } catch (error) {
    if (child.pid !== undefined && child.exitCode === null) await stop();
    else await clean();
    throw error;
  }
}
