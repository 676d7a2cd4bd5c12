// SPDX-License-Identifier: Apache-2.0
// The agent in its worker: spool, delivery, what is recorded, and what the page is told of it. The rules are in
// README.md. One owner: the worker of the tab that holds the lock.
import { parseId } from '../../../viewer/web/src/codec/id';
import type { Body } from './proto/events';
import { sha256 } from './proto/hash';
import { IdMaker } from './proto/new_id';
import type { Sign } from './proto/running_hash';
import type { CaptureStatus, EngineStatus, Enrolment, FileOrder, RecordOrder, StatementOrder, StorageStatus } from './messages';
import { Recording } from './capture/recording';
import { Courier } from './publish/courier';
import { statusMessage, type StatusFacts } from './publish/device_status';
import type { Disk } from './spool/disk';
import { Spool, SpoolFull, type CloseReason } from './spool/spool';

const groupMs = 100; // from the first write to the flush
const blockBytes = 64 * 1024;
const mostFileBytes = 256 * 1024 * 1024; // a whole file is hashed in memory
const reserveBytes = 24 * 1024 * 1024; // room for the journal and the end of what is recorded
const lowRoomBytes = 200 * 1024 * 1024;
const lowRoomMinutes = 20;
const statusMs = 5_000;

export class Agent {
  private recording: Recording | null = null;
  private ended: EngineStatus['ended'] = null;
  private grouping: ReturnType<typeof setTimeout> | undefined;
  private closing: Promise<void> = Promise.resolve();
  private told = '';
  private toldAtMs = 0;
  private waitingSince: { cause: string; us: number } = { cause: '', us: 0 };
  storage: StorageStatus = { storedBytes: 0, leftBytes: 0, minutesLeft: null, persisted: false, lowRoom: false, full: false };

  private constructor(
    private readonly enrolment: Enrolment,
    private readonly spool: Spool,
    private readonly courier: Courier,
  ) {}

  static async start(enrolment: Enrolment, disk: Disk): Promise<Agent> {
    const sign: Sign = async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', enrolment.key, message));
    const spool = await Spool.open(disk, {
      sign,
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      ids: new IdMaker(),
    });
    let agent: Agent;
    const courier = new Courier(spool, {
      access: enrolment,
      will: () => statusMessage({ ...agent.facts(), lost: true }, enrolment),
      connected: (publish) => publish(statusMessage(agent.facts(), enrolment)),
    });
    agent = new Agent(enrolment, spool, courier);
    courier.start();
    return agent;
  }

  // The capture's id. It is durable when this resolves.
  async record(order: RecordOrder): Promise<string> {
    await this.closing;
    if (this.recording !== null) throw new Error('a recording goes on');
    await this.lookAtRoom();
    if (this.storage.full) throw new SpoolFull();
    const { id, tracks } = await this.spool.openCapture(this.enrolment.project, order.area, {
      captureKind: 'walkthrough',
      tracks: [...(order.hasVideo ? ['video'] : []), ...(order.hasSound ? ['audio'] : [])],
      source: order.source,
      ...(order.title === undefined ? {} : { title: order.title }),
    });
    this.ended = null;
    this.recording = new Recording(this.spool, id, tracks, order, () => this.groupSoon(), (reason) => {
      this.ended = { capture: id, reason };
      void this.stop(reason);
    });
    return id;
  }

  get current(): Recording | null {
    return this.recording;
  }

  // Durable when this resolves.
  stop(reason: CloseReason): Promise<void> {
    const { recording } = this;
    if (recording === null) return this.closing;
    this.recording = null;
    this.closing = recording.end().then((failure) => this.closeWhenThereIsRoom(recording.capture, failure ?? reason));
    return this.closing;
  }

  // A photo or document, whole and durable when this resolves. The capture's id.
  async store(order: FileOrder): Promise<string> {
    const { size } = order.bytes;
    if (size === 0) throw new Error('empty');
    if (size > mostFileBytes) throw new Error('too_large');
    await this.lookAtRoom();
    if (this.storage.leftBytes < size + reserveBytes) throw new SpoolFull();
    const track = order.kind === 'photo' ? 'image' : 'file';
    const hash = await sha256(new Uint8Array(await order.bytes.arrayBuffer()));
    const { id, tracks } = await this.spool.openCapture(this.enrolment.project, order.area, {
      captureKind: order.kind,
      tracks: [track],
      title: order.name,
      ...(order.photo === undefined ? {} : { photo: order.photo }),
    });
    let reason: CloseReason = 'stopped';
    try {
      for (let at = 0; at < size; at += blockBytes) {
        const block = new Uint8Array(await order.bytes.slice(at, at + blockBytes).arrayBuffer());
        const about = { name: order.name, mediaType: order.mediaType, sizeBytes: size, sha256: hash };
        const first = at === 0 ? { file: about, capturedAtUs: Math.round((order.capturedAtMs ?? Date.now()) * 1000) } : {};
        await this.spool.append(tracks[0]!.handle, { ...first, mediaTime: at, last: at + block.length === size, media: () => block });
      }
      if (order.note !== undefined) this.spool.state(this.enrolment.project, id, { body: { kind: 'note', text: order.note } });
    } catch (error) {
      reason = error instanceof SpoolFull ? 'disk_full' : 'error';
      throw error;
    } finally {
      await this.closeWhenThereIsRoom(id, reason);
    }
    return id;
  }

