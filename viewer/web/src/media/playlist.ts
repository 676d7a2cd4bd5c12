// SPDX-License-Identifier: Apache-2.0
// What the archive holds of a track, as the gateway's playlist says it, and questions about it. Pure;
// times in seconds on the capture's clock.

export interface PlaylistJson {
  timescale: number;
  complete: boolean;
  inits: Record<string, string>;
  segments: {
    n: number;
    t: number;
    d: number;
    size: number;
    init: string;
    missing: number;
    filled: boolean;
    closed: boolean;
  }[];
}

export interface Segment {
  key: number; // unique in this playlist, also where two tracks are combined
  track: string;
  n: number; // sequence of its first part: its name in the track
  start: number;
  end: number;
  sizeBytes: number;
  init: string;
  missing: number;
  filled: boolean;
  closed: boolean;
}

export interface Playlist {
  timescale: number;
  complete: boolean;
  inits: Record<string, string>; // init hash → codec string
  segments: Segment[]; // in order of time
}

export interface Range {
  start: number;
  end: number;
}

export function readPlaylist(json: PlaylistJson, track: string): Playlist {
  const seconds = (units: number): number => units / json.timescale;
  const segments = json.segments.map((segment) => ({
    key: segment.n,
    track,
    n: segment.n,
    start: seconds(segment.t),
    end: seconds(segment.t + segment.d),
    sizeBytes: segment.size,
    init: segment.init,
    missing: segment.missing,
    filled: segment.filled,
    closed: segment.closed,
  }));
  segments.sort((a, b) => a.start - b.start);
  return { timescale: json.timescale, complete: json.complete, inits: json.inits, segments };
}

// Shorter than this a piece is not worth switching for.
const worthSeconds = 0.1;

// The best that has arrived per moment: `better` where its segments are whole, `base` for the rest. Where
// segments of the two overlap, the earlier one ends where the later one begins.
export function combine(base: Playlist, better: Playlist): Playlist {
  const whole = better.segments
    .filter((segment) => segment.missing === 0 && segment.sizeBytes > 0)
    .map((segment) => ({ ...segment, key: segment.n + 0.5 }));
  const covered = coverage({ ...better, segments: whole });
  const rest = base.segments.filter((segment) => {
    const holes = gapsWithin(covered, segment.start, segment.end);
    return holes.reduce((sum, hole) => sum + hole.end - hole.start, 0) > worthSeconds;
  });
  const all = [...whole, ...rest.map((segment) => ({ ...segment }))].sort((a, b) => a.start - b.start);
  for (const [i, segment] of all.entries()) {
    const next = all[i + 1];
    if (next !== undefined) segment.end = Math.min(segment.end, next.start);
  }
  return {
    timescale: base.timescale,
    complete: base.complete || better.complete,
    inits: { ...base.inits, ...better.inits },
    segments: all.filter((segment) => segment.end - segment.start > worthSeconds / 2),
  };
}

// `fresh` is what the gateway says of the time from `from` on; what lies before stays as it is known.
export function updatePlaylist(known: Playlist, fresh: Playlist, from: number): Playlist {
  const before = known.segments.filter((segment) => segment.end <= from);
  const names = new Set(before.map((segment) => segment.key));
  const after = fresh.segments.filter((segment) => !names.has(segment.key));
  return {
    timescale: fresh.timescale,
    complete: fresh.complete,
    inits: { ...known.inits, ...fresh.inits },
    segments: [...before, ...after],
  };
}

// Index of the segment that holds `time`, else of the next one, else the number of segments.
export function segmentIndexAt(playlist: Playlist, time: number): number {
  let low = 0;
  let high = playlist.segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (playlist.segments[middle]!.end <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function endOf(playlist: Playlist): number {
  return playlist.segments.at(-1)?.end ?? 0;
}

// A pause between segments this long is a gap; below it is rounding and frame rate.
export const gapTolerance = 0.3;

// What the track covers, joined where segments follow each other. `without`: segments known damaged.
export function coverage(playlist: Playlist, without: ReadonlySet<number> = new Set()): Range[] {
  const ranges: Range[] = [];
  for (const segment of playlist.segments) {
    if (without.has(segment.key) || segment.sizeBytes === 0) continue;
    const last = ranges.at(-1);
    if (last !== undefined && segment.start - last.end <= gapTolerance) {
      last.end = Math.max(last.end, segment.end);
    } else {
      ranges.push({ start: segment.start, end: segment.end });
    }
  }
  return ranges;
}

export function union(a: Range[], b: Range[]): Range[] {
  const all = [...a, ...b].sort((x, y) => x.start - y.start);
  const ranges: Range[] = [];
  for (const range of all) {
    const last = ranges.at(-1);
    if (last !== undefined && range.start - last.end <= gapTolerance) {
      last.end = Math.max(last.end, range.end);
    } else {
      ranges.push({ ...range });
    }
  }
  return ranges;
}

// The parts of [from, until) that `ranges` leave out.
export function gapsIn(ranges: Range[], from: number, until: number): Range[] {
  return gapsWithin(ranges, from, until).filter((gap) => gap.end - gap.start > gapTolerance);
}

function gapsWithin(ranges: Range[], from: number, until: number): Range[] {
  const gaps: Range[] = [];
  let at = from;
  for (const range of ranges) {
    if (range.start >= until) break;
    if (range.start > at) gaps.push({ start: at, end: range.start });
    at = Math.max(at, range.end);
  }
  if (until > at) gaps.push({ start: at, end: until });
  return gaps;
}

// `time` itself when it is covered, else where the next range starts, else null.
export function nextPlayable(ranges: Range[], time: number): number | null {
  for (const range of ranges) {
    if (time < range.start) return range.start;
    if (time < range.end) return time;
  }
  return null;
}
