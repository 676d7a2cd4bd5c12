// SPDX-License-Identifier: Apache-2.0
// What the spool knows beside its parts, as lines of JSON behind their CRC-32. Append-only; a new file is
// begun with all that still counts when the old one has grown, and counts from its line `whole` on. So a
// crash at any moment leaves one that is whole, and a line that is torn or rotten is as if it had never been. One owner.
import type { Disk, DiskFile } from './disk';
import { crc32 } from './record';

export interface CaptureRow {
  t: 'capture';
  id: string;
  project: string;
  kind: string;
  order: number; // lower was opened earlier
  openedMs: number;
  area: string;
  source: string;
  tracks: string[];
  continues: string; // id of the capture that a restart ended; '': none
  opened?: EventRow; // in one line with it, so that neither is there without the other
}
export interface EventRow {
  position: number; // order of sending
  id: string;
  project: string;
  capture: string;
  bytes: string; // as sent, base64url
  refused?: string; // for good, with the hub's words
}
export interface TrackEndRow {
  track: string;
  count: number;
  hash: string; // R(count), base64url
}
export interface ClosedRow {
  t: 'closed';
  id: string;
  reason: string;
  atMs: number;
  ends: TrackEndRow[];
  event?: EventRow;
}
export type Line =
  | CaptureRow
  | ClosedRow
  // All parts below `count` are at the hub, and their files may go.
  | { t: 'delivered'; id: string; track: string; count: number }
  // Nothing of it is on this device any more.
  | { t: 'forgotten'; id: string }
  | ({ t: 'event' } & EventRow)
  | { t: 'event_delivered'; id: string }
  | { t: 'event_refused'; id: string; why: string }
  | { t: 'whole' };

const encoder = new TextEncoder();
const prefix = 'journal.';

function lineBytes(line: Line): Uint8Array {
  const text = JSON.stringify(line);
  return encoder.encode(`${crc32(encoder.encode(text)).toString(16).padStart(8, '0')} ${text}\n`);
}

// All lines that are whole, and where the last of them ends.
function readLines(bytes: Uint8Array): { lines: Line[]; end: number } {
  const lines: Line[] = [];
  let whole = 0;
  for (let at = 0, end = bytes.indexOf(0x0a); end >= 0; at = end + 1, end = bytes.indexOf(0x0a, at)) {
    const text = bytes.subarray(Math.min(at + 9, end), end);
    const crc = new TextDecoder().decode(bytes.subarray(at, at + 8));
    if (text.length === 0 || Number.parseInt(crc, 16) !== crc32(text)) continue;
    lines.push(JSON.parse(new TextDecoder().decode(text)) as Line);
    whole = end + 1;
  }
  return { lines, end: whole };
}

export class Journal {
  private file!: DiskFile;
  private size = 0;
  private generation = 0;

  private constructor(private readonly disk: Disk) {}

  // The newest that is whole, and what it says; an empty one at first.
  static async open(disk: Disk): Promise<{ journal: Journal; lines: Line[] }> {
    const journal = new Journal(disk);
    const generations = (await disk.list(''))
      .filter((name) => name.startsWith(prefix))
      .map((name) => Number(name.slice(prefix.length)))
      .sort((a, b) => b - a);
    let found: Line[] | null = null;
    for (const generation of generations) {
      if (found !== null) {
        await disk.remove('', prefix + generation);
        continue;
      }
      const file = await disk.open('', prefix + generation);
      const { lines, end } = readLines(file.read(0, file.size()));
      if (!lines.some((line) => line.t === 'whole')) {
        file.close();
        await disk.remove('', prefix + generation);
        continue;
      }
      if (end < file.size()) file.truncate(end);
      journal.file = file;
      journal.size = end;
      journal.generation = generation;
      found = lines;
    }
    if (found === null) await journal.begin(1, []);
    return { journal, lines: found ?? [] };
  }

  get bytes(): number {
    return this.size;
  }

  // Written and flushed, or not at all. Throws when the device has no room.
  append(lines: Line[]): void {
    if (lines.length === 0) return;
    const before = this.size;
    try {
      for (const line of lines) this.write(line);
      this.file.flush();
    } catch (error) {
      this.size = before;
      this.file.truncate(before);
      throw error;
    }
  }

  // Goes on in a new file that begins with `lines`.
  async rewrite(lines: Line[]): Promise<void> {
    const old = { file: this.file, size: this.size, generation: this.generation };
    try {
      await this.begin(old.generation + 1, lines);
    } catch (error) {
      this.file = old.file;
      this.size = old.size;
      this.generation = old.generation;
      await this.disk.remove('', prefix + (old.generation + 1));
      throw error;
    }
    old.file.close();
    await this.disk.remove('', prefix + old.generation);
  }

  close(): void {
    this.file.close();
  }

  private async begin(generation: number, lines: Line[]): Promise<void> {
    const file = await this.disk.open('', prefix + generation);
    this.file = file;
    this.generation = generation;
    this.size = 0;
    try {
      file.truncate(0);
      for (const line of [...lines, { t: 'whole' } as const]) this.write(line);
      file.flush();
    } catch (error) {
      file.close();
      throw error;
    }
  }

  private write(line: Line): void {
    const bytes = lineBytes(line);
    this.file.write(this.size, bytes);
    this.size += bytes.length;
  }
}
