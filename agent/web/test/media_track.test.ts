// SPDX-License-Identifier: Apache-2.0
// How encoded samples become parts.
import { describe, expect, it } from 'vitest';
import { soundShape, videoShape } from '../src/capture/encoders';
import { avcSample } from '../src/capture/avc';
import { MediaClock } from '../src/capture/media_clock';
import { MediaTrack, type TrackShape } from '../src/capture/media_track';
import { makeVideoInit } from '../src/proto/init_muxer';
import type { NewPart } from '../src/spool/spool';

function track(shape: TrackShape): { track: MediaTrack; parts: NewPart[] } {
  const parts: NewPart[] = [];
  const made = new MediaTrack(
    shape,
    1_800_000_000_000,
    async (part) => void parts.push(part),
    (error) => {
      throw error;
    },
  );
  made.setInit(new Uint8Array(100).fill(1));
  return { track: made, parts };
}
const sample = (mediaTime: number, duration: number, keyFrame = true, size = 50) => ({ data: new Uint8Array(size), mediaTime, duration, keyFrame });

describe('a track of parts', () => {
  it('begins a segment of video with each key frame, and states when it was captured there', async () => {
    const { track: video, parts } = track(videoShape);
    for (let n = 0; n < 6; n++) video.add(sample(n * 3000, 3000, n % 3 === 0));
    await video.end();
    expect(parts.map((part) => part.initSegment !== undefined)).toEqual([true, false, false, true, false, false]);
    expect(parts.map((part) => part.keyFrame)).toEqual([true, false, false, true, false, false]);
    expect(parts[3]!.capturedAtUs).toBe(1_800_000_000_000_000 + 100_000);
    expect(parts.map((part) => part.mediaTime)).toEqual([0, 3000, 6000, 9000, 12_000, 15_000]);
  });

  it('holds two packets of sound in a part, and an init segment at least every 2 s', async () => {
    const { track: sound, parts } = track(soundShape);
    for (let n = 0; n < 201; n++) sound.add(sample(n * 960, 960));
    await sound.end();
    expect(parts.length).toBe(101);
    expect(parts[0]!.duration).toBe(1920);
    expect(parts[100]!.duration, 'the last one').toBe(960);
    expect(parts.flatMap((part, i) => (part.initSegment === undefined ? [] : [i]))).toEqual([0, 50, 100]);
  });

  it('adds nothing behind a part that was not taken', async () => {
    const parts: NewPart[] = [];
    const failures: unknown[] = [];
    const append = async (part: NewPart): Promise<void> => {
      if (part.mediaTime === 3000) throw new Error('no room');
      parts.push(part);
    };
    const video = new MediaTrack(videoShape, 1_800_000_000_000, append, (error) => failures.push(error));
    video.setInit(new Uint8Array(100).fill(1));
    for (let n = 0; n < 4; n++) video.add(sample(n * 3000, 3000, n === 0));
    await video.end();
    expect(parts.map((part) => part.mediaTime)).toEqual([0]);
    expect(failures).toEqual([new Error('no room')]);
  });

  it('leaves out a frame that the encoder gave no bytes, and never goes back in time', async () => {
    const { track: video, parts } = track(videoShape);
    for (const each of [sample(0, 3000), sample(3000, 3000, false, 0), sample(6000, 3000, false), sample(5000, 3000, false)]) video.add(each);
    await video.end();
    expect(parts.map((part) => part.mediaTime)).toEqual([0, 6000, 6001]);
  });
});

describe('H.264 with start codes', () => {
  const sps = [0x67, 0x42, 0xe0, 0x1f, 0x8c];
  const pps = [0x68, 0xce, 0x3c, 0x80];
  it('becomes lengths, and an avcC of its parameter sets', () => {
    const bytes = Uint8Array.from([0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, ...sps, 0, 0, 1, ...pps, 0, 0, 1, 0x65, 1, 2, 0, 0, 1, 0x65, 3]);
    const { sample: made, avcc } = avcSample(bytes);
    expect([...made]).toEqual([0, 0, 0, 3, 0x65, 1, 2, 0, 0, 0, 2, 0x65, 3]);
    expect([...avcc!]).toEqual([1, 0x42, 0xe0, 0x1f, 0xff, 0xe1, 0, 5, ...sps, 1, 0, 4, ...pps]);
    expect(() => makeVideoInit(1280, 720, avcc!)).not.toThrow();
  });
  it('that has lengths already stays as it is', () => {
    const bytes = Uint8Array.of(0, 0, 0, 2, 0x41, 7);
    expect(avcSample(bytes)).toEqual({ sample: bytes, avcc: null });
  });
});

describe("a source's time stamps", () => {
  it('are placed by when the first frame came, and anew when they go astray', () => {
    let now = 1_000_000;
    const clock = new MediaClock(1_000_000, () => now);
    now += 50_000;
    expect(clock.timeOf(77_000_000, 10_000)).toBe(40_000);
    now += 33_000;
    expect(clock.timeOf(77_033_333, 10_000), 'by its own stamps').toBe(73_333);
    now += 5_000_000;
    expect(clock.timeOf(200_000, 10_000), 'another camera').toBe(5_073_000);
  });
});
