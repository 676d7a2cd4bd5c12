// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readChunk } from '../src/codec/box_reader';
import { makeChunk } from '../src/codec/cmaf_muxer';
import { join } from '../src/media/append_queue';
import { opusSilence, pieces, stillPicture } from '../src/media/filler';
import { checkSegment } from '../src/media/segment_check';

function nal(size: number): Uint8Array {
  const bytes = new Uint8Array(4 + size).fill(7);
  new DataView(bytes.buffer).setUint32(0, size);
  return bytes;
}

const chunk = (n: number): Uint8Array =>
  makeChunk(n, n * 3000, [{ data: nal(40 + n), duration: 3000, keyFrame: n === 0 }]);

describe('a segment', () => {
  it('that is whole is passed on as it is', () => {
    const bytes = join([chunk(0), chunk(1), chunk(2)]);
    const checked = checkSegment('video', bytes);
    expect(checked.damaged).toBe(false);
    expect(checked.bytes).toBe(bytes);
    expect(checked.chunks.map((read) => read.decodeTime)).toEqual([0, 3000, 6000]);
  });

  it('that is cut off keeps its whole chunks', () => {
    const bytes = join([chunk(0), chunk(1), chunk(2)]);
    const checked = checkSegment('video', bytes.subarray(0, bytes.length - 5));
    expect(checked.damaged).toBe(true);
    expect(checked.bytes).toEqual(join([chunk(0), chunk(1)]));
  });

  it('of pictures ends at the first damage, because the rest needs what is lost', () => {
    const bytes = join([chunk(0), chunk(1), chunk(2)]);
    bytes.fill(0, chunk(0).length + 4, chunk(0).length + 8);
    expect(checkSegment('video', bytes).bytes).toEqual(chunk(0));
  });

  it('of sound goes on after the damage', () => {
    const bytes = join([chunk(0), chunk(1), chunk(2)]);
    bytes.fill(0, chunk(0).length + 4, chunk(0).length + 8);
    const checked = checkSegment('audio', bytes);
    expect(checked.damaged).toBe(true);
    expect(checked.bytes).toEqual(join([chunk(0), chunk(2)]));
  });

  it('with lengths inside its samples that do not add up is damaged', () => {
    const bytes = join([chunk(0), chunk(1)]);
    const payload = chunk(0).length - 44;
    bytes[payload + 3] = 200;
    expect(checkSegment('video', bytes).chunks).toEqual([]);
  });

  it('of random bytes is damaged and nothing more', () => {
    const bytes = new Uint8Array(5000).map((_, i) => (i * 7919) % 251);
    expect(checkSegment('audio', bytes)).toMatchObject({ damaged: true, chunks: [] });
  });
});

describe('a bridge', () => {
  it('is cut into pieces of a second', () => {
    expect(pieces({ start: 2, end: 4.5 })).toEqual([
      { start: 2, end: 3 },
      { start: 3, end: 4 },
      { start: 4, end: 4.5 },
    ]);
  });
  it('of silence lasts as long as its hole', () => {
    const made = readChunk(opusSilence({ start: 2, end: 3 }, 48_000, 1));
    expect(made.decodeTime).toBe(96_000);
    expect(made.duration).toBe(48_000);
    expect([...made.payload.subarray(0, 3)]).toEqual([0xf8, 0xff, 0xfe]);
  });
  it('of a still picture is one key frame', () => {
    const made = readChunk(stillPicture({ start: 2, end: 2.5 }, 90_000, nal(12)));
    expect(made.samples).toEqual([{ offset: 0, size: 16, duration: 45_000, keyFrame: true }]);
  });
});
