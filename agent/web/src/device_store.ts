// SPDX-License-Identifier: Apache-2.0
// The device's keys in IndexedDB, where a CryptoKey is kept without its bytes ever being in the page.
import type { DeviceStore, KeptDevice } from './enrol';

const databaseName = 'sitecast-device';
const storeName = 'device';
const current = 'current';

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
  async read(): Promise<KeptDevice | null> {
    const database = await open();
    try {
      const found: unknown = await outcome(database.transaction(storeName).objectStore(storeName).get(current));
      return (found as KeptDevice | undefined) ?? null;
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
      const before = (await outcome(objects.get(current))) as KeptDevice | undefined;
      const former = before?.enrolled?.deviceId;
      if (former !== undefined && former !== kept.enrolled?.deviceId) objects.put(before, former);
      objects.put(kept, current);
      await done;
    } finally {
      database.close();
    }
  }
}
