// SPDX-License-Identifier: Apache-2.0
// What devices hold, told to people: a phone films, the hub goes away, the phone goes away, all comes back.
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineStatus } from '../../agent/web/src/engine';
import { enrol, lookAt, parseEnrolmentLink, type DeviceStore, type EnrolledDevice, type EnrolmentLink, type Kept, type KeptDevice } from '../../agent/web/src/enrol';
import { assertAccessible, eventually, screenshot, signIn, startBrowser, visit, type Look, type Visitor } from './support/browser';
import { archivedParts, FilmingBrowser } from './support/filming_browser';
import { AgentSite } from './support/agent_site';
import { startStack, testData, type Device, type Stack } from './support/stack';
import { TunnelDevice } from './support/tunnel_device';

interface Answer {
  waiting: { duration_ms: number; captures: number; for_network: boolean };
  devices: { name: string; presence: string; waiting_ms: number; items: { state: string }[] }[] | null;
}

const name = '小李的手机';
const stackDevice = '测试设备 Test device'; // enrolled by scripts/stack
const area = '2号厂房';
const desk: Look = { size: 'desk', locale: 'zh-CN', scheme: 'light' };
const phone: Look = { size: 'phone', locale: 'zh-CN', scheme: 'light' };
const looks: Look[] = [
  { size: 'small', locale: 'zh-CN', scheme: 'light' },
  { size: 'phone', locale: 'en', scheme: 'dark' },
  { size: 'phone', locale: 'zh-CN', scheme: 'light' },
  { size: 'desk', locale: 'zh-CN', scheme: 'dark' },
  { size: 'desk', locale: 'en', scheme: 'light' },
];

let stack: Stack;
let browser: Browser;
let device: Device;
let filming: ChildProcess;
let hubStopped = false;
let centre: Visitor;
let owner: Visitor;
const page = (): Page => centre.page;
const address = (): string => `/p/${stack.project_id}/devices`;
const card = '[data-device]';

async function read(visitor: Visitor): Promise<Answer> {
  return (await (await visitor.context.request.get(`/api/v1${address().replace('/p/', '/projects/')}`)).json()) as Answer;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 60 s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

// The page of devices as it is now, in every look, accessible and in one language.
async function pictures(what: string): Promise<void> {
  for (const look of looks) {
    const visitor = await visit(browser, stack.http, look);
    await signIn(visitor.page, 'centre', stack.accounts['centre']!);
    for (const [title, path, ready] of [
      ['devices', address(), card],
      ['project', `/p/${stack.project_id}`, '[data-devices="line"]'],
    ] as const) {
      await visitor.page.goto(path);
      await visitor.page.locator(ready).first().waitFor();
      await assertAccessible(visitor.page, `${title} ${what} ${look.locale} ${look.scheme}`);
      await screenshot(visitor.page, `${title}-${what}`, look);
      const wide = await visitor.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(wide, `${title} does not scroll sideways`).toBeLessThanOrEqual(0);
    }
    await visitor.page.goto(address());
    const shown = await visitor.page.locator('main').innerText();
    const text = shown.replaceAll(stackDevice, '').replaceAll(/\d+(\.\d+)? [kMG]?B/g, '');
    if (look.locale === 'zh-CN') expect(text).not.toMatch(/[A-Za-z]{3,}/);
    else expect(text.replaceAll(name, '').replaceAll(area, '')).not.toMatch(/\p{Script=Han}/u);
    visitor.assertClean();
    await visitor.context.close();
  }
}

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser();
  device = await stack.addDevice(name);
  centre = await visit(browser, stack.http, desk);
  await signIn(centre.page, 'centre', stack.accounts['centre']!);
  owner = await visit(browser, stack.http, phone);
  await signIn(owner.page, 'owner', stack.accounts['owner']!);
}, 120_000);

afterAll(async () => {
  if (hubStopped) process.kill(stack.hub_pid, 'SIGCONT');
  await browser?.close();
  await stack?.stop();
}, 60_000);

