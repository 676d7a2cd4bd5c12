// SPDX-License-Identifier: Apache-2.0
// A disk that crashes and gets full: of what was not flushed any stretch of bytes may be missing or zero afterwards.
import type { Disk, DiskFile } from '../src/spool/disk';

interface Stored {
  bytes: Uint8Array;
  flushed: Uint8Array;
  handle: object | null;
}

export class MemoryDisk implements Disk {
  private files = new Map<string, Stored>();
  capacity = Infinity;
  failFlush = false;
  failOpen = false; // as the browser: the file is there all the same
  removing: () => void = () => undefined; // told at each removal
  writes = 0;
  crashAfterWrites = Infinity; // then every call throws

  constructor(private readonly random: () => number = Math.random) {}

  async list(folder: string): Promise<string[]> {
    this.check();
    const names = [...this.files.keys()];
    if (folder !== '') return names.filter((name) => name.startsWith(`${folder}/`)).map((name) => name.slice(folder.length + 1));
    return [...new Set(names.map((name) => name.split('/')[0]!))];
  }

  async open(folder: string, name: string): Promise<DiskFile> {
    this.check();
    const path = folder === '' ? name : `${folder}/${name}`;
    const empty = new Uint8Array(0);
    const file = this.files.get(path) ?? { bytes: empty, flushed: empty, handle: null };
    this.files.set(path, file);
    if (this.failOpen) throw new DOMException('no handle', 'QuotaExceededError');
    if (file.handle !== null) throw new Error(`${path} is open`);
    const handle = {};
    file.handle = handle;
    const mine = (): void => {
      this.check();
      if (file.handle !== handle) throw new Error(`${path} is closed`);
    };
    return {
      size: () => file.bytes.length,
      read: (at, size) => {
        mine();
        return file.bytes.slice(at, at + size);
      },
      write: (at, bytes) => {
        mine();
        this.writes += 1;
        const room = this.capacity - this.used() + Math.max(0, file.bytes.length - at);
        const taken = bytes.subarray(0, Math.min(bytes.length, Math.max(0, room)));
        const next = new Uint8Array(Math.max(file.bytes.length, at + taken.length));
        next.set(file.bytes);
        next.set(taken, at);
        file.bytes = next;
        if (taken.length < bytes.length) throw new DOMException('full', 'QuotaExceededError');
      },
      truncate: (size) => {
        mine();
        file.bytes = file.bytes.slice(0, size);
        file.flushed = file.flushed.slice(0, size);
      },
      flush: () => {
        mine();
        if (this.failFlush) throw new Error('input/output error');
        file.flushed = file.bytes;
      },
      close: () => {
        file.handle = null;
      },
    };
  }

  async remove(folder: string, name: string): Promise<void> {
    this.check();
    this.removing();
    const path = folder === '' ? name : `${folder}/${name}`;
    for (const each of [...this.files.keys()]) {
      if (each === path || (name === '' && each.startsWith(`${folder}/`))) this.files.delete(each);
    }
  }

  // The same files as another process finds them.
  afterCrash(): MemoryDisk {
    const next = new MemoryDisk(this.random);
    for (const [path, { bytes, flushed }] of this.files) {
      const share = Math.min(1, this.random() * 2); // often all of it, with a hole
      const kept = bytes.slice(0, flushed.length + Math.floor(share * Math.max(0, bytes.length - flushed.length)));
      kept.set(flushed.subarray(0, kept.length));
      const lost = flushed.length + Math.floor(this.random() * (kept.length - flushed.length));
      if (this.random() < 0.3) kept.fill(0, lost, lost + 100);
      next.files.set(path, { bytes: kept, flushed: kept, handle: null });
    }
    return next;
  }

  used(): number {
    let sum = 0;
    for (const { bytes } of this.files.values()) sum += bytes.length;
    return sum;
  }

  names(): string[] {
    return [...this.files.keys()];
  }

  change(path: string, what: (bytes: Uint8Array) => void): void {
    const file = this.files.get(path)!;
    file.bytes = file.bytes.slice();
    what(file.bytes);
    file.flushed = file.bytes;
  }

  get crashed(): boolean {
    return this.writes >= this.crashAfterWrites;
  }

  private check(): void {
    if (this.crashed) throw new Error('the process is gone');
  }
}
