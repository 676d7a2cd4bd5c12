// SPDX-License-Identifier: Apache-2.0
// Pictures through what happens to them: pages opened too early, an uneven pace, long holes, agents that go
// away and come back. And the walk directed by who watches.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { assertAccessible, eventually, known, screenshot, signIn, startBrowser, visit, watchPicture, type Visitor } from './support/browser';
import { startStack, testData, type Device, type Filming, type Stack } from './support/stack';

let stack: Stack;
let browser: Browser;
let owner: Visitor;
let filming: Filming;
const folder = mkdtempSync(join(tmpdir(), 'sitecast-live-'));
const loudspeaker = join(folder, 'loudspeaker.raw');
const rate = 48_000;
const voiceHz = 1000;

// Bursts of a tone, since a browser takes a steady one for noise.
function makeVoice(): string {
  const file = join(folder, 'voice.wav');
  const bursts = `aevalsrc='0.5*sin(2*PI*${voiceHz}*t)*lt(mod(t,0.5),0.25)':s=${rate}:d=5`;
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', bursts, '-ac', '1', file]);
  return file;
}

// How much of 100 ms of sound is the voice's tone, 0 to 1; the loudest piece counts (Goertzel).
function voiceIn(samples: ArrayLike<number>): number {
  const piece = rate / 10;
  let most = 0;
  for (let at = 0; at + piece <= samples.length; at += piece) {
    let power = 0;
    let [re, im] = [0, 0];
    for (let i = 0; i < piece; i++) {
      const sample = samples[at + i]!;
      power += sample * sample;
      re += sample * Math.cos((2 * Math.PI * voiceHz * i) / rate);
      im += sample * Math.sin((2 * Math.PI * voiceHz * i) / rate);
    }
    const rms = Math.sqrt(power / piece);
    if (rms > 300) most = Math.max(most, (2 * (re * re + im * im)) / (piece * power));
  }
  return most;
}

function heardOnSite(): number {
  if (!existsSync(loudspeaker)) return 0;
  const bytes = readFileSync(loudspeaker);
  return voiceIn(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1));
}

