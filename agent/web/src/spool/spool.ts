// SPDX-License-Identifier: Apache-2.0
// Nothing filmed is lost: what is captured is written here before it is handed to the network, and stays until
// the hub has it by hash. README.md, "Spool", has the rules. Owner: the worker of the publishing tab, alone.
// Calls that touch files wait for one another; append() does not wait for a flush.
import { base64urlDecode, base64urlEncode } from '../../../../viewer/web/src/codec/bytes';
import { formatId, parseId } from '../../../../viewer/web/src/codec/id';
import { equalBytes } from '../proto/hash';
import { eventBytes, type Body, type TrackEnd } from '../proto/events';
import { IdMaker } from '../proto/new_id';
import { envelopeBytes, partFrame, partHash, proofBytes, type Envelope } from '../proto/part_writer';
import { RunningHash, signHead, type Sign } from '../proto/running_hash';
import type { Disk } from './disk';
import { Journal, type CaptureRow, type ClosedRow, type EventRow, type Line } from './journal';
import { holdsPart, TrackLog } from './track_log';

const headIntervalMs = 1000;
const continuesWithinMs = 30 * 60 * 1000;
const keptAsHistory = 50;
const longJournalBytes = 1024 * 1024;

export type CloseReason = 'stopped' | 'source_ended' | 'restarted' | 'damaged' | 'error' | 'disk_full';
type Opened = Omit<Extract<Body, { kind: 'capture.opened' }>, 'kind' | 'capturedAtUs' | 'continues'>;

export interface OutboxEvent {
  position: number;
  id: Uint8Array;
  project: string;
  bytes: Uint8Array;
}
export interface TrackDescription {
  handle: number;
  project: string;
  capture: Uint8Array;
  track: string;
  order: number;
  made: number;
  synced: number;
  delivered: number;
  ended: boolean;
}
export interface SyncedTrack {
  handle: number;
  synced: number;
  ended: boolean;
}
// What the delivery side hears, in this order: a track before its parts. Must not call back.
export interface SpoolListener {
  trackAdded(track: TrackDescription): void;
  partMade(handle: number, sequence: number, startsSegment: boolean, frame: Uint8Array): void;
  groupSynced(tracks: SyncedTrack[], events: OutboxEvent[]): void;
}

// A part without identity: the spool gives it that.
export type NewPart = Omit<Envelope, 'sequence'> & { media(sequence: number): Uint8Array };

export class SpoolFull extends Error {}

export interface SpoolTrack {
  readonly handle: number;
  readonly track: string;
}

interface Track extends SpoolTrack {
  log: TrackLog;
  capture: Capture;
  running: RunningHash;
  signedAtMs: number;
  chain: Promise<unknown>; // appends, one after another
  delivered: number;
  ended: boolean;
  failed: boolean; // to be flushed
  standing: Error | null; // why a part was not taken; the track ends before it
}

interface Capture {
  row: CaptureRow;
  id: Uint8Array;
  closed: ClosedRow | null;
  tracks: Track[];
  events: number; // of it, that wait for the hub
}

export interface CaptureState {
  id: string;
  kind: string;
  area: string;
  openedMs: number;
  reason: CloseReason | null; // null: it is recorded
  continues: string;
  tracks: { handle: number; track: string; made: number; synced: number; delivered: number; bytes: number }[];
}

export interface SpoolSettings {
  sign: Sign;
  nowMs(): number; // wall clock
  monotonicMs(): number;
  ids: IdMaker;
}

const text = (id: Uint8Array): string => formatId(id)!;
const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError';

export class Spool {
  private readonly captures = new Map<string, Capture>();
  private readonly tracks = new Map<number, Track>();
  private history: { row: CaptureRow; closed: ClosedRow }[] = [];
  private readonly events = new Map<string, EventRow>();
  private position = 0; // of the last event
  private order = 0; // of the last capture
  private handles = 0;
  private stated: EventRow[] = []; // not in the journal yet
  private lines: Line[] = []; // to be written with the next group
  private freeing = new Set<Track>();
  private unclosed = new Map<Capture, CloseReason>(); // ended, and there was no room to say so
  private turn: Promise<unknown> = Promise.resolve();
  private listener: SpoolListener | null = null;
  private unknown: string[] = [];

