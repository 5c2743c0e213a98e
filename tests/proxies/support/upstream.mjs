/** The app behind the proxy: it answers with the request that reached it. */

import { createServer } from 'node:http';

/**
 * @typedef {object} Seen
 * @property {string} method
 * @property {string} url
 * @property {Array<[string, string]>} headers as they came: each line, in its own writing
 * @property {string} body
 */

/**
 * Start it on a free port.
 *
 * @returns {Promise<{port: number, count: () => number, stop: () => Promise<void>}>} count: how many requests reached it
 */
export async function startUpstream() {
  let count = 0;
  const server = createServer(async (request, response) => {
    count += 1;
    let body = '';
    for await (const chunk of request) body += chunk;
    const { rawHeaders: raw, method, url } = request;
    const headers = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1]]] : []));
    const page = (request.headers.accept ?? '').includes('text/html');
    response.setHeader('Content-Type', page ? 'text/html' : 'application/json');
    const seen = JSON.stringify({ method, url, headers, body });
    response.end(page ? `<!doctype html><title>The app</title><h1>The app</h1><pre>${seen.replaceAll('<', '&lt;')}</pre>` : seen);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const stop = () =>
    new Promise((/** @type {(value: void) => void} */ resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: address.port, count: () => count, stop };
}
