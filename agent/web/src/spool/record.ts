// SPDX-License-Identifier: Apache-2.0
// One part in a file of the spool. Big endian:
//   "SCp1" | u32 sequence high | u32 sequence low | u32 F | R(sequence + 1), 32 bytes | u32 CRC-32 | frame (F bytes)
// The CRC is over all that stands before it and the frame. Pure.
const magic = 0x53437031;
const crcAt = 48;
export const recordHeaderBytes = 52;
export const maxFrameBytes = 4 * 1024 * 1024 + 8 * 1024;

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

// CRC-32 of ISO 3309, over several stretches as if they were one.
export function crc32(...pieces: Uint8Array[]): number {
  let crc = 0xffffffff;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) crc = table[(crc ^ piece[i]!) & 0xff]! ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export interface RecordHeader {
  sequence: number;
  frameBytes: number;
  runningHash: Uint8Array; // over this part too
  crc: number;
}

export function recordBytes(sequence: number, runningHash: Uint8Array, frame: Uint8Array): Uint8Array {
  const record = new Uint8Array(recordHeaderBytes + frame.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, magic);
  view.setUint32(4, Math.floor(sequence / 2 ** 32));
  view.setUint32(8, sequence % 2 ** 32);
  view.setUint32(12, frame.length);
  record.set(runningHash, 16);
  record.set(frame, recordHeaderBytes);
  view.setUint32(crcAt, crc32(record.subarray(0, crcAt), frame));
  return record;
}

// null: no header of ours.
export function readHeader(bytes: Uint8Array): RecordHeader | null {
  if (bytes.length < recordHeaderBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const frameBytes = view.getUint32(12);
  if (view.getUint32(0) !== magic || frameBytes > maxFrameBytes) return null;
  return {
    sequence: view.getUint32(4) * 2 ** 32 + view.getUint32(8),
    frameBytes,
    runningHash: bytes.slice(16, crcAt),
    crc: view.getUint32(crcAt),
  };
}

// Whether anywhere in `bytes` a whole record begins.
export function holdsRecord(bytes: Uint8Array): boolean {
  const first = magic >>> 24;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wholeFrame(bytes.subarray(at)) !== null) return true;
  }
  return false;
}

// The frame of a whole record; null: cut off, or not what was written.
export function wholeFrame(record: Uint8Array): Uint8Array | null {
  const header = readHeader(record);
  if (header === null || record.length < recordHeaderBytes + header.frameBytes) return null;
  const frame = record.subarray(recordHeaderBytes, recordHeaderBytes + header.frameBytes);
  return crc32(record.subarray(0, crcAt), frame) === header.crc ? frame : null;
}
