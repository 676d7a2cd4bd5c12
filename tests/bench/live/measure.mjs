// SPDX-License-Identifier: Apache-2.0
// Looks at a live page from outside, ours or a peer's.
//   node measure.mjs OPTIONS_JSON   ->   one line of JSON
// Options: web (folder with playwright-core), address; login and http to sign in first; warmUpSeconds and
// seconds to read frames, loads to time the first picture of that many loads; hls (a playlist's address) to
// have hls.js play it in low-latency mode on the page of that address, which has nothing of its own.
import { readFileSync } from 'node:fs';
import { launch, watch } from './page_frames.mjs';

const options = JSON.parse(process.argv[2]);

const noteFirstPicture = () => {
  const watchVideo = () => {
    const video = document.querySelector('video');
    if (!video) return false;
    video.requestVideoFrameCallback(() => { window.benchFirstPictureMs = performance.now(); });
    return true;
  };
  const observer = new MutationObserver(() => { if (watchVideo()) observer.disconnect(); });
  observer.observe(document, { childList: true, subtree: true });
};

const browser = await launch(options.web);
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN' });
let page = await context.newPage();
if (options.login) {
  await page.goto(options.http + '/');
  const status = await page.evaluate(async (login) => (await fetch('/api/v1/session', {
    method: 'POST', headers: { 'X-Sitecast': '1', 'Content-Type': 'application/json' },
    body: JSON.stringify(login) })).status, options.login);
  if (status !== 200) throw new Error(`sign-in: ${status}`);
}
const result = {};
if (options.seconds) {
  await page.goto(options.address);
  if (options.hls) {
    // Through the debugger, which the page's content security policy does not bind.
    await page.evaluate(readFileSync(options.web + '/node_modules/hls.js/dist/hls.min.js', 'utf8'));
    await page.evaluate(async (playlist) => {
      // Joined in the middle: once four segments are whole.
      const list = async (address) => (await fetch(address)).text();
      const seen = async () => {
        const track = /^\/.*video.*follow=1$/m.exec(await list(playlist));
        return track === null ? 0 : ((await list(track[0])).match(/^#EXTINF/gm) ?? []).length;
      };
      while (await seen() < 4) await new Promise((done) => setTimeout(done, 100));
      const video = document.body.appendChild(document.createElement('video'));
      video.muted = true;
      const player = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5 });
      player.loadSource(playlist);
      player.attachMedia(video);
      void video.play();
    }, options.hls);
  }
  Object.assign(result, await watch(page, options.warmUpSeconds, options.seconds));
}
await page.close();

result.firstPictureMs = [];
// The first two warm the cache.
for (let load = 0; options.loads && load < options.loads + 2; load++) {
  page = await context.newPage();
  await page.addInitScript(noteFirstPicture);
  await page.goto(options.address, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.benchFirstPictureMs !== undefined, undefined,
    { timeout: 20000 });
  if (load >= 2) result.firstPictureMs.push(await page.evaluate(() => window.benchFirstPictureMs));
  await page.close();
}
await browser.close();
console.log(JSON.stringify(result));
