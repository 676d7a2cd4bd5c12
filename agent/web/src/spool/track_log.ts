// SPDX-License-Identifier: Apache-2.0
// One track's files: append, flush, read, free. Which parts there are is told by the files alone. A file is begun
// only when all before it was flushed, so only the last one can be torn. Owner: the spool.
import { splitPartFrame } from '../../../../viewer/web/src/codec/part_frame';
import { equalBytes, sha256 } from '../proto/hash';
import { partHash } from '../proto/part_writer';
import type { Disk, DiskFile } from './disk';
import { holdsRecord, readHeader, recordBytes, recordHeaderBytes, wholeFrame } from './record';

const hashBytes = 32;
const fullFileBytes = 4 * 1024 * 1024;

const ending = '.parts';

export const partsFileName = (track: string, first: number): string => `${track}.${first}${ending}`;

// Whether a whole part lies in any file of the folder.
export async function holdsPart(disk: Disk, folder: string): Promise<boolean> {
  for (const name of await disk.list(folder)) {
    if (!name.endsWith(ending)) continue;
    const file = await disk.open(folder, name);
    const holds = holdsRecord(file.read(0, file.size()));
    file.close();
    if (holds) return true;
  }
  return false;
}

export class TrackLog {
  // Of each part from `base` on: where its record begins, and the size of its frame.
  private offsets: number[] = [];
  private sizes: number[] = [];
  private hashes = new Uint8Array(0); // R(base + 1), …
  private base = 0;
  private baseHash: Uint8Array | null; // R(base); null: not known any more
  private firsts: number[] = []; // of each file
  private writer: DiskFile | null = null; // of the last file
  private writerSize = 0;
  private reader: { first: number; file: DiskFile } | null = null;
  private storedBytes = 0;
  synced = 0;
  damaged = false; // whole parts lie behind a record that cannot be read over

  private constructor(
    private readonly disk: Disk,
    private readonly folder: string,
    readonly track: string,
    begin: Uint8Array, // R(0)
  ) {
    this.baseHash = begin;
  }

  static async begin(disk: Disk, folder: string, track: string, begin: Uint8Array): Promise<TrackLog> {
    const log = new TrackLog(disk, folder, track, begin);
    await log.beginFile();
    return log;
  }

  // What is there after a restart. `count`: what the journal says was closed; null: its process died, a tail without
  // any whole record is cut off, and what is whole is flushed. Parts below `delivered` need not be there.
  static async load(
    disk: Disk,
    folder: string,
    track: string,
    begin: Uint8Array,
    delivered: number,
    count: number | null,
  ): Promise<TrackLog> {
    const log = new TrackLog(disk, folder, track, begin);
    const firsts = (await disk.list(folder))
      .filter((name) => name.startsWith(`${track}.`) && name.endsWith(ending))
      .map((name) => Number(name.slice(track.length + 1, -ending.length)))
      .filter(Number.isSafeInteger)
      .sort((a, b) => a - b);
    while (firsts.length > 1 && firsts[1]! <= delivered) {
      await disk.remove(folder, partsFileName(track, firsts.shift()!)); // its removal did not survive
    }
    if (firsts.length === 0) {
      log.base = log.synced = Math.min(delivered, count ?? delivered);
      if (log.base > 0) log.baseHash = null;
      return log;
    }
    if (firsts[0]! > 0) {
      log.base = firsts[0]!;
      log.baseHash = null;
    }
    for (const [i, first] of firsts.entries()) {
      if (first !== log.made) {
        log.damaged = true;
        break;
      }
      const last = i === firsts.length - 1;
      log.firsts.push(first);
      const file = await disk.open(folder, partsFileName(track, first));
      const whole = await log.walk(file, last && count === null, count);
      if (!whole && !last) log.damaged = true;
      file.close();
      if (log.damaged) break;
    }
    log.synced = log.made;
    return log;
  }

  // The earliest part that is here.
  get first(): number {
    return this.base;
  }

  // Parts that were written.
  get made(): number {
    return this.base + this.sizes.length;
  }

  // In its files.
  get bytes(): number {
    return this.storedBytes;
  }

  // Throws when the device has no room; then it was not taken, and the track ends with the part before.
  append(runningHash: Uint8Array, frame: Uint8Array): void {
    const file = this.writer!;
    const record = recordBytes(this.made, runningHash, frame);
    try {
      file.write(this.writerSize, record);
    } catch (error) {
      file.truncate(this.writerSize);
      throw error;
    }
    this.add(this.writerSize, frame.length, runningHash);
    this.writerSize += record.length;
  }

  // Everything that was made is on the device when it returns.
  flush(): void {
    this.writer?.flush();
    this.synced = this.made;
  }

  get isFull(): boolean {
    return this.writer !== null && this.writerSize >= fullFileBytes;
  }

