// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readChunk, readChunkAt, type Chunk } from '../src/codec/box_reader';
import { boxes, only, u32 } from '../src/codec/boxes';
import { makeChunk } from '../src/codec/cmaf_muxer';
import { join } from '../src/media/append_queue';
import { LivePauses, withoutPauses } from '../src/media/pauses';

const data = (n: number): Uint8Array => new Uint8Array(20 + n).fill(n);

// Part `sequence` with one picture at `time`, expected to last 3000.
const part = (sequence: number, time: number, keyFrame = sequence === 0): Uint8Array =>
  makeChunk(sequence + 1, time, [{ data: data(sequence), duration: 3000, keyFrame }]);

function chunksOf(bytes: Uint8Array): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { chunk, end } = readChunkAt(bytes, at);
    chunks.push(chunk);
    at = end;
  }
  return chunks;
}

const times = (chunks: Chunk[]): [number, number][] =>
  chunks.map((chunk) => [chunk.decodeTime, chunk.duration]);

// How much later than decoded the first picture of a chunk is shown.
function offsetOf(bytes: Uint8Array): number {
  const moof = boxes(bytes).find((box) => box.type === 'moof')!.content;
  const trun = only(only(moof, 'traf'), 'trun');
  return (u32(trun, 0) & 0x800) === 0 ? 0 : u32(trun, 12 + 12);
}

describe('an archived segment', () => {
  it('with an even pace is passed on as it is', () => {
    const bytes = join([part(0, 0), part(1, 3000), part(2, 6900)]); // as clocks are
    expect(withoutPauses(bytes, chunksOf(bytes), { sequence: 3, decodeTime: 10_000 })).toBe(bytes);
  });

  it('shows each picture until the next one that was filmed', () => {
    const bytes = join([part(0, 0), part(1, 16_600), part(2, 19_600), part(3, 40_000)]);
    const even = chunksOf(withoutPauses(bytes, chunksOf(bytes), { sequence: 4, decodeTime: 50_000 }));
    expect(times(even)).toEqual([
      [0, 16_600],
      [16_600, 3000],
      [19_600, 20_400],
      [40_000, 10_000],
    ]);
    expect(even.map((chunk) => chunk.payload)).toEqual(chunksOf(bytes).map((chunk) => chunk.payload));
    expect(even.map((chunk) => chunk.samples[0]!.keyFrame)).toEqual([true, false, false, false]);
  });

  it('keeps the hole where parts are missing', () => {
    const bytes = join([part(0, 0), part(4, 30_000)]);
    expect(withoutPauses(bytes, chunksOf(bytes), { sequence: 9, decodeTime: 90_000 })).toBe(bytes);
  });

  it('leaves overlaps to the browser', () => {
    const bytes = join([part(0, 0), part(1, 2500)]);
    expect(withoutPauses(bytes, chunksOf(bytes), null)).toBe(bytes);
  });
});

describe('a live picture', () => {
  it('with an even pace is passed on as it is', () => {
    const pauses = new LivePauses();
    for (let n = 0; n < 5; n++) {
      const bytes = part(n, n * 3100); // a little late each time
      expect(pauses.join(bytes, n === 0)).toBe(bytes);
    }
  });

  it('is decoded without a break and shown when it is due, up to the next key frame', () => {
    const pauses = new LivePauses();
    const filmed = [0, 3000, 20_000, 23_000, 60_000, 63_000];
    let decodeEnd = 0;
    filmed.forEach((time, n) => {
      const key = n === 0 || n === 5;
      const joined = pauses.join(part(n, time, key), key);
      const chunk = readChunk(joined);
      if (!key) expect(chunk.decodeTime).toBe(decodeEnd);
      expect(chunk.decodeTime + offsetOf(joined)).toBe(time);
      expect(chunk.payload).toEqual(data(n));
      decodeEnd = chunk.decodeTime + chunk.duration;
    });
    expect(decodeEnd).toBe(66_000);
  });
});
