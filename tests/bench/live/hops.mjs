// SPDX-License-Identifier: Apache-2.0
// How old chunks of live captures are when the page's JavaScript has them.
//   node hops.mjs OPTIONS_JSON   ->   one line of JSON
// Options: web, http, login, captures, seconds. Chunks end with a mark and CLOCK_REALTIME in ns
// (tests/bench/fanout/viewer.h); one WebSocket for each capture, as the live page opens it.
import { launch } from './page_frames.mjs';

const options = JSON.parse(process.argv[2]);
const browser = await launch(options.web);
const page = await browser.newPage();
await page.goto(options.http + '/');
const ages = await page.evaluate(async ({ login, captures, seconds }) => {
  const signedIn = await fetch('/api/v1/session', {
    method: 'POST', headers: { 'X-Sitecast': '1', 'Content-Type': 'application/json' },
    body: JSON.stringify(login) });
  if (signedIn.status !== 200) throw new Error(`sign-in: ${signedIn.status}`);
  const mark = 0x73636661_6e6f7574n;
  const ages = [];
  let counts = false;
  for (const capture of captures) {
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/v1/captures/${capture}/live`);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      const now = performance.timeOrigin + performance.now();
      if (typeof data === 'string' || data.byteLength < 16) return;
      const tail = new DataView(data, data.byteLength - 16);
      if (counts && tail.getBigUint64(0, true) === mark) {
        ages.push(now - Number(tail.getBigUint64(8, true) / 1000n) / 1000);
      }
    };
  }
  await new Promise((done) => { setTimeout(done, 2000); });
  counts = true;
  await new Promise((done) => { setTimeout(done, seconds * 1000); });
  return ages;
}, options);
await browser.close();
console.log(JSON.stringify({ ages }));
