// SPDX-License-Identifier: Apache-2.0
// The centre takes a schedule over, a walk-through is the evidence of a line, the owner reads how far it is.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan, Project } from '../../viewer/web/src/api/types';
import { assertAccessible, eventually, screenshot, signIn, startBrowser, visit, type Look, type Visitor } from './support/browser';
import { startStack, type Stack } from './support/stack';

const looks: Look[] = [
  { size: 'small', locale: 'zh-CN', scheme: 'light' },
  { size: 'phone', locale: 'zh-CN', scheme: 'dark' },
  { size: 'desk', locale: 'en', scheme: 'light' },
];
// Begun thirty days ago, due in ten; the other is still to come.
const day = (from: number): string => new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10);
const sheet = [
  '三期厂房施工进度计划表',
  '序号,名称,开始,完成,备注',
  `1,钢柱吊装,${day(-30)},${day(10)},`,
  `2,屋面板安装,${day(5)},${day(60)},`,
  `3,★竣工验收（里程碑）,${day(90)},${day(90)},`,
  '合计,,,,',
].join('\n');

let stack: Stack;
let browser: Browser;
let centre: Visitor;
let capture: string;

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser();
  centre = await visit(browser, stack.http, { size: 'desk', locale: 'zh-CN', scheme: 'light' });
  await signIn(centre.page, 'centre', stack.accounts['centre']!);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