  private constructor(
    private readonly disk: Disk,
    private readonly journal: Journal,
    private readonly settings: SpoolSettings,
  ) {}

  // With everything that an earlier process left: what it was recording is closed at its last whole part.
  static async open(disk: Disk, settings: SpoolSettings): Promise<Spool> {
    const { journal, lines } = await Journal.open(disk);
    const spool = new Spool(disk, journal, settings);
    const { delivered, forgotten } = spool.readJournal(lines);
    for (const capture of spool.captures.values()) await spool.loadCapture(capture, delivered);
    for (const capture of spool.captures.values()) {
      if (capture.closed === null) {
        await spool.closeIfRoom(capture, capture.tracks.some((track) => track.log.damaged) ? 'damaged' : 'restarted');
      }
    }
    await spool.removeUnknown(forgotten);
    spool.flushLines();
    await spool.rewriteIfRoom();
    return spool;
  }

  // Tells `listener` of everything that waits, and of what follows.
  listen(listener: SpoolListener): void {
    this.listener = listener;
    for (const track of this.tracks.values()) listener.trackAdded(this.describe(track));
    listener.groupSynced([], [...this.events.values()].filter((row) => row.refused === undefined).map(outboxEvent));
  }

  // The capture and its opening are durable when this resolves. A walk-through goes on from one that was cut off
  // within the last half hour.
  async openCapture(project: string, area: string, opened: Opened): Promise<{ id: string; tracks: SpoolTrack[] }> {
    return this.inTurn(async () => {
      const id = this.settings.ids.make();
      const nowMs = this.settings.nowMs();
      const before = opened.captureKind === 'walkthrough' ? this.interrupted(project, area, opened, nowMs) : null;
      const row: CaptureRow = {
        t: 'capture',
        id: text(id),
        project,
        kind: opened.captureKind,
        order: ++this.order,
        openedMs: nowMs,
        area,
        source: opened.source ?? '',
        tracks: opened.tracks,
        continues: before ?? '',
      };
      const body: Body = { ...opened, kind: 'capture.opened', capturedAtUs: Math.round(nowMs * 1000) };
      if (before !== null) body.continues = parseId(before)!;
      const capture: Capture = { row, id, closed: null, tracks: [], events: 1 };
      for (const name of row.tracks) {
        const running = await RunningHash.begin(id, name);
        capture.tracks.push(this.newTrack(capture, running, await TrackLog.begin(this.disk, row.id, name, running.value)));
      }
      const event = this.eventOf(id, { body, area }, project);
      this.write([{ ...row, opened: event }]);
      this.captures.set(row.id, capture);
      this.events.set(event.id, event);
      for (const track of capture.tracks) {
        this.tracks.set(track.handle, track);
        this.listener?.trackAdded(this.describe(track));
      }
      this.listener?.groupSynced([], [outboxEvent(event)]);
      return { id: row.id, tracks: capture.tracks };
    });
  }

  // Resolves when it is written (not flushed yet). SpoolFull: there is no room, and it was not taken.
  // After one that was not taken none is.
  append(handle: number, part: NewPart): Promise<void> {
    const track = this.tracks.get(handle)!;
    const step = track.chain.then(() => this.appendNow(track, part));
    track.chain = step.catch((error: Error) => (track.standing ??= error));
    return step;
  }

  // Something stated, of a capture or of none; durable with the next group. Its id.
  state(project: string, captureId: string | null, about: { body: Body; area?: string; mediaTimeUs?: number }): string {
    const row = this.eventOf(captureId === null ? null : parseId(captureId), about, project);
    const capture = this.captures.get(row.capture); // it may be wholly at the hub, and forgotten here
    if (capture !== undefined) capture.events += 1;
    this.stated.push(row);
    return row.id;
  }

  // The same, durable when it resolves. SpoolFull: there is no room, and it was not taken.
  async stateNow(...what: Parameters<Spool['state']>): Promise<string> {
    const id = this.state(...what);
    await this.sync();
    const at = this.stated.findIndex((row) => row.id === id);
    if (at < 0) return id;
    const [row] = this.stated.splice(at, 1);
    const capture = this.captures.get(row!.capture);
    if (capture !== undefined) capture.events -= 1;
    throw new SpoolFull();
  }

