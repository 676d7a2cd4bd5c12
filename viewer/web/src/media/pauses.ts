// SPDX-License-Identifier: Apache-2.0
// Pictures that come at an uneven pace: phones in poor light, cameras that had to leave some out. A chunk
// says of its last picture how long it is expected to last; the next chunk's time is the truth. Browsers
// take a later one for a break in decoding and drop everything up to the next key frame (Media Source
// Extensions, coded frame processing: more than twice the last duration later). So the times that they
// decode by are joined here; the times at which pictures are shown stay as they are. Pure.
import { readChunk, type Chunk } from '../codec/box_reader';
import { makeChunk, type ChunkSample } from '../codec/cmaf_muxer';
import { join } from './append_queue';

function samplesOf(chunk: Chunk): ChunkSample[] {
  return chunk.samples.map(({ offset, size, duration, keyFrame }) => ({
    data: chunk.payload.subarray(offset, offset + size),
    duration,
    keyFrame,
  }));
}

// Of an archived segment: each picture lasts until the next that was filmed, the last one until `next`
// (first picture of the segment that follows, if that is the next that was filmed). The segment's own
// bytes where nothing changes.
export function withoutPauses(
  bytes: Uint8Array,
  chunks: readonly Chunk[],
  next: { sequence: number; decodeTime: number } | null,
): Uint8Array {
  const untilNext = chunks.map((chunk, i) => {
    const follower = chunks[i + 1];
    // Fragment numbers are sequences plus one.
    const [sequence, time] =
      follower === undefined
        ? [next?.sequence, next?.decodeTime]
        : [follower.fragmentNumber - 1, follower.decodeTime];
    const consecutive = sequence === chunk.fragmentNumber;
    return consecutive && time !== undefined ? time - chunk.decodeTime : chunk.duration;
  });
  const calm = (chunk: Chunk, i: number): boolean =>
    untilNext[i]! - chunk.duration <= chunk.samples.at(-1)!.duration;
  if (chunks.every(calm)) return bytes;
  return join(
    chunks.map((chunk, i) => {
      const samples = samplesOf(chunk);
      samples.at(-1)!.duration += Math.max(0, untilNext[i]! - chunk.duration);
      return makeChunk(chunk.fragmentNumber, chunk.decodeTime, samples);
    }),
  );
}

// Of a live picture, where a part is handed over before the next one is known: a part that comes after a
// pause is decoded where the last one ended and shown when it is due. A key frame needs no help.
export class LivePauses {
  #decodeEnd = 0;
  #lastDuration = 0;

  // `media`: the chunk of the next part that was filmed, or one that starts with a key frame. Throws
  // BoxError.
  join(media: Uint8Array, keyFrame: boolean): Uint8Array {
    const chunk = readChunk(media);
    const last = chunk.samples.at(-1)!;
    const late = chunk.decodeTime - this.#decodeEnd;
    const lastDuration = this.#lastDuration;
    this.#lastDuration = last.duration;
    if (keyFrame || late <= lastDuration) {
      this.#decodeEnd = chunk.decodeTime + chunk.duration;
      return media;
    }
    const samples = samplesOf(chunk).map((sample) => ({ ...sample, compositionOffset: late }));
    const joined = makeChunk(chunk.fragmentNumber, this.#decodeEnd, samples);
    this.#decodeEnd += chunk.duration;
    return joined;
  }
}
