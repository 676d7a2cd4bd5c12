// SPDX-License-Identifier: Apache-2.0
// A live picture through what happens to it: pages opened too early, agents that go away and come back.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, startBrowser, visit, watchPicture, type Visitor } from './support/browser';
import { startStack, type Filming, type Stack } from './support/stack';

let stack: Stack;
let browser: Browser;
let owner: Visitor;
let filming: Filming;

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser();
  owner = await visit(browser, stack.http, { size: 'phone', locale: 'zh-CN', scheme: 'light' });
  await signIn(owner.page, 'owner', stack.accounts['owner']!);
  filming = await stack.film('--source', 'test:');
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
}, 60_000);

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
    expect((await watchPicture(page, 20)).distinctPictures).toBeGreaterThan(10);
    owner.assertClean();
  });
});
