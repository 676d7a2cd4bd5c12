// SPDX-License-Identifier: Apache-2.0
// The device's keys in IndexedDB, where a CryptoKey is kept without its bytes ever being in the page.
import type { DeviceStore, Kept, KeptDevice } from './enrol';

const databaseName = 'sitecast-device';
const storeName = 'device';
const current = 'current';
const coming = 'newcomer';

function outcome<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error ?? new Error('the browser keeps nothing'));
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseName, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName);
  return outcome(request);
}

export class IndexedDbDeviceStore implements DeviceStore {
  async read(): Promise<Kept> {
    const database = await open();
    try {
      const objects = database.transaction(storeName).objectStore(storeName);
      const found = await Promise.all([current, coming].map((name) => outcome<unknown>(objects.get(name))));
      const [device = null, newcomer = null] = found as (KeptDevice | undefined)[];
      return { device, newcomer };
    } finally {
      database.close();
    }
  }

  // Durable when it resolves. What stood there of a device that was enrolled is kept under its id.
  async write(kept: KeptDevice): Promise<void> {
    const database = await open();
    try {
      const transaction = database.transaction(storeName, 'readwrite', { durability: 'strict' });
      const done = new Promise<void>((resolve, fail) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => fail(transaction.error ?? new Error('not kept'));
      });
      const objects = transaction.objectStore(storeName);
      if (kept.enrolled === null) {
        objects.put(kept, coming);
      } else {
        const before = (await outcome(objects.get(current))) as KeptDevice | undefined;
        const former = before?.enrolled?.deviceId;
        if (former !== undefined && former !== kept.enrolled.deviceId) objects.put(before, former);
        objects.put(kept, current);
        objects.delete(coming);
      }
      await done;
    } finally {
      database.close();
    }
  }
}
