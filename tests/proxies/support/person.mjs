/** Somebody with an account, and their way from a page of an app to the login page and back. */

import assert from 'node:assert/strict';

import { signIn } from '../../clients/api.mjs';
import { newWallet } from '../../clients/wallet.mjs';
import { ask } from './client.mjs';

/** @typedef {import('./client.mjs').Browser} Browser */
/** @typedef {import('./proxy.mjs').Stage} Stage */

/**
 * Make an account; tell its token, and what an app knows of who has it.
 *
 * @param {Stage} stage
 */
export async function newUser(stage) {
  const wallet = newWallet();
  const tokens = await signIn(stage.service.url, wallet);
  const token = `Bearer ${tokens.access_token}`;
  const known = {
    'remote-user': wallet.address,
    'remote-role': 'USER',
    'x-lucid-user-id': tokens.user.user_id,
    'x-lucid-address': wallet.address,
    'x-lucid-role': 'USER',
  };
  return { token, known };
}

/**
 * What the login page does once somebody is signed in: ask where to go.
 *
 * @param {Stage} stage
 * @param {string} login the address that it was opened with
 * @param {string} token
 */
export function handedOver(stage, login, token) {
  const query = new URL(login).searchParams;
  const body = { return_to: query.get('return_to'), ...(query.has('state') && { state: query.get('state') }) };
  return ask(`${stage.auth}/auth/handover`, {
    method: 'POST',
    headers: { Authorization: token, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/**
 * The whole way from a page of an app to the login page and back.
 *
 * @param {Stage} stage
 * @param {Browser} browser
 * @param {string} page
 * @param {string} token
 */
export async function signedInto(stage, browser, page, token) {
  const sent = await browser.open(page);
  assert.equal(sent.status, 302, sent.body);
  const login = sent.headers.location ?? '';
  assert.ok(login.startsWith(`${stage.auth}/?return_to=${encodeURIComponent(page)}&state=`), login);
  assert.match((await browser.open(login)).body, /login/);
  const told = await handedOver(stage, login, token);
  assert.equal(told.status, 200, told.body);
  const back = await browser.open(JSON.parse(told.body).location);
  assert.equal(back.status, 302, back.body);
  assert.equal(back.headers.location, page);
  return browser.open(page);
}