describe('the devices of a project', () => {
  it('are awaited with a word of what will appear', async () => {
    await page().goto(address());
    await page().getByText('还没有设备的消息').waitFor();
    await assertAccessible(page(), 'no devices');
    await screenshot(page(), 'devices-empty', desk);
  });

  it('appear by themselves when they film', async () => {
    filming = device.startAgent('record', '--source', 'test:', '--area', area);
    await page().locator(`${card}[data-presence="online"][data-holding="arriving"]`).waitFor({ timeout: 30_000 });
    expect(await page().locator(card).innerText()).toContain(name);
    expect(await page().locator(card).innerText()).toContain('在线');
    centre.assertClean();
  });

  it('say what they alone hold, and that it waits for the centre', async () => {
    process.kill(stack.hub_pid, 'SIGSTOP');
    hubStopped = true;
    await page().locator(`${card}[data-holding="only_copy"]`).waitFor({ timeout: 60_000 });
    await page()
      .getByText(/^设备上还有唯一副本 .+，等待：\d\d:\d\d 起中心暂不在线，素材安全保存在设备上$/)
      .waitFor({ timeout: 30_000 });
    expect(await page().locator('[data-state="recording"]').innerText()).toContain('正在拍摄');
    await until('ten seconds are held', async () => (await read(centre)).waiting.duration_ms >= 10_000);
    await pictures('held');
  }, 180_000);

  it('use the words that the device itself uses', async () => {
    const said = await device.agent('--lang', 'zh-CN', 'status');
    expect(said).toContain('起中心暂不在线，素材安全保存在设备上');
    expect(said).toContain('正在拍摄');
  });

  it('that go without a word are lost with at least what they held, since then', async () => {
    filming.kill('SIGKILL');
    await page().locator(`${card}[data-presence="lost"][data-holding="only_copy"]`).waitFor({ timeout: 30_000 });
    const text = await page().locator(card).innerText();
    expect(text).toMatch(/设备上至少还有唯一副本 .+，等待：\d\d:\d\d 起没有网络/);
    expect(text).toContain('之后可能拍了更多');
    await pictures('lost');
  }, 120_000);

  it('are no more to an owner than how much is to come', async () => {
    const answer = await read(owner);
    expect(answer.devices).toBeNull();
    expect(answer.waiting.for_network).toBe(true);
    await owner.page.goto(`/p/${stack.project_id}`);
    await owner.page.locator('[data-devices="mild"]').waitFor();
    expect(await owner.page.locator('[data-devices="mild"]').innerText()).toMatch(/^还有 \d+ 分钟的内容在设备上，等待网络$/);
    expect(await owner.page.locator('main').innerText()).not.toContain(name);
    await assertAccessible(owner.page, 'project of an owner');
    await screenshot(owner.page, 'project-owner-held', phone);
    await owner.page.goto(address());
    await owner.page.getByText('等待网络').waitFor();
    expect(await owner.page.locator(card).count()).toBe(0);
    owner.assertClean();
  });

  it('are reached from the project and worked by keyboard', async () => {
    await page().goto(`/p/${stack.project_id}`);
    await page().locator('[data-devices="line"]').focus();
    await page().keyboard.press('Enter');
    await page().waitForURL(`**${address()}`);
    const summary = page().locator('summary');
    await summary.focus();
    expect(await page().evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).not.toBe('none');
    const open = (): Promise<boolean> => page().evaluate(() => document.querySelector('details')!.open);
    const before = await open();
    await page().keyboard.press('Enter');
    expect(await open()).toBe(!before);
  });

  it('say what to do when they cannot be read', async () => {
    await page().route('**/devices', (route) =>
      route.request().resourceType() === 'fetch' ? route.abort() : route.continue(),
    );
    await page().goto(address());
    await page().getByRole('alert').getByText('连不上服务器').waitFor();
    await screenshot(page(), 'devices-error', desk);
    await page().unroute('**/devices');
    await page().getByRole('button', { name: '再试一次' }).click();
    await page().locator(card).waitFor();
  });

  it('that come back deliver, and nothing waits any more', async () => {
    process.kill(stack.hub_pid, 'SIGCONT');
    hubStopped = false;
    await device.agent('send', '--until-delivered');
    await page().locator(`${card}[data-holding="nothing"]`).waitFor({ timeout: 30_000 });
    expect((await read(owner)).waiting).toEqual({ duration_ms: 0, captures: 0, for_network: false });
    await owner.page.goto(`/p/${stack.project_id}`);
    await owner.page.locator('[data-capture]').first().waitFor();
    await eventually(owner.page, () => document.querySelector('[data-devices]') === null, null);
    expect(await device.agent('--lang', 'zh-CN', 'status')).toContain('已到中心并核验');
    await pictures('done');
    centre.assertClean();
  }, 120_000);
});

