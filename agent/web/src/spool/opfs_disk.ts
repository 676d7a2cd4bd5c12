// SPDX-License-Identifier: Apache-2.0
// The origin's private file system (OPFS), with synchronous handles: in dedicated workers only. A folder of ours
// is one level below the root that is handed in.
import type { Disk, DiskFile } from './disk';

// lib.webworker knows it; the pages' lib.dom does not.
interface SyncAccessHandle {
  getSize(): number;
  read(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(buffer: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type SyncFileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };
type Listable = FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };

const absent = (error: unknown): boolean => error instanceof DOMException && error.name === 'NotFoundError';

class OpfsFile implements DiskFile {
  constructor(private readonly handle: SyncAccessHandle) {}

  size(): number {
    return this.handle.getSize();
  }
  read(at: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    return bytes.subarray(0, this.handle.read(bytes, { at }));
  }
  write(at: number, bytes: Uint8Array): void {
    if (this.handle.write(bytes, { at }) < bytes.length) {
      throw new DOMException('written in part only', 'QuotaExceededError');
    }
  }
  truncate(size: number): void {
    this.handle.truncate(size);
  }
  flush(): void {
    this.handle.flush();
  }
  close(): void {
    this.handle.close();
  }
}

export class OpfsDisk implements Disk {
  private constructor(private readonly root: FileSystemDirectoryHandle) {}

  static async at(name: string): Promise<OpfsDisk> {
    const origin = await navigator.storage.getDirectory();
    return new OpfsDisk(await origin.getDirectoryHandle(name, { create: true }));
  }

  async list(folder: string): Promise<string[]> {
    try {
      const names: string[] = [];
      for await (const name of (await this.folder(folder, false) as Listable).keys()) names.push(name);
      return names;
    } catch (error) {
      if (absent(error)) return [];
      throw error;
    }
  }

  async open(folder: string, name: string): Promise<DiskFile> {
    const file = await (await this.folder(folder, true)).getFileHandle(name, { create: true });
    return new OpfsFile(await (file as SyncFileHandle).createSyncAccessHandle());
  }

  async remove(folder: string, name: string): Promise<void> {
    try {
      if (name === '') await this.root.removeEntry(folder, { recursive: true });
      else await (await this.folder(folder, false)).removeEntry(name);
    } catch (error) {
      if (!absent(error)) throw error;
    }
  }

  private async folder(name: string, create: boolean): Promise<FileSystemDirectoryHandle> {
    return name === '' ? this.root : this.root.getDirectoryHandle(name, { create });
  }
}