  // Goes on in another file, or in this one when none can be begun. All was flushed, and nothing may be appended
  // meanwhile. Throws when nothing may be appended any more.
  async roll(): Promise<void> {
    const old = this.writer;
    const first = this.made;
    try {
      await this.beginFile();
    } catch {
      await this.disk.remove(this.folder, partsFileName(this.track, first)); // a start would take it for a gap
      return;
    }
    old?.close();
  }

  // Nothing more is appended.
  end(): void {
    this.writer?.close();
    this.writer = null;
  }

  frameBytes(sequence: number): number {
    return this.sizes[sequence - this.base] ?? 0;
  }

  // R(count); null: not known here (any more).
  hashAt(count: number): Uint8Array | null {
    if (count === this.base) return this.baseHash;
    if (count < this.base || count > this.made) return null;
    const at = (count - this.base - 1) * hashBytes;
    return this.hashes.slice(at, at + hashBytes);
  }

  // null: freed, or not what was written.
  async frame(sequence: number): Promise<Uint8Array | null> {
    const offset = this.offsets[sequence - this.base];
    if (offset === undefined) return null;
    const first = this.firsts.findLast((each) => each <= sequence)!;
    const file = await this.fileOf(first);
    return wholeFrame(file.read(offset, recordHeaderBytes + this.frameBytes(sequence)));
  }

  // Removes files of which every part is below `count`.
  async free(count: number): Promise<void> {
    while (this.firsts.length > 1 && this.firsts[1]! <= count) {
      const first = this.firsts.shift()!;
      if (this.reader?.first === first) this.closeReader();
      await this.disk.remove(this.folder, partsFileName(this.track, first));
      const parts = this.firsts[0]! - this.base;
      this.baseHash = this.hashAt(this.firsts[0]!);
      this.offsets.splice(0, parts);
      for (const size of this.sizes.splice(0, parts)) this.storedBytes -= recordHeaderBytes + size;
      this.hashes = this.hashes.slice(parts * hashBytes);
      this.base += parts;
    }
  }

  wouldFree(count: number): boolean {
    return this.firsts.length > 1 && this.firsts[1]! <= count;
  }

  close(): void {
    this.closeReader();
    this.end();
  }

  private async fileOf(first: number): Promise<DiskFile> {
    if (this.writer !== null && first === this.firsts.at(-1)) return this.writer;
    if (this.reader?.first !== first) {
      this.closeReader();
      this.reader = { first, file: await this.disk.open(this.folder, partsFileName(this.track, first)) };
    }
    return this.reader!.file;
  }

  private closeReader(): void {
    this.reader?.file.close();
    this.reader = null;
  }

  private async beginFile(): Promise<void> {
    const first = this.made;
    const file = await this.disk.open(this.folder, partsFileName(this.track, first));
    try {
      file.truncate(0);
    } catch (error) {
      file.close();
      throw error;
    }
    this.writer = file;
    this.writerSize = 0;
    this.firsts.push(first);
  }

  private add(offset: number, frameBytes: number, runningHash: Uint8Array): void {
    this.offsets.push(offset);
    this.sizes.push(frameBytes);
    this.storedBytes += recordHeaderBytes + frameBytes;
    const end = this.sizes.length * hashBytes;
    if (this.hashes.length < end) {
      const larger = new Uint8Array(Math.max(end * 2, 64 * hashBytes));
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes.set(runningHash, end - hashBytes);
  }

  // Takes in the records of a file. `torn`: it may end in the middle of one, so each is read and checked, and what
  // is behind the last one is cut off, unless whole ones lie there: these are kept, and nobody reads over the gap. False:
  // it does not end with a whole record.
  private async walk(file: DiskFile, torn: boolean, count: number | null): Promise<boolean> {
    const size = file.size();
    let at = 0;
    while (at < size && (count === null || this.made < count)) {
      const header = readHeader(file.read(at, recordHeaderBytes));
      const fits = header !== null && at + recordHeaderBytes + header.frameBytes <= size;
      if (!fits || header.sequence !== this.made || (torn && !(await this.continues(file, at, header.frameBytes)))) {
        if (torn) {
          this.damaged = holdsRecord(file.read(at, size - at));
          if (!this.damaged) file.truncate(at);
          file.flush();
        }
        return false;
      }
      this.add(at, header.frameBytes, header.runningHash);
      at += recordHeaderBytes + header.frameBytes;
    }
    if (torn) file.flush();
    return true;
  }

  // The record is whole, and its running hash goes on from the part before.
  private async continues(file: DiskFile, at: number, frameBytes: number): Promise<boolean> {
    const record = file.read(at, recordHeaderBytes + frameBytes);
    const frame = wholeFrame(record);
    const parts = frame === null ? null : splitPartFrame(frame);
    if (parts === null) return false;
    const before = this.hashAt(this.made);
    if (before === null) return true; // the first that is here: nothing to go on from
    const hash = await partHash(parts.envelopeBytes, parts.media);
    return equalBytes(await sha256(before, hash), readHeader(record)!.runningHash);
  }
}
