// SPDX-License-Identifier: Apache-2.0
// Real clips and photos of phones and cameras through the whole chain: filmed by agents, seen live in
// Chromium, looked back at, exported, and held against the files that they were made from.
import { mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, known, signIn, startBrowser, visit, watchPicture, type Visitor } from './support/browser';
import {
  decodeErrors,
  distance,
  greyOf,
  greySize,
  pictureShift,
  picturesOf,
  soundOf,
  soundShift,
  type Pictures,
} from './support/media_probe';
import { startStack, testData, type Device, type Filming, type FilmingEnd, type Stack } from './support/stack';

interface Clip {
  file: string;
  what: string;
  sound: boolean;
}

const longClips: Clip[] = [
  { file: 'walkthrough-gopro/max-heromode.mp4', what: 'an action camera', sound: true },
  {
    file: 'kings-cross-phone/sample_with_increasing_timestamps_320w_240h.mp4',
    what: 'a phone at 60 pictures a second',
    sound: true,
  },
  {
    file: 'kings-cross-phone/sample_with_increasing_timestamps_360p.mp4',
    what: 'a phone, sound beginning later',
    sound: true,
  },
];
const shortClips: Clip[] = [
  {
    file: 'kings-cross-phone/pixel-motion-photo-2-hevc-tracks.mp4',
    what: 'a phone held upright, HEVC, two video tracks',
    sound: false,
  },
  {
    file: 'phone-video/VID_20191220_170832.mp4',
    what: 'a phone with a variable frame rate',
    sound: true,
  },
];
const clips = [...longClips, ...shortClips];
const leastSeconds = 6; // that each is filmed, in a loop
const photoNames = [1, 2, 3, 4, 5].flatMap((n) => [`tnb-fixedcam/TNB_${n}_1.jpg`, `tnb-fixedcam/TNB_${n}_2.jpg`]);
const mostOffset = 0.04; // of picture to sound, seconds
const mostAway = 10; // of a shown picture from the source's, of 255: another encoder, another scaler

// One clip on its way through the chain.
interface Walk extends Clip {
  path: string;
  device: Device;
  filming: Filming;
  end?: FilmingEnd;
}

let stack: Stack;
let browser: Browser;
let owner: Visitor;
let folder = '';
const walks = new Map<string, Walk>();

const remarkOn = (clip: Clip): string => `${basename(clip.file)}：看这里`;
const present = (files: string[]): string[] => files.filter((file) => testData(file) !== null);

const files = clips.map((clip) => clip.file).concat(photoNames);
const absent = files.filter((file) => testData(file) === null);
if (absent.length > 0) console.warn(`skipped, not in SITECAST_TEST_DATA: ${absent.join(', ')}`);

beforeAll(async () => {
  if (absent.length === files.length) return;
  folder = mkdtempSync(join(tmpdir(), 'sitecast-footage-'));
  stack = await startStack();
  browser = await startBrowser();
  owner = await visit(browser, stack.http, { size: 'phone', locale: 'zh-CN', scheme: 'light' });
  await signIn(owner.page, 'owner', stack.accounts['owner']!);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
}, 60_000);

// Each clip by a phone of its own, all at the same time.
async function film(some: Clip[]): Promise<void> {
  const here = some.filter((clip) => testData(clip.file) !== null);
  await Promise.all(
    here.map(async (clip) => {
      const path = testData(clip.file)!;
      const device = await stack.addDevice(basename(clip.file));
      const title = ['--title', basename(clip.file)];
      const filming = await device.film('--source', `file:${path}`, '--loop', ...title);
      await known(owner, filming.capture);
      const walk: Walk = { ...clip, path, device, filming };
      walks.set(clip.file, walk);
      void filming.end.then((end) => (walk.end = end));
    }),
  );
}

function walkOf(clip: Clip): Walk {
  const walk = walks.get(clip.file);
  if (walk === undefined) throw new Error(`${clip.file} was not filmed`);
  return walk;
}

