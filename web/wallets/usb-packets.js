/**
 * How a message travels to a KeepKey or a Trezor and back: in packets of 64 bytes that begin with `?`. Before the message stand `##`,
 * its type and its length. What is left over is zeros.
 */

const PACKET_BYTES = 64;
const MARK = 0x3f;
const START = 0x23;
const HEADER_BYTES = 8;
/** Longer answers than this are nothing that is asked for here. */
const MAX_ANSWER = 65_536;

/** @typedef {{type: number, body: Uint8Array}} Message */

/**
 * @param {Message} message
 * @returns {Uint8Array[]} the packets to send, in order
 */
export function toPackets({ type, body }) {
  const whole = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(whole.buffer);
  whole.set([START, START]);
  view.setUint16(2, type);
  view.setUint32(4, body.length);
  whole.set(body, HEADER_BYTES);
  const packets = [];
  for (let start = 0; start < whole.length; start += PACKET_BYTES - 1) {
    const packet = new Uint8Array(PACKET_BYTES);
    packet[0] = MARK;
    packet.set(whole.subarray(start, start + PACKET_BYTES - 1), 1);
    packets.push(packet);
  }
  return packets;
}

/**
 * Collects the packets of one message.
 *
 * @returns {(packet: Uint8Array) => Message | undefined} to be called with each packet; answers with the message once it is
 *   there. Packets before its first are the rest of something older, and are left out.
 * @throws {RangeError} from the function returned, if a packet breaks off or the message is too long
 */
export function reader() {
  /** @type {Message | undefined} */
  let message;
  let filled = 0;
  return (packet) => {
    const starts = packet[0] === MARK && packet[1] === START && packet[2] === START;
    if (!message) {
      if (!starts || packet.length <= HEADER_BYTES) return undefined;
      const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
      const length = view.getUint32(5);
      if (length > MAX_ANSWER) throw new RangeError('the message is too long');
      message = { type: view.getUint16(3), body: new Uint8Array(length) };
      packet = packet.subarray(1 + HEADER_BYTES);
    } else {
      if (packet[0] !== MARK) throw new RangeError('a packet without its mark');
      packet = packet.subarray(1);
    }
    const data = packet.subarray(0, message.body.length - filled);
    message.body.set(data, filled);
    filled += data.length;
    return filled === message.body.length ? message : undefined;
  };
}
