// SPDX-License-Identifier: Apache-2.0
// Pictures through what happens to them: pages opened too early, an uneven pace, long holes, agents that go
// away and come back.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertAccessible, eventually, known, signIn, startBrowser, visit, watchPicture, type Visitor } from './support/browser';
import { startStack, testData, type Device, type Filming, type Stack } from './support/stack';

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
  const least = 64;

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

describe('an agent that goes away', () => {
  let phone: Device;
  let first: Filming;

  beforeAll(async () => {
    phone = await stack.addDevice('away');
    first = await phone.film('--source', 'test:', '--title', '东门');
    await known(owner, first.capture);
  });

  it('is waited for, and its picture goes on when it is back', async () => {
    const { page } = owner;
    await page.goto(`/c/${first.capture}`);
    await page.locator('[data-mode="live"][data-status="live"]').waitFor();
    await page.getByRole('button', { name: /打开声音.*浏览器/ }).click();
    await page.getByRole('button', { name: '静音' }).waitFor();
    first.signal('SIGSTOP');
    await page.locator('[data-status="silent"]').waitFor();
    await page.getByText('现场暂时没有信号传来').waitFor();
    await assertAccessible(page, 'silent');
    first.signal('SIGCONT');
    await page.locator('[data-status="live"]').waitFor();
    expect((await watchPicture(page, 20)).frames).toBe(20);
  });

  it('and was started again is followed to its new capture, with sound', async () => {
    const { page } = owner;
    first.signal('SIGKILL');
    await page.locator('[data-status="silent"]').waitFor();
    const second = await phone.film('--source', 'test:', '--title', '东门');
    await page.waitForURL(`**/c/${second.capture}**`);
    await page.locator('[data-mode="live"][data-status="live"]').waitFor();
    expect((await watchPicture(page, 20)).frames).toBe(20);
    await page.getByRole('button', { name: '静音' }).waitFor();
    // Who looks back at the first is told.
    await page.goto(`/c/${first.capture}?t=0`);
    await page.getByText('采集已接着进行').waitFor();
    await page.getByRole('link', { name: '看直播' }).click();
    await page.waitForURL(`**/c/${second.capture}`);
    second.stopAfter(1);
    owner.assertClean();
  });
});

describe('a picture that is made a moment after its capture', () => {
  const jpeg = testData('tnb-fixedcam/TNB_1_1.jpg');

  it.skipIf(jpeg === null)('appears on a timeline that is open, by itself', async () => {
    const { page } = owner;
    await page.goto(`/p/${stack.project_id}?kind=photo`);
    await page.getByText('没有符合条件的记录').waitFor();
    await page.route('**/thumbnail', (route) => route.fulfill({ status: 404 }), { times: 1 });
    await stack.agent('photo', '--file', jpeg!, '--until-delivered');
    await eventually(
      page,
      () => (document.querySelector<HTMLImageElement>('[data-capture] img')?.naturalWidth ?? 0) > 0,
      null,
    );
  });
});
