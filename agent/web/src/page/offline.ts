// SPDX-License-Identifier: Apache-2.0
// Registers the service worker. A newer build takes over by itself once no page is open (service_worker.ts).
export async function startOffline(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register(new URL('sw.js', document.baseURI), { updateViaCache: 'none' });
}