describe('the plan', () => {
  it('is previewed, and stored only when the centre confirms it', async () => {
    const { page } = centre;
    await page.goto(`/p/${stack.project_id}/plan`);
    await page.getByText('还没有计划').waitFor();
    await page.locator('input[type=file]').setInputFiles({ name: '计划表.csv', mimeType: 'text/csv', buffer: Buffer.from(sheet) });
    await page.getByText('读出 3 个事项').waitFor();
    await assertAccessible(page, 'preview');
    await screenshot(page, 'plan-preview', { size: 'desk', locale: 'zh-CN', scheme: 'light' });
    expect(await page.locator('.sentence').count()).toBe(0);
    await page.getByRole('button', { name: '确认，保存为第 1 版计划' }).click();
    await page.locator('.sentence').waitFor({ timeout: 30_000 });
    expect(await page.locator('article').count()).toBeGreaterThanOrEqual(3);
  });

  it('shows what was filmed as the evidence of a line, one click away', async () => {
    execFileSync(
      join(process.env['SITECAST_BIN_DIR']!, 'sitecast-agent'),
      ['--config', stack.device_config, 'record', '--source', 'test:', '--duration', '1', '--until-delivered'],
      { timeout: 60_000 },
    );
    const { page, context } = centre;
    const base = `/api/v1/projects/${stack.project_id}`;
    const capture = ((await (await context.request.get(`${base}/timeline`)).json()) as { items: { id: string }[] }).items[0]!.id;
    const plan = (await (await context.request.get(`${base}/plan`)).json()) as { items: { id: string }[] };
    const answer = await context.request.post(`${base}/plan/statements`, {
      headers: { 'X-Sitecast': '1' },
      data: { id: randomBytes(16).toString('base64url'), kind: 'progress', plan_item: plan.items[0]!.id, capture_id: capture, percentage: 50 },
    });
    expect(answer.status()).toBe(201);
    await page.getByText('完成 50%').last().waitFor({ timeout: 30_000 });
    await page.getByRole('link', { name: '看依据' }).last().click();
    await page.waitForURL(`**/c/${capture}*`);
  });

  it('takes progress from a moment of a recording', async () => {
    const filming = await stack.film('--source', 'test:', '--duration', '3');
    await filming.end;
    capture = filming.capture;
    const { page } = centre;
    // Pressed before anything of the recording is here: the moment is that of the address.
    let pressed = (): void => undefined;
    const asked = new Promise<void>((done) => (pressed = done));
    await page.route('**/playlist*', async (route) => {
      await asked;
      await route.continue();
    });
    await page.goto(`/c/${capture}?t=2`);
    await page.getByRole('button', { name: '用这一刻记录进度' }).click();
    pressed();
    await page.getByLabel('计划项').selectOption({ label: '1 钢柱吊装' });
    await page.getByRole('button', { name: '75%', exact: true }).click();
    await page.getByLabel('说明（可不填）').fill('柱子已立好三排');
    await assertAccessible(page, 'progress on a recording');
    await screenshot(page, 'capture-plan', { size: 'desk', locale: 'zh-CN', scheme: 'light' });
    await page.getByRole('button', { name: '记录', exact: true }).click();
    await page.getByText('已记录').waitFor();
    await page.locator('ol[aria-label="钢柱吊装 的记录"]').getByText('完成 75%').waitFor({ timeout: 30_000 });
    const plan = (await (await centre.context.request.get(`/api/v1/projects/${stack.project_id}/plan`)).json()) as Plan;
    const said = plan.items[0]!.statements.at(-1)!;
    expect([plan.items[0]!.name, said.capture_id, said.text]).toEqual(['钢柱吊装', capture, '柱子已立好三排']);
    const seconds = said.media_time_us! / 1e6;
    expect(seconds, 'the moment that was on the screen').toBeGreaterThan(1.5);
    await page.goto(`/p/${stack.project_id}/plan`);
    await page.getByText('完成 75%').last().waitFor();
    const link = page.getByRole('link', { name: '看依据 钢柱吊装' }).last();
    expect(await link.getAttribute('href')).toContain(`/c/${capture}?t=${Math.round(seconds * 10) / 10}`);
    await link.click();
    await page.waitForURL(`**/c/${capture}*`);
  });

  it('is spoken of on its own line too, on the newest footage', async () => {
    const { page } = centre;
    await page.goto(`/p/${stack.project_id}/plan`);
    const row = page.locator('ul.items article').filter({ hasText: '竣工验收' });
    await row.getByText('记录进度').click();
    expect(await row.getByRole('button', { name: '确认' }).count(), 'nothing was claimed').toBe(0);
    await row.locator(`option[value="${capture}"]`).waitFor({ state: 'attached' });
    await row.getByLabel('以哪段录像或照片为依据').selectOption(capture);
    await row.getByRole('button', { name: '申报完成' }).click();
    await row.locator('.chip', { hasText: '已申报' }).waitFor({ timeout: 30_000 });
  });

  it.each(looks)('has the claim and its footage side by side for the centre: $size $locale $scheme', async (look) => {
    const visitor = await visit(browser, stack.http, look);
    await signIn(visitor.page, 'centre', stack.accounts['centre']!);
    await visitor.page.goto(`/p/${stack.project_id}/plan`);
    await visitor.page.locator('a[href*="/review"]').click();
    await visitor.page.locator('video').waitFor();
    await visitor.page.getByText('竣工验收').first().waitFor();
    await assertAccessible(visitor.page, `review ${look.locale} ${look.scheme}`);
    await screenshot(visitor.page, 'review', look);
    const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, 'does not scroll sideways').toBeLessThanOrEqual(0);
    visitor.assertClean();
    await visitor.context.close();
  });

  it.each(looks)('is one sentence on the project: $size $locale $scheme', async (look) => {
    const owner = await visit(browser, stack.http, look);
    await signIn(owner.page, 'owner', stack.accounts['owner']!);
    await owner.page.goto(`/p/${stack.project_id}`);
    const line = owner.page.locator('main a[href*="/plan"]');
    await line.getByText('竣工验收').waitFor();
    expect(await line.textContent()).toMatch(look.locale === 'en' ? /plan/i : /计划/);
    expect(await owner.page.locator('a[href*="/review"]').count(), 'is not for owners').toBe(0);
    await assertAccessible(owner.page, `project ${look.locale} ${look.scheme}`);
    await screenshot(owner.page, 'project-plan', look);
    owner.assertClean();
    await owner.context.close();
  });

  it('puts the project with a claim to review first in the list of the centre', async () => {
    const { page } = centre;
    // A second one that nobody has filmed for a month.
    await page.route('**/api/v1/projects', async (route) => {
      const answer = await route.fetch();
      const { projects } = (await answer.json()) as { projects: Project[] };
      const real = projects[0]!;
      const monthAgo = (Date.now() - 30 * 86_400_000) * 1000;
      const silent = { ...real, id: '0'.repeat(21) + 'A', name: '二期', live: [], last_captured_at_us: monthAgo };
      await route.fulfill({ json: { projects: [silent, real] } });
    });
    await page.goto('/');
    const rows = page.locator('main li');
    await rows.first().getByText('等待复核 1 项').waitFor();
    await rows.nth(1).getByText('30 天没有新记录').waitFor();
    await assertAccessible(page, 'portfolio');
    await screenshot(page, 'portfolio', { size: 'desk', locale: 'zh-CN', scheme: 'light' });
    await page.unroute('**/api/v1/projects');
  });

  it('keeps one decision of two people who decide at once, and shows the other what it was', async () => {
    const other = await visit(browser, stack.http, { size: 'desk', locale: 'zh-CN', scheme: 'light' });
    await signIn(other.page, 'centre', stack.accounts['centre']!);
    // Who does not hear of the first decision decides on what is on the screen.
    await other.page.routeWebSocket(/updates/, () => undefined);
    await other.page.goto(`/p/${stack.project_id}/review`);
    await centre.page.goto(`/p/${stack.project_id}/review`);
    await other.page.locator('video').waitFor();
    await centre.page.locator('video').waitFor();
    await other.page.keyboard.press('r');
    await other.page.getByLabel('退回的原因').fill('缺屋面的画面');
    await other.page.locator('main h2').first().click();
    await other.page.keyboard.press('c'); // while a reason is being written: nothing
    await centre.page.keyboard.press('c');
    await centre.page.getByText('已记录').waitFor();
    await other.page.getByRole('button', { name: '退回', exact: true }).click();
    await other.page.getByRole('alert').getByText('您的操作没有记录').waitFor({ timeout: 30_000 });
    await screenshot(other.page, 'review-conflict', { size: 'desk', locale: 'zh-CN', scheme: 'light' });
    expect(await other.page.getByLabel('退回的原因').inputValue()).toBe('缺屋面的画面');
    await other.context.close();
    const plan = (await (await centre.context.request.get(`/api/v1/projects/${stack.project_id}/plan`)).json()) as Plan;
    const milestone = plan.items.find((item) => item.milestone)!;
    expect(milestone.statements.map((one) => one.kind)).toEqual(['milestone.claimed', 'milestone.confirmed']);
    expect(milestone.statements.at(-1)!.capture_id).toBe(capture);
  });

  it('says nothing where a person may only look', async () => {
    const owner = await visit(browser, stack.http, { size: 'phone', locale: 'en', scheme: 'light' });
    await signIn(owner.page, 'owner', stack.accounts['owner']!);
    await owner.page.goto(`/p/${stack.project_id}/plan`);
    const row = owner.page.locator('ul.items article').filter({ hasText: '竣工验收' });
    await row.getByText('2 records').click({ timeout: 10_000 });
    await row.getByRole('link', { name: 'Evidence' }).first().waitFor();
    expect(await row.getByRole('button').count()).toBe(0);
    await owner.context.close();
  });

  it.each(looks)('is read by the owner: $size $locale $scheme', async (look) => {
    const owner = await visit(browser, stack.http, look);
    await signIn(owner.page, 'owner', stack.accounts['owner']!);
    await owner.page.goto(`/p/${stack.project_id}/plan`);
    await owner.page.locator('.sentence').waitFor();
    expect(await owner.page.locator('input[type=file]').count()).toBe(0);
    await assertAccessible(owner.page, `plan ${look.locale} ${look.scheme}`);
    await screenshot(owner.page, 'plan', look);
    const wide = await owner.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, 'does not scroll sideways').toBeLessThanOrEqual(0);
    await owner.context.close();
  });
});