beforeAll(async () => {
  stack = await startStack();
  // What is heard on site is written down: 16 bit, one channel.
  appendFileSync(
    stack.device_config,
    `\n[talk]\nsink = "audio/x-raw,format=S16LE,rate=${rate},channels=1 ! filesink location=${loudspeaker} buffer-mode=unbuffered sync=true"\n`,
  );
  browser = await startBrowser(makeVoice());
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

// How often the page began to play sound that is mostly the voice's tone.
async function countVoice(page: Page): Promise<void> {
  await page.addInitScript((hz) => {
    const heard = globalThis as unknown as { voiceHeard: number };
    heard.voiceHeard = 0;
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (this: AudioBufferSourceNode, ...when: number[]) {
      const sound = this.buffer?.getChannelData(0) ?? new Float32Array();
      const step = (2 * Math.PI * hz) / (this.buffer?.sampleRate ?? 1);
      let [re, im, power] = [0, 0, 0];
      for (const [i, sample] of sound.entries()) {
        re += sample * Math.cos(step * i);
        im += sample * Math.sin(step * i);
        power += sample * sample;
      }
      if (power > 0.001 * sound.length && (2 * (re * re + im * im)) / (sound.length * power) > 0.5) heard.voiceHeard++;
      start.apply(this, when as [number]);
    };
  }, voiceHz);
}

const hearsVoice = (): boolean => (globalThis as unknown as { voiceHeard: number }).voiceHeard > 3;

describe('an owner who speaks to the site', () => {
  let other: Visitor;

  beforeAll(async () => {
    other = await visit(browser, stack.http, { size: 'desk', locale: 'en', scheme: 'dark' });
    await countVoice(other.page);
    await signIn(other.page, 'centre', stack.accounts['centre']!);
    await other.page.goto(`/c/${filming.capture}`);
    await other.page.locator('[data-mode="live"][data-status="live"]').waitFor();
    await other.page.getByRole('button', { name: 'Sound on' }).first().click();
  });
  afterAll(() => other.context.close());

  it('is heard there and by who else watches while the button is held, and all see who speaks', async () => {
    const { page } = owner;
    await page.goto(`/c/${filming.capture}`);
    await page.locator('[data-mode="live"][data-status="live"]').waitFor();
    await page.locator('[data-talk-hold]').hover();
    await page.mouse.down();
    await page.locator('[data-talk="speaking"]').waitFor();
    await other.page.locator('[data-floor]:not([data-floor=""])').waitFor();
    await vi.waitFor(() => expect(heardOnSite()).toBeGreaterThan(0.8), { timeout: 30_000, interval: 200 });
    await eventually(other.page, hearsVoice, null);
    await assertAccessible(page, 'speaking');
    await assertAccessible(other.page, 'somebody speaks');
    await screenshot(page, 'talk', { size: 'phone', locale: 'zh-CN', scheme: 'light' });
    await screenshot(other.page, 'talk', { size: 'desk', locale: 'en', scheme: 'dark' });
    await page.mouse.up();
    await page.locator('[data-talk="idle"]').waitFor();
    await other.page.locator('[data-floor=""]').waitFor();
    owner.assertClean();
    other.assertClean();
  });

  it('is told when somebody else speaks, and when the centre takes the floor', async () => {
    const { page } = owner;
    await other.page.keyboard.down('Space');
    await other.page.locator('[data-talk="speaking"]').waitFor();
    await page.locator('[data-talk-hold]').hover();
    await page.mouse.down();
    await page.getByText('现在有别人在讲话，等对方讲完再试。').waitFor();
    await page.mouse.up();
    await other.page.keyboard.up('Space');
    await other.page.locator('[data-talk="idle"]').waitFor();
    await page.getByText('话筒常开').click();
    await page.locator('[data-talk="speaking"]').waitFor();
    await other.page.keyboard.down('Space');
    await page.getByText('中心接过了话筒。').waitFor();
    await other.page.keyboard.up('Space');
    expect(await page.getByRole('checkbox', { name: '话筒常开' }).isChecked()).toBe(false);
    owner.assertClean();
  });

  it('is archived as a track of the capture, and heard with the recording', async () => {
    const { page } = other;
    const url = `/api/v1/captures/${filming.capture}`;
    const begun = await vi.waitFor(
      async () => {
        const detail = (await (await other.context.request.get(url)).json()) as { tracks: string[] };
        const talk = detail.tracks.find((name) => name.startsWith('talk'))!;
        expect(talk).toBeDefined();
        const answer = await other.context.request.get(`${url}/tracks/${talk}/playlist`);
        const list = (await answer.json()) as { timescale: number; segments: { t: number }[] };
        expect(list.segments.length).toBeGreaterThan(0);
        return list.segments[0]!.t / list.timescale;
      },
      { timeout: 30_000 },
    );
    await page.goto(`/c/${filming.capture}?t=${Math.max(0, Math.floor(begun - 1))}`);
    await page.locator('[data-mode="archive"][data-status="ready"]').waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await eventually(page, hearsVoice, null);
    other.assertClean();
  });
});

interface KeptRequest {
  request_id: string;
  short_id: string;
  text: string;
  state: string;
}

describe('an owner who directs the walk', () => {
  let asked: KeptRequest;

  async function requests(): Promise<KeptRequest[]> {
    return (JSON.parse(await stack.agent('--json', 'requests')) as { requests: KeptRequest[] }).requests;
  }

  it('points at a spot of the live picture, and speaks', async () => {
    const { page } = owner;
    await page.goto(`/c/${filming.capture}`);
    await page.locator('[data-mode="live"][data-status="live"]').waitFor();
    await eventually(page, () => document.querySelector('video')!.videoWidth > 0, null);
    const tap = page.getByRole('button', { name: '点一下画面，指给现场看' });
    const box = (await tap.boundingBox())!;
    await tap.click({ position: { x: box.width * 0.75, y: box.height * 0.25 } });
    await page.locator('[data-pin][data-stored="true"]').waitFor();
    await page.getByRole('textbox', { name: '给现场留言' }).fill('请往左一点');
    await page.getByRole('textbox', { name: '给现场留言' }).press('Enter');
    await page.getByText('已送到中心，现场会看到。').waitFor();
    const notes = page.locator('[data-note]');
    await notes.filter({ hasText: '指着画面' }).waitFor();
    await notes.filter({ hasText: '请往左一点' }).waitFor();
    await assertAccessible(page, 'live with a pin');
    await screenshot(page, 'live-pin', { size: 'phone', locale: 'zh-CN', scheme: 'light' });
    owner.assertClean();
  });

  it('asks for footage, until when and shot by shot', async () => {
    const { page } = owner;
    await page.goto(`/p/${stack.project_id}`);
    await page.getByRole('link', { name: '拍摄请求' }).click();
    await page.getByText('没有待拍摄的请求').waitFor();
    await page.getByRole('button', { name: '请现场拍一下' }).click();
    await page.getByLabel('想看什么').fill('请拍一下水泵房的管道接口');
    await page.getByLabel('最晚哪天').fill('2035-03-05');
    await page.getByLabel('逐项列出要拍的').fill('入口阀门\n2号泵');
    await assertAccessible(page, 'asking for footage');
    await page.getByRole('button', { name: '发出请求' }).click();
    const card = page.locator('[data-request][data-state="open"]');
    await card.waitFor();
    expect(await card.innerText()).toContain('2035-03-05');
    await vi.waitFor(async () => expect((await requests()).length).toBe(1), { timeout: 30_000 });
    asked = (await requests())[0]!;
    expect(asked.text).toBe('请拍一下水泵房的管道接口');
  });

  it('sees it accepted, and filmed shot by shot, without reading the page again', async () => {
    const { page } = owner;
    const card = page.locator(`[data-request="${asked.request_id}"]`);
    await stack.agent('accept', asked.short_id);
    await card.filter({ hasText: '已接受' }).first().waitFor();
    await stack.agent('answer', asked.short_id, '--shot', '1');
    await card.getByText('拍到了：入口阀门').waitFor();
    await stack.agent('answer', asked.short_id, '--shot', '2');
    await page.locator(`[data-request="${asked.request_id}"][data-state="answered"]`).waitFor();
    await assertAccessible(page, 'an answered request');
    await screenshot(page, 'requests', { size: 'phone', locale: 'zh-CN', scheme: 'light' });
  });

  it.each([
    { size: 'small', locale: 'zh-CN', scheme: 'dark' },
    { size: 'desk', locale: 'en', scheme: 'light' },
  ] as const)('reads the requests: $size $locale $scheme', async (look) => {
    const visitor = await visit(browser, stack.http, look);
    await signIn(visitor.page, 'owner', stack.accounts['owner']!);
    await visitor.page.goto(`/p/${stack.project_id}/requests`);
    await visitor.page.locator('[data-state="answered"]').waitFor();
    await assertAccessible(visitor.page, `requests ${look.locale} ${look.scheme}`);
    await screenshot(visitor.page, 'requests', look);
    const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, 'does not scroll sideways').toBeLessThanOrEqual(0);
    visitor.assertClean();
    await visitor.context.close();
  });

  it('watches the answer at its moment, where the pin is drawn at its own, and closes it', async () => {
    const { page } = owner;
    await page.locator('[data-answer]').first().click();
    await page.waitForURL(`**/c/${filming.capture}?*t=*`);
    await page.locator('[data-mode="archive"][data-status="ready"]').waitFor();
    await page.locator('[data-note]').filter({ hasText: '回应拍摄请求' }).first().waitFor();
    await page.locator('[data-note]').filter({ hasText: '指着画面' }).getByRole('button').click();
    await page.locator('[data-pin]').waitFor();
    const spot = await page.evaluate(() => {
      const ring = document.querySelector('[data-pin]')!.getBoundingClientRect();
      const video = document.querySelector('video')!.getBoundingClientRect();
      return [
        (ring.left + ring.width / 2 - video.left) / video.width,
        (ring.top + ring.height / 2 - video.top) / video.height,
      ];
    });
    expect(spot[0]).toBeCloseTo(0.75, 1);
    expect(spot[1]).toBeCloseTo(0.25, 1);
    await page.goto(`/p/${stack.project_id}/requests`);
    await page.getByRole('button', { name: '了结' }).click();
    await page.getByText('已了结的 1 项').waitFor();
    await vi.waitFor(async () => expect(await requests()).toEqual([]), { timeout: 30_000 });
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

describe('the screen of a device', () => {
  let address: string;
  let agent: Visitor;
  let capture: string;

  beforeAll(async () => {
    const phone = await stack.addDevice('巡查平板');
    address = await phone.serveScreen('test:');
    agent = await visit(browser, new URL(address).origin, { size: 'phone', locale: 'zh-CN', scheme: 'light' });
  });

  const button = (name: string | RegExp) => agent.page.getByRole('button', { name, exact: true });

  it('films when its button is pressed, and shows what it films', async () => {
    const { page } = agent;
    await page.goto(address);
    await page.getByText('按下红色按钮开始拍摄').waitFor();
    await assertAccessible(page, 'a screen that waits');
    await screenshot(page, 'screen-idle', { size: 'phone', locale: 'zh-CN', scheme: 'light' });
    await button('开始拍摄').click();
    await page.locator('main[data-capture]:not([data-capture=""])').waitFor();
    capture = (await page.locator('main').getAttribute('data-capture'))!;
    expect((await watchPicture(page, 20)).distinctPictures).toBeGreaterThan(1);
    await assertAccessible(page, 'a screen that films');
  });

  it('takes a photo, and notes how far the work is', async () => {
    const { page } = agent;
    await button('拍照').click();
    await page.getByText('照片已存在本机').waitFor();
    await button('记录').click();
    await button('区域: 其他').click();
    await page.getByRole('textbox', { name: '区域' }).fill('二号厂房');
    await page.getByRole('textbox', { name: '区域' }).press('Enter');
    await button('阶段: 其他').click();
    await page.getByRole('textbox', { name: '阶段' }).fill('屋面');
    await page.getByRole('textbox', { name: '阶段' }).press('Enter');
    await button('40%').click();
    await page.getByRole('textbox', { name: '说明' }).fill('檩条已装完');
    await assertAccessible(page, 'a note on the screen');
    await button('保存：屋面 40%').click();
    await page.getByText('已记录').waitFor();
    await known(owner, capture);
    await owner.page.goto(`/c/${capture}`);
    const note = owner.page.locator('[data-note]').filter({ hasText: '檩条已装完' });
    await note.waitFor();
    expect(await note.innerText()).toMatch(/屋面[^]*40/);
  });

  it('shows at its spot what the owner points at, and what they say', async () => {
    const { page } = owner;
    await page.locator('[data-mode="live"][data-status="live"]').waitFor();
    await eventually(page, () => document.querySelector('video')!.videoWidth > 0, null);
    const tap = page.getByRole('button', { name: '点一下画面，指给现场看' });
    const box = (await tap.boundingBox())!;
    await tap.click({ position: { x: box.width * 0.75, y: box.height * 0.25 } });
    await agent.page.locator('[data-pin]').waitFor();
    const spot = await agent.page.evaluate(() => {
      const ring = document.querySelector('[data-pin]')!.getBoundingClientRect();
      const video = document.querySelector('video')!;
      const frame = video.getBoundingClientRect();
      const scale = Math.min(frame.width / video.videoWidth, frame.height / video.videoHeight);
      const left = frame.left + (frame.width - video.videoWidth * scale) / 2;
      const top = frame.top + (frame.height - video.videoHeight * scale) / 2;
      return [
        (ring.left + ring.width / 2 - left) / (video.videoWidth * scale),
        (ring.top + ring.height / 2 - top) / (video.videoHeight * scale),
      ];
    });
    expect(spot[0]).toBeCloseTo(0.75, 1);
    expect(spot[1]).toBeCloseTo(0.25, 1);
    await page.getByRole('textbox', { name: '给现场留言' }).fill('请往左一点');
    await page.getByRole('textbox', { name: '给现场留言' }).press('Enter');
    await agent.page.locator('[data-message]').filter({ hasText: '请往左一点' }).waitFor();
    await assertAccessible(agent.page, 'a pin on the screen');
    await screenshot(agent.page, 'screen-pin', { size: 'phone', locale: 'zh-CN', scheme: 'light' });
  });

  it('ticks off with its footage what is asked for', async () => {
    const { page } = owner;
    await page.goto(`/p/${stack.project_id}/requests`);
    await page.getByRole('button', { name: '请现场拍一下' }).click();
    await page.getByLabel('想看什么').fill('请拍一下配电室');
    await page.getByLabel('最晚哪天').fill('2035-03-05');
    await page.getByLabel('逐项列出要拍的').fill('进线柜\n电缆沟');
    await page.getByRole('button', { name: '发出请求' }).click();
    await agent.page.locator('[data-waiting]').waitFor();
    await button(/^要拍的/).click();
    const asked = agent.page.locator('[data-request]').filter({ hasText: '请拍一下配电室' });
    await button('就是这个: 进线柜').click();
    await asked.getByText('1 / 2').waitFor();
    await page.getByText('拍到了：进线柜').waitFor();
    await assertAccessible(agent.page, 'requests on the screen');
  });

  it.each([
    { size: 'small', locale: 'zh-CN', scheme: 'dark' },
    { size: 'small', locale: 'en', scheme: 'light' },
    { size: 'phone', locale: 'zh-CN', scheme: 'light' },
    { size: 'desk', locale: 'en', scheme: 'dark' },
  ] as const)('fits a hand: $size $locale $scheme', async (look) => {
    const visitor = await visit(browser, new URL(address).origin, look);
    const { page } = visitor;
    await page.goto(address);
    await eventually(page, () => (document.querySelector('video')?.videoWidth ?? 0) > 0, null);
    await screenshot(page, 'screen', look);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('button')]
        .map((each) => ({ text: each.innerText, box: each.getBoundingClientRect() }))
        .filter(({ box }) => box.width < 56 || box.height < 56 || box.right > innerWidth || box.bottom > innerHeight)
        .map(({ text }) => text),
    );
    expect(small, 'too small for a glove, or outside').toEqual([]);
    const english = look.locale === 'en';
    for (const [name, title] of [['note', english ? 'Note' : '记录'], ['say', english ? 'Message' : '留言'], ['requests', english ? /^To film/ : /^要拍的/]] as const) {
      await page.getByRole('button', { name: title }).click();
      await assertAccessible(page, `screen ${name} ${look.locale} ${look.scheme}`);
      await screenshot(page, `screen-${name}`, look);
      await page.getByRole('button', { name: english ? 'Close' : '关闭' }).click();
    }
    await assertAccessible(page, `screen ${look.locale} ${look.scheme}`);
    visitor.assertClean();
    await visitor.context.close();
  });

  it('stops, and says when all of it is at the centre', async () => {
    const { page } = agent;
    await button('停止').click();
    await page.getByText('已停止，都存在本机').waitFor();
    await page.locator('[data-line]').filter({ hasText: '全部已到中心' }).waitFor();
    await page.getByText('按下红色按钮开始拍摄').waitFor();
    agent.assertClean();
  });
});