  // Ends its tracks; durable when this resolves.
  async closeCapture(id: string, reason: CloseReason): Promise<void> {
    const capture = this.captures.get(id);
    if (capture === undefined) return;
    await Promise.all(capture.tracks.map((track) => track.chain));
    await this.inTurn(async () => {
      if (capture.closed !== null) return;
      this.group();
      await this.close(capture, reason);
      this.group();
    });
  }

  // Makes durable what was written and stated, and says so. To be called within 200 ms of an append or a statement.
  async sync(): Promise<void> {
    await this.inTurn(async () => {
      this.group();
      for (const track of this.tracks.values()) {
        if (track.ended || track.failed || !track.log.isFull) continue;
        const step = track.chain.then(() => this.roll(track));
        track.chain = step.catch(() => undefined);
        await step;
      }
      for (const track of this.freeing) await track.log.free(track.delivered);
      this.freeing.clear();
      for (const capture of [...this.captures.values()]) await this.forgetIfDone(capture);
      this.flushLines();
      for (const [capture, reason] of [...this.unclosed]) await this.closeIfRoom(capture, reason);
      if (this.journal.bytes > longJournalBytes) await this.rewriteIfRoom();
    });
  }

  // The frame as it is published; null: not readable (any more).
  frame(handle: number, sequence: number): Promise<Uint8Array | null> {
    return this.inTurn(async () => (await this.tracks.get(handle)?.log.frame(sequence)) ?? null);
  }
  frameBytes(handle: number, sequence: number): number {
    return this.tracks.get(handle)?.log.frameBytes(sequence) ?? 0;
  }
  runningHash(handle: number, count: number): Uint8Array | null {
    return this.tracks.get(handle)?.log.hashAt(count) ?? null;
  }

  // The hub has parts [0, count) and its running hash is ours: their files go with the next group.
  delivered(handle: number, count: number): void {
    const track = this.tracks.get(handle);
    if (track === undefined || count <= track.delivered) return;
    track.delivered = count;
    const whole = track.ended && count >= track.log.made;
    if (!whole && !track.log.wouldFree(count)) return; // the hub says it again after a restart
    this.lines.push({ t: 'delivered', id: track.capture.row.id, track: track.track, count });
    this.freeing.add(track);
  }
  eventsDelivered(ids: Uint8Array[]): void {
    for (const id of ids) {
      const row = this.events.get(text(id));
      if (row === undefined) continue;
      this.events.delete(row.id);
      const capture = this.captures.get(row.capture);
      if (capture !== undefined) capture.events -= 1;
      this.lines.push({ t: 'event_delivered', id: row.id });
    }
  }
  // For good: kept here for people to see.
  eventRefused(id: Uint8Array, why: string): void {
    const row = this.events.get(text(id));
    if (row === undefined || row.refused !== undefined) return;
    row.refused = why;
    this.lines.push({ t: 'event_refused', id: row.id, why });
  }

  // Of what waits or is recorded, oldest first.
  captureStates(): CaptureState[] {
    return [...this.captures.values()].map(stateOf);
  }
  get refusedEvents(): number {
    return [...this.events.values()].filter((row) => row.refused !== undefined).length;
  }
  // Folders with parts that the journal does not name: kept for people, and never sent.
  get unknownCaptures(): readonly string[] {
    return this.unknown;
  }
  // In files of its own.
  get bytes(): number {
    let sum = this.journal.bytes;
    for (const track of this.tracks.values()) sum += track.log.bytes;
    return sum;
  }
  // Nothing is written or stated that is not durable.
  get isSynced(): boolean {
    return this.stated.length === 0 && [...this.tracks.values()].every((track) => track.log.synced === track.log.made);
  }
  get hasWork(): boolean {
    return !this.isSynced || this.lines.length > 0 || this.freeing.size > 0 || this.unclosed.size > 0;
  }
  // Captures that are wholly at the hub, the newest last: their ends as they were signed.
  get done(): readonly { row: CaptureRow; closed: ClosedRow }[] {
    return this.history;
  }

  async shut(): Promise<void> {
    await this.inTurn(async () => {
      this.group();
      this.flushLines();
      for (const track of this.tracks.values()) track.log.close();
      this.journal.close();
    });
  }

  private inTurn<T>(what: () => Promise<T>): Promise<T> {
    const step = this.turn.then(what);
    this.turn = step.catch(() => undefined);
    return step;
  }