describe('the feed', () => {
  const said = async (kind: string, place: number, more: Record<string, unknown>): Promise<void> => {
    const base = `/api/v1/projects/${stack.project_id}`;
    const plan = (await (await centre.context.request.get(`${base}/plan`)).json()) as { items: { id: string }[] };
    const answer = await centre.context.request.post(`${base}/plan/statements`, {
      headers: { 'X-Sitecast': '1' },
      data: { id: randomBytes(16).toString('base64url'), kind, plan_item: plan.items[place]!.id, ...more },
    });
    expect(answer.status()).toBe(201);
  };

  it('shows what is filmed and said without being asked again, marked as new', async () => {
    const owner = await visit(browser, stack.http, { size: 'phone', locale: 'zh-CN', scheme: 'light' });
    const { page } = owner;
    await signIn(page, 'owner', stack.accounts['owner']!);
    // Was here yesterday.
    await page.evaluate((project) => {
      const at = (Date.now() - 86_400_000) * 1000;
      localStorage.setItem(`sitecast.visit.${project}`, JSON.stringify({ previousUs: 0, lastUs: at }));
    }, stack.project_id);
    await page.goto(`/p/${stack.project_id}`);
    await page.getByRole('link', { name: '动态' }).click();
    await page.locator('[data-entry="capture"]').first().waitFor();
    await page.locator('[data-entry="statement"]', { hasText: '完成 50%' }).waitFor();
    await page.locator('[data-said="milestone.confirmed"]').getByText('已确认').waitFor();
    expect(await page.locator('[data-entry].unread').count()).toBe(await page.locator('[data-entry]').count());
    const before = Number(await page.locator('[data-unread]').getAttribute('data-unread'));

    const filming = await stack.film('--source', 'test:', '--duration', '1', '--note', '屋面第三跨开始铺板');
    await filming.end;
    await page.locator('[data-thread]').getByText('屋面第三跨开始铺板').waitFor({ timeout: 30_000 });
    await said('progress', 0, { capture_id: filming.capture, percentage: 60, text: '钢柱已吊完三排' });
    await page.locator('[data-entry="statement"]').getByText('钢柱已吊完三排').waitFor({ timeout: 30_000 });
    await eventually(
      page,
      (count) => Number(document.querySelector('[data-unread]')?.getAttribute('data-unread')) >= count,
      before + 2,
    );
    await page.locator('[data-entry="statement"]').first().getByRole('link', { name: '看依据' }).click();
    await page.waitForURL(`**/c/${filming.capture}*`);
    owner.assertClean();
    await owner.context.close();
  });

  it.each(looks)('is read: $size $locale $scheme', async (look) => {
    const visitor = await visit(browser, stack.http, look);
    const { page } = visitor;
    await signIn(page, 'owner', stack.accounts['owner']!);
    await page.evaluate((project) => {
      const at = (Date.now() - 3_600_000) * 1000;
      localStorage.setItem(`sitecast.visit.${project}`, JSON.stringify({ previousUs: 0, lastUs: at }));
    }, stack.project_id);
    await page.goto(`/p/${stack.project_id}/feed`);
    await page.locator('[data-entry="statement"]').first().waitFor();
    await page.locator('[data-thread] li').first().waitFor();
    await assertAccessible(page, `feed ${look.locale} ${look.scheme}`);
    await screenshot(page, 'feed', look);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, 'does not scroll sideways').toBeLessThanOrEqual(0);
    await page.goto(`/p/${stack.project_id}`);
    await page.locator('[data-capture]').first().waitFor();
    await screenshot(page, 'project-links', look);
    visitor.assertClean();
    await visitor.context.close();
  });
});

