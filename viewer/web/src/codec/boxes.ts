// SPDX-License-Identifier: Apache-2.0
// ISO/IEC 14496-12:2022 boxes and their fields, read from untrusted bytes: every size is checked against
// its parent before use.

export class BoxError extends Error {}

export interface Box {
  type: string;
  content: Uint8Array;
}

export function u32(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new BoxError('truncated field');
  return (
    bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
  );
}

export function u16(bytes: Uint8Array, at: number): number {
  if (at + 2 > bytes.length) throw new BoxError('truncated field');
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function u64(bytes: Uint8Array, at: number): number {
  const value = u32(bytes, at) * 2 ** 32 + u32(bytes, at + 4);
  if (value > Number.MAX_SAFE_INTEGER) throw new BoxError('number out of range');
  return value;
}

export function boxAt(bytes: Uint8Array, at: number): { box: Box; end: number } {
  const size = u32(bytes, at);
  if (at + 8 > bytes.length || size < 8 || size > bytes.length - at) {
    throw new BoxError('box size outside its parent');
  }
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  return { box: { type, content: bytes.subarray(at + 8, at + size) }, end: at + size };
}

export function boxes(bytes: Uint8Array): Box[] {
  const found: Box[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { box, end } = boxAt(bytes, at);
    found.push(box);
    at = end;
  }
  return found;
}

export function only(parent: Uint8Array, type: string): Uint8Array {
  const found = boxes(parent).filter((box) => box.type === type);
  if (found.length !== 1) throw new BoxError(`expected one ${type}, found ${found.length}`);
  return found[0]!.content;
}