  private async appendNow(track: Track, part: NewPart): Promise<void> {
    if (track.standing !== null) throw track.standing;
    if (track.ended || track.failed) throw new Error(`track ${track.track} has ended`);
    const { media: makeMedia, ...about } = part;
    const sequence = track.running.count;
    const media = makeMedia(sequence);
    const envelope = envelopeBytes({ ...about, sequence });
    const hash = await partHash(envelope, media);
    const next = RunningHash.at(sequence, track.running.value);
    await next.add(hash);
    const nowMs = this.settings.monotonicMs();
    const signs = sequence === 0 || part.last === true || nowMs - track.signedAtMs >= headIntervalMs;
    const head = signs ? await signHead(this.settings.sign, track.capture.id, track.track, next) : undefined;
    const frame = partFrame(envelope, proofBytes(hash, head), media);
    if (track.ended || track.failed) throw new Error(`track ${track.track} has ended`);
    try {
      track.log.append(next.value, frame);
    } catch (error) {
      throw isFull(error) ? new SpoolFull() : error;
    }
    track.running = next;
    if (signs) track.signedAtMs = nowMs;
    this.listener?.partMade(track.handle, sequence, about.initSegment !== undefined, frame);
  }

  // Flushes parts, then the journal, then says so.
  private group(): void {
    this.flushLines([...this.tracks.values()].flatMap((track) => this.flushParts(track)));
  }

  // What there is to say of it.
  private flushParts(track: Track): SyncedTrack[] {
    if (track.failed || track.log.synced === track.log.made) return [];
    try {
      track.log.flush();
    } catch {
      track.failed = true; // never flushed again as if nothing had happened
      return [];
    }
    return [{ handle: track.handle, synced: track.log.synced, ended: false }];
  }

  // With what was appended since its group. What was flushed counts whether or not there is another file.
  private async roll(track: Track): Promise<void> {
    this.flushLines(this.flushParts(track));
    if (track.failed) return;
    await track.log.roll().catch((error: Error) => (track.standing ??= error));
  }

  // Events and bookkeeping that wait for the journal, which is said of the events and of what was `synced` before. When
  // there is no room they wait on.
  private flushLines(synced: SyncedTrack[] = []): void {
    const events = this.writeLines();
    if (synced.length > 0 || events.length > 0) this.listener?.groupSynced(synced, events);
  }

  private writeLines(): OutboxEvent[] {
    const stated = this.stated;
    try {
      this.write([...stated.map((row) => ({ t: 'event' as const, ...row })), ...this.lines]);
    } catch (error) {
      if (error instanceof SpoolFull) return [];
      throw error;
    }
    for (const row of stated) this.events.set(row.id, row);
    this.stated = [];
    this.lines = [];
    return stated.map(outboxEvent);
  }

  // On a device without room its captures are delivered all the same, which makes some.
  private async closeIfRoom(capture: Capture, reason: CloseReason): Promise<void> {
    this.unclosed.set(capture, reason);
    try {
      await this.close(capture, reason);
    } catch (error) {
      if (error instanceof SpoolFull) return;
      throw error;
    }
    this.unclosed.delete(capture);
  }

  private async rewriteIfRoom(): Promise<void> {
    try {
      await this.journal.rewrite(this.snapshot());
    } catch (error) {
      if (!isFull(error)) throw error; // the old one goes on
    }
  }

  private write(lines: Line[]): void {
    try {
      this.journal.append(lines);
    } catch (error) {
      throw isFull(error) ? new SpoolFull() : error;
    }
  }

