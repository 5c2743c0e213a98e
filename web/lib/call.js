/** Calls the service as whoever is signed in. */

import { send } from './api.js';
import { withAccess } from './session.js';

/**
 * @param {Parameters<typeof send>[0]} method
 * @param {string} path
 * @param {{body?: object, query?: Record<string, string | undefined>, signal?: AbortSignal}} [options]
 * @returns {Promise<Record<string, any>>}
 * @throws {import('./api.js').ApiError}
 */
export function call(method, path, options) {
  return withAccess((accessToken) => send(method, path, { ...options, accessToken }));
}