// What a browser agent says, by its own code (agent/web), from Node: its media is made up, its bytes are not.
describe('a device that speaks through the gateway', () => {
  let phoneInBrowser: TunnelDevice;
  beforeAll(async () => {
    phoneInBrowser = await TunnelDevice.of(await stack.addDevice('浏览器'), stack.http);
  });
  afterAll(() => phoneInBrowser?.close());

  it('is refused with a password that is not its own', async () => {
    await expect(phoneInBrowser.connect({ password: 'guessed' })).rejects.toThrow('not_admitted');
  });

  it('delivers like any other, once, through a cut in the middle', async () => {
    const capture = await phoneInBrowser.makeCapture(area);
    await phoneInBrowser.connect();
    await phoneInBrowser.deliver(capture, { upTo: 20 });
    phoneInBrowser.cut();
    await phoneInBrowser.connect();
    expect(await phoneInBrowser.positions(capture)).toEqual({ video: 20, audio: 20 });
    await phoneInBrowser.deliver(capture); // all of it, also what is there
    for (const track of ['video', 'audio'] as const) {
      expect(stack.archived(capture.text, track).equals(capture.media(track)), track).toBe(true);
    }
    const folder = stack.newFolder();
    await stack.hub('export', capture.text, '--out', folder);
    const verified = await stack.hub('verify', folder);
    expect(verified).toMatch(/^已验证 VERIFIED$/m);
    for (const track of ['video', 'audio']) {
      expect(verified).toContain(`${track}: 40 parts (0-39), signed by the device: 0-39`);
    }
  }, 60_000);

  it('can say nothing as another device or in another project', async () => {
    await phoneInBrowser.connect();
    expect(await phoneInBrowser.tryTopic({ project: 'AZNafIABcAGAAQIDBAUGCg' })).toBe(0x87);
    expect(await phoneInBrowser.tryTopic({ device: 'AZNafIABcAGAAQIDBAUGDQ' })).toBe(0x87);
    expect(await phoneInBrowser.tryTopic({})).toBe(0);
  });
});

