// SPDX-License-Identifier: Apache-2.0
// What devices hold, told to people: a phone films, the hub goes away, the phone goes away, all comes back.
import type { ChildProcess } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertAccessible, eventually, screenshot, signIn, startBrowser, visit, type Look, type Visitor } from './support/browser';
import { startStack, type Device, type Stack } from './support/stack';
import { TunnelDevice } from './support/tunnel_device';

interface Answer {
  waiting: { duration_ms: number; captures: number; for_network: boolean };
  devices: { presence: string; waiting_ms: number; items: { state: string }[] }[] | null;
}

const name = '小李的手机';
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
    const text = (await visitor.page.locator('main').innerText()).replaceAll(/\d+(\.\d+)? [kMG]?B/g, '');
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
