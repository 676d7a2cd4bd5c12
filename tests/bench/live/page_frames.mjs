// SPDX-License-Identifier: Apache-2.0
// Chromium, and what it presents: reads the time code out of every presented frame of the page's first
// <video>. No hook in the product or in a peer: only the element and requestVideoFrameCallback.
import { createRequire } from 'node:module';

export const launch = (web) => createRequire(web + '/')('playwright-core').chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--disable-extensions', '--no-first-run', '--autoplay-policy=no-user-gesture-required',
    // A peer's candidates are addresses and not names that only a multicast responder knows.
    '--disable-features=WebRtcHideLocalIpsWithMdns'],
});

// In the page: one entry per presented frame. Blocks: tests/support/media/README.md.
const collect = () => {
  const state = { frames: [], unreadable: 0, waiting: 0 };
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
  video.addEventListener('waiting', () => { state.waiting++; });
  const onFrame = () => {
    const shownAtMs = performance.timeOrigin + performance.now();
    const code = read(video);
    if (code) state.frames.push([code.frame, shownAtMs - code.madeAtMs, shownAtMs]);
    else state.unreadable++;
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
};

// What `page` presents in `seconds` s after `warmUpSeconds` s of playing: [number, latency in ms, shown at]
// for each frame, and how often it waited or dropped one.
export const watch = async (page, warmUpSeconds, seconds) => {
  await page.waitForFunction(() => {
    const video = document.querySelector('video');
    return video && video.videoWidth > 0 && video.currentTime > 0;
  }, undefined, { timeout: 20000 });
  await page.waitForTimeout(warmUpSeconds * 1000);
  await page.evaluate(collect);
  const droppedBefore = await page.evaluate(
    () => document.querySelector('video').getVideoPlaybackQuality().droppedVideoFrames);
  await page.waitForTimeout(seconds * 1000);
  const { frames, unreadable, waiting, dropped } = await page.evaluate(() => ({
    ...window.benchFrames,
    dropped: document.querySelector('video').getVideoPlaybackQuality().droppedVideoFrames }));
  return { frames, unreadable, waiting, dropped: dropped - droppedBefore };
};