  // The event's id; durable when this resolves.
  async state(order: StatementOrder): Promise<string> {
    const { recording } = this;
    const capture = order.now === true ? (recording?.capture ?? null) : (order.capture ?? null);
    const about: Parameters<Spool['state']>[2] = { body: bodyOf(order) };
    if (order.area !== undefined) about.area = order.area;
    if (order.now === true && recording !== null) about.mediaTimeUs = recording.mediaTimeUs;
    return this.spool.stateNow(this.enrolment.project, capture, about);
  }

  networkChanged(): void {
    this.courier.networkChanged();
  }

  async close(): Promise<void> {
    await this.stop('stopped');
    clearTimeout(this.grouping);
    this.courier.publish(statusMessage({ ...this.facts(), online: false }, this.enrolment));
    this.courier.stop();
    await this.spool.shut();
  }

  // A few times a second.
  async look(): Promise<EngineStatus> {
    await this.lookAtRoom();
    if (this.storage.full && this.recording !== null) {
      this.ended = { capture: this.recording.capture, reason: 'disk_full' };
      void this.stop('disk_full');
    }
    if (this.spool.hasWork) this.groupSoon();
    this.tellOthers();
    const { recording } = this;
    return {
      phase: 'ready',
      why: '',
      recording: recording?.status ?? null,
      ended: this.ended,
      delivery: this.courier.machine.state(),
      unknownCaptures: this.spool.unknownCaptures.length,
      refusedEvents: this.spool.refusedEvents,
      handedOnKbps: this.courier.handedOnKbps(),
      captures: this.captures(),
      doneCaptures: this.spool.done.map(({ row }) => row.id),
      storage: this.storage,
    };
  }

  private captures(): CaptureStatus[] {
    return this.spool.captureStates().map((capture) => ({
      ...capture,
      tracks: capture.tracks.map((track) => ({ ...track, ...this.courier.machine.trackState(track.handle) })),
    }));
  }

  private groupSoon(): void {
    this.grouping ??= setTimeout(() => {
      this.grouping = undefined;
      void this.spool.sync();
    }, groupMs);
  }

  // On a device without room the end cannot be written: it is when the hub's receipts have made some.
  private async closeWhenThereIsRoom(capture: string, reason: CloseReason): Promise<void> {
    for (;;) {
      try {
        return await this.spool.closeCapture(capture, reason);
      } catch (error) {
        if (!(error instanceof SpoolFull)) throw error;
        await new Promise((done) => setTimeout(done, 1000));
      }
    }
  }

  // The browser's own figure of what is used is wrong after it was killed; what it leaves is not.
  private async lookAtRoom(): Promise<void> {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    const leftBytes = Math.max(0, quota - usage);
    const persisted = await navigator.storage.persisted();
    const bytesPerSecond = this.recording?.status.bytesPerSecond ?? 0;
    const minutesLeft = bytesPerSecond > 0 ? Math.floor(leftBytes / bytesPerSecond / 60) : null;
    const lowRoom = leftBytes < lowRoomBytes || (minutesLeft !== null && minutesLeft < lowRoomMinutes);
    const full = leftBytes < reserveBytes;
    this.storage = { storedBytes: this.spool.bytes, leftBytes, minutesLeft, persisted, lowRoom, full };
  }

  // --- what others are told (DeviceStatus)

  private facts(): StatusFacts {
    const delivery = this.courier.machine.state();
    if (delivery.cause !== this.waitingSince.cause) this.waitingSince = { cause: delivery.cause, us: Date.now() * 1000 };
    return {
      online: true,
      lost: false,
      nowUs: Date.now() * 1000,
      recording: this.recording?.capture ?? null,
      delivery,
      sinceUs: this.waitingSince.us,
      captures: this.captures(),
      storage: this.storage,
    };
  }

  private tellOthers(): void {
    const facts = this.facts();
    if (!facts.delivery.connected) return;
    const urgent = `${facts.recording} ${facts.captures.length} ${facts.delivery.cause}`;
    const nowMs = performance.now();
    const waits = facts.delivery.waitingParts + facts.delivery.waitingEvents > 0;
    if (urgent === this.told && !(waits && nowMs - this.toldAtMs >= statusMs)) return;
    this.told = urgent;
    this.toldAtMs = nowMs;
    this.courier.publish(statusMessage(facts, this.enrolment));
  }
}

function bodyOf({ body }: StatementOrder): Body {
  if (body.kind !== 'progress') return body;
  const { planItem, ...rest } = body;
  if (planItem === undefined) return rest;
  const id = parseId(planItem);
  if (id === null) throw new Error('no such line of the plan');
  return { ...rest, planItem: id };
}
