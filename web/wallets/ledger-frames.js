/**
 * How a command and its answer travel to a Ledger and back: in reports of 64 bytes, each with a channel, a tag and a
 * number; the first of them says how long the whole is. What is left over is zeros.
 */

const REPORT_BYTES = 64;
const HEADER_BYTES = 5;
const TAG = 0x05;

/**
 * @param {number} channel any two bytes; the answer carries the same
 * @param {Uint8Array} command
 * @returns {Uint8Array[]} the reports to send, in order
 */
export function toReports(channel, command) {
  const whole = Uint8Array.of(command.length >> 8, command.length, ...command);
  const reports = [];
  for (let start = 0; start < whole.length; start += REPORT_BYTES - HEADER_BYTES) {
    const report = new Uint8Array(REPORT_BYTES);
    const number = reports.length;
    report.set([channel >> 8, channel, TAG, number >> 8, number]);
    report.set(whole.subarray(start, start + REPORT_BYTES - HEADER_BYTES), HEADER_BYTES);
    reports.push(report);
  }
  return reports;
}

/**
 * Collects the reports of one answer.
 *
 * @param {number} channel
 * @returns {(report: Uint8Array) => Uint8Array | undefined} to be called with each report; answers with the whole once it
 *   is there. Reports of other channels, and out of order, are not ours and are left out.
 */
export function reader(channel) {
  let whole = new Uint8Array();
  let filled = 0;
  let next = 0;
  return (report) => {
    const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
    const first = next === 0;
    if (report.length <= HEADER_BYTES + (first ? 2 : 0)) return undefined;
    if (view.getUint16(0) !== channel || report[2] !== TAG || view.getUint16(3) !== next) return undefined;
    next += 1;
    if (first) whole = new Uint8Array(view.getUint16(HEADER_BYTES));
    const data = report.subarray(HEADER_BYTES + (first ? 2 : 0)).subarray(0, whole.length - filled);
    whole.set(data, filled);
    filled += data.length;
    return filled === whole.length ? whole : undefined;
  };
}
