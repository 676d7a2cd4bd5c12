// SPDX-License-Identifier: Apache-2.0
// The centre takes a schedule over, a walk-through is the evidence of a line, the owner reads how far it is.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertAccessible, screenshot, signIn, startBrowser, visit, type Look, type Visitor } from './support/browser';
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