  private async close(capture: Capture, reason: CloseReason): Promise<void> {
    const ends: TrackEnd[] = [];
    for (const track of capture.tracks) track.ended = true;
    for (const { track, log } of capture.tracks) {
      const end: TrackEnd = { track, partCount: log.synced };
      const runningHash = log.hashAt(log.synced);
      if (log.synced > 0 && runningHash !== null) {
        end.runningHash = runningHash;
        const running = RunningHash.at(log.synced, runningHash);
        end.head = await signHead(this.settings.sign, capture.id, track, running);
      }
      ends.push(end);
    }
    const body: Body = { kind: 'capture.closed', tracks: ends, reason };
    const event = this.eventOf(capture.id, { body, area: capture.row.area }, capture.row.project);
    const rows = ends.map((end) => ({
      track: end.track,
      count: end.partCount,
      hash: base64urlEncode(end.runningHash ?? new Uint8Array(0)),
    }));
    const closed: ClosedRow = { t: 'closed', id: capture.row.id, reason, atMs: this.settings.nowMs(), ends: rows, event };
    this.write([closed]);
    capture.closed = closed;
    capture.events += 1;
    this.events.set(event.id, event);
    for (const track of capture.tracks) track.log.end();
    this.listener?.groupSynced(
      capture.tracks.map((track) => ({ handle: track.handle, synced: track.log.synced, ended: true })),
      [outboxEvent(event)],
    );
    for (const track of capture.tracks) {
      if (track.delivered < track.log.synced) continue;
      this.freeing.add(track); // delivered before it ended
    }
  }

  private async forgetIfDone(capture: Capture): Promise<void> {
    const { closed } = capture;
    if (closed === null || closed.reason === 'damaged' || capture.events > 0) return; // damaged: more of it may be here
    if (capture.tracks.some((track) => track.delivered < track.log.synced || track.log.damaged)) return;
    this.flushLines();
    try {
      this.write([{ t: 'forgotten', id: capture.row.id }]);
    } catch (error) {
      if (error instanceof SpoolFull) return; // with the next group
      throw error;
    }
    for (const track of capture.tracks) {
      track.log.close();
      this.tracks.delete(track.handle);
    }
    this.captures.delete(capture.row.id);
    this.remember(capture.row, withoutEvent(closed));
    await this.disk.remove(capture.row.id, '');
  }

  private remember(row: CaptureRow, closed: ClosedRow): void {
    this.history = [...this.history, { row, closed }].slice(-keptAsHistory);
  }

  // The capture that a restart ended and that this one goes on from.
  private interrupted(project: string, area: string, opened: Opened, nowMs: number): string | null {
    const all = [...this.history, ...[...this.captures.values()].map(({ row, closed }) => ({ row, closed }))];
    const taken = new Set(all.map(({ row }) => row.continues));
    const found = all.findLast(
      ({ row, closed }) =>
        closed?.reason === 'restarted' &&
        Math.abs(nowMs - closed.atMs) <= continuesWithinMs &&
        row.kind === opened.captureKind &&
        row.project === project &&
        row.area === area &&
        row.source === (opened.source ?? ''),
    );
    return found === undefined || taken.has(found.row.id) ? null : found.row.id;
  }

  private eventOf(
    capture: Uint8Array | null, // its id
    about: { body: Body; area?: string; mediaTimeUs?: number },
    project: string,
  ): EventRow {
    const eventId = this.settings.ids.make();
    const bytes = eventBytes({
      ...about,
      eventId,
      statedAtUs: Math.round(this.settings.nowMs() * 1000),
      ...(capture === null ? {} : { capture }),
    });
    const position = ++this.position;
    return { position, id: text(eventId), project, capture: capture === null ? '' : text(capture), bytes: base64urlEncode(bytes) };
  }

  private newTrack(capture: Capture, running: RunningHash, log: TrackLog): Track {
    const chain = Promise.resolve();
    const handle = ++this.handles;
    return { handle, track: log.track, log, capture, running, signedAtMs: 0, chain, delivered: 0, ended: false, failed: false, standing: null };
  }

  private describe(track: Track): TrackDescription {
    const { row, id } = track.capture;
    const { log, handle, delivered, ended } = track;
    return { handle, project: row.project, capture: id, track: track.track, order: row.order, made: log.made, synced: log.synced, delivered, ended };
  }

  // --- what an earlier process left

