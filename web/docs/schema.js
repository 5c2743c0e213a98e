/** Says in words what a JSON Schema allows. */

import { el } from '../lib/dom.js';

/**
 * The part of JSON Schema that the document uses.
 *
 * @typedef {object} Schema
 * @property {string} [$ref]
 * @property {string | string[]} [type]
 * @property {unknown} [const]
 * @property {unknown[]} [enum]
 * @property {Schema[]} [anyOf]
 * @property {Schema[]} [oneOf]
 * @property {Schema} [items]
 * @property {Record<string, Schema>} [properties]
 * @property {string[]} [required]
 * @property {string} [description]
 * @property {string} [format]
 * @property {string} [pattern]
 * @property {number} [minLength]
 * @property {number} [maxLength]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {unknown} [default]
 */

/** Where the page shows the schema of this name. */
export const anchor = (/** @type {string} */ name) => `schema-${name}`;

/**
 * What a value is, in a phrase; a named schema is a link.
 *
 * @param {Schema} schema
 * @returns {Array<string | Node>}
 */
export function phrase(schema) {
  const name = schema.$ref?.split('/').at(-1);
  if (name) return [el('a', { href: `#${anchor(name)}` }, name)];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.flatMap((choice, index) => (index ? [' or ', ...phrase(choice)] : phrase(choice)));
  if (schema.const !== undefined) return [el('code', {}, JSON.stringify(schema.const))];
  if (schema.enum) return schema.enum.flatMap((value, index) => [index ? ', ' : 'one of ', el('code', {}, String(value))]);
  if (schema.items) return ['list of ', ...phrase(schema.items)];
  return [[schema.type ?? 'anything'].flat().join(' or '), ...limits(schema)];
}

/**
 * @param {Schema} schema
 * @returns {Array<string | Node>}
 */
function limits({ minLength, maxLength, minimum, maximum, pattern }) {
  /** @type {Array<string | Node>} */
  const said = [];
  if (maxLength !== undefined) {
    said.push(minLength === maxLength ? `, ${maxLength} characters` : `, ${minLength ?? 0} to ${maxLength} characters`);
  }
  if (maximum !== undefined) said.push(`, ${minimum ?? 'at most'} to ${maximum}`);
  else if (minimum !== undefined) said.push(`, from ${minimum}`);
  if (pattern) said.push(', like ', el('code', {}, pattern));
  return said;
}

/**
 * The members of an object, one under the other; of anything else, the phrase.
 *
 * @param {Schema} schema
 * @returns {HTMLElement}
 */
export function members(schema) {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return el('p', {}, ...phrase({ ...schema, $ref: undefined }));
  return el(
    'dl',
    {},
    ...properties.flatMap(([name, property]) => [
      el('dt', {}, name, schema.required?.includes(name) ? undefined : el('span', { class: 'quiet' }, ' (optional)')),
      el('dd', {}, ...phrase(property), property.description && !property.enum ? `\n${property.description}` : undefined),
    ]),
  );
}
