// SPDX-License-Identifier: Apache-2.0
// Pictures through what happens to them: pages opened too early, an uneven pace, long holes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, known, signIn, startBrowser, visit, watchPicture, type Visitor } from './support/browser';
import { startStack, type Filming, type Stack } from './support/stack';

let stack: Stack;
let browser: Browser;
let owner: Visitor;
let filming: Filming;
const folder = mkdtempSync(join(tmpdir(), 'sitecast-live-'));

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser();
  owner = await visit(browser, stack.http, { size: 'phone', locale: 'zh-CN', scheme: 'light' });
  await signIn(owner.page, 'owner', stack.accounts['owner']!);
  filming = await stack.film('--source', 'test:');
  await known(owner, filming.capture);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

// A file of 30 pictures a second of which those are left out that `select` (of ffmpeg) does not want.
function makeClip(name: string, seconds: number, select: string): string {
  const clip = join(folder, `${name}.mkv`);
  execFileSync('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=30:duration=${seconds}`],
    ...['-vf', `select='${select}'`, '-fps_mode', 'vfr', '-preset', 'ultrafast', clip],
  ]);
  return clip;
}

describe('a page that was opened before the first picture', () => {
  it('shows the picture when it comes', async () => {
    const { page } = owner;
    await page.goto(`/p/${stack.project_id}`);
    await page.locator(`[data-live-tile="${filming.capture}"]`).waitFor();
    // The first answer is from the moment before: known, but nothing of it is there.
    await page.route(
      `**/api/v1/captures/${filming.capture}`,
      async (route) => {
        const response = await route.fetch();
        const detail = (await response.json()) as Record<string, unknown>;
        await route.fulfill({ response, json: { ...detail, state: 'open', tracks: [], track_infos: [] } });
      },
      { times: 1 },
    );
    await page.goto(`/c/${filming.capture}`);
    await page.locator('[data-mode="live"][data-status="live"]').waitFor();
    expect((await watchPicture(page, 20)).distinctPictures).toBeGreaterThan(3);
    owner.assertClean();
  });
});

// Pictures that are presented while the next `seconds` of media play.
async function picturesIn(page: Page, seconds: number): Promise<number> {
  return page.evaluate(
    (wanted) =>
      new Promise<number>((done, fail) => {
        const video = document.querySelector('video')!;
        let first: number | null = null;
        let count = 0;
        const look: VideoFrameRequestCallback = (_now, { mediaTime }) => {
          first ??= mediaTime;
          count++;
          if (mediaTime - first < wanted) video.requestVideoFrameCallback(look);
          else done(count);
        };
        video.requestVideoFrameCallback(look);
        setTimeout(() => fail(new Error(`${count} pictures within 40 s, at ${video.currentTime} s`)), 40_000);
      }),
    seconds,
  );
}

describe('a camera whose pictures come at an uneven pace', () => {
  let uneven: Filming;

  beforeAll(async () => {
    // 30 pictures a second, with a pause of 0.2 s in every 0.7 s: 84 in 4 s.
    const clip = makeClip('uneven', 14, 'lt(mod(n,20),14)');
    const phone = await stack.addDevice('uneven');
    uneven = await phone.film('--source', `file:${clip}`, '--loop');
    await known(owner, uneven.capture);
  });

  // A browser that takes a pause for a break shows 57 of them live, 27 from the archive.
  const least = 68;

  it('is seen without breaks, live', async () => {
    const { page } = owner;
    await page.goto(`/c/${uneven.capture}`);
    await page.locator('[data-mode="live"][data-status="live"]').waitFor();
    const shown = await picturesIn(page, 4);
    uneven.stopAfter(6);
    expect(shown).toBeGreaterThan(least);
  });

  it('and in the archive', async () => {
    await uneven.end;
    const { page } = owner;
    await page.goto(`/c/${uneven.capture}`);
    await page.locator('[data-mode="archive"][data-status="ready"]').waitFor();
    expect(await picturesIn(page, 4)).toBeGreaterThan(least);
    await eventually(page, () => document.querySelectorAll('[data-gap]').length === 0, null);
    owner.assertClean();
  });
});

describe('a recording with a hole longer than what is loaded ahead', () => {
  it('is played over the hole', async () => {
    // Slow pictures: browsers stop a whole one before the hole.
    const clip = makeClip('hole', 46, 'not(between(t,1,44))*not(mod(n,3))');
    const phone = await stack.addDevice('hole');
    const when = ['--demonstration', '--captured-at', '2026-03-02T10:00:00+08:00'];
    const { capture, end } = await phone.film('--source', `file:${clip}`, ...when);
    await end;
    const { page } = owner;
    await page.goto(`/c/${capture}`);
    await page.locator('[data-mode="archive"][data-status="ready"]').waitFor();
    await page.locator('[data-gap="gap"]').waitFor();
    await eventually(page, () => document.querySelector('video')!.currentTime > 44.5, null);
    owner.assertClean();
  });
});