// The engine of the browser agent in a Chromium that is killed, its camera and microphone made of files.
describe('a browser that films', () => {
  const clip = 'kings-cross-phone/sample_with_increasing_timestamps_360p.mp4';
  const kills = process.env['SITECAST_TEST_LONG'] === undefined ? 3 : 20;
  let filming: FilmingBrowser;
  // By capture/track: SHA-256 of each part's media that was found on the device after a kill, by sequence.
  const found = new Map<string, Map<number, string>>();

  // What the centre is told of it.
  const ours = async () => (await read(centre)).devices?.find(({ name: its }) => its === 'browser');

  // What lies on the device before anything of ours has touched it; how many parts of each track.
  async function lookAtDevice(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const [track, { first, hashes }] of Object.entries(await filming.spooled())) {
      const known = found.get(track) ?? new Map<number, string>();
      found.set(track, known);
      for (const [i, hash] of hashes.entries()) {
        expect(known.get(first + i) ?? hash, `${track}, part ${first + i}, changed`).toBe(hash);
        known.set(first + i, hash);
      }
      counts.set(track, first + hashes.length);
    }
    return counts;
  }

  // The archive has each of them, as it was, once (archivedParts fails otherwise).
  function compareArchive(captures: string[]): void {
    for (const [track, parts] of found) {
      const [capture, name] = track.split('/') as [string, string];
      if (!captures.includes(capture) || parts.size === 0) continue;
      const archived = archivedParts(stack.archived(capture, name));
      for (const [sequence, hash] of parts) expect(archived.get(sequence), `${track}, part ${sequence}`).toBe(hash);
      expect([...archived.keys()].sort((a, b) => a - b), `${track} has a gap`).toEqual([...Array(archived.size).keys()]);
    }
  }

  beforeAll(async () => {
    filming = await FilmingBrowser.of(await stack.addDevice('浏览器相机'), stack.http);
  }, 60_000);
  afterAll(() => filming?.close());

  it('keeps what was filmed without a network through a kill, and delivers it whole and once', async () => {
    filming.online = false;
    await filming.open(null);
    await filming.begin();
    await filming.until('ready', ({ phase }) => phase === 'ready');
    const first = await filming.record(area);
    await filming.call('note', '二楼管线已完成');
    await filming.call('progress', 60);
    const told = await filming.until('2 s are on the device', ({ captures }) => captures[0]?.tracks.every(({ synced }) => synced >= 45) === true);
    await filming.kill();

    await filming.open(null);
    const counts = await lookAtDevice();
    for (const { track, synced } of told.captures[0]!.tracks) {
      expect(counts.get(`${first}/${track}`), track).toBeGreaterThanOrEqual(synced);
    }
    await filming.begin(); // still without a network
    const again = await filming.until('ready', ({ phase }) => phase === 'ready');
    expect(again.captures[0]).toMatchObject({ id: first, reason: 'restarted' });
    for (const { track, synced } of again.captures[0]!.tracks) expect(counts.get(`${first}/${track}`)).toBe(synced);
    expect(again.delivery!.waitingEvents, 'opened, two remarks, closed').toBe(4);
    const second = await filming.record(area);
    const goesOn = await filming.until('it films again', ({ captures }) => captures[1]?.tracks.every(({ synced }) => synced > 5) === true);
    expect(goesOn.captures[1]!.continues).toBe(first);
    const photo = await filming.call('photo');
    const document = await filming.call('document', 150_000);
    await filming.call('stop');
    await lookAtDevice();

    filming.online = true;
    const ids = [first, second, photo, document];
    const done = await filming.until('all is at the hub', ({ doneCaptures }) => ids.every((id) => doneCaptures.includes(id)));
    expect(done.captures).toEqual([]);
    expect(done.delivery!.sentAgainParts, 'nothing twice').toBe(0);
    await until('the centre knows that it holds nothing', async () => (await ours())?.presence === 'online' && (await ours())?.waiting_ms === 0);
    compareArchive([first, second]);
    for (const [name, parts] of found) {
      const [capture, track] = name.split('/') as [string, string];
      if (capture === first) expect(archivedParts(stack.archived(capture, track)).size, name).toBe(parts.size);
    }
    expect(stack.archived(document, 'file').equals(Buffer.from(Uint8Array.from({ length: 150_000 }, (_, i) => (i * 7) ^ (i >> 8))))).toBe(true);
    expect(stack.archived(photo, 'image').subarray(0, 3).toString('hex')).toBe('ffd8ff');

    const folder = stack.newFolder();
    await stack.hub('export', first, '--out', folder);
    expect(await stack.hub('verify', folder)).toMatch(/^已验证 VERIFIED$/m);
    const events = JSON.parse(readFileSync(join(folder, 'events.json'), 'utf8')) as { kind: string; media_time_us?: number }[];
    expect(events.map(({ kind }) => kind).sort()).toEqual(['capture.closed', 'capture.opened', 'note', 'progress']);
    expect(events.find(({ kind }) => kind === 'note')!.media_time_us).toBeGreaterThan(0);
  }, 90_000);

  it('is the agent in one tab; another takes over when that is closed', async () => {
    const other = await filming.anotherTab();
    await other.begin();
    await other.until('it waits', ({ phase }) => phase === 'other_tab');
    await filming.call('close');
    await other.until('it is the agent', ({ phase }) => phase === 'ready');
    await other.call('close');
  }, 60_000);

  it('does what the screen asks for, and says why where it cannot', async () => {
    const screen = await filming.anotherTab();
    filming.online = false;
    await screen.beginRecorder();
    const ready = await screen.untilState('ready', ({ present, picture }) => present && picture.state === 'on');
    expect(ready.picture).toMatchObject({ widthPx: 1280, heightPx: 720 });
    expect(ready.abilities).toMatchObject({ record: null, photo: null, note: null, say: 'not_here', talk: 'not_here' });
    expect(await screen.act('stop')).toEqual({ ok: false, reason: 'not_recording' });
    const started = (await screen.act('start', { area })) as { ok: boolean; captureId: string };
    expect(started.ok).toBe(true);
    const films = await screen.untilState('it films', ({ recording, holding }) => (recording?.mediaTimeMs ?? 0) > 700 && holding.onlyHereMs > 500);
    expect(films.picture.state).toBe('on');
    expect(films.recording).toMatchObject({ captureId: started.captureId, area });
    expect(films.link.cause).toBe('no_link');
    expect(films.room.trouble, 'nobody has agreed that it may stay').toBe('not_persistent');
    expect(await screen.act('start', { area })).toEqual({ ok: false, reason: 'recording' });
    expect(await screen.act('note', { text: '', area, about: 'now', percentage: 120 })).toEqual({ ok: false, reason: 'invalid' });
    expect(await screen.act('note', { text: '西侧', area, about: 'now', percentage: 70, stage: '主体' })).toMatchObject({ ok: true });
    expect(await screen.act('say', '?')).toEqual({ ok: false, reason: 'not_here' });
    expect(await screen.act('photo', { area, note: '门' })).toMatchObject({ ok: true });
    expect(await screen.act('lastShot', area)).toMatch(/^blob:/);
    expect(await screen.hand('图纸.txt', area)).toMatchObject({ ok: true });
    expect(await screen.act('switchCamera')).toEqual({ ok: true });
    const before = (await screen.untilState('still', ({ recording }) => recording !== null)).recording!.mediaTimeMs;
    await screen.untilState('it films on', ({ recording }) => (recording?.mediaTimeMs ?? 0) > before + 300);
    expect(await screen.act('stop')).toEqual({ ok: true });
    const kept = await screen.untilState('it has ended', ({ recording }) => recording === null);
    expect(kept.ended).toBeNull();
    expect(kept.holding).toMatchObject({ waitingCaptures: 3 });
    expect(kept.areas).toEqual([area]);
    filming.online = true;
    await screen.untilState('all is at the hub', ({ holding }) => holding.waitingCaptures + holding.waitingStatements === 0);
    expect(archivedParts(stack.archived(started.captureId, 'video')).size).toBeGreaterThan(20);
    await filming.kill();
  }, 60_000);

  it(`loses nothing in ${kills} kills at moments of chance, with a network and without`, async () => {
    const footage = testData(clip);
    if (footage === null) console.log(`${clip} is not here: the camera shows a test picture`);
    const filmed: string[] = [];
    let told: EngineStatus | null = null;
    let open = 0; // parts that were written and not flushed
    for (let kill = 0; kill <= kills; kill++) {
      filming.online = kill % 2 === 1 || kill === kills;
      await filming.open(footage);
      const counts = await lookAtDevice();
      for (const capture of told?.captures ?? []) {
        for (const { track, made, synced } of capture.tracks) {
          // What is gone from here is at the hub, also when that was between the last word and the kill.
          const here = counts.get(`${capture.id}/${track}`) ?? archivedParts(stack.archived(capture.id, track)).size;
          expect(here, `kill ${kill}: ${capture.id}/${track}`).toBeGreaterThanOrEqual(synced);
          open += Math.max(0, made - here);
        }
      }
      await filming.begin();
      await filming.until('ready', ({ phase }) => phase === 'ready');
      if (kill === kills) break;
      filmed.push(await filming.record(area, kill % 4 === 2));
      const parts = 1 + Math.floor(Math.random() * 60);
      await filming.call('note', `${kill}`);
      told = await filming.until(`${parts} parts`, ({ captures }) => captures.at(-1)?.tracks.some(({ made }) => made >= parts) === true);
      const known = told.delivery!.connected;
      await filming.kill();
      if (known) await until('the centre knows that it went without a word', async () => (await ours())?.presence === 'lost');
    }
    await filming.until('all is at the hub', ({ captures, delivery }) => captures.length === 0 && delivery!.waitingEvents === 0, 60_000);
    compareArchive(filmed);
    const count = [...found].filter(([track]) => filmed.some((id) => track.startsWith(id))).reduce((sum, [, parts]) => sum + parts.size, 0);
    console.log(`${kills} kills, ${filmed.length} captures, ${count} parts kept and archived byte for byte; ${open} of those told as written, not as on the device, were lost`);
    await filming.kill();
  }, 240_000);
});

