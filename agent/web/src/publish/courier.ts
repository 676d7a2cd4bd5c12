// SPDX-License-Identifier: Apache-2.0
// Carries out what the delivery machine decides: spool on one side, the broker on the other. It never blocks the
// capture side: live goes out from memory at once; everything else in the order of its tokens, read from the
// spool when its turn comes. One owner: the worker.
import { formatId } from '../../../../viewer/web/src/codec/id';
import { formatTopic, type Topic } from '../../../../viewer/web/src/codec/topics';
import { MqttConnection } from '../net/mqtt_connection';
import type { Message } from '../net/mqtt_codec';
import { parseReceipt } from '../proto/control';
import type { OutboxEvent, Spool, SpoolListener, SyncedTrack, TrackDescription } from '../spool/spool';
import { JitteredBackoff } from './backoff';
import { Delivery, type Action } from './delivery';

export interface BrokerAccess {
  url: string; // ws:// or wss://, the gateway's /api/v1/mqtt
  project: string;
  device: string; // its user name, too
  password: string;
}

const software = 'sitecast-web 0.1.0';
const windowBytes = 8 * 1024 * 1024;
const keepAliveSeconds = 30;
const thinBytesPerUs = 0.008; // 64 kbit/s
const rateMs = 2000;
const lookMs = 20; // at the socket's buffer, while something waits in it

type Job = () => void | Promise<void>;

export interface CourierSettings {
  access: BrokerAccess;
  // What the broker says of this device when it is gone without a goodbye; null: nothing.
  will(): Message | null;
  // A connection stands; what is published by it goes out before anything else.
  connected(publish: (message: Message) => void): void;
}

export class Courier implements SpoolListener {
  readonly machine: Delivery;
  private connection: MqttConnection | null = null;
  private generation = 0; // of the connection: what is of another one counts for nothing
  private readonly tokens = new Map<number, number>(); // by packet id
  private subscribed = new Set<string>(); // projects, on this connection
  private unwritten: { token: number; endBytes: number }[] = [];
  private readonly tracks = new Map<number, { project: string; capture: string; track: string }>();
  private fresh: { handle: number; sequence: number; frame: Uint8Array } | null = null; // the part being told
  private jobs: Job[] = [];
  private working = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private handedOn: { ms: number; bytes: number }[] = [];

  constructor(
    private readonly spool: Spool,
    private readonly settings: CourierSettings,
    private readonly nowUs: () => number = () => Math.floor(performance.now() * 1000),
  ) {
    this.machine = new Delivery({ windowBytes, software }, spool, this.nowUs, new JitteredBackoff());
  }

  start(): void {
    this.spool.listen(this);
    this.settle();
  }

