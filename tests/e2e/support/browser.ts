// SPDX-License-Identifier: Apache-2.0
// Chromium for tests, and what every test of a page wants to know of it.
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const axeSource = readFileSync(join(root, 'viewer/web/node_modules/axe-core/axe.min.js'), 'utf8');
const screenshots = join(root, 'build/screenshots');

export const sizes = {
  small: { width: 360, height: 640 },
  phone: { width: 390, height: 844 },
  desk: { width: 1440, height: 900 },
};

export interface Look {
  size: keyof typeof sizes;
  locale: 'zh-CN' | 'en';
  scheme: 'light' | 'dark';
}

// A camera and a microphone that are drawn, and that nobody is asked about.
const camera = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];

// `microphone`: a WAV file that every page hears when it asks for one.
export async function startBrowser(microphone?: string): Promise<Browser> {
  const voice = microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${microphone}`];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', ...camera, ...voice] });
}

export interface Visitor {
  context: BrowserContext;
  page: Page;
  // Fails the test when anything was asked of another host, or a script failed.
  assertClean(): void;
}

export async function visit(browser: Browser, origin: string, look: Look): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: origin,
    viewport: sizes[look.size],
    locale: look.locale,
    colorScheme: look.scheme,
    hasTouch: look.size !== 'desk',
  });
  const foreign: string[] = [];
  const errors: string[] = [];
  const page = await context.newPage();
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && url.host !== new URL(origin).host) foreign.push(url.href);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) foreign.push(socket.url());
  });
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  page.on('console', (message) => {
    // A resource that is not there yet (a thumbnail, say) is answered with 404 and handled.
    if (message.type() === 'error' && !/Failed to load resource|WebSocket/.test(message.text())) {
      errors.push(message.text());
    }
  });
  return {
    context,
    page,
    assertClean() {
      expect(foreign, 'requests to other hosts').toEqual([]);
      expect(errors, 'errors of the page').toEqual([]);
    },
  };
}

export async function signIn(page: Page, user: string, password: string): Promise<void> {
  await page.goto('/sign-in');
  await page.locator('#user').fill(user);
  await page.locator('#password').fill(password);
  await page.locator('form button').click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
}

// Until the gateway can show a page of a capture that has just been begun.
export async function known(visitor: Visitor, capture: string): Promise<void> {
  while (!(await visitor.context.request.get(`/api/v1/captures/${capture}`)).ok()) {
    await new Promise((done) => setTimeout(done, 20));
  }
}

export async function screenshot(page: Page, name: string, look: Look): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  const file = `${name}-${look.size}-${look.locale}-${look.scheme}.png`;
  await page.screenshot({ path: join(screenshots, file) });
}

interface AxeResult {
  violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

export async function assertAccessible(page: Page, what: string): Promise<void> {
  // Through the debugger, which the page's content security policy does not bind.
  await page.evaluate(axeSource);
  const result = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResult> } };
    return axe.run();
  });
  const found = result.violations.map((violation) => ({
    rule: `${violation.id}: ${violation.help}`,
    where: violation.nodes.map((node) => `${node.html}\n${node.failureSummary ?? ''}`),
  }));
  expect(found, `accessibility of ${what}`).toEqual([]);
}

// Waits until `condition`, evaluated in the page, is true. `parameter` is handed to it.
export async function eventually<T>(
  page: Page,
  condition: (parameter: T) => boolean | Promise<boolean>,
  parameter: T,
  timeout = 20_000,
): Promise<void> {
  await page.waitForFunction(condition as never, parameter as never, { timeout, polling: 100 });
}

export interface Motion {
  frames: number;
  distinctPictures: number;
}

// Looks at the playing picture until `frames` frames were presented: how many of them differ.
export async function watchPicture(page: Page, frames: number): Promise<Motion> {
  return page.evaluate(
    (wanted) =>
      new Promise<Motion>((done, fail) => {
        const video = document.querySelector('video');
        if (video === null) {
          fail(new Error('no picture on the page'));
          return;
        }
        const giveUp = (): void => {
          const { buffered, currentTime, paused, readyState } = video;
          const ranges = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
          const state = JSON.stringify({ currentTime, paused, readyState, buffered: ranges });
          fail(new Error(`only ${count} of ${wanted} pictures within 30 s: ${state}`));
        };
        setTimeout(giveUp, 30_000);
        const canvas = document.createElement('canvas');
        canvas.width = 256;
        canvas.height = 144;
        const drawing = canvas.getContext('2d', { willReadFrequently: true })!;
        const seen = new Set<number>();
        let count = 0;
        const look = (): void => {
          drawing.drawImage(video, 0, 0, 256, 144);
          const pixels = new Uint32Array(drawing.getImageData(0, 0, 256, 144).data.buffer);
          seen.add(pixels.reduce((hash, pixel) => Math.imul(hash ^ pixel, 16_777_619), 0)); // FNV
          count++;
          if (count < wanted) video.requestVideoFrameCallback(look);
          else done({ frames: count, distinctPictures: seen.size });
        };
        video.requestVideoFrameCallback(look);
      }),
    frames,
  );
}

// Milliseconds from navigation to the largest contentful paint (W3C) of the page at `path`, once nothing
// larger has come for half a second.
export async function largestPaint(page: Page, path: string): Promise<number> {
  await page.goto(path);
  return page.evaluate(
    () =>
      new Promise<number>((done) => {
        let newest = 0;
        let quiet: ReturnType<typeof setTimeout> | undefined;
        new PerformanceObserver((list) => {
          newest = list.getEntries().at(-1)!.startTime;
          clearTimeout(quiet);
          quiet = setTimeout(() => done(newest), 500);
        }).observe({ type: 'largest-contentful-paint', buffered: true });
      }),
  );
}

// The same of a first visit with what `signedIn` holds and nothing else: an empty cache, a phone with a quarter
// of this machine's speed, and what DevTools calls Fast 4G.
export async function coldPaint(browser: Browser, origin: string, signedIn: BrowserContext, path: string): Promise<number> {
  const context = await browser.newContext({
    baseURL: origin,
    viewport: sizes.small,
    locale: 'zh-CN',
    storageState: await signedIn.storageState(),
  });
  const page = await context.newPage();
  const debug = await context.newCDPSession(page);
  const fast4g = { offline: false, latency: 165, downloadThroughput: 9e6 / 8, uploadThroughput: 1.5e6 / 8 };
  await debug.send('Network.enable');
  await debug.send('Network.emulateNetworkConditions', fast4g);
  await debug.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  const paint = await largestPaint(page, path);
  await context.close();
  return paint;
}