describe('a talk in the feed', () => {
  it('is under what it is about, for both at once, speaks to who is named, and is found', async () => {
    const owner = await visit(browser, stack.http, { size: 'phone', locale: 'zh-CN', scheme: 'light' });
    await signIn(owner.page, 'owner', stack.accounts['owner']!);
    const { page } = centre;
    for (const one of [owner.page, page]) {
      await one.goto(`/p/${stack.project_id}/feed`);
      await one.locator('[data-entry="capture"]').first().waitFor();
    }
    const session = (await (await centre.context.request.get('/api/v1/session')).json()) as { display_name: string };
    const first = (one: typeof page) => one.locator('[data-entry="capture"]').first().locator('[data-thread]');
    await first(owner.page).getByRole('button', { name: '说一句' }).click();
    await first(owner.page).getByRole('textbox').fill(`@${session.display_name} 天沟何时封闭`);
    await assertAccessible(owner.page, 'a comment in the feed');
    await first(owner.page).getByRole('button', { name: '发送' }).click();

    const asked = first(page).locator('li', { hasText: '天沟何时封闭' });
    await asked.waitFor({ timeout: 30_000 });
    await asked.locator('[data-mention]').waitFor();
    expect(await first(owner.page).locator('[data-mention]').count(), 'not to who said it').toBe(0);
    // Both at once: nothing is lost.
    await asked.getByRole('button', { name: '回复' }).click();
    await first(page).getByRole('textbox').press('End');
    await first(page).getByRole('textbox').pressSequentially('下周三');
    await first(owner.page).getByRole('button', { name: '说一句' }).click();
    await first(owner.page).getByRole('textbox').fill('雨季前能好吗');
    await Promise.all([page, owner.page].map((one) => first(one).getByRole('button', { name: '发送' }).click()));
    for (const one of [owner.page, page]) {
      for (const text of ['天沟何时封闭', '下周三', '雨季前能好吗']) {
        await first(one).locator('li', { hasText: text }).waitFor({ timeout: 30_000 });
      }
    }
    await first(owner.page).locator('li', { hasText: '下周三' }).locator('[data-mention]').waitFor();

    // What is asked to be filmed, and what is said to everybody, come without a reload.
    const asking = await owner.context.request.post(`/api/v1/projects/${stack.project_id}/directions`, {
      headers: { 'X-Sitecast': '1' },
      data: { id: randomBytes(16).toString('base64url'), kind: 'request', text: '请拍天沟' },
    });
    expect(asking.status()).toBe(201);
    await page.locator('[data-entry="request"]').getByText('待拍摄').waitFor({ timeout: 30_000 });
    const everybody = owner.page.getByRole('form', { name: '对项目的所有人说一句' });
    await everybody.getByRole('textbox').fill('周五现场见');
    await everybody.getByRole('button', { name: '发送' }).click();
    await page.locator('[data-entry="remark"]').getByText('周五现场见').waitFor({ timeout: 30_000 });
    await assertAccessible(page, 'feed with a talk');
    await screenshot(owner.page, 'feed-talk', { size: 'phone', locale: 'zh-CN', scheme: 'light' });

    await page.goto(`/p/${stack.project_id}/search?q=封闭`);
    await page.locator('[data-hit]', { hasText: '天沟何时封闭' }).click();
    await page.waitForURL('**/c/*');
    owner.assertClean();
    await owner.context.close();
  });
});

