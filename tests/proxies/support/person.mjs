/** Somebody with an account, and their way from a page of an app to the login page and back. */

import assert from 'node:assert/strict';

import { signedChallenge } from '../../clients/api.mjs';
import { newWallet } from '../../clients/wallet.mjs';
import { ask } from './client.mjs';

/** @typedef {import('./client.mjs').Browser} Browser */
/** @typedef {import('./proxy.mjs').Stage} Stage */

/**
 * What the login page's browser keeps for each token: the cookies that it was given with it.
 *
 * @type {Map<string, string>}
 */
const kept = new Map();

/**
 * Make an account on the login page; tell its token, and what an app knows of who has it.
 *
 * @param {Stage} stage
 */
export async function newUser(stage) {
  const wallet = newWallet();
  const body = { ...(await signedChallenge(stage.service.url, wallet)), token_delivery: 'cookie' };
  const reply = await ask(`${stage.auth}/auth/login`, {
    method: 'POST',
    headers: { Origin: stage.auth, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(reply.status, 200, reply.body);
  const tokens = JSON.parse(reply.body);
  const token = `Bearer ${tokens.access_token}`;
  kept.set(token, (reply.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; '));
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
    headers: { Authorization: token, Cookie: kept.get(token) ?? '', Origin: stage.auth, 'Content-Type': 'application/json' },
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
