// SPDX-License-Identifier: Apache-2.0
// What the spool asks of the device's storage; opfs_disk.ts is the browser's, tests have one that crashes.
// One owner. A write that does not fit throws and may have written a part of its bytes.

export interface DiskFile {
  size(): number;
  // Shorter than asked for where the file ends.
  read(at: number, size: number): Uint8Array;
  write(at: number, bytes: Uint8Array): void;
  truncate(size: number): void;
  // What was written before it outlasts the process, once it has returned.
  flush(): void;
  close(): void;
}

export interface Disk {
  // Names in a folder; none when there is no such folder.
  list(folder: string): Promise<string[]>;
  // Made when it is not there, with its folder. Only one handle of a file at a time.
  open(folder: string, name: string): Promise<DiskFile>;
  // A file, or with an empty name the whole folder. Nothing happens when it is not there.
  remove(folder: string, name: string): Promise<void>;
}
