// SPDX-License-Identifier: Apache-2.0
// What ffmpeg and ffprobe, which know nothing of us, see and hear in a media file.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const mostOutput = 256 * 1024 * 1024;

async function output(command: string, parameters: string[]): Promise<Buffer> {
  const done = await run(command, parameters, { encoding: 'buffer', maxBuffer: mostOutput });
  return done.stdout;
}

// Everything that decoding the whole file makes ffmpeg say; '': nothing to complain about. `exactTimes`:
// pictures keep their own times; else ffmpeg lays them on the grid of some rate that it guesses, where
// two of a variable rate may fall together.
export async function decodeErrors(file: string, exactTimes: boolean): Promise<string> {
  const timeBase = exactTimes ? ['-enc_time_base', '-1'] : [];
  const parameters = ['-nostdin', '-v', 'error', '-i', file, '-map', '0', ...timeBase, '-f', 'null', '-'];
  try {
    return (await run('ffmpeg', parameters)).stderr;
  } catch (error) {
    return `${String(error)}\n${(error as { stderr?: string }).stderr ?? ''}`;
  }
}

// Pictures as small grey copies, upright as the file means them.
export interface Pictures {
  width: number; // upright, of the file's pictures
  height: number;
  seconds: number[]; // when each is shown
  grey: Uint8Array[]; // row by row, greyWidth x greyHeight each
}

export const greySize = (width: number, height: number): { width: number; height: number } =>
  width >= height ? { width: 64, height: 36 } : { width: 36, height: 64 };

export async function picturesOf(file: string): Promise<Pictures> {
  const shown = await output('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v:0', '-of', 'json'],
    ...['-show_entries', 'stream=width,height:stream_side_data=rotation:frame=pts_time', file],
  ]);
  const said = JSON.parse(shown.toString()) as {
    frames: { pts_time: string }[];
    streams: { width: number; height: number; side_data_list?: { rotation?: number }[] }[];
  };
  const stream = said.streams[0]!;
  const rotation = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  const turned = Math.abs(rotation) % 180 === 90;
  const width = turned ? stream.height : stream.width;
  const height = turned ? stream.width : stream.height;
  const small = greySize(width, height);
  const raw = await output('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-i', file, '-map', '0:v:0', '-fps_mode', 'passthrough'],
    ...['-vf', `scale=${small.width}:${small.height}:flags=area,format=rgb24`, '-f', 'rawvideo', '-'],
  ]);
  const seconds = said.frames.map((frame) => Number(frame.pts_time));
  const size = small.width * small.height * 3;
  const grey = Array.from({ length: raw.length / size }, (_, i) =>
    greyOf(raw.subarray(i * size, (i + 1) * size), 3),
  );
  return { width, height, seconds, grey };
}

// `step`: bytes of a pixel, red, green and blue first.
export function greyOf(pixels: ArrayLike<number>, step: number): Uint8Array {
  const grey = new Uint8Array(pixels.length / step);
  for (let i = 0; i < grey.length; i++) {
    const at = i * step;
    grey[i] = 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
  }
  return grey;
}

// Mean distance of two grey pictures, 0 to 255.
export function distance(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}

// Distance of `grey` to what `pictures` show at `at`, half-way pictures being mixed; null: not there.
function distanceAt(pictures: Pictures, at: number, grey: Uint8Array): number | null {
  const after = pictures.seconds.findIndex((seconds) => seconds > at);
  if (after < 1) return null;
  const from = pictures.seconds[after - 1]!;
  const share = (at - from) / (pictures.seconds[after]! - from);
  const a = pictures.grey[after - 1]!;
  const b = pictures.grey[after]!;
  let sum = 0;
  for (let i = 0; i < grey.length; i++) sum += Math.abs(a[i]! * (1 - share) + b[i]! * share - grey[i]!);
  return sum / grey.length;
}

// Seconds by which the pictures of `copy` between `from` and `until` come later than the same pictures
// of `original`; null: nothing moves there. `copy` may have left some out.
export function pictureShift(
  original: Pictures,
  copy: Pictures,
  from: number,
  until: number,
  start = 0, // where in `copy` the original begins
): number | null {
  const reach = 0.15;
  const step = 0.005;
  const edge = reach + 2 * step;
  const found: { shift: number; away: number }[] = [];
  for (let shift = -reach; shift <= reach; shift += step) {
    let sum = 0;
    let count = 0;
    copy.seconds.forEach((at, i) => {
      // The same pictures for every shift.
      if (at < from + edge || at >= until - edge) return;
      const away = distanceAt(original, at - start - shift, copy.grey[i]!);
      if (away === null) return;
      sum += away;
      count++;
    });
    if (count > 5) found.push({ shift, away: sum / count });
  }
  const best = found.reduce((a, b) => (b.away < a.away ? b : a), { shift: 0, away: Infinity });
  const ends = [found.at(0)?.away ?? 0, found.at(-1)?.away ?? 0];
  if (Math.min(...ends) < best.away * 1.2) return null;
  // Sources repeat pictures: then several shifts fit equally well.
  const fits = found.filter(({ away }) => away < best.away * 1.15);
  return (fits[0]!.shift + fits.at(-1)!.shift) / 2;
}

export const soundRate = 8000;

// Samples of the first sound track from the file's zero on; empty: it has none.
export async function soundOf(file: string): Promise<Float32Array> {
  const streams = await output('ffprobe', [
    ...['-v', 'error', '-select_streams', 'a', '-show_entries', 'stream=index', '-of', 'csv=p=0', file],
  ]);
  if (streams.toString().trim() === '') return new Float32Array();
  const raw = await output('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-copyts', '-i', file, '-map', '0:a:0'],
    ...['-af', 'aresample=async=1:first_pts=0', '-ac', '1', '-ar', String(soundRate), '-f', 'f32le', '-'],
  ]);
  return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
}

// Seconds by which the second of sound around `at` comes later in `copy` than in `original`; null: too
// quiet to tell, or another sound.
export function soundShift(
  original: Float32Array,
  copy: Float32Array,
  at: number,
  start = 0, // where in `copy` the original begins
): number | null {
  const reach = Math.round(0.15 * soundRate);
  const first = Math.round((at - 0.5) * soundRate);
  const offset = Math.round(start * soundRate);
  const heard = (samples: Float32Array, index: number): number => samples[index] ?? 0;
  let energy = 0;
  for (let i = first; i < first + soundRate; i++) energy += heard(original, i) ** 2;
  if (energy / soundRate < 1e-7) return null;
  let best = { lag: 0, match: 0 };
  for (let lag = -reach; lag <= reach; lag++) {
    let product = 0;
    let copyEnergy = 0;
    for (let i = first; i < first + soundRate; i++) {
      const value = heard(copy, i + offset + lag);
      product += heard(original, i) * value;
      copyEnergy += value * value;
    }
    const match = copyEnergy > 0 ? product / Math.sqrt(energy * copyEnergy) : 0;
    if (match > best.match) best = { lag, match };
  }
  return best.match < 0.5 ? null : best.lag / soundRate;
}