const shownSize = (page: Page): Promise<{ width: number; height: number }> =>
  page.evaluate(() => {
    const video = document.querySelector('video')!;
    return { width: video.videoWidth, height: video.videoHeight };
  });

// The picture that the page shows now, small and grey.
async function shownPicture(page: Page, size: { width: number; height: number }): Promise<Uint8Array> {
  const pixels = await page.evaluate(async ({ width, height }) => {
    const video = document.querySelector('video')!;
    // In halves: drawing skips pixels where it shrinks by more.
    const step = async (source: ImageBitmapSource, scale: number): Promise<ImageBitmap> =>
      createImageBitmap(source, {
        resizeWidth: width * scale,
        resizeHeight: height * scale,
        resizeQuality: 'high',
      });
    let picture = await step(video, 8);
    for (const scale of [4, 2, 1]) picture = await step(picture, scale);
    const canvas = new OffscreenCanvas(width, height);
    const drawing = canvas.getContext('2d')!;
    drawing.drawImage(picture, 0, 0);
    return [...drawing.getImageData(0, 0, width, height).data];
  }, size);
  return greyOf(pixels, 4);
}

function turned(grey: Uint8Array, width: number, how: 'upside down' | 'mirrored' | 'both'): Uint8Array {
  const height = grey.length / width;
  return grey.map((_, i) => {
    const x = i % width;
    const y = Math.floor(i / width);
    const fromX = how === 'upside down' ? x : width - 1 - x;
    const fromY = how === 'mirrored' ? y : height - 1 - y;
    return grey[fromY * width + fromX]!;
  });
}

// How far `grey` is from what the source, played in a loop, shows about `at`.
function awayFrom(source: Pictures, length: number, at: number, grey: Uint8Array): number {
  const near = source.grey.filter((_, i) =>
    [-length, 0, length].some((pass) => {
      const from = source.seconds[i]! + pass;
      const until = (source.seconds[i + 1] ?? length) + pass;
      return from < at + 0.1 && until > at - 0.1;
    }),
  );
  return Math.min(...near.map((picture) => distance(picture, grey)));
}

const lengthOf = (file: string): number =>
  Math.max(
    ...execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type,duration', '-of', 'csv=p=0', file])
      .toString()
      .split('\n')
      .filter((line) => /^(video|audio),/.test(line))
      .map((line) => Number(line.split(',')[1])),
  );

function describeLive(some: Clip[]): void {
  describe.each(some)('$what, live', (clip) => {
    it.skipIf(testData(clip.file) === null)('is seen moving and upright, with a remark of this moment', async () => {
      const walk = walkOf(clip);
      const { page } = owner;
      try {
        await page.goto(`/c/${walk.filming.capture}`);
        await page.locator('[data-mode="live"][data-status="live"]').waitFor();
        const motion = await watchPicture(page, 30);
        expect(motion.distinctPictures).toBeGreaterThan(5); // some hold the camera still
        const source = await picturesOf(walk.path);
        const shown = await shownSize(page);
        expect(shown.width > shown.height).toBe(source.width > source.height);
        expect(shown.width / shown.height).toBeCloseTo(source.width / source.height, 1);
        await walk.device.agent('note', '--text', remarkOn(clip), '--at', 'now');
        await page.locator('[data-note]', { hasText: remarkOn(clip) }).waitFor();
        expect(walk.end, 'it was still being filmed').toBeUndefined();
      } finally {
        walk.filming.stopAfter(Math.max(leastSeconds, lengthOf(walk.path)));
      }
    });
  });
}

describe('several phones at once', () => {
  beforeAll(() => film(longClips));
  describeLive(longClips);
});

describe('phones with short clips', () => {
  beforeAll(() => film(shortClips));
  describeLive(shortClips);
});