class MemoryStore implements DeviceStore {
  kept: KeptDevice | null = null;
  read = (): Promise<Kept> =>
    Promise.resolve(this.kept?.enrolled === null ? { device: null, newcomer: this.kept } : { device: this.kept, newcomer: null });
  write = (kept: KeptDevice): Promise<void> => {
    this.kept = kept;
    return Promise.resolve();
  };
}

// The centre makes a code; a phone that needs no account becomes a device by it.
describe('a phone that enrols itself', () => {
  const panel = '[data-enrolments]';
  let enrolled: EnrolledDevice;
  let itsStore: MemoryStore;
  let itsLink: EnrolmentLink;
  let itsTunnel: TunnelDevice;
  afterAll(() => itsTunnel?.close());

  async function post(path: string, body: unknown): Promise<{ status: number; body: Record<string, string> }> {
    const answer = await centre.context.request.post(`/api/v1/projects/${stack.project_id}/${path}`, {
      headers: { 'X-Sitecast': '1' },
      data: body,
    });
    const text = await answer.text();
    return { status: answer.status(), body: text === '' ? {} : (JSON.parse(text) as Record<string, string>) };
  }
  async function newLink(): Promise<EnrolmentLink> {
    const { status, body } = await post('enrolments', { name, minutes: 30 });
    expect(status).toBe(201);
    return { id: body['enrolment_id']!, token: body['token']! };
  }

  it('gets its code from the centre, on desk and phone, in both languages', async () => {
    for (const look of looks) {
      const visitor = await visit(browser, stack.http, look);
      await signIn(visitor.page, 'centre', stack.accounts['centre']!);
      await visitor.page.goto(address());
      const form = visitor.page.locator(`${panel} form`);
      await form.locator('input').first().fill(name);
      await assertAccessible(visitor.page, `enrolment form ${look.locale} ${look.scheme}`);
      await form.locator('button').click();
      await visitor.page.locator(`${panel} svg[role="img"]`).waitFor();
      await visitor.page.locator(panel).scrollIntoViewIfNeeded();
      await assertAccessible(visitor.page, `enrolment ${look.locale} ${look.scheme}`);
      await screenshot(visitor.page, 'enrolment', look);
      const wide = await visitor.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(wide).toBeLessThanOrEqual(0);
      const link = await visitor.page.locator('[data-link]').inputValue();
      expect(link).toMatch(new RegExp(`^${stack.http}/agent/#[\\w-]{22}\\.[\\w-]{32}$`));
      visitor.assertClean();
      await visitor.context.close();
      itsLink = parseEnrolmentLink(new URL(link).hash)!;
    }
  }, 120_000);

  it('sees what it would become, becomes it, and the centre sees that', async () => {
    await page().goto(address());
    await page().locator(`[data-open="${itsLink.id}"]`).waitFor();
    const offer = await lookAt(itsLink, stack.http);
    expect(offer.ok && offer.value.name).toBe(name);
    expect(offer.ok && offer.value.projects.map((project) => project.id)).toEqual([stack.project_id]);
    itsStore = new MemoryStore();
    const answer = await enrol(itsLink, itsStore, stack.http);
    if (!answer.ok) throw new Error(answer.failure);
    enrolled = answer.value;
    await page().reload();
    await page().locator(`[data-enrolled="${enrolled.deviceId}"][data-kind="browser"]`).waitFor();
    expect(await page().locator(`[data-open="${itsLink.id}"]`).count()).toBe(0);
  });

  it('delivers as itself into its project, and nowhere else', async () => {
    itsTunnel = TunnelDevice.enrolled(enrolled, stack.http);
    await itsTunnel.connect();
    const capture = await itsTunnel.makeCapture(area);
    await itsTunnel.deliver(capture);
    expect(stack.archived(capture.text, 'video').equals(capture.media('video'))).toBe(true);
    expect(await itsTunnel.tryTopic({ project: 'AZNafIABcAGAAQIDBAUGCg' })).toBe(0x87);
    expect(await itsTunnel.tryTopic({ device: 'AZNafIABcAGAAQIDBAUGDQ' })).toBe(0x87);
    expect(await itsTunnel.tryTopic({})).toBe(0);
  }, 60_000);

  it('is asked no second time, and nobody else comes in by its code', async () => {
    const lost = { ...itsStore.kept!, enrolled: null };
    const again = new MemoryStore();
    again.kept = lost;
    const same = await enrol(itsLink, again, stack.http);
    expect(same.ok && same.value.deviceId).toBe(enrolled.deviceId);
    await itsTunnel.connect(); // with the password that it had
    expect(await enrol(itsLink, new MemoryStore(), stack.http)).toEqual({ ok: false, failure: 'used' });
    expect(await lookAt(itsLink, stack.http)).toEqual({ ok: false, failure: 'used' });
    const other = await newLink();
    const answers = await Promise.all([1, 2, 3].map(() => enrol(other, new MemoryStore(), stack.http)));
    expect(answers.filter((one) => one.ok).length).toBe(1);
    expect(answers.filter((one) => !one.ok && one.failure === 'used').length).toBe(2);
  });

  it('does not come in by a code that was taken back', async () => {
    const link = await newLink();
    expect((await post('enrolments/cancel', { enrolment_id: link.id })).status).toBe(204);
    expect(await enrol(link, new MemoryStore(), stack.http)).toEqual({ ok: false, failure: 'cancelled' });
  });

  it('can send no more than the tunnel takes from each', async () => {
    const begun = performance.now();
    await itsTunnel.connect();
    await itsTunnel.flood(24_000_000);
    // 8 MB at once, then 8 MB in each second: by the tunnel's own clock it cannot be sooner.
    expect(performance.now() - begun).toBeGreaterThan(1900);
  }, 60_000);

  it('is out at once when the centre takes its rights away', async () => {
    await itsTunnel.connect();
    const cut = itsTunnel.untilCut();
    await page().goto(address());
    const row = page().locator(`[data-enrolled="${enrolled.deviceId}"]`);
    await row.getByRole('button', { name: '停用' }).click();
    await row.getByText(`停用 ${name}？`).waitFor();
    await assertAccessible(page(), 'revoking');
    await screenshot(page(), 'enrolment-revoke', desk);
    await row.getByRole('button', { name: '确定停用' }).click();
    await cut;
    await row.waitFor({ state: 'detached' });
    await expect(itsTunnel.connect()).rejects.toThrow('not_admitted');
    const back = new MemoryStore();
    back.kept = { ...itsStore.kept!, enrolled: null };
    expect(await enrol(itsLink, back, stack.http)).toEqual({ ok: false, failure: 'used' });
    centre.assertClean();
  }, 60_000);

  it('joins by its page, opens without a network, films, and the centre has it', async () => {
    const { id, token } = await newLink();
    const visitor = await visit(browser, stack.http, phone);
    const { page: screen } = visitor;
    const ready = 'main[data-present="true"]';
    const line = screen.locator('[data-line]');
    const asked: string[] = [];
    visitor.context.on('request', (request) => asked.push(request.url()));
    await screen.goto(`/agent/#${id}.${token}`);
    await screen.getByRole('button', { name: '加入' }).waitFor();
    expect(await screen.locator('main').innerText()).toContain(name);
    await assertAccessible(screen, 'joining');
    await screenshot(screen, 'agent-join', phone);
    await screen.getByRole('button', { name: '加入' }).click();
    await screen.locator(ready).waitFor({ timeout: 30_000 });
    expect(new URL(screen.url()).hash).toBe('');
    expect(asked.filter((address) => new URL(address).pathname.includes(token) || new URL(address).search.includes(token))).toEqual([]);
    await assertAccessible(screen, 'agent');
    await screenshot(screen, 'agent-ready', phone);

    // Everything that it needs to start is here.
    await eventually(screen, async () => (await navigator.serviceWorker.ready).active?.state === 'activated', null);
    await visitor.context.setOffline(true);
    await screen.reload();
    await screen.locator(ready).waitFor({ timeout: 30_000 });
    await line.getByText('没有网络，也没有待传的内容').waitFor({ timeout: 30_000 });
    await screen.getByRole('button', { name: '开始拍摄' }).click();
    await screen.getByText(/^0:0[2-9]/).waitFor({ timeout: 30_000 });
    await screenshot(screen, 'agent-filming', phone);
    await screen.getByRole('button', { name: '拍照' }).click();
    await screen.getByText('照片已存在本机').waitFor();
    await screen.getByRole('button', { name: '记录' }).click();
    await screen.getByLabel('说明').fill('北墙砌到三米');
    await assertAccessible(screen, 'a note while filming');
    await screen.getByRole('button', { name: '保存' }).click();
    await screen.getByText('已记录').waitFor();
    await screen.getByRole('button', { name: '停止' }).click();
    await line.getByText(/只在本机.*没有网络/).waitFor();
    await visitor.context.setOffline(false);
    await line.getByText('全部已到中心').waitFor({ timeout: 40_000 });

    await page().goto(address());
    const row = page().locator('[data-kind="browser"]', { hasText: '在线' });
    await row.waitFor();
    const itself = await row.getAttribute('data-enrolled');
    const read = await centre.context.request.get(`/api/v1/projects/${stack.project_id}/timeline?limit=40`);
    const { items } = (await read.json()) as { items: { device_id: string; state: string }[] };
    expect(items.filter((item) => item.device_id === itself).map((item) => item.state)).toEqual(['complete', 'complete']);
    const found = await centre.context.request.get(`/api/v1/projects/${stack.project_id}/search?q=北墙`);
    expect(JSON.stringify(await found.json())).toContain('砌到三米');

    // The code again, on this phone: it is known. Elsewhere: it was used.
    await screen.goto(`/agent/?again#${id}.${token}`);
    await screen.locator(ready).waitFor({ timeout: 30_000 });
    // Another code, used by somebody else in the moment before: it stays what it was.
    const taken = await newLink();
    await screen.goto(`/agent/?more#${taken.id}.${taken.token}`);
    await screen.getByRole('button', { name: '仍要重新加入' }).click();
    await screen.getByRole('button', { name: '加入', exact: true }).waitFor();
    expect((await enrol(taken, new MemoryStore(), stack.http)).ok).toBe(true);
    await screen.getByRole('button', { name: '加入', exact: true }).click();
    await screen.locator('[data-failure="used"]').waitFor();
    await screen.goto('/agent/');
    await screen.locator(ready).waitFor({ timeout: 30_000 });
    const other = await visit(browser, stack.http, { size: 'phone', locale: 'en', scheme: 'dark' });
    await other.page.goto(`/agent/#${id}.${token}`);
    await other.page.locator('[data-failure="used"]').waitFor();
    expect(await other.page.locator('main').innerText()).toContain('This code was used already');
    await assertAccessible(other.page, 'used code');
    await other.page.goto('/agent/');
    await other.page.getByText('This phone has not joined yet').waitFor();
    await other.page.goto('/agent/#cut-short');
    await other.page.getByRole('alert').getByText('cut short').waitFor();
    for (const each of [visitor, other]) {
      each.assertClean();
      await each.context.close();
    }
  }, 120_000);

  it('can be installed, and a new build takes the place of the old one as a whole', async () => {
    const manifest = (await (await fetch(`${stack.http}/agent/manifest.webmanifest`)).json()) as {
      start_url: string;
      scope: string;
      display: string;
      icons: { src: string; sizes: string; purpose: string }[];
    };
    expect([manifest.start_url, manifest.scope, manifest.display]).toEqual(['/agent/', '/agent/', 'standalone']);
    for (const { src, sizes } of manifest.icons) {
      const png = Buffer.from(await (await fetch(`${stack.http}/agent/${src}`)).arrayBuffer());
      expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, src).toBe(sizes);
    }
    const site = await AgentSite.open();
    const visitor = await visit(browser, site.url, phone);
    const builds = (): Promise<string[]> => visitor.page.evaluate(() => caches.keys());
    await visitor.page.goto('/agent/');
    await eventually(visitor.page, async () => (await navigator.serviceWorker.ready).active?.state === 'activated', null);
    const [before] = await builds();
    await visitor.page.reload();
    site.publish('二版');
    await visitor.page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
    await eventually(visitor.page, async () => (await navigator.serviceWorker.ready).waiting !== null, null);
    expect(await visitor.page.locator('meta[name="build"]').count(), 'not under an open page').toBe(0);
    expect((await builds()).length, 'both are whole').toBe(2);
    await visitor.page.goto('about:blank'); // the last page of the old one
    await until('the new build is there', async () => {
      const started = await visitor.context.newPage();
      await started.goto('/agent/', { waitUntil: 'commit' });
      const isNew = await started
        .waitForFunction(() => document.querySelector('meta[name="build"]') !== null, null, { timeout: 10_000 })
        .then(() => true, () => false);
      if (isNew) await started.getByText('这台手机还没有加入').waitFor();
      await started.close();
      return isNew;
    });
    await visitor.page.goto('/agent/');
    const after = await builds();
    expect(after.length).toBe(1);
    expect(after[0]).not.toBe(before);
    await site.close();
    await visitor.page.reload();
    await visitor.page.getByText('这台手机还没有加入').waitFor();
    expect(await visitor.page.locator('meta[name="build"]').count(), 'without its server').toBe(1);
    visitor.assertClean();
    await visitor.context.close();
  }, 60_000);

  it('that guesses is slowed down', async () => {
    const link = await newLink();
    const wrong = { ...link, token: 'A'.repeat(32) };
    const answers = [];
    for (let i = 0; i < 7; i++) answers.push(await lookAt(wrong, stack.http));
    expect(answers[0]).toEqual({ ok: false, failure: 'unknown' });
    expect(answers.at(-1)).toEqual({ ok: false, failure: 'throttled' });
  });
});
