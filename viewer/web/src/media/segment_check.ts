// SPDX-License-Identifier: Apache-2.0
// Looks at a segment before the browser gets it. One bad append ends a MediaSource, so chunks that are
// not whole are left out here, and what was left out is told.
import { readChunkAt, type Chunk } from '../codec/box_reader';
import { BoxError } from '../codec/boxes';

export interface CheckedSegment {
  bytes: Uint8Array; // whole chunks, back to back
  chunks: Chunk[];
  damaged: boolean; // something was left out
}

export function checkSegment(kind: 'video' | 'audio', bytes: Uint8Array): CheckedSegment {
  const chunks: Chunk[] = [];
  const good: Uint8Array[] = [];
  let damaged = false;
  for (let at = 0; at < bytes.length; ) {
    const read = readWhole(kind, bytes, at);
    if (read !== null) {
      chunks.push(read.chunk);
      good.push(bytes.subarray(at, read.end));
      at = read.end;
      continue;
    }
    damaged = true;
    // Pictures after a hole need what was lost, up to the next segment; sound does not.
    if (kind === 'video') break;
    at = nextMoof(bytes, at + 1);
  }
  if (!damaged) return { bytes, chunks, damaged };
  const out = new Uint8Array(good.reduce((sum, piece) => sum + piece.length, 0));
  let filled = 0;
  for (const piece of good) {
    out.set(piece, filled);
    filled += piece.length;
  }
  return { bytes: out, chunks, damaged };
}

function readWhole(
  kind: 'video' | 'audio',
  bytes: Uint8Array,
  at: number,
): { chunk: Chunk; end: number } | null {
  try {
    const read = readChunkAt(bytes, at);
    return kind === 'audio' || nalUnitsFit(read.chunk) ? read : null;
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  }
}

// Samples are NAL units behind 4-byte lengths (ISO/IEC 14496-15 section 5.3.3): they must add up.
function nalUnitsFit(chunk: Chunk): boolean {
  const { payload } = chunk;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return chunk.samples.every((sample) => {
    const end = sample.offset + sample.size;
    let at = sample.offset;
    while (at + 4 <= end) at += 4 + view.getUint32(at);
    return at === end;
  });
}

const moof = [0x6d, 0x6f, 0x6f, 0x66];

// Where the next box called moof starts (its size field is 4 bytes before its name); the end: none.
function nextMoof(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 8 <= bytes.length; at++) {
    if (moof.every((byte, i) => bytes[at + 4 + i] === byte)) return at;
  }
  return bytes.length;
}