describe.each(clips)('$what, afterwards', (clip) => {
  const here = testData(clip.file) !== null;

  it.skipIf(!here)('plays from the archive, right at each moment that is sought', async () => {
    const walk = walkOf(clip);
    const end = await walk.filming.end;
    expect(end.waiting_bytes).toBe(0);
    const source = await picturesOf(walk.path);
    const length = lengthOf(walk.path);
    const { page } = owner;
    await page.goto(`/c/${walk.filming.capture}`);
    await page.locator('[data-mode="archive"][data-status="ready"]').waitFor();
    expect((await watchPicture(page, 20)).distinctPictures).toBeGreaterThan(8);
    const shown = await shownSize(page);
    expect(shown.width > shown.height).toBe(source.width > source.height);
    await page.evaluate(() => document.querySelector('video')!.pause());
    const slider = page.getByRole('slider');
    const box = (await slider.boundingBox())!;
    const size = greySize(source.width, source.height);
    for (const fraction of [0.7, 0.2, 0.5]) {
      await slider.click({ position: { x: box.width * fraction, y: box.height / 2 } });
      await eventually(
        page,
        (wanted) => {
          const video = document.querySelector('video')!;
          const range = document.querySelector<HTMLInputElement>('input[type=range]')!;
          const near = Math.abs(video.currentTime / Number(range.max) - wanted) < 0.05;
          return near && !video.seeking && video.readyState >= 2;
        },
        fraction,
      );
      const at = (await page.evaluate(() => document.querySelector('video')!.currentTime)) % length;
      let grey = await shownPicture(page, size);
      // The picture may be drawn a moment after the seek is done.
      for (let tries = 0; tries < 50 && awayFrom(source, length, at, grey) >= mostAway; tries++) {
        await page.waitForTimeout(100);
        grey = await shownPicture(page, size);
      }
      const away = awayFrom(source, length, at, grey);
      expect(away, `at ${at} s`).toBeLessThan(mostAway);
      for (const how of ['upside down', 'mirrored', 'both'] as const) {
        expect(awayFrom(source, length, at, turned(grey, size.width, how)), how).toBeGreaterThan(away);
      }
    }
  });

  it.skipIf(!here)('shows the remark at its moment', async () => {
    const { page } = owner;
    const remark = page.locator('[data-note]', { hasText: remarkOn(clip) });
    await remark.getByRole('button').click();
    const response = await owner.context.request.get(`/api/v1/captures/${walkOf(clip).filming.capture}`);
    const detail = (await response.json()) as { events: { text: string; media_time_us: number }[] };
    const stated = detail.events.find((event) => event.text === remarkOn(clip))!.media_time_us / 1e6;
    expect(stated).toBeGreaterThan(0.5);
    await eventually(
      page,
      (moment) => {
        const video = document.querySelector('video')!;
        return Math.abs(video.currentTime - moment) < 0.5 && video.readyState >= 2;
      },
      stated,
    );
  });

  it.skipIf(!here)('is exported whole, with sound and picture together as in the source', async () => {
    const walk = walkOf(clip);
    const end = await walk.filming.end;
    const movie = await exported(walk.filming.capture);
    expect(await decodeErrors(movie, true)).toBe('');
    const length = lengthOf(walk.path);
    const lastPass = Math.max(0, Math.floor(end.captured_ms / 1000 / length) - 1);
    const offsets = await compare(clip, walk.path, movie, end, lastPass);
    console.info(
      `${clip.file}: ${end.video_frames} pictures, ${end.video_frames_dropped} left out while filming; ` +
        `sound later than picture, ms: ${offsets.join(', ') || 'no sound'}`,
    );
  });
});

describe.each(shortClips)('$what, filmed once', (clip) => {
  it.skipIf(testData(clip.file) === null)('is exported whole, and ffmpeg needs no help with it', async () => {
    const path = testData(clip.file)!;
    const filming = await stack.film('--source', `file:${path}`);
    const end = await filming.end;
    expect(end.reason).toBe('source_ended');
    const movie = await exported(filming.capture);
    expect(await decodeErrors(movie, false)).toBe('');
    await compare(clip, path, movie, end, 0);
  });
});

async function exported(capture: string): Promise<string> {
  const out = join(folder, capture);
  await stack.hub('export', capture, '--out', out);
  return join(out, 'movie.mp4');
}

