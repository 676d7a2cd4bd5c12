// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { hexEncode } from '../../../viewer/web/src/codec/bytes';
import { IdMaker } from '../src/proto/new_id';

const filled = (value: number) => (bytes: Uint8Array) => {
  bytes.fill(value);
};

describe('new ids', () => {
  it('are UUIDv7 of the moment', () => {
    const maker = new IdMaker(() => 0x01935a7c8001, filled(0xff));
    expect(hexEncode(maker.make())).toBe('01935a7c80017007bfffffffffffffff');
  });
  it('ascend while the clock stands still or is set back', () => {
    let now = 2_000_000;
    const maker = new IdMaker(() => now, filled(0));
    const made: string[] = [];
    for (let i = 0; i < 5000; i++) {
      if (i === 2500) now -= 10_000;
      made.push(hexEncode(maker.make()));
    }
    expect(made).toEqual([...new Set(made)].sort());
  });
});
