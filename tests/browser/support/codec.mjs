/** What a KeepKey and a Trezor have in common on the wire: packets of 64 bytes, messages of google-protobuf, and failures. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const { BinaryReader, BinaryWriter } = createRequire(import.meta.url)('google-protobuf');

/** Collects the packets of one message after the other, and is strict about them. */
export class Packets {
  /** @type {number[]} */
  #whole = [];

  /**
   * @param {number[]} packet
   * @returns {{type: number, body: Buffer} | undefined} the message, once it is there
   */
  take(packet) {
    assert.equal(packet.length, 64, 'a packet is 64 bytes');
    assert.equal(packet[0], 0x3f);
    if (this.#whole.length === 0) assert.deepEqual(packet.slice(1, 3), [0x23, 0x23]);
    this.#whole.push(...packet.slice(1));
    const header = Buffer.from(this.#whole.slice(0, 8));
    const end = 8 + header.readUInt32BE(4);
    if (this.#whole.length < end) return undefined;
    const [body, rest] = [Buffer.from(this.#whole.slice(8, end)), this.#whole.slice(end)];
    assert.ok(rest.length < 63 && rest.every((byte) => byte === 0), 'the rest of a packet is zeros');
    this.#whole = [];
    return { type: header.readUInt16BE(2), body };
  }
}

/**
 * The bytes of a message.
 *
 * @param {(writer: any) => void} write
 * @returns {Buffer}
 */
export function bytes(write) {
  const writer = new BinaryWriter();
  write(writer);
  return Buffer.from(writer.getResultBuffer());
}

/**
 * @param {Buffer} body
 * @returns {Record<number, any>} the path as a list, bytes as Buffer, numbers as they are
 */
export function fields(body) {
  const reader = new BinaryReader(body);
  /** @type {Record<number, any>} */
  const found = {};
  while (reader.nextField()) {
    const number = reader.getFieldNumber();
    if (reader.getWireType() === 2) found[number] = Buffer.from(reader.readBytes());
    else if (number === 1) (found[1] ??= []).push(reader.readUint32());
    else found[number] = reader.readUint32();
  }
  return found;
}

/**
 * @param {number} type
 * @param {(writer: any) => void} write
 * @returns {number[][]} its packets
 */
export function message(type, write) {
  const body = bytes(write);
  const header = Buffer.alloc(8, '##');
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(body.length, 4);
  const whole = [...header, ...body];
  const packets = [];
  for (let start = 0; start < whole.length; start += 63) {
    const packet = [0x3f, ...whole.slice(start, start + 63)];
    packets.push([...packet, ...new Array(64 - packet.length).fill(0)]);
  }
  return packets;
}

/** @param {number} code */
export function failure(code) {
  return message(3, (writer) => {
    writer.writeEnum(1, code);
    writer.writeString(2, 'RAW FAILURE TEXT');
  });
}
