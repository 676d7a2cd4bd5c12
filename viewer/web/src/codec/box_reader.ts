// SPDX-License-Identifier: Apache-2.0
// Chunks of our CMAF: exactly (styp?) moof mdat, as strict as proto/codec/box_reader.h. The player asks
// before it hands bytes to the browser, because one bad append ends a MediaSource for good.
import { BoxError, boxAt, only, u32, u64 } from './boxes';

export interface Sample {
  offset: number; // into payload
  size: number;
  duration: number;
  keyFrame: boolean;
}

export interface Chunk {
  fragmentNumber: number;
  decodeTime: number;
  duration: number;
  samples: Sample[];
  payload: Uint8Array;
}

const maxSamples = 4096;
const nonSync = 0x10000;

function readTrun(trun: Uint8Array, tfhd: Uint8Array, moofSize: number): Sample[] {
  const tfhdFlags = u32(tfhd, 0) & 0xffffff;
  if ((tfhdFlags & 0x20000) === 0) throw new BoxError('tfhd without default-base-is-moof');
  if (u32(tfhd, 4) !== 1) throw new BoxError('tfhd: the track is not number 1');
  let at = 8;
  const optional = (flag: number, size: number): number => {
    if ((tfhdFlags & flag) === 0) return 0;
    at += size;
    return u32(tfhd, at - size);
  };
  if ((tfhdFlags & 1) !== 0) throw new BoxError('tfhd with base-data-offset');
  optional(2, 4);
  const defaultDuration = optional(8, 4);
  const defaultSize = optional(0x10, 4);
  const defaultFlags = optional(0x20, 4);

  const flags = u32(trun, 0) & 0xffffff;
  const count = u32(trun, 4);
  if (count === 0 || count > maxSamples) throw new BoxError('trun sample count outside limits');
  if ((flags & 1) === 0) throw new BoxError('trun without data offset');
  if (u32(trun, 8) !== moofSize + 8) throw new BoxError('trun data offset is not the mdat content');
  let cursor = 12;
  let firstFlags = defaultFlags;
  if ((flags & 4) !== 0) {
    firstFlags = u32(trun, cursor);
    cursor += 4;
  }
  const samples: Sample[] = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const field = (flag: number, fallback: number): number => {
      if ((flags & flag) === 0) return fallback;
      cursor += 4;
      return u32(trun, cursor - 4);
    };
    const duration = field(0x100, defaultDuration);
    const size = field(0x200, defaultSize);
    const sampleFlags = field(0x400, i === 0 ? firstFlags : defaultFlags);
    field(0x800, 0);
    samples.push({ offset, size, duration, keyFrame: (sampleFlags & nonSync) === 0 });
    offset += size;
  }
  if (cursor !== trun.length) throw new BoxError('trun longer than its samples');
  return samples;
}

// The chunk at the front of `bytes` and where the next one starts.
export function readChunkAt(bytes: Uint8Array, start: number): { chunk: Chunk; end: number } {
  let at = start;
  let next = boxAt(bytes, at);
  if (next.box.type === 'styp') {
    at = next.end;
    next = boxAt(bytes, at);
  }
  if (next.box.type !== 'moof') throw new BoxError(`expected moof, found ${next.box.type}`);
  const moof = next.box.content;
  const moofSize = next.end - at;
  const { box: mdat, end } = boxAt(bytes, next.end);
  if (mdat.type !== 'mdat') throw new BoxError(`expected mdat, found ${mdat.type}`);
  const mfhd = only(moof, 'mfhd');
  const traf = only(moof, 'traf');
  const tfdt = only(traf, 'tfdt');
  const samples = readTrun(only(traf, 'trun'), only(traf, 'tfhd'), moofSize);
  const total = samples.reduce((sum, sample) => sum + sample.size, 0);
  if (total !== mdat.content.length) throw new BoxError('mdat is not the sum of its samples');
  return {
    chunk: {
      fragmentNumber: u32(mfhd, 4),
      decodeTime: tfdt[0] === 1 ? u64(tfdt, 4) : u32(tfdt, 4),
      duration: samples.reduce((sum, sample) => sum + sample.duration, 0),
      samples,
      payload: mdat.content,
    },
    end,
  };
}

// Exactly one chunk. Throws BoxError with the box that was wrong.
export function readChunk(bytes: Uint8Array): Chunk {
  const { chunk, end } = readChunkAt(bytes, 0);
  if (end !== bytes.length) throw new BoxError('bytes after mdat');
  return chunk;
}