  // A goodbye; nothing is sent any more.
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.connection?.close();
    this.leave();
  }

  networkChanged(): void {
    this.machine.networkChanged();
    this.settle();
  }

  publish(message: Message): void {
    this.connection?.publish(message);
  }

  // What the browser has handed to the network, over the last two seconds. To be asked a few times a second.
  handedOnKbps(): number {
    const { connection } = this;
    const nowMs = this.nowUs() / 1000;
    const bytes = connection === null ? 0 : connection.sentBytes - connection.bufferedBytes;
    if (bytes < (this.handedOn.at(-1)?.bytes ?? 0)) this.handedOn = []; // another connection
    this.handedOn.push({ ms: nowMs, bytes });
    while (this.handedOn.length > 2 && nowMs - this.handedOn[1]!.ms >= rateMs) this.handedOn.shift();
    const first = this.handedOn[0]!;
    return nowMs > first.ms ? Math.round(((bytes - first.bytes) * 8) / (nowMs - first.ms)) : 0;
  }

  // --- what the spool says

  trackAdded(track: TrackDescription): void {
    this.tracks.set(track.handle, { project: track.project, capture: formatId(track.capture)!, track: track.track });
    this.machine.trackAdded(track);
    this.settle();
  }
  partMade(handle: number, sequence: number, startsSegment: boolean, frame: Uint8Array): void {
    this.fresh = { handle, sequence, frame };
    this.machine.partMade(handle, sequence, frame.length, startsSegment);
    this.settle();
    this.fresh = null;
  }
  groupSynced(tracks: SyncedTrack[], events: OutboxEvent[]): void {
    this.machine.groupSynced(tracks, events);
    this.settle();
  }

  // --- actions

  private settle(): void {
    if (this.stopped) return;
    for (let actions = this.machine.take(); actions.length > 0; actions = this.machine.take()) {
      for (const action of actions) this.carryOut(action);
    }
    this.look();
    clearTimeout(this.timer);
    const waitMs = Math.max(0, (this.machine.nextTickUs() - this.nowUs()) / 1000);
    this.timer = setTimeout(() => this.wake(), this.unwritten.length > 0 ? Math.min(lookMs, waitMs) : waitMs);
  }

  private wake(): void {
    if (this.machine.nextTickUs() <= this.nowUs()) this.machine.tick();
    else this.look();
    this.settle();
  }

  private carryOut(action: Action): void {
    switch (action.do) {
      case 'connect':
        return this.connect();
      case 'disconnect':
        this.connection?.drop();
        return this.leave();
      case 'part':
        if (action.live) this.sendLive(action);
        else this.inOrder(() => this.sendFill(action));
        return;
      case 'event':
        return this.inOrder(() => {
          this.subscribeFor(action.event.project);
          this.send(this.topic('event', action.event.project), action.event.bytes, action.token);
        });
      case 'hello':
        return this.inOrder(() => {
          this.subscribeFor(action.project);
          this.send(this.topic('hello', action.project), action.payload, action.token);
        });
      case 'delivered':
        return this.spool.delivered(action.handle, action.count);
      case 'forgotten':
        this.tracks.delete(action.handle);
        return;
      case 'events_delivered':
        return this.spool.eventsDelivered(action.ids);
      case 'event_refused':
        return this.spool.eventRefused(action.id, action.why);
    }
  }

  private connect(): void {
    const mine = ++this.generation;
    const { access } = this.settings;
    const current = (what: () => void) => (): void => {
      if (mine !== this.generation) return;
      what();
      this.settle();
    };
    const will = this.settings.will();
    const settings = { username: access.device, password: access.password, keepAliveSeconds };
    let stands = false;
    const connection = new MqttConnection(access.url, will === null ? settings : { ...settings, will }, {
      opened: current(() => this.machine.connectingMoves()),
      connected: current(() => {
        stands = true;
        this.subscribeFor(access.project);
        this.settings.connected((message) => connection.publish(message));
        this.machine.connected();
      }),
      message: (topic, payload) =>
        current(() => {
          const receipt = topic.endsWith('/receipt') ? parseReceipt(payload) : null;
          if (receipt !== null) this.machine.receipt(receipt);
        })(),
      published: (packetId, reason) =>
        current(() => {
          const token = this.tokens.get(packetId);
          this.tokens.delete(packetId);
          if (token !== undefined) this.machine.puback(token, reason);
        })(),
      ended: (cause) =>
        current(() => {
          this.leave();
          if (stands) this.machine.disconnected('the connection ended');
          else this.machine.connectFailed(cause, '');
        })(),
    });
    this.connection = connection;
  }

  // Before anything that is answered there; a device may have filmed for several projects.
  private subscribeFor(project: string): void {
    if (this.connection === null || this.subscribed.has(project)) return;
    this.subscribed.add(project);
    this.connection.subscribe(this.topic('receipt', project), 0);
  }

  private leave(): void {
    this.generation += 1;
    this.connection = null;
    this.subscribed.clear();
    this.tokens.clear();
    this.unwritten = [];
    this.jobs = [];
  }

  private sendLive(part: { handle: number; sequence: number; token: number }): void {
    const { connection, fresh } = this;
    if (connection === null || fresh?.handle !== part.handle || fresh.sequence !== part.sequence) return;
    connection.publish({ topic: this.partTopic('live', part.handle), payload: fresh.frame, qos: 0 });
    this.unwritten.push({ token: part.token, endBytes: connection.sentBytes });
  }

  private async sendFill(part: { handle: number; sequence: number; token: number }): Promise<void> {
    const mine = this.generation;
    const frame = await this.spool.frame(part.handle, part.sequence).catch(() => null);
    if (mine !== this.generation || !this.tracks.has(part.handle)) return; // forgotten meanwhile: the hub has it
    if (frame === null) {
      this.machine.partUnreadable(part.handle, part.sequence);
      this.settle();
    } else {
      this.send(this.partTopic('fill', part.handle), frame, part.token);
    }
  }

  private send(topic: string, payload: Uint8Array, token: number): void {
    const packetId = this.connection?.publish({ topic, payload, qos: 1 });
    if (packetId !== undefined) this.tokens.set(packetId, token);
  }

  // At once when nothing waits before it.
  private inOrder(job: Job): void {
    this.jobs.push(job);
    if (!this.working) void this.work();
  }
  private async work(): Promise<void> {
    this.working = true;
    for (let job = this.jobs.shift(); job !== undefined; job = this.jobs.shift()) {
      try {
        await job();
      } catch (error) {
        console.error(error); // it is as if it were on its way until the connection ends; what follows goes out
      }
    }
    this.working = false;
  }

  // How far the browser has handed on what was published.
  private look(): void {
    const { connection } = this;
    if (connection === null) return;
    const passed = connection.sentBytes - connection.bufferedBytes;
    // A page does not see what TCP acknowledges. Of a thin link it knows only that what is on the way needs its time.
    const bytesPerUs = Math.max(this.machine.bytesPerUs / 4, thinBytesPerUs);
    if (this.machine.onTheWayBytes / bytesPerUs > this.nowUs() - this.machine.answeredUs) this.machine.linkMoves();
    while (this.unwritten.length > 0 && this.unwritten[0]!.endBytes <= passed) {
      this.machine.written(this.unwritten.shift()!.token);
    }
  }

  private partTopic(kind: 'live' | 'fill', handle: number): string {
    const { project, capture, track } = this.tracks.get(handle)!;
    return formatTopic({ kind, project, device: this.settings.access.device, capture, track });
  }
  private topic(kind: 'event' | 'hello' | 'receipt' | 'status', project: string): string {
    return formatTopic({ kind, project, device: this.settings.access.device } as Topic);
  }
}