// Holds a movie against the source that was filmed, its first pass and its pass `lastPass`. Milliseconds
// by which sound comes later than picture there.
async function compare(
  clip: Clip,
  path: string,
  movie: string,
  end: FilmingEnd,
  lastPass: number,
): Promise<string[]> {
  const [source, copy, sourceSound, copySound] = await Promise.all([
    picturesOf(path),
    picturesOf(movie),
    soundOf(path),
    soundOf(movie),
  ]);
  expect(copy.grey.length).toBe(copy.seconds.length);
  expect(copy.seconds.length).toBe(end.video_frames);
  expect(copy.width > copy.height).toBe(source.width > source.height);
  expect(copySound.length > 0).toBe(clip.sound);
  const length = lengthOf(path);
  // Long ones at start, middle and end.
  const parts = length > 5 ? 3 : 1;
  const offsets: string[] = [];
  let compared = 0;
  for (const pass of lastPass > 0 ? [0, lastPass] : [0]) {
    for (let part = 0; part < parts; part++) {
      const start = pass * length;
      const from = (part * length) / parts;
      const until = ((part + 1) * length) / parts;
      const where = `from ${start + from} s on`;
      const picture = pictureShift(source, copy, start + from, start + until, start);
      if (picture === null) continue; // nothing moves there, or too much was left out
      expect(Math.abs(picture), `pictures against the source's ${where}`).toBeLessThan(mostOffset);
      compared++;
      if (!clip.sound) continue;
      const sound = soundShift(sourceSound, copySound, (from + until) / 2, start);
      if (sound === null) continue; // too quiet there
      offsets.push(((sound - picture) * 1000).toFixed(1));
      expect(Math.abs(sound - picture), `sound against picture ${where}`).toBeLessThan(mostOffset);
    }
  }
  expect(compared, 'places where pictures could be compared').toBeGreaterThan(0);
  if (clip.sound) expect(offsets.length, 'places loud enough').toBeGreaterThan(0);
  return offsets;
}

describe('photos of a fixed camera', () => {
  const here = present(photoNames);

  it.skipIf(here.length === 0)('stand on the days on which they were taken, newest first', async () => {
    const days = new Map<string, string>(); // by capture
    for (const name of here) {
      const file = testData(name)!;
      const [answer] = (await stack.agent('--json', 'photo', '--file', file)).split('\n');
      const { capture_id } = JSON.parse(answer!) as { capture_id: string };
      const exif = execFileSync('ffprobe', [
        ...['-v', 'error', '-show_entries', 'frame_tags=DateTimeOriginal', '-of', 'csv=p=0', file],
      ]).toString();
      days.set(capture_id, exif.trim().slice(0, 10).replaceAll(':', '-'));
    }
    await stack.agent('send', '--until-delivered');
    const { page } = owner;
    await page.goto(`/p/${stack.project_id}?kind=photo`);
    const newest = page.locator('[data-capture]');
    await eventually(
      page,
      (wanted) => document.querySelectorAll('[data-capture]').length === wanted,
      here.length,
    );
    const listed = await newest.evaluateAll((cards) =>
      cards.map((card) => ({
        capture: card.getAttribute('data-capture')!,
        day: card.closest('[data-day]')!.getAttribute('data-day')!,
      })),
    );
    for (const { capture, day } of listed) expect(day).toBe(days.get(capture));
    const order = listed.map(({ day }) => day);
    expect(order).toEqual([...order].sort().reverse());
    expect(new Set(order)).toEqual(new Set(days.values()));
    // Not the order in which they came, which is that of their names.
    if (here.length === photoNames.length) expect(listed.map(({ capture }) => capture)).not.toEqual([...days.keys()].reverse());
    await newest.first().click();
    await eventually(
      page,
      () => (document.querySelector<HTMLImageElement>('main img')?.naturalWidth ?? 0) >= 1920,
      null,
    );
    owner.assertClean();
  });
});
