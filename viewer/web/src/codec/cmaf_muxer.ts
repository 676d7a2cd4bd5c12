// SPDX-License-Identifier: Apache-2.0
// One CMAF chunk (moof+mdat), byte for byte what proto/codec/cmaf_muxer.h makes. The player uses it to
// bridge a stretch that only one track has (a still picture, or silence), and for pictures whose times
// it must state otherwise to the browser.

export interface ChunkSample {
  data: Uint8Array;
  duration: number;
  keyFrame: boolean;
  compositionOffset?: number; // shown so much later than decoded; our devices never make any
}

const syncFlags = 0x02000000; // sample_depends_on = 2
const nonSyncFlags = 0x01010000; // sample_depends_on = 1, is a non-sync sample

// `fragmentNumber`: mfhd's sequence_number.
export function makeChunk(fragmentNumber: number, decodeTime: number, samples: ChunkSample[]): Uint8Array {
  const shifted = samples.some((sample) => (sample.compositionOffset ?? 0) !== 0);
  const trunSize = 8 + 12 + (shifted ? 16 : 12) * samples.length;
  const trafSize = 8 + 16 + 20 + trunSize;
  const moofSize = 8 + 16 + trafSize;
  const payload = samples.reduce((sum, sample) => sum + sample.data.length, 0);
  const out = new Uint8Array(moofSize + 8 + payload);
  const view = new DataView(out.buffer);
  let at = 0;
  const u32 = (value: number): void => {
    view.setUint32(at, value);
    at += 4;
  };
  const box = (size: number, type: string): void => {
    u32(size);
    for (let i = 0; i < 4; i++) out[at++] = type.charCodeAt(i);
  };
  box(moofSize, 'moof');
  box(16, 'mfhd');
  u32(0);
  u32(fragmentNumber);
  box(trafSize, 'traf');
  box(16, 'tfhd');
  u32(0x020000); // default-base-is-moof
  u32(1);
  box(20, 'tfdt');
  u32(0x01000000);
  u32(Math.floor(decodeTime / 2 ** 32));
  u32(decodeTime % 2 ** 32);
  box(trunSize, 'trun');
  u32(shifted ? 0x000f01 : 0x000701); // data offset, sample durations, sizes and flags (and offsets)
  u32(samples.length);
  u32(moofSize + 8);
  for (const sample of samples) {
    u32(sample.duration);
    u32(sample.data.length);
    u32(sample.keyFrame ? syncFlags : nonSyncFlags);
    if (shifted) u32(sample.compositionOffset ?? 0);
  }
  box(8 + payload, 'mdat');
  for (const sample of samples) {
    out.set(sample.data, at);
    at += sample.data.length;
  }
  return out;
}