describe('the search', () => {
  it('finds a word of two characters and leads to the very moment', async () => {
    const owner = await visit(browser, stack.http, { size: 'phone', locale: 'zh-CN', scheme: 'light' });
    const { page } = owner;
    await signIn(page, 'owner', stack.accounts['owner']!);
    await page.goto(`/p/${stack.project_id}`);
    await page.getByRole('link', { name: '搜索' }).click();
    await page.getByText('输入一个词').waitFor();
    await page.getByRole('searchbox').fill('铺板');
    await page.getByRole('searchbox').press('Enter');
    await page.locator('mark', { hasText: '铺板' }).waitFor();
    await page.getByText('找到 1 条').waitFor();
    await page.getByRole('searchbox').fill('柱子');
    const hit = page.locator('[data-hit]', { hasText: '柱子已立好三排' });
    await hit.waitFor();
    expect(await page.locator('[data-hit]').count()).toBe(1);
    await page.getByText('筛选条件').click();
    await page.getByLabel('类型').selectOption('note');
    await page.getByText('没有找到').waitFor();
    await page.getByLabel('类型').selectOption('progress');
    await hit.waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toBe('柱子');
    await hit.focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/c/${capture}?t=*`);
    await page.goBack();
    await hit.waitFor();
    owner.assertClean();
    await owner.context.close();
  });

  it.each(looks)('is read: $size $locale $scheme', async (look) => {
    const visitor = await visit(browser, stack.http, look);
    const { page } = visitor;
    await signIn(page, 'centre', stack.accounts['centre']!);
    for (const [path, name] of [
      [`/p/${stack.project_id}/search?q=钢柱&kind=progress`, 'search'],
      ['/search?q=没有人说过', 'search-none'],
    ] as const) {
      await page.goto(path);
      await page.locator(name === 'search' ? '[data-hit]' : '.notice').first().waitFor();
      await assertAccessible(page, `${name} ${look.locale} ${look.scheme}`);
      await screenshot(page, name, look);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(wide, 'does not scroll sideways').toBeLessThanOrEqual(0);
    }
    visitor.assertClean();
    await visitor.context.close();
  });
});

describe('what is being written of a line', () => {
  it('stays when somebody else moves the line, and when the page is left for the evidence', async () => {
    const { page, context } = centre;
    const base = `/api/v1/projects/${stack.project_id}`;
    await page.goto(`/p/${stack.project_id}/plan`);
    await page.getByText('落后的事项（1）').click();
    const late = page.locator('details article').filter({ hasText: '钢柱吊装' });
    await late.getByText('记录进度').first().click();
    await late.getByLabel('说明').fill('焊缝还没有探伤');

    const plan = (await (await context.request.get(`${base}/plan`)).json()) as Plan;
    const item = plan.items[0]!;
    const answer = await context.request.post(`${base}/plan/statements`, {
      headers: { 'X-Sitecast': '1' },
      data: {
        id: randomBytes(16).toString('base64url'),
        kind: 'progress',
        plan_item: item.id,
        capture_id: item.statements.at(-1)!.capture_id,
        percentage: 100,
      },
    });
    expect(answer.status()).toBe(201);
    const row = page.locator('ul.items article').filter({ hasText: '钢柱吊装' });
    await row.getByText('完成 100%').first().waitFor({ timeout: 30_000 });
    await page.getByText('落后的事项').waitFor({ state: 'detached' });
    await row.getByText('记录进度').first().click();
    expect(await row.getByLabel('说明').inputValue()).toBe('焊缝还没有探伤');

    expect(await row.getByRole('button', { name: '100%', exact: true }).getAttribute('aria-pressed')).toBe('true');

    await row.getByRole('link', { name: '看依据' }).first().click();
    await page.waitForURL('**/c/*');
    await page.goBack();
    await row.getByText('记录进度').first().click();
    expect(await row.getByLabel('说明').inputValue()).toBe('焊缝还没有探伤');
    await row.getByRole('button', { name: '记录', exact: true }).click();
    await row.getByText('已记录').waitFor();
    expect(await row.getByLabel('说明').inputValue()).toBe('');
  });
});
