// SPDX-License-Identifier: Apache-2.0
// Writer of the protobuf wire format (protobuf.dev/programming-guides/encoding), as much of it as a device
// says. Fields are written in the order of the calls, which is the order of their numbers, and a proto3
// field with its default value is left out: the bytes are those of the C++ library. Numbers must be whole
// and within 0 to 2^53; a caller that breaks that is wrong (RangeError), whatever came from outside.

const encoder = new TextEncoder();

export class WireWriter {
  private readonly bytes: number[] = [];

  uint(field: number, value: number): this {
    if (value === 0) return this;
    return this.varint(field * 8).varint(value);
  }

  flag(field: number, value: boolean): this {
    return this.uint(field, value ? 1 : 0);
  }

  data(field: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.message(field, value);
  }

  text(field: number, value: string): this {
    return this.data(field, encoder.encode(value));
  }

  double(field: number, value: number): this {
    if (value === 0 && !Object.is(value, -0)) return this;
    const eight = new DataView(new ArrayBuffer(8));
    eight.setFloat64(0, value, true);
    this.varint(field * 8 + 1);
    for (let i = 0; i < 8; i++) this.bytes.push(eight.getUint8(i));
    return this;
  }

  // Written also when it is empty: that a message is there says something.
  message(field: number, value: Uint8Array): this {
    this.varint(field * 8 + 2).varint(value.length);
    for (const byte of value) this.bytes.push(byte);
    return this;
  }

  take(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }

  private varint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not on the wire`);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.bytes.push(rest);
    return this;
  }
}
