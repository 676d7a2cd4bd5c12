// SPDX-License-Identifier: Apache-2.0
// Encoded samples of one track into parts of the spool, in their order. Samples may come faster than the spool hashes:
// they wait here. One owner.
import { makeChunk, type ChunkSample } from '../../../../viewer/web/src/codec/cmaf_muxer';
import { initHash8 } from '../proto/part_writer';
import type { NewPart } from '../spool/spool';

export interface Sample {
  data: Uint8Array;
  mediaTime: number; // units of the track's timescale
  duration: number;
  keyFrame: boolean; // of sound: every one
}

export interface TrackShape {
  isVideo: boolean;
  samplesPerPart: number;
  segmentDuration: number; // sound: an init segment at least so often; video: at key frames
  timescale: number;
}

export class MediaTrack {
  private chain: Promise<unknown> = Promise.resolve();
  private held: Sample[] = [];
  private init: { segment: Uint8Array; hash8: Promise<Uint8Array> } | null = null;
  private segmentAt = -Infinity;
  private nextTime = 0; // media time never goes back
  private stands = false; // at its last part: one was not taken

  constructor(
    private readonly shape: TrackShape,
    private readonly beganMs: number, // wall clock at media time 0
    private readonly append: (part: NewPart) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  // From the next sample on, which must start a segment.
  setInit(segment: Uint8Array): void {
    this.flushHeld();
    this.init = { segment, hash8: initHash8(segment) };
    this.segmentAt = -Infinity;
  }

  add(sample: Sample): void {
    if (this.init === null) return; // a decoder could do nothing with it
    if (sample.data.length === 0) return; // a frame that the encoder's rate control left out
    const mediaTime = Math.max(sample.mediaTime, this.nextTime);
    this.nextTime = mediaTime + 1;
    if (this.shape.isVideo && sample.keyFrame) this.flushHeld();
    this.held.push({ ...sample, mediaTime });
    if (this.held.length >= this.shape.samplesPerPart) this.flushHeld();
  }

  // Resolves when everything that was added is written.
  async end(): Promise<void> {
    this.flushHeld();
    await this.chain;
  }

  private flushHeld(): void {
    const samples = this.held;
    const { init, shape } = this;
    if (samples.length === 0 || init === null) return;
    this.held = [];
    const { mediaTime, keyFrame } = samples[0]!;
    const startsSegment = shape.isVideo ? keyFrame : mediaTime - this.segmentAt >= shape.segmentDuration;
    if (startsSegment) this.segmentAt = mediaTime;
    const chunk: ChunkSample[] = samples.map(({ data, duration, keyFrame: key }) => ({ data, duration, keyFrame: key }));
    const capturedAtUs = Math.round(this.beganMs * 1000 + (mediaTime / shape.timescale) * 1e6);
    this.chain = this.chain
      .then(async () => {
        if (this.stands) return;
        const part: NewPart = {
          mediaTime,
          duration: samples.reduce((sum, { duration }) => sum + duration, 0),
          initHash8: await init.hash8,
          media: (sequence) => makeChunk(sequence + 1, mediaTime, chunk),
        };
        if (shape.isVideo) part.keyFrame = keyFrame;
        if (startsSegment) Object.assign(part, { initSegment: init.segment, capturedAtUs });
        await this.append(part);
      })
      .catch((error: unknown) => {
        this.stands = true;
        this.failed(error);
      });
  }
}
