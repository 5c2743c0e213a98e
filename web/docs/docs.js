/** Shows /openapi.json to people. */

import { readDocument } from '../lib/api.js';
import { byId, el } from '../lib/dom.js';
import { anchor, members, phrase } from './schema.js';

/** @typedef {import('./schema.js').Schema} Schema */
/** @typedef {{$ref?: string, description: string, content?: Record<string, {schema: Schema}>}} Reply */
/**
 * @typedef {object} Operation
 * @property {string} operationId
 * @property {string} summary
 * @property {Array<{bearer?: string[]}>} security
 * @property {Array<{name: string, in: string, required: boolean, schema: Schema}>} [parameters]
 * @property {{required: boolean, content: Record<string, {schema: Schema}>}} [requestBody]
 * @property {Record<string, Reply>} responses
 */
/**
 * What `/openapi.json` says.
 *
 * @typedef {object} OpenApi
 * @property {{title: string, version: string, description: string}} info
 * @property {Record<string, Record<string, Operation>>} paths
 * @property {{schemas: Record<string, Schema>, responses: Record<string, Reply>}} components
 */

/** @param {Operation['security']} alternatives */
function callers(alternatives) {
  if (alternatives.length === 0) return 'Anyone may call.';
  const permissions = alternatives.flatMap(({ bearer }) => bearer ?? []);
  if (permissions.length > 0) return `Needs a bearer token of a user who holds ${permissions.join(', ')}.`;
  return alternatives.every(({ bearer }) => bearer) ? 'Needs a bearer token.' : 'Anyone may call; a bearer token is looked at.';
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Operation} operation
 * @param {OpenApi} document
 */
function operationElement(method, path, operation, document) {
  const { summary, security, parameters = [], requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  return el(
    'details',
    { id: operation.operationId },
    el('summary', {}, el('h3', {}, `${method.toUpperCase()} ${path}`), ` ${summary}`),
    el('p', { class: 'quiet' }, callers(security)),
    parameters.length > 0 ? el('h4', {}, 'Parameters') : undefined,
    parameters.length > 0
      ? el(
          'dl',
          {},
          ...parameters.flatMap((parameter) => [
            el('dt', {}, parameter.name, el('span', { class: 'quiet' }, ` (${parameter.in}${parameter.required ? '' : ', optional'})`)),
            el('dd', {}, ...phrase(parameter.schema)),
          ]),
        )
      : undefined,
    body ? el('h4', {}, requestBody?.required ? 'Body' : 'Body (optional)') : undefined,
    body ? el('p', {}, ...phrase(body)) : undefined,
    el('h4', {}, 'Answers'),
    el('dl', {}, ...Object.entries(responses).flatMap(([status, reply]) => replyElements(status, reply, document))),
  );
}

/**
 * @param {string} status
 * @param {Reply} reply
 * @param {OpenApi} document
 */
function replyElements(status, reply, document) {
  const shared = reply.$ref?.split('/').at(-1);
  const { description, content = {} } = (shared && document.components.responses[shared]) || reply;
  const data = Object.entries(content).filter(([type]) => type !== 'application/problem+json');
  return [
    el('dt', {}, status),
    el('dd', {}, ...data.flatMap(([type, { schema }]) => [...phrase(schema), ` as ${type}\n`]), plain(description)),
  ];
}

/** @param {string} markdown the little of it that the document uses */
function plain(markdown) {
  return markdown.replaceAll('`', '').replaceAll(':\n\n- ', ':\n- ').replace(/\n\n\[[^\]]+\]: \S+/g, '');
}

/** @param {OpenApi} document */
function show(document) {
  const { info, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => operationElement(method, path, operation, document)),
  );
  const schemas = Object.entries(components.schemas).map(([name, schema]) =>
    el(
      'details',
      { id: anchor(name) },
      el('summary', {}, el('h3', {}, name)),
      schema.description ? el('p', {}, plain(schema.description)) : undefined,
      members(schema),
    ),
  );
  byId('docs').replaceChildren(
    el('h1', {}, `${info.title} ${info.version}`),
    el('p', {}, plain(info.description)),
    el('p', {}, 'For programs: ', el('a', { href: '/openapi.json' }, 'openapi.json')),
    el('h2', {}, 'Operations'),
    ...operations,
    el('h2', {}, 'Schemas'),
    ...schemas,
  );
  reveal();
}

/** Open what the address names: a closed part cannot be scrolled to. */
function reveal() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(named instanceof HTMLDetailsElement)) return;
  named.open = true;
  named.scrollIntoView();
}

addEventListener('hashchange', reveal);
readDocument().then(show, () => byId('status').append(' It could not be read: the service may be restarting. Reload this page in a moment.'));