  // Any line may be missing: it may have rotted.
  private readJournal(lines: Line[]): { delivered: Map<string, number>; forgotten: Set<string> } {
    const delivered = new Map<string, number>();
    const forgotten = new Set<string>();
    const take = (event: EventRow | undefined): void => {
      if (event === undefined) return;
      this.events.set(event.id, event);
      this.position = Math.max(this.position, event.position);
    };
    for (const line of lines) {
      switch (line.t) {
        case 'capture': {
          const { opened, ...row } = line;
          this.captures.set(row.id, { row, id: parseId(row.id)!, closed: null, tracks: [], events: 0 });
          this.order = Math.max(this.order, row.order);
          take(opened);
          break;
        }
        case 'closed': {
          const { event, ...closed } = line;
          const capture = this.captures.get(line.id);
          if (capture !== undefined) capture.closed = closed;
          take(event);
          break;
        }
        case 'delivered':
          delivered.set(`${line.id}/${line.track}`, line.count);
          break;
        case 'forgotten': {
          const capture = this.captures.get(line.id);
          forgotten.add(line.id);
          this.captures.delete(line.id);
          if (capture !== undefined && capture.closed !== null) this.remember(capture.row, capture.closed);
          break;
        }
        case 'event': {
          const { t: _, ...row } = line;
          take(row);
          break;
        }
        case 'event_delivered':
          this.events.delete(line.id);
          break;
        case 'event_refused': {
          const row = this.events.get(line.id);
          if (row !== undefined) row.refused = line.why;
          break;
        }
        case 'whole':
          break;
      }
    }
    for (const row of this.events.values()) {
      const capture = this.captures.get(row.capture);
      if (capture !== undefined) capture.events += 1;
    }
    return { delivered, forgotten };
  }

  private async loadCapture(capture: Capture, deliveredOf: Map<string, number>): Promise<void> {
    for (const name of capture.row.tracks) {
      const noted = deliveredOf.get(`${capture.row.id}/${name}`) ?? 0;
      const end = capture.closed?.ends.find((each) => each.track === name);
      const begin = await RunningHash.begin(capture.id, name);
      const count = end?.count ?? null;
      const log = await TrackLog.load(this.disk, capture.row.id, name, begin.value, noted, count);
      const track = this.newTrack(capture, RunningHash.at(log.made, log.hashAt(log.made) ?? begin.value), log);
      track.delivered = Math.max(noted, log.first); // a file goes only when the hub has it
      track.ended = true;
      if (count !== null && (log.made < count || !this.endsAs(log, count, end!.hash))) log.damaged = true;
      capture.tracks.push(track);
      this.tracks.set(track.handle, track);
    }
  }

  private endsAs(log: TrackLog, count: number, hash: string): boolean {
    const ours = log.hashAt(count);
    return ours === null || count === 0 || equalBytes(ours, base64urlDecode(hash) ?? new Uint8Array(0));
  }

  // Of a capture that was forgotten, or of an opening that was cut off before the journal knew of it, nothing counts. A
  // folder with parts comes about by a journal that rotted or was set back: it stays.
  private async removeUnknown(forgotten: Set<string>): Promise<void> {
    for (const name of await this.disk.list('')) {
      if (name.startsWith('journal.') || this.captures.has(name)) continue;
      if (!forgotten.has(name) && (await holdsPart(this.disk, name))) this.unknown.push(name);
      else await this.disk.remove(name, '');
    }
  }

  // Everything that still counts, for a journal that begins anew.
  private snapshot(): Line[] {
    const lines: Line[] = [];
    for (const { row, closed } of this.history) lines.push(row, closed, { t: 'forgotten', id: row.id });
    for (const { row, closed, tracks } of this.captures.values()) {
      lines.push(row);
      if (closed !== null) lines.push(withoutEvent(closed));
      for (const { track, delivered } of tracks) {
        if (delivered > 0) lines.push({ t: 'delivered', id: row.id, track, count: delivered });
      }
    }
    for (const row of this.events.values()) lines.push({ t: 'event', ...row });
    return lines;
  }
}

function withoutEvent(closed: ClosedRow): ClosedRow {
  const { event: _, ...row } = closed;
  return row;
}

function outboxEvent(row: EventRow): OutboxEvent {
  return { position: row.position, id: parseId(row.id)!, project: row.project, bytes: base64urlDecode(row.bytes)! };
}

function stateOf({ row, closed, tracks }: Capture): CaptureState {
  return {
    id: row.id,
    kind: row.kind,
    area: row.area,
    openedMs: row.openedMs,
    reason: (closed?.reason as CloseReason | undefined) ?? null,
    continues: row.continues,
    tracks: tracks.map(({ handle, track, log, delivered }) => ({
      handle,
      track,
      made: log.made,
      synced: log.synced,
      delivered,
      bytes: log.bytes,
    })),
  };
}
