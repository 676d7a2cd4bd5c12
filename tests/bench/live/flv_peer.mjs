// SPDX-License-Identifier: Apache-2.0
// A peer of scripts/bench live: HTTP-FLV by node-media-server 4, played by mpegts.js.
//   node flv_peer.mjs RTMP_PORT HTTP_PORT PAGE_PORT
// Publish to rtmp://127.0.0.1:RTMP_PORT/live/site; the page is http://127.0.0.1:PAGE_PORT/. `?chase=MAX,LEFT`
// sets liveBufferLatencyMaxLatency and liveBufferLatencyMinRemain (seconds; mpegts.js, docs/api.md
// "MediaDataSource" and "Config", chapter on live latency); without it the library's own thresholds.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';

import NodeMediaServer from 'node-media-server';

const [rtmpPort, httpPort, pagePort] = process.argv.slice(2).map(Number);
const player = readFileSync(createRequire(import.meta.url).resolve('mpegts.js/dist/mpegts.js'));
const page = `<!doctype html><meta charset="utf-8"><title>HTTP-FLV</title><video muted playsinline></video>
<script src="/mpegts.js"></script><script>
const chase = new URLSearchParams(location.search).get('chase');
const thresholds = chase === null ? {} : {
  liveBufferLatencyMaxLatency: Number(chase.split(',')[0]),
  liveBufferLatencyMinRemain: Number(chase.split(',')[1]) };
const player = mpegts.createPlayer(
  { type: 'flv', isLive: true, hasAudio: false, url: 'http://127.0.0.1:${httpPort}/live/site.flv' },
  { enableStashBuffer: false, liveBufferLatencyChasing: true, lazyLoad: false, ...thresholds });
player.attachMediaElement(document.querySelector('video'));
player.load();
player.play();
</script>`;
http.createServer((request, response) => {
  const script = request.url === '/mpegts.js';
  response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
  response.end(script ? player : page);
}).listen(pagePort, '127.0.0.1', () => console.log('ready'));

new NodeMediaServer({
  bind: '127.0.0.1', notify: {}, auth: { play: false, publish: false }, static: {},
  rtmp: { port: rtmpPort, chunk_size: 60000, gop_cache: true }, http: { port: httpPort },
}).run();
