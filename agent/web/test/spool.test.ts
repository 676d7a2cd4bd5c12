// SPDX-License-Identifier: Apache-2.0
// What the spool holds after crashes, with a full and with a failing disk.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { base64urlEncode } from '../../../viewer/web/src/codec/bytes';
import { formatId, parseId } from '../../../viewer/web/src/codec/id';
import { splitPartFrame } from '../../../viewer/web/src/codec/part_frame';
import { IdMaker } from '../src/proto/new_id';
import { partsFileName } from '../src/spool/track_log';
import {
  Spool,
  SpoolFull,
  type OutboxEvent,
  type SpoolListener,
  type SyncedTrack,
  type TrackDescription,
} from '../src/spool/spool';
import { MemoryDisk } from './memory_disk';

const project = 'AZNafIABcAGAAQIDBAUGCg';
const initHash8 = new Uint8Array(8).fill(7);

function seeded(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

// What was announced, as the delivery side hears it.
class Ear implements SpoolListener {
  tracks = new Map<number, TrackDescription>();
  frames = new Map<string, Uint8Array>(); // by capture/track/sequence
  synced = new Map<number, SyncedTrack>();
  events: OutboxEvent[] = [];
  trackAdded(track: TrackDescription): void {
    this.tracks.set(track.handle, track);
  }
  partMade(handle: number, sequence: number, _starts: boolean, frame: Uint8Array): void {
    this.frames.set(`${this.name(handle)}/${sequence}`, frame);
  }
  groupSynced(tracks: SyncedTrack[], events: OutboxEvent[]): void {
    for (const track of tracks) this.synced.set(track.handle, track);
    this.events.push(...events);
  }
  name(handle: number): string {
    const track = this.tracks.get(handle)!;
    return `${formatId(track.capture)}/${track.track}`;
  }
}

let nowMs = 1_800_000_000_000;
const settings = () => ({
  sign: async () => new Uint8Array(64).fill(1),
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  ids: new IdMaker(),
});
const open = (disk: MemoryDisk): Promise<Spool> => Spool.open(disk, settings());
const walk = { captureKind: 'walkthrough', tracks: ['video', 'audio'], source: 'camera' } as const;
const opened = { ...walk, tracks: [...walk.tracks] };
const part = (bytes: Uint8Array, extra: object = {}) => ({ mediaTime: 0, duration: 3000, initHash8, ...extra, media: () => bytes });
const some = (random: () => number, most: number): Uint8Array =>
  Uint8Array.from({ length: 1 + Math.floor(random() * most) }, () => Math.floor(random() * 256));

describe('the spool', () => {
  it('loses nothing that it said was durable, and makes nothing up, in a crash at any moment', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seeded(seed);
      let disk = new MemoryDisk(random);
      const ear = new Ear();
      const delivered = new Map<string, number>();
      const gone = new Set<string>(); // events that the hub has
      for (let life = 0; life < 3; life++) {
        disk.crashAfterWrites = disk.writes + Math.floor(random() * 120);
        try {
          const spool = await open(disk);
          spool.listen(ear);
          const capture = await spool.openCapture(project, 'A', opened);
          for (let n = 0; n < 40; n++) {
            const [video, audio] = capture.tracks;
            await spool.append(video!.handle, part(some(random, n === 20 ? 300_000 : 900)));
            await spool.append(audio!.handle, part(some(random, 90)));
            if (random() < 0.1) spool.state(project, capture.id, { body: { kind: 'note', text: `${n}` } });
            if (random() < 0.3) await spool.sync();
            if (random() < 0.1) {
              for (const { handle } of capture.tracks) {
                const count = Math.floor(random() * ((ear.synced.get(handle)?.synced ?? 0) + 1));
                spool.delivered(handle, count);
                delivered.set(ear.name(handle), Math.max(count, delivered.get(ear.name(handle)) ?? 0));
              }
            }
            const event = ear.events.at(-1);
            if (event !== undefined && random() < 0.1) {
              spool.eventsDelivered([event.id]);
              gone.add(formatId(event.id)!);
            }
          }
          if (random() < 0.5) await spool.closeCapture(capture.id, 'stopped');
          await spool.sync();
        } catch (error) {
          if (!disk.crashed) throw error; // whatever it was, the process is gone
        }
        disk = disk.afterCrash();
      }
      const before = new Map([...ear.synced].map(([handle, { synced }]) => [ear.name(handle), synced]));
      const spool = await open(disk);
      const after = new Ear();
      spool.listen(after);
      const waiting = new Map(spool.captureStates().map((state) => [state.id, state]));
      for (const [name, synced] of before) {
        const [id, trackName] = name.split('/');
        const state = waiting.get(id!);
        if (state === undefined) {
          expect(spool.done.some(({ row }) => row.id === id), `seed ${seed}: ${name} is forgotten`).toBe(true);
          expect(delivered.get(name) ?? 0).toBeGreaterThanOrEqual(synced);
          continue;
        }
        const track = state.tracks.find((each) => each.track === trackName)!;
        expect(track.synced, `seed ${seed}: ${name}`).toBeGreaterThanOrEqual(synced);
        let running = createHash('sha256').update('sitecast track v1').update(Buffer.from(id!, 'base64url')).update(trackName!).digest();
        for (let n = 0; n < track.synced; n++) {
          const made = ear.frames.get(`${name}/${n}`)!;
          const { envelopeBytes, media } = splitPartFrame(made)!;
          const hash = createHash('sha256').update(envelopeBytes).update(media).digest();
          running = createHash('sha256').update(running).update(hash).digest();
          const frame = await spool.frame(track.handle, n);
          if (frame === null) expect(n, `seed ${seed}: ${name}/${n} was freed`).toBeLessThan(delivered.get(name) ?? 0);
          else expect(Buffer.compare(frame, made)).toBe(0);
        }
        if (track.synced > 0) expect(base64urlEncode(spool.runningHash(track.handle, track.synced)!)).toBe(running.toString('base64url'));
      }
      const ids = after.events.map(({ id }) => formatId(id)!);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { id } of ear.events) {
        if (!gone.has(formatId(id)!)) expect(ids, `seed ${seed}`).toContain(formatId(id));
      }
    }
  }, 60_000);

  it('closes what was recorded at its last whole part, and the next walk-through goes on from it', async () => {
    const disk = new MemoryDisk(() => 0);
    const spool = await open(disk);
    const { id, tracks } = await spool.openCapture(project, 'A', opened);
    await spool.append(tracks[0]!.handle, part(new Uint8Array(10)));
    await spool.sync();
    await spool.append(tracks[0]!.handle, part(new Uint8Array(10))); // never flushed

    const next = await open(disk.afterCrash());
    const [state] = next.captureStates();
    expect(state).toMatchObject({ id, reason: 'restarted' });
    expect(state!.tracks.map(({ synced }) => synced)).toEqual([1, 0]);
    const ear = new Ear();
    next.listen(ear);
    expect(ear.events.length).toBe(2); // opened, closed
    await next.openCapture(project, 'B', opened); // another area: another walk
    expect(next.captureStates().at(-1)!.continues).toBe('');
    await next.openCapture(project, 'A', opened);
    expect(next.captureStates().at(-1)!.continues).toBe(id);
    await next.openCapture(project, 'A', opened);
    expect(next.captureStates().at(-1)!.continues, 'only once').toBe('');
  });

  it('does not go on from what was cut off long ago', async () => {
    const disk = new MemoryDisk(() => 1);
    await (await open(disk)).openCapture(project, 'A', opened);
    const next = await open(disk.afterCrash());
    nowMs += 31 * 60_000;
    await next.openCapture(project, 'A', opened);
    expect(next.captureStates().at(-1)!.continues).toBe('');
  });

  it('frees whole files that the hub has, and forgets a capture when nothing of it waits', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const ear = new Ear();
    spool.listen(ear);
    const { id, tracks } = await spool.openCapture(project, 'A', { captureKind: 'document', tracks: ['file'] });
    const { handle } = tracks[0]!;
    for (let n = 0; n < 200; n++) {
      await spool.append(handle, { mediaTime: n * 65_536, media: () => new Uint8Array(65_536) });
      if (n % 10 === 0) await spool.sync();
    }
    await spool.sync();
    const files = disk.names().filter((name) => name.startsWith(id));
    expect(files.length).toBe(3);
    spool.delivered(handle, 199);
    await spool.sync();
    expect(disk.names().filter((name) => name.startsWith(id))).toEqual(files.slice(2));
    expect(await spool.frame(handle, 199)).not.toBeNull();
    await spool.closeCapture(id, 'stopped');
    spool.delivered(handle, 200);
    await spool.sync();
    expect(spool.captureStates().length, 'its events wait').toBe(1);
    spool.eventsDelivered(ear.events.map((event) => event.id));
    await spool.sync();
    expect(spool.captureStates()).toEqual([]);
    expect(disk.names().filter((name) => name.startsWith(id))).toEqual([]);
    const again = await open(disk.afterCrash());
    expect(again.done.map(({ row }) => row.id)).toEqual([id]);
  }, 30_000);

  it('refuses a part that does not fit, and keeps what it has', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const { id, tracks } = await spool.openCapture(project, 'A', opened);
    const { handle } = tracks[0]!;
    await spool.append(handle, part(new Uint8Array(1000)));
    disk.capacity = disk.used() + 500;
    await expect(spool.append(handle, part(new Uint8Array(1000)))).rejects.toThrow(SpoolFull);
    disk.capacity = Infinity;
    await expect(spool.append(handle, part(new Uint8Array(7))), 'nothing goes on behind the gap').rejects.toThrow(SpoolFull);
    await spool.closeCapture(id, 'disk_full');
    const next = await open(disk.afterCrash());
    expect(next.captureStates()[0]).toMatchObject({ reason: 'disk_full', tracks: [{ synced: 1 }, { synced: 0 }] });
    expect(splitPartFrame((await next.frame(1, 0))!)!.media.length).toBe(1000);
  });

  it('starts on a device without room, and says how a capture ended when the hub has made some', async () => {
    const disk = new MemoryDisk(() => 0);
    const spool = await open(disk);
    const { id, tracks } = await spool.openCapture(project, '', { captureKind: 'document', tracks: ['file'] });
    for (let n = 0; n < 70; n++) await spool.append(tracks[0]!.handle, { mediaTime: n * 65_536, media: () => new Uint8Array(65_536) });
    await spool.sync();
    await spool.append(tracks[0]!.handle, { mediaTime: 70 * 65_536, media: () => new Uint8Array(100) });
    await spool.sync();
    const after = disk.afterCrash();
    after.capacity = after.used();
    const next = await open(after);
    const ear = new Ear();
    next.listen(ear);
    expect(next.captureStates()[0]).toMatchObject({ id, reason: null, tracks: [{ synced: 71 }] });
    expect(await next.frame(1, 70)).not.toBeNull();
    await expect(next.stateNow(project, id, { body: { kind: 'note', text: '?' } })).rejects.toThrow(SpoolFull);
    next.delivered(1, 70);
    await next.sync(); // its first file goes
    await next.sync();
    expect(next.captureStates()[0]).toMatchObject({ id, reason: 'restarted' });
    expect(ear.synced.get(1)).toMatchObject({ synced: 71, ended: true });
    expect(ear.events.length, 'opened and closed: what was not taken does not come later').toBe(2);
    const last = await open(after.afterCrash());
    expect(last.captureStates()[0]).toMatchObject({ id, reason: 'restarted', tracks: [{ synced: 71, delivered: 70 }] });
  });

  it('ends a track at what was durable when a flush fails', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const { id, tracks } = await spool.openCapture(project, 'A', opened);
    await spool.append(tracks[0]!.handle, part(new Uint8Array(10)));
    await spool.sync();
    await spool.append(tracks[0]!.handle, part(new Uint8Array(10)));
    disk.failFlush = true;
    await spool.sync().catch(() => undefined);
    disk.failFlush = false;
    await expect(spool.append(tracks[0]!.handle, part(new Uint8Array(10)))).rejects.toThrow('ended');
    await spool.closeCapture(id, 'error');
    expect(spool.captureStates()[0]).toMatchObject({ reason: 'error', tracks: [{ synced: 1 }, { synced: 0 }] });
  });

  it('hands out no part that has rotted', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const { id, tracks } = await spool.openCapture(project, 'A', opened);
    for (let n = 0; n < 3; n++) await spool.append(tracks[0]!.handle, part(new Uint8Array(100)));
    await spool.closeCapture(id, 'stopped');
    disk.change(`${id}/${partsFileName('video', 0)}`, (bytes) => (bytes[60]! ^= 1));
    expect(await spool.frame(1, 0)).toBeNull();
    expect(await spool.frame(1, 1)).not.toBeNull();
  });

  it('says of what a remark is, even when all of that is at the hub already', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const ear = new Ear();
    spool.listen(ear);
    const { id, tracks } = await spool.openCapture(project, 'A', { captureKind: 'photo', tracks: ['image'] });
    await spool.append(tracks[0]!.handle, part(new Uint8Array(10)));
    await spool.closeCapture(id, 'stopped');
    spool.delivered(tracks[0]!.handle, 1);
    spool.eventsDelivered(ear.events.map((event) => event.id));
    await spool.sync();
    expect(spool.captureStates()).toEqual([]);
    await spool.stateNow(project, id, { body: { kind: 'note', text: 'crooked' } });
    expect(Buffer.from(ear.events.at(-1)!.bytes).includes(Buffer.from(parseId(id)!))).toBe(true);
    const after = new Ear();
    (await open(disk.afterCrash())).listen(after);
    expect(after.events.map((event) => event.bytes)).toEqual([ear.events.at(-1)!.bytes]);
  });

  it('hands on what is stated while it makes room', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const ear = new Ear();
    spool.listen(ear);
    const { id, tracks } = await spool.openCapture(project, 'A', { captureKind: 'photo', tracks: ['image'] });
    await spool.append(tracks[0]!.handle, part(new Uint8Array(10)));
    await spool.closeCapture(id, 'stopped');
    spool.delivered(tracks[0]!.handle, 1);
    spool.eventsDelivered(ear.events.map((event) => event.id));
    disk.removing = () => void spool.state(project, null, { body: { kind: 'note', text: 'in between' } });
    await spool.sync();
    expect(spool.isSynced).toBe(true);
    expect(Buffer.from(ear.events.at(-1)!.bytes).includes('in between')).toBe(true);
  });

  it('reads over a line of its journal that has rotted, and keeps the footage that this line was of', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const ids: string[] = [];
    for (const area of ['A', 'B']) {
      const { id, tracks } = await spool.openCapture(project, area, opened);
      await spool.append(tracks[0]!.handle, part(new Uint8Array(10)));
      await spool.closeCapture(id, 'stopped');
      ids.push(id);
    }
    await spool.stateNow(project, null, { body: { kind: 'note', text: 'behind it' } });
    const journal = disk.names().find((name) => name.startsWith('journal.'))!;
    disk.change(journal, (bytes) => (bytes[Buffer.from(bytes).indexOf(`"id":"${ids[0]}"`)]! ^= 1));
    const next = await open(disk.afterCrash());
    const ear = new Ear();
    next.listen(ear);
    expect(next.unknownCaptures).toEqual([ids[0]]);
    expect(next.captureStates().map(({ id }) => id)).toEqual([ids[1]]);
    expect(Buffer.from(ear.events.at(-1)!.bytes).includes('behind it')).toBe(true);
  });

  it('keeps footage when there is no journal, and removes folders without any', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const { id, tracks } = await spool.openCapture(project, 'A', opened);
    await spool.openCapture(project, 'B', opened); // nothing was filmed
    await spool.append(tracks[0]!.handle, part(new Uint8Array(10)));
    await spool.sync();
    const after = disk.afterCrash();
    for (const name of after.names().filter((each) => each.startsWith('journal.'))) await after.remove('', name);
    const next = await open(after);
    expect(next.unknownCaptures).toEqual([id]);
    const folders = new Set(after.names().map((name) => name.split('/')[0]!));
    expect([...folders].filter((name) => !name.startsWith('journal.'))).toEqual([id]);
    expect((await open(after.afterCrash())).unknownCaptures, 'and at the next start').toEqual([id]);
  });

  it('cuts nothing off behind a part that has rotted', async () => {
    const disk = new MemoryDisk();
    const spool = await open(disk);
    const { id, tracks } = await spool.openCapture(project, 'A', opened);
    const file = `${id}/${partsFileName('video', 0)}`;
    const sizes: number[] = [];
    for (let n = 0; n < 5; n++) {
      await spool.append(tracks[0]!.handle, part(new Uint8Array(100)));
      disk.change(file, (bytes) => void sizes.push(bytes.length));
    }
    await spool.sync();
    disk.change(file, (bytes) => (bytes[sizes[0]! + 60]! ^= 1)); // of the second
    let after = disk.afterCrash();
    for (let start = 0; start < 2; start++) {
      const next = await open(after);
      const ear = new Ear();
      next.listen(ear);
      expect(next.captureStates()[0]).toMatchObject({ id, reason: 'damaged', tracks: [{ synced: 1 }, { synced: 0 }] });
      next.delivered(1, 1);
      next.eventsDelivered(ear.events.map((event) => event.id));
      await next.sync();
      await next.sync();
      after.change(file, (bytes) => expect(bytes.length).toBe(sizes[4]));
      after = after.afterCrash();
    }
  });

  it('takes no part behind one that could not be made', async () => {
    const spool = await open(new MemoryDisk());
    const { tracks } = await spool.openCapture(project, 'A', opened);
    const wrong = (): Uint8Array => {
      throw new Error('no such sample');
    };
    const first = spool.append(tracks[0]!.handle, part(new Uint8Array(1)));
    const second = spool.append(tracks[0]!.handle, { ...part(new Uint8Array(1)), media: wrong });
    const third = spool.append(tracks[0]!.handle, part(new Uint8Array(1)));
    const other = spool.append(tracks[1]!.handle, part(new Uint8Array(1)));
    const went = (await Promise.allSettled([first, second, third, other])).map(({ status }) => status);
    expect(went).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    await spool.sync();
    expect(spool.captureStates()[0]!.tracks, 'what stands before it is flushed').toMatchObject([{ synced: 1 }, { synced: 1 }]);
  });

  it('goes on in its file when no other can be begun', async () => {
    const disk = new MemoryDisk(() => 0);
    const spool = await open(disk);
    const ear = new Ear();
    spool.listen(ear);
    const { id, tracks } = await spool.openCapture(project, '', { captureKind: 'document', tracks: ['file'] });
    const { handle } = tracks[0]!;
    let made = 0;
    const block = (): Promise<void> => spool.append(handle, { mediaTime: made++ * 65_536, media: () => new Uint8Array(65_536) });
    while (made < 70) await block();
    disk.failOpen = true;
    await spool.sync();
    await block();
    await spool.sync();
    expect(ear.synced.get(handle)).toMatchObject({ synced: 71 });
    const cut = await open(disk.afterCrash());
    expect(cut.captureStates()[0]).toMatchObject({ id, reason: 'restarted', tracks: [{ synced: 71 }] });
    disk.failOpen = false;
    await spool.sync(); // another file
    await block();
    await spool.sync();
    expect(disk.names().filter((name) => name.startsWith(id))).toEqual([0, 71].map((first) => `${id}/${partsFileName('file', first)}`));
    const next = await open(disk.afterCrash());
    expect(next.captureStates()[0]).toMatchObject({ id, reason: 'restarted', tracks: [{ synced: 72 }] });
    expect(await next.frame(1, 70)).not.toBeNull();
  });
});
