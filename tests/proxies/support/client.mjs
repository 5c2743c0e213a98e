/** Clients of the proxy: a program that sends exactly the headers it is told, and a browser's cookies and redirects. */

import assert from 'node:assert/strict';
import { request } from 'node:https';
import { connect } from 'node:tls';

const PATIENCE_MS = 3000;

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string} body
 */

/**
 * @param {string} address
 * @param {{method?: string, headers?: Record<string, string | string[]>, body?: string, from?: string}} [options] from: the
 *   client's own address, one of this machine
 * @returns {Promise<Reply>}
 */
export function ask(address, { method = 'GET', headers = {}, body, from = '127.0.0.1' } = {}) {
  // The path goes out as it is written: a URL would tidy it up.
  const { hostname, port, origin } = new URL(address);
  const path = address.slice(origin.length) || '/';
  return new Promise((resolve, reject) => {
    const call = request(
      // The certificate is made for the test; the names are of this machine, whatever its resolver says.
      { host: '127.0.0.1', localAddress: from, servername: hostname, port, path, method, agent: false, rejectUnauthorized: false },
      async (reply) => {
        let text = '';
        for await (const chunk of reply) text += chunk;
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: text });
      },
    );
    call.setHeader('Host', `${hostname}:${port}`);
    for (const [name, value] of Object.entries(headers)) call.setHeader(name, value);
    call.once('error', reject);
    call.end(body);
  });
}

/**
 * Send these bytes to the proxy at `origin`, and return all that comes back until it closes the connection, or for a while.
 * After `open` this side says that it sends no more: not at once, for Caddy then gives up what it was asked.
 *
 * @param {string} origin
 * @param {Buffer} bytes
 * @param {number} [open] in milliseconds
 * @returns {Promise<string>}
 */
export function exchange(origin, bytes, open = PATIENCE_MS) {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port: Number(port), servername: hostname, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    const end = () => (socket.destroy(), resolve(text));
    const timers = [setTimeout(() => socket.end(), open), setTimeout(end, PATIENCE_MS)];
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => (timers.forEach(clearTimeout), end()));
    socket.once('secureConnect', () => socket.write(bytes));
  });
}

/** A browser as far as cookies and redirects go: cookies with `__Host-` in their names, each for one host. */
export class Browser {
  /** @type {Map<string, Map<string, string>>} */
  #cookies = new Map();

  /**
   * @param {string} host with its port
   * @returns {Map<string, string>}
   */
  cookies(host) {
    const known = this.#cookies.get(host) ?? new Map();
    this.#cookies.set(host, known);
    return known;
  }

  /**
   * Open a page, and tell where it leads.
   *
   * @param {string} address
   * @param {Parameters<typeof ask>[1]} [options]
   */
  async open(address, { headers = {}, ...options } = {}) {
    const cookies = this.cookies(new URL(address).host);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await ask(address, {
      ...options,
      headers: { Accept: 'text/html,*/*;q=0.8', ...(cookie && { Cookie: cookie }), ...headers },
    });
    for (const line of reply.headers['set-cookie'] ?? []) {
      const [pair = '', ...attributes] = line.split('; ');
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      assert.ok(name.startsWith('__Host-'), line);
      for (const needed of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']) assert.ok(attributes.includes(needed), line);
      if (attributes.includes('Max-Age=0')) cookies.delete(name);
      else cookies.set(name, value);
    }
    return reply;
  }
}
