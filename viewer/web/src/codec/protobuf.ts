// SPDX-License-Identifier: Apache-2.0
// Reader of the protobuf wire format (protobuf.dev/programming-guides/encoding), as much of it as a
// part's envelope needs. Our own 60 lines instead of a runtime of 15 kB: this sits on the path to the
// first picture. Unknown fields are skipped. Throws WireError on anything malformed.

export class WireError extends Error {}

export interface Field {
  number: number;
  // varint and fixed: `value`; length-delimited: `bytes`, a view into the message.
  value: number;
  bytes: Uint8Array;
}

const empty = new Uint8Array(0);

// Calls `visit` for each field in order. Varints beyond 2^53 are refused: no field of ours needs them.
export function readFields(message: Uint8Array, visit: (field: Field) => void): void {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = message[at++];
      if (byte === undefined) throw new WireError('truncated varint');
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new WireError('number out of range');
        return value;
      }
    }
    throw new WireError('varint too long');
  };
  const take = (size: number): Uint8Array => {
    if (size > message.length - at) throw new WireError('truncated field');
    at += size;
    return message.subarray(at - size, at);
  };
  while (at < message.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (number === 0) throw new WireError('field number 0');
    switch (key % 8) {
      case 0:
        visit({ number, value: varint(), bytes: empty });
        break;
      case 1:
        visit({ number, value: 0, bytes: take(8) });
        break;
      case 2:
        visit({ number, value: 0, bytes: take(varint()) });
        break;
      case 5:
        visit({ number, value: 0, bytes: take(4) });
        break;
      default:
        throw new WireError('unknown wire type');
    }
  }
}
