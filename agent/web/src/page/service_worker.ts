// SPDX-License-Identifier: Apache-2.0
// Lets the page start without a network: all files of one build are kept under that build's name, and answered from there.
// A new build is fetched beside it as a whole, and takes over when no page is open; never under one that films. Nothing else is answered here: no API, nothing of people. `vite.agent.config.ts` fills in
// the two constants; the first is the hash of all files.
declare const __SITECAST_BUILD__: string;
declare const __SITECAST_FILES__: string[]; // beside this script

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  readonly registration: { readonly scope: string };
  addEventListener(type: 'install' | 'activate', listen: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listen: (event: Fetching) => void): void;
}
const worker = self as unknown as Scope;

const prefix = 'sitecast-agent-';
const cacheName = prefix + __SITECAST_BUILD__;
const scope = worker.registration.scope;
const addresses = new Set(__SITECAST_FILES__.map((file) => new URL(file, scope).href));
const page = new URL('index.html', scope).href;

async function keep(): Promise<void> {
  const cache = await caches.open(cacheName);
  // Past the browser's own cache: a build is whole or not there.
  await cache.addAll([...addresses].map((address) => new Request(address, { cache: 'reload' })));
}

async function dropOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(prefix) && name !== cacheName).map((name) => caches.delete(name)));
}

async function kept(address: string, request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(address)) ?? fetch(request);
}

worker.addEventListener('install', (event) => event.waitUntil(keep()));
worker.addEventListener('activate', (event) => event.waitUntil(dropOthers()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const address = request.url.split(/[?#]/)[0]!;
  if (request.mode === 'navigate') event.respondWith(kept(page, request));
  else if (addresses.has(address)) event.respondWith(kept(address, request));
});
