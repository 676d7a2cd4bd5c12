// SPDX-License-Identifier: Apache-2.0
// Measures the live page from outside: reads the time code out of presented frames, and the time to
// the first picture. No hook in the product: only a <video> element and requestVideoFrameCallback.
//   node measure.mjs OPTIONS_JSON   ->   one line of JSON
import { createRequire } from 'node:module';

const options = JSON.parse(process.argv[2]);
const { chromium } = createRequire(options.web + '/')('playwright-core');

// In the page: one entry per presented frame. Blocks: tests/support/media/README.md.
const collect = () => {
  const state = { frames: [], unreadable: 0 };
  window.benchFrames = state;
  const canvas = document.createElement('canvas');
  const columns = 32, rows = 4, scale = 10, width = columns * scale, height = rows * scale;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
  const read = (video) => {
    context.drawImage(video, 0, 0, columns * 40, rows * 40, 0, 0, width, height);
    const pixels = context.getImageData(0, 0, width, height).data;
    const code = new Uint8Array(16);
    for (let bit = 0; bit < 128; bit++) {
      const x = (bit % columns) * scale + scale / 2, y = Math.floor(bit / columns) * scale + scale / 2;
      if (pixels[(y * width + x) * 4 + 1] > 128) code[bit >> 3] |= 0x80 >> (bit & 7);
    }
    let hash = 2166136261;
    for (let i = 0; i < 13; i++) hash = Math.imul(hash ^ code[i], 16777619) >>> 0;
    const sound = code[0] === 0xa5 && code[13] === hash >>> 24 && code[14] === ((hash >>> 16) & 255) &&
                  code[15] === ((hash >>> 8) & 255);
    if (!sound) return null;
    const view = new DataView(code.buffer);
    return { frame: view.getUint32(1), madeAtMs: Number(view.getBigUint64(5)) / 1000 };
  };
  const video = document.querySelector('video');
  const onFrame = () => {
    const shownAtMs = performance.timeOrigin + performance.now();
    const code = read(video);
    if (code) state.frames.push([code.frame, shownAtMs - code.madeAtMs]);
    else state.unreadable++;
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
};

const noteFirstPicture = () => {
  const watch = () => {
    const video = document.querySelector('video');
    if (!video) return false;
    video.requestVideoFrameCallback(() => { window.benchFirstPictureMs = performance.now(); });
    return true;
  };
  const observer = new MutationObserver(() => { if (watch()) observer.disconnect(); });
  observer.observe(document, { childList: true, subtree: true });
};

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--disable-extensions', '--no-first-run', '--autoplay-policy=no-user-gesture-required'],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN' });
let page = await context.newPage();
await page.goto(options.http + '/');
const status = await page.evaluate(async (login) => (await fetch('/api/v1/session', {
  method: 'POST', headers: { 'X-Sitecast': '1', 'Content-Type': 'application/json' },
  body: JSON.stringify(login) })).status, options.login);
if (status !== 200) throw new Error(`sign-in: ${status}`);

const address = `${options.http}/c/${options.capture}`;
await page.goto(address);
await page.waitForFunction(() => {
  const video = document.querySelector('video');
  return video && video.videoWidth > 0 && video.currentTime > 0;
}, undefined, { timeout: 20000 });
await page.waitForTimeout(options.warmUpSeconds * 1000);
await page.evaluate(collect);
await page.waitForTimeout(options.seconds * 1000);
const watched = await page.evaluate(() => ({
  ...window.benchFrames, muted: document.querySelector('video').muted,
  dropped: document.querySelector('video').getVideoPlaybackQuality().droppedVideoFrames }));
await page.close();

const firstPictureMs = [];
for (let load = 0; load < options.loads + 2; load++) {  // the first two warm the cache
  page = await context.newPage();
  await page.addInitScript(noteFirstPicture);
  await page.goto(address, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.benchFirstPictureMs !== undefined, undefined,
    { timeout: 20000 });
  const ms = await page.evaluate(() => window.benchFirstPictureMs);
  if (load >= 2) firstPictureMs.push(ms);
  await page.close();
}
await browser.close();
console.log(JSON.stringify({ frames: watched.frames, unreadable: watched.unreadable,
  dropped: watched.dropped, firstPictureMs }));
