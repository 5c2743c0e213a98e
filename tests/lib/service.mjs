// Starts the binary under test on a port and a data folder of its own.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env.LUCID_AUTH_BIN ?? new URL('../../target/release/lucid-auth', import.meta.url).pathname;
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 15_000;

/**
 * Start a service. Its environment is only what is given here, so that no setting of the developer's reaches it.
 *
 * @param {Record<string, string>} [settings] by their environment names
 * @returns {Promise<{url: string, stop: () => Promise<void>}>} `stop` fails unless the service ends cleanly
 */
export async function startService(settings = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'lucid-auth-test-'));
  const child = spawn(BINARY, ['serve', '--bind', '127.0.0.1', '--port', '0', '--data-dir', dataDir], {
    env: { PATH: process.env.PATH, HOME: dataDir, METRICS_ENABLED: 'false', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => {
    child.on('error', resolve);
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });

  let output = '';
  const url = new Promise((resolve, reject) => {
    const read = (text) => {
      // Kept short: the access log of a long test is not needed.
      output = (output + text).slice(-20_000);
      const found = /http:\/\/localhost:\d+/.exec(output);
      if (found) resolve(found[0]);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    ended.then((how) => reject(new Error(`${BINARY} ended (${how}) before it printed its address:\n${output}`)));
    setTimeout(() => reject(new Error(`${BINARY} printed no address:\n${output}`)), START_LIMIT_MS).unref();
  });

  const stop = async () => {
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    child.kill('SIGTERM');
    const how = await ended;
    clearTimeout(limit);
    await rm(dataDir, { recursive: true, force: true });
    if (how !== 0) throw new Error(`the service ended with ${how}:\n${output}`);
  };

  try {
    return { url: await url, stop };
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}
