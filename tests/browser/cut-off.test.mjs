/** A home whose Internet is gone: each wallet signs in all the same. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const INSIDE = fileURLToPath(new URL('support/cut-off.mjs', import.meta.url));

/**
 * Run the service and the browser in a network of their own, which has the loopback interface and nothing else.
 *
 * @param {string} way
 * @returns {Promise<string>} what was said, after it ended well
 */
function cutOff(way) {
  const script = 'ip link set lo up && exec "$0" "$@"';
  const inside = ['--user', '--map-root-user', '--net', 'sh', '-c', script, process.execPath, INSIDE, way];
  return new Promise((resolve, reject) => {
    // Run by node's test runner itself, it would report to that instead of to us.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn('unshare', inside, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`ended with ${code}:\n${said}`))));
  });
}

for (const way of ['TronLink', 'Ledger', 'KeepKey']) {
  test(`with the network cut off, ${way} signs in`, { timeout: 120_000 }, async () => {
    const { interfaces, address, account } = JSON.parse((await cutOff(way)).trim());
    assert.deepEqual(interfaces, ['lo'], 'there is no way out');
    assert.equal(account, address);
  });
}
