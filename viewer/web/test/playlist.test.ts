// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  combine,
  coverage,
  endOf,
  gapsIn,
  nextPlayable,
  readPlaylist,
  segmentIndexAt,
  union,
  updatePlaylist,
  type PlaylistJson,
} from '../src/media/playlist';

function json(...spans: [number, number][]): PlaylistJson {
  return {
    timescale: 1000,
    complete: true,
    inits: { aa: 'avc1.64001f' },
    segments: spans.map(([start, end], i) => ({
      n: i * 60,
      t: start * 1000,
      d: (end - start) * 1000,
      size: 100,
      init: 'aa',
      missing: 0,
      filled: false,
      closed: true,
    })),
  };
}

describe('a playlist', () => {
  const playlist = readPlaylist(json([0, 2], [2.03, 4], [10, 12]), 'video');
  it('is in seconds', () => {
    expect(playlist.segments[1]).toMatchObject({ n: 60, start: 2.03, end: 4 });
    expect(endOf(playlist)).toBe(12);
  });
  it('finds the segment of a moment, or the next one', () => {
    expect(segmentIndexAt(playlist, 0)).toBe(0);
    expect(segmentIndexAt(playlist, 3.9)).toBe(1);
    expect(segmentIndexAt(playlist, 5)).toBe(2);
    expect(segmentIndexAt(playlist, 12)).toBe(3);
  });
  it('joins what follows and keeps holes', () => {
    expect(coverage(playlist)).toEqual([
      { start: 0, end: 4 },
      { start: 10, end: 12 },
    ]);
    expect(coverage(playlist, new Set([0]))[0]).toEqual({ start: 2.03, end: 4 });
  });
  it('is sorted by time although fills come late', () => {
    const late = readPlaylist(json([4, 6], [0, 2]), 'video');
    expect(late.segments.map((segment) => segment.start)).toEqual([0, 4]);
  });
});

describe('a growing playlist', () => {
  it('takes in what is new and what was filled after a moment, and keeps what lies before', () => {
    const known = readPlaylist(json([0, 2], [2, 4], [4, 5]), 'video');
    const fresh = readPlaylist({
      ...json([2, 4], [4, 6], [6, 8]),
      segments: json([2, 4], [4, 6], [6, 8]).segments.map((segment) => ({ ...segment, n: segment.n + 60 })),
    }, 'video');
    const updated = updatePlaylist(known, fresh, 3);
    expect(updated.segments.map((segment) => [segment.n, segment.start, segment.end])).toEqual([
      [0, 0, 2],
      [60, 2, 4],
      [120, 4, 6],
      [180, 6, 8],
    ]);
  });
});

describe('gaps', () => {
  const ranges = [
    { start: 1, end: 4 },
    { start: 10, end: 12 },
  ];
  it('are what is not covered, the ends too', () => {
    expect(gapsIn(ranges, 0, 15)).toEqual([
      { start: 0, end: 1 },
      { start: 4, end: 10 },
      { start: 12, end: 15 },
    ]);
    expect(gapsIn(ranges, 2, 11)).toEqual([{ start: 4, end: 10 }]);
    expect(gapsIn([], 0, 3)).toEqual([{ start: 0, end: 3 }]);
  });
  it('are not made of rounding', () => {
    expect(gapsIn([{ start: 0.1, end: 4 }], 0, 4.2)).toEqual([]);
  });
  it('are closed where either of two has something', () => {
    expect(union(ranges, [{ start: 3, end: 10.1 }])).toEqual([{ start: 1, end: 12 }]);
  });
  it('are left at the next playable moment', () => {
    expect(nextPlayable(ranges, 0)).toBe(1);
    expect(nextPlayable(ranges, 2)).toBe(2);
    expect(nextPlayable(ranges, 7)).toBe(10);
    expect(nextPlayable(ranges, 13)).toBeNull();
  });
});

describe('two renditions', () => {
  const spans = (playlist: { segments: { track: string; start: number; end: number }[] }): string[] =>
    playlist.segments.map(({ track, start, end }) => `${track} ${start}-${end}`);
  const live = readPlaylist(json([0, 2], [2, 4], [4, 6], [6, 8]), 'video');

  it('give the better one wherever it has arrived', () => {
    const master = readPlaylist(json([2, 4], [4, 6]), 'master');
    expect(spans(combine(live, master))).toEqual(['video 0-2', 'master 2-4', 'master 4-6', 'video 6-8']);
  });
  it('never give a better one with holes in it', () => {
    const torn = json([0, 2], [2, 4]);
    torn.segments[1]!.missing = 3;
    expect(spans(combine(live, readPlaylist(torn, 'master'))).slice(0, 2)).toEqual(['master 0-2', 'video 2-4']);
  });
  it('are cut where key frames of the two do not meet', () => {
    const master = readPlaylist(json([1, 3], [3, 5]), 'master');
    expect(spans(combine(live, master))).toEqual([
      'video 0-1', 'master 1-3', 'master 3-4', 'video 4-6', 'video 6-8',
    ]);
  });
  it('fill each other holes', () => {
    const thin = readPlaylist(json([0, 2], [10, 12]), 'video');
    const master = readPlaylist(json([2, 4], [4, 6]), 'master');
    expect(coverage(combine(thin, master))).toEqual([{ start: 0, end: 6 }, { start: 10, end: 12 }]);
  });
  it('keep names of their own although both count parts from nought', () => {
    const both = combine(live, readPlaylist(json([2, 4]), 'master'));
    expect(new Set(both.segments.map((segment) => segment.key)).size).toBe(both.segments.length);
  });
});
