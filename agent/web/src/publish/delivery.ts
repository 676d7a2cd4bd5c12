// SPDX-License-Identifier: Apache-2.0
// The protocol between spool and hub, without I/O: events of the world go in, actions come out. The rules are those
// of agent/publish/README.md, and the histories of the C++ simulation hold both to the same actions. Left out here:
// what needs TCP's figures (ladder, stuck watch), and what a page has no use for (thinned masters, data budget).
// Use: call one input, then take() and carry the actions out in order; call tick() at nextTickUs().
// Times are monotonic microseconds.
import { helloBytes, type Receipt, type Refusal, type TrackPosition, type TrackReceipt } from '../proto/control';
import { equalBytes } from '../proto/hash';
import type { OutboxEvent, SyncedTrack, TrackDescription } from '../spool/spool';
import { pressingUs, type Backoff } from './backoff';
import { verdictOfPuback, verdictOfRefusal, type Verdict, type WaitCause } from './delivery_policy';
import { FillWindow } from './fill_window';
import { IntervalSet } from './interval_set';

// What the machine asks of the spool while it decides.
export interface SpoolView {
  frameBytes(handle: number, sequence: number): number;
  runningHash(handle: number, count: number): Uint8Array | null;
}

// A token names a publication within the process. It grows, so it also tells the order of sending.
export type Action =
  | { do: 'part'; handle: number; sequence: number; live: boolean; token: number }
  | { do: 'event'; event: OutboxEvent; token: number }
  | { do: 'hello'; project: string; payload: Uint8Array; token: number }
  | { do: 'connect' }
  | { do: 'disconnect'; why: string }
  // Parts [0, count) are at the hub and the running hashes are equal.
  | { do: 'delivered'; handle: number; count: number }
  // Ended, and all of it is at the hub: this handle is not spoken of again.
  | { do: 'forgotten'; handle: number }
  | { do: 'events_delivered'; ids: Uint8Array[] }
  | { do: 'event_refused'; id: Uint8Array; why: string };

export interface TrackDelivery {
  atHub: number; // parts that the hub has; without a gap only as far as its running hash is ours
  waiting: number; // made and not at the hub
  givenUp: number; // refused for good or unreadable
  stuck: boolean; // nothing of what waits is on its way
  cause: WaitCause;
  detail: string; // the hub's sentence, if it gave one
}
export interface DeliveryState {
  connected: boolean;
  hubPresent: boolean;
  cause: WaitCause; // of what waits
  detail: string;
  waitingParts: number;
  waitingEvents: number;
  sentLive: number;
  sentFill: number;
  skippedLive: number;
  sentAgainParts: number; // publications of parts that this process had published before
  connections: number;
  roundTripUs: number;
}

interface Flight {
  live: boolean;
  acked: boolean; // PUBACK came; fill only
  token: number;
  bytes: number;
}
interface Track {
  at: TrackDescription;
  isAudio: boolean;
  isMaster: boolean;
  have: IntervalSet; // durable at the hub, as it says
  givenUp: IntervalSet; // refused for good, or unreadable here
  sent: IntervalSet; // published by this process
  contiguous: number;
  unverified: { count: number; hash: Uint8Array }[]; // receipts ahead of our own sync
  flights: Map<number, Flight>;
  scanFrom: number; // nothing below it waits to be sent
  positioned: boolean; // on this connection we know what the hub has
  skipping: boolean; // live fell behind: wait for a segment's start
  conflict: boolean;
  blockedUntilUs: number;
  cause: WaitCause;
  detail: string;
  liveConfirmed: number; // newest token that a receipt covered
  fillConfirmed: number;
}
interface Outstanding {
  what: 'live' | 'fill' | 'event' | 'hello';
  handle: number;
  sequence: number;
  bytes: number;
  position: number; // of an event
  sentUs: number;
  endBytes: number; // of all that was published on this connection, with this
}
interface Doubt {
  token: number;
  handle: number;
  sequence: number;
  atUs: number; // when the hub is asked about it
}
interface EventState {
  event: OutboxEvent;
  sent: boolean;
  refused: boolean; // for good
  sentUs: number;
  blockedUntilUs: number;
  cause: WaitCause;
  detail: string;
}

const silenceUs = 2_000_000; // or 4 round trips, whatever is longer
const hubAnswersUs = 1_500_000; // the hub answers a hello at once
const slowLinkUs = 30_000_000; // bytes move, but nothing is ever answered
const connectLimitUs = 2_000_000;
const longestConnectLimitUs = 4_000_000;
const stableUs = 5_000_000; // a connection that held counts as good
const busyTickUs = 100_000;
const idleTickUs = 1_000_000;
const helloPauseUs = 500_000;
const helloLongestPauseUs = 5_000_000;
const liveReceiptUs = 2_000_000; // without a receipt for so long the hub is asked
const fillReceiptUs = 5_000_000;
const eventReceiptUs = 5_000_000;
const videoLagUs = 400_000; // live parts waited so long: too thin for pictures
const audioLagUs = 1_500_000;
const mostLiveBytes = 8 * 1024 * 1024;
const politeUs = 2_000_000; // something was live this recently
const eventsOnTheWay = 64;
const fillsOnTheWay = 1024;
const tracksPerHello = 1000;
const questionsKept = 64;
const unverifiedKept = 64;
const receiveMaximum = 65_535;
const aroundBytes = 140; // topic, MQTT, TLS around a publication, at least

const never = Infinity;
const keyOf = (capture: Uint8Array, track: string): string => `${String.fromCharCode(...capture)}/${track}`;
const idKey = (id: Uint8Array): string => String.fromCharCode(...id);

export class Delivery {
  private actions: Action[] = [];
  private readonly tracks = new Map<number, Track>();
  private open: Track[] = []; // by order of capture
  private readonly byName = new Map<string, Track>();
  private events = new Map<number, EventState>(); // by position, ascending
  private readonly eventPositions = new Map<string, number>();
  private readonly window: FillWindow;

  private link: 'waiting' | 'connecting' | 'up' = 'waiting';
  private linkChangedUs = 0;
  private connectingMovedUs = 0;
  private retryAtUs = 0;
  private connectLimitUs = connectLimitUs;
  private linkCause: WaitCause = 'no_link';
  private linkDetail = '';

  private lastToken = 0;
  private readonly outstanding = new Map<number, Outstanding>(); // QoS 1 without PUBACK
  private readonly liveUnwritten = new Map<number, Outstanding>(); // QoS 0 not yet taken
  private liveUnwrittenBytes = 0;
  private publishedBytes = 0;
  private passedBytes = 0;
  private fillHeldUp = false;
  private fillUnackedBytes = 0;
  private fillUnconfirmed = { bytes: 0, count: 0 };
  private liveUnconfirmed = { bytes: 0, count: 0 };
  private liveDoubts: Doubt[] = [];
  private fillDoubts: Doubt[] = [];
  private quietSinceUs = 0; // last sign of life, or when something began to be outstanding
  private answeredAtUs = 0; // last PUBACK or receipt
  private hubPresent = false;
  private hubAbsent = false;
  private askedSinceUs = never; // a hello that the broker took and the hub did not answer
  private questions = new Map<number, string>(); // hellos of this connection without an answer
  private answered = 0; // the last one that was
  private helloDueUs = never;
  private helloPause = helloPauseUs;
  private holdUntilUs = 0;
  private holdCause: WaitCause = '';
  private holdDetail = '';
  private liveAtUs = -never; // last part made
  private counts = { sentLive: 0, sentFill: 0, skippedLive: 0, sentAgainParts: 0, connections: 0 };

  constructor(
    private readonly settings: { windowBytes: number; software: string },
    private readonly spool: SpoolView,
    private readonly nowUs: () => number,
    private readonly backoff: Backoff,
  ) {
    this.window = new FillWindow(settings.windowBytes);
  }

  take(): Action[] {
    const actions = this.actions;
    this.actions = [];
    return actions;
  }

  // --- what the spool says

  trackAdded(at: TrackDescription): void {
    if (at.ended && at.delivered >= at.made) {
      this.actions.push({ do: 'forgotten', handle: at.handle });
      return;
    }
    const track: Track = {
      at: { ...at },
      isAudio: at.track.startsWith('audio'),
      isMaster: at.track.startsWith('master'), // never live, and after everything else
      have: new IntervalSet(),
      givenUp: new IntervalSet(),
      sent: new IntervalSet(),
      contiguous: at.delivered,
      unverified: [],
      flights: new Map(),
      scanFrom: at.delivered,
      positioned: this.link === 'up' && at.made === 0, // the hub cannot have anything of it
      skipping: false,
      conflict: false,
      blockedUntilUs: 0,
      cause: '',
      detail: '',
      liveConfirmed: 0,
      fillConfirmed: 0,
    };
    track.have.add(0, at.delivered);
    this.tracks.set(at.handle, track);
    this.byName.set(keyOf(at.capture, at.track), track);
    const place = this.open.findIndex((other) => other.at.order > at.order);
    this.open.splice(place < 0 ? this.open.length : place, 0, track);
    if (this.link === 'up' && !track.positioned) this.helloDueUs = Math.min(this.helloDueUs, this.nowUs());
    this.hurry();
    this.pump();
  }

  partMade(handle: number, sequence: number, bytes: number, startsSegment: boolean): void {
    const track = this.tracks.get(handle);
    if (track === undefined) return;
    track.at.made = Math.max(track.at.made, sequence + 1);
    this.liveAtUs = this.nowUs();
    if (track.isMaster || this.link !== 'up' || track.have.has(sequence) || track.flights.has(sequence)) return;
    const room = this.liveHasRoom(track, bytes);
    // A picture cannot be decoded from the middle: after a gap, live goes on with the next segment.
    if (track.isAudio || (startsSegment && room)) track.skipping = false;
    if (!room && !track.isAudio) track.skipping = true;
    if (!room || track.skipping) this.counts.skippedLive += 1;
    else this.sendPart(track, sequence, bytes, true);
  }

  groupSynced(tracks: SyncedTrack[], events: OutboxEvent[]): void {
    for (const event of events) {
      const state: EventState = { event, sent: false, refused: false, sentUs: 0, blockedUntilUs: 0, cause: '', detail: '' };
      const inOrder = event.position > (Math.max(0, ...this.events.keys()));
      this.events.set(event.position, state);
      this.eventPositions.set(idKey(event.id), event.position);
      if (!inOrder) this.events = new Map([...this.events].sort((a, b) => a[0] - b[0]));
    }
    for (const { handle, synced, ended } of tracks) {
      const track = this.tracks.get(handle);
      if (track === undefined) continue;
      track.at.synced = Math.max(track.at.synced, synced);
      track.at.made = Math.max(track.at.made, track.at.synced);
      if (ended) {
        track.at.ended = true;
        track.at.made = track.at.synced; // one that the disk failed under ends at what was synced
      }
      this.verify(track);
    }
    this.hurry();
    this.pump();
  }

  // A part that was to be sent is not readable here.
  partUnreadable(handle: number, sequence: number): void {
    const track = this.tracks.get(handle);
    const flight = track?.flights.get(sequence);
    if (track === undefined || flight === undefined) return;
    this.dropOutstanding(flight.token); // nothing was sent, so no answer comes
    this.eraseFlight(track, sequence);
    track.givenUp.add(sequence, sequence + 1);
    track.cause = 'damaged_on_device';
    this.pump();
  }

  // --- what the transport says

  connectingMoves(): void {
    this.connectingMovedUs = this.nowUs();
  }

  connected(): void {
    const now = this.nowUs();
    this.link = 'up';
    this.linkChangedUs = this.quietSinceUs = this.answeredAtUs = now;
    this.connectLimitUs = connectLimitUs;
    this.linkCause = '';
    this.counts.connections += 1;
    this.hubPresent = this.hubAbsent = false;
    this.helloPause = helloPauseUs;
    this.helloDueUs = now;
    this.askedSinceUs = never;
    this.window.restart(this.isLive);
    this.pump();
  }

  connectFailed(cause: WaitCause, why: string): void {
    this.linkCause = cause;
    this.linkDetail = why;
    this.loseConnection();
  }

  disconnected(why: string): void {
    if (this.link === 'up' && this.nowUs() - this.linkChangedUs > stableUs) this.backoff.reset();
    this.linkCause = 'no_link';
    this.linkDetail = why;
    this.loseConnection();
  }

  // The device is on another network, or on one again: what is on the way does not come back.
  networkChanged(): void {
    this.backoff.reset();
    if (this.link === 'waiting') this.retryAtUs = this.nowUs();
    else this.giveUpConnection('another network');
  }

  // QoS 0: handed to the network.
  written(token: number): void {
    const found = this.liveUnwritten.get(token);
    if (found === undefined) return;
    this.liveUnwrittenBytes -= found.bytes;
    this.liveUnwritten.delete(token);
  }

  puback(token: number, reason: number): void {
    const found = this.outstanding.get(token);
    if (found === undefined) return; // of an earlier connection
    this.outstanding.delete(token);
    this.signOfLife();
    this.passedBytes = Math.max(this.passedBytes, found.endBytes);
    const now = this.nowUs();
    const verdict = verdictOfPuback(reason);
    if (verdict.cause === 'hub_absent') this.noteHub(false);
    else if (verdict.everything) this.holdEverything(verdict, '');
    const words = `the broker answered ${reason}`;
    if (found.what === 'hello') {
      if (verdict.accepted) this.askedSinceUs = Math.min(this.askedSinceUs, now);
    } else if (found.what === 'event') {
      if (!verdict.accepted) this.refuseEvent(found.position, verdict, words);
    } else {
      this.fillUnackedBytes -= found.bytes;
      const { bytes, sentUs } = found;
      this.window.cameBack({ bytes, sentUs, nowUs: now, passedBytes: this.passedBytes, polite: this.isLive });
      const track = this.tracks.get(found.handle);
      const flight = track?.flights.get(found.sequence);
      if (track !== undefined && flight?.token === token) {
        if (verdict.accepted) {
          flight.acked = true;
          const atUs = now + Math.max(fillReceiptUs, 8 * this.window.baseUs);
          this.fillDoubts.push({ token, handle: found.handle, sequence: found.sequence, atUs });
        } else {
          this.refusePart(track, found.sequence, verdict, words);
        }
      }
    }
    this.pump();
  }

  receipt(receipt: Receipt): void {
    this.signOfLife();
    this.noteHub(true);
    const done: Uint8Array[] = [];
    for (const id of receipt.eventIds) {
      const position = this.eventPositions.get(idKey(id));
      if (position === undefined) continue;
      this.events.delete(position);
      this.eventPositions.delete(idKey(id));
      done.push(id);
    }
    if (done.length > 0) this.actions.push({ do: 'events_delivered', ids: done });
    for (const track of receipt.tracks) this.takeTrackReceipt(track);
    this.takeAnswer(receipt);
    for (const refusal of receipt.refusals) this.takeRefusal(refusal);
    if (this.questions.size === 0 && this.open.every((track) => track.positioned)) {
      this.helloDueUs = never;
      this.helloPause = helloPauseUs;
    }
    this.pump();
  }

  // Bytes that move keep a slow link alive, but not for ever: somebody must answer in the end.
  linkMoves(): void {
    const now = this.nowUs();
    if (now - this.answeredAtUs < slowLinkUs) this.quietSinceUs = now;
  }

  // --- time

  tick(): void {
    const now = this.nowUs();
    if (this.link === 'waiting') {
      if (now < this.retryAtUs) return;
      this.link = 'connecting';
      this.linkChangedUs = this.connectingMovedUs = now;
      this.actions.push({ do: 'connect' });
      return;
    }
    if (this.link === 'connecting') {
      if (now < this.connectDeadlineUs()) return;
      this.connectLimitUs = Math.min(this.connectLimitUs * 2, longestConnectLimitUs);
      this.giveUpConnection('no connection in time');
      return;
    }
    this.doubt();
    const patienceUs = Math.max(hubAnswersUs, 4 * this.window.baseUs);
    if (this.askedSinceUs !== never && now - this.askedSinceUs > patienceUs) this.noteHub(false);
    this.checkSilence();
    this.pump();
  }

  nextTickUs(): number {
    if (this.link === 'waiting') return this.retryAtUs;
    if (this.link === 'connecting') return this.connectDeadlineUs();
    const now = this.nowUs();
    const busy = this.anythingOutstanding() || !this.allDelivered();
    return Math.min(now + (busy ? busyTickUs : idleTickUs), Math.max(this.helloDueUs, now));
  }

  // --- what it knows

  // Something was filmed within the last two seconds.
  get isLive(): boolean {
    return this.nowUs() - this.liveAtUs < politeUs;
  }

  // Published on this connection and not answered: what of it is on the way is not known better.
  get onTheWayBytes(): number {
    return this.publishedBytes - this.passedBytes;
  }
  // Of the last round trip; 0: not known yet.
  get bytesPerUs(): number {
    return this.window.rate;
  }
  get answeredUs(): number {
    return this.answeredAtUs;
  }

  // Nothing waits for the hub, but for what was given up.
  allDelivered(): boolean {
    for (const event of this.events.values()) if (!event.refused) return false;
    return this.open.every((track) => {
      if (track.conflict) return true;
      const { made, delivered } = track.at;
      const lost = track.givenUp.countBelow(made);
      return (lost > 0 ? track.have.countBelow(made) + lost : delivered) >= made;
    });
  }

  state(): DeliveryState {
    const now = this.nowUs();
    let waitingParts = 0;
    let waitingEvents = 0;
    let moves = false;
    let stuck: { cause: WaitCause; detail: string } | null = null;
    for (const { at } of this.open) {
      const track = this.trackState(at.handle)!;
      waitingParts += track.waiting;
      if (track.waiting === 0) continue;
      moves ||= !track.stuck;
      if (track.stuck) stuck ??= track;
    }
    for (const event of this.events.values()) {
      if (event.refused) continue;
      waitingEvents += 1;
      if (now >= event.blockedUntilUs) moves = true;
      else stuck ??= event;
    }
    let cause: WaitCause = '';
    let detail = '';
    if (waitingParts + waitingEvents > 0) {
      if (stuck !== null && !moves) ({ cause, detail } = stuck);
      else ({ cause, detail } = this.generalCause() ?? { cause: 'awaiting_receipt' as const, detail: '' });
    }
    return {
      ...this.counts,
      connected: this.link === 'up',
      hubPresent: this.hubPresent,
      cause,
      detail,
      waitingParts,
      waitingEvents,
      roundTripUs: this.window.baseUs,
    };
  }

  // null: not heard of, or wholly at the hub and forgotten.
  trackState(handle: number): TrackDelivery | null {
    const track = this.tracks.get(handle);
    if (track === undefined) return null;
    const { made, delivered } = track.at;
    // What the hub holds counts as far as its running hash was ours: of altered footage nothing is at the hub.
    const unverified = Math.min(track.contiguous, made) - Math.min(delivered, track.contiguous);
    const atHub = track.conflict ? delivered : track.have.countBelow(made) - unverified;
    const waiting = made - Math.min(atHub, made);
    const givenUp = track.givenUp.countBelow(made);
    const state: TrackDelivery = { atHub, waiting, givenUp, stuck: false, cause: '', detail: track.detail };
    if (waiting === 0) return state;
    const blocked = this.nowUs() < track.blockedUntilUs;
    state.stuck = track.conflict || blocked || (givenUp > 0 && atHub + givenUp >= made);
    const general = this.generalCause();
    if (track.conflict) state.cause = 'refused';
    else if (givenUp > 0 || blocked) state.cause = track.cause;
    else if (general !== null) Object.assign(state, general);
    else if (track.flights.size === 0 && this.open[0]!.at.order < track.at.order) state.cause = 'queued_behind_older';
    else state.cause = 'awaiting_receipt';
    return state;
  }

  get knownTracks(): number {
    return this.tracks.size;
  }

  private generalCause(): { cause: WaitCause; detail: string } | null {
    if (this.link !== 'up') return { cause: this.linkCause, detail: this.linkDetail };
    if (this.hubAbsent) return { cause: 'hub_absent', detail: '' };
    if (this.nowUs() < this.holdUntilUs) return { cause: this.holdCause, detail: this.holdDetail };
    return null;
  }

  // --- the connection

  private connectDeadlineUs(): number {
    return Math.min(this.connectingMovedUs + this.connectLimitUs, this.linkChangedUs + slowLinkUs);
  }

  // Something waits now: a long pause from before ends sooner.
  private hurry(): void {
    if (this.link === 'waiting') this.retryAtUs = Math.min(this.retryAtUs, this.nowUs() + pressingUs);
  }

  private loseConnection(): void {
    const now = this.nowUs();
    const waitedUs = now - (this.link === 'up' ? this.quietSinceUs : this.connectingMovedUs);
    this.link = 'waiting';
    this.linkChangedUs = now;
    this.outstanding.clear();
    this.liveUnwritten.clear();
    this.liveDoubts = [];
    this.fillDoubts = [];
    this.liveUnwrittenBytes = this.fillUnackedBytes = this.publishedBytes = this.passedBytes = 0;
    this.fillHeldUp = false;
    this.fillUnconfirmed = { bytes: 0, count: 0 };
    this.liveUnconfirmed = { bytes: 0, count: 0 };
    this.hubPresent = this.hubAbsent = false;
    this.helloDueUs = this.askedSinceUs = never;
    this.questions.clear();
    this.answered = 0;
    for (const track of this.open) {
      track.flights.clear();
      track.scanFrom = track.contiguous;
      track.positioned = false;
      track.skipping = track.at.made > 0; // pictures: live goes on with a key frame
    }
    for (const event of this.events.values()) event.sent = false;
    const pressing = !this.allDelivered() || now - this.liveAtUs < slowLinkUs;
    this.retryAtUs = this.backoff.retryAtUs(now, pressing, waitedUs);
  }

  private giveUpConnection(why: string): void {
    this.actions.push({ do: 'disconnect', why });
    this.disconnected(why);
  }

  private signOfLife(): void {
    this.quietSinceUs = this.answeredAtUs = this.nowUs();
  }

  private anythingOutstanding(): boolean {
    return this.outstanding.size > 0 || this.fillUnconfirmed.count > 0 || this.liveUnconfirmed.count > 0;
  }

  // A silent cut: TCP would take longer to notice than the cut lasts. When only QoS 0 is on the way nobody need
  // answer, so something is sent that the broker must.
  private checkSilence(): void {
    if (!this.anythingOutstanding()) {
      this.signOfLife();
      return;
    }
    const quietUs = this.nowUs() - this.quietSinceUs;
    const limitUs = Math.max(silenceUs, 4 * this.window.baseUs);
    if (quietUs >= limitUs && this.outstanding.size > 0) {
      this.giveUpConnection(`no answer for ${Math.floor(quietUs / 1000)} ms`);
    } else if (quietUs >= Math.floor(limitUs / 2) && this.outstanding.size === 0) {
      this.helloDueUs = Math.min(this.helloDueUs, this.nowUs());
    }
  }

  // --- sending

  private newToken(what: Outstanding['what'], about: { handle?: number; sequence?: number; bytes: number; position?: number }): number {
    const now = this.nowUs();
    if (!this.anythingOutstanding()) this.quietSinceUs = this.answeredAtUs = now;
    const { bytes } = about;
    this.publishedBytes += bytes + Math.floor(bytes / 400) + aroundBytes;
    const token = ++this.lastToken;
    const outstanding: Outstanding = {
      handle: 0,
      sequence: 0,
      position: 0,
      ...about,
      what,
      sentUs: now,
      endBytes: this.publishedBytes,
    };
    if (what === 'live') {
      this.liveUnwrittenBytes += bytes;
      this.liveUnwritten.set(token, outstanding);
    } else {
      this.outstanding.set(token, outstanding);
    }
    return token;
  }

  private liveHasRoom(track: Track, bytes: number): boolean {
    // While the hub is away nothing is confirmed, and viewers see live all the same.
    const onTheWay = this.liveUnconfirmed.bytes + this.fillUnconfirmed.bytes;
    if (!this.hubAbsent && onTheWay > 0 && onTheWay + bytes > this.settings.windowBytes) return false;
    if (this.liveUnwrittenBytes > mostLiveBytes) return false;
    const [oldest] = this.liveUnwritten.values();
    const lagUs = oldest === undefined ? 0 : this.nowUs() - oldest.sentUs;
    return lagUs <= (track.isAudio ? audioLagUs : videoLagUs);
  }

  private sendPart(track: Track, sequence: number, bytes: number, live: boolean): void {
    const { handle } = track.at;
    const token = this.newToken(live ? 'live' : 'fill', { handle, sequence, bytes });
    track.flights.set(sequence, { live, acked: false, token, bytes });
    if (track.sent.has(sequence)) this.counts.sentAgainParts += 1;
    track.sent.add(sequence, sequence + 1);
    const unconfirmed = live ? this.liveUnconfirmed : this.fillUnconfirmed;
    unconfirmed.bytes += bytes;
    unconfirmed.count += 1;
    if (live) {
      this.counts.sentLive += 1;
      const atUs = this.nowUs() + Math.max(liveReceiptUs, 4 * this.window.baseUs);
      this.liveDoubts.push({ token, handle, sequence, atUs });
    } else {
      this.fillUnackedBytes += bytes;
      this.counts.sentFill += 1;
    }
    this.actions.push({ do: 'part', handle, sequence, live, token });
  }

  private pump(): void {
    this.fillHeldUp = false;
    if (this.link !== 'up') return;
    this.sendHelloIfDue();
    if (this.hubAbsent || this.nowUs() < this.holdUntilUs) return;
    this.sendEvents();
    while (this.sendNextFill());
    if (this.fillHeldUp) this.window.heldUp(this.nowUs());
  }

  // Asks the hub where it stands; also the probe when the hub is away or nothing else would be answered.
  private sendHelloIfDue(): void {
    const now = this.nowUs();
    if (now < this.helloDueUs) return;
    for (const { what } of this.outstanding.values()) {
      if (what === 'hello' || (what === 'event' && this.hubAbsent)) {
        this.helloDueUs = now + this.helloPause; // the broker is silent yet
        return;
      }
    }
    const asked = new Set<string>();
    for (const track of this.open) {
      const asks = !track.positioned || this.hubAbsent || track.flights.size > 0;
      if (!asks || asked.has(track.at.project)) continue;
      asked.add(track.at.project);
      this.sendHello(track.at.project);
    }
    let probed = asked.size > 0;
    // No track to ask about: the first event that waits does as well, it is confirmed when heard.
    if (!probed && this.hubAbsent) {
      const first = [...this.events.values()].find((event) => !event.refused);
      if (first !== undefined) this.sendEvent(first);
      probed = first !== undefined;
    }
    if (!probed) {
      this.helloDueUs = never;
      return;
    }
    this.helloDueUs = now + this.helloPause;
    this.helloPause = Math.min(this.helloPause * 2, helloLongestPauseUs);
  }

  private sendHello(project: string): void {
    // Those whose position is not known come first, oldest first; then those with parts on the way.
    const mine = this.open.filter((track) => track.at.project === project);
    const asked = [
      ...mine.filter((track) => !track.positioned),
      ...mine.filter((track) => track.positioned && track.flights.size > 0),
    ].slice(0, tracksPerHello);
    const positions: TrackPosition[] = asked.map(({ at }) => ({
      capture: at.capture,
      track: at.track,
      nextSequence: at.made,
      ended: at.ended,
    }));
    // Nobody heard the one before, so nobody heard what was sent before that either.
    const before = [...this.questions].findLast(([, of]) => of === project);
    if (this.hubAbsent && before !== undefined) this.forgetFlightsBefore(project, before[0]);
    const { software } = this.settings;
    const token = this.newToken('hello', { bytes: helloBytes(software, positions, 0).length });
    this.questions.set(token, project);
    if (this.questions.size > questionsKept) this.questions.delete(this.questions.keys().next().value!);
    this.actions.push({ do: 'hello', project, payload: helloBytes(software, positions, token), token });
  }

  private sendEvents(): void {
    let onTheWay = 0;
    for (const state of this.events.values()) {
      if (state.refused || this.nowUs() < state.blockedUntilUs) continue;
      if (onTheWay++ >= eventsOnTheWay) return;
      if (!state.sent) this.sendEvent(state);
    }
  }

  private sendEvent(state: EventState): void {
    const token = this.newToken('event', { bytes: state.event.bytes.length, position: state.event.position });
    state.sent = true;
    state.sentUs = this.nowUs();
    this.actions.push({ do: 'event', event: state.event, token });
  }

  private fillHasRoom(bytes: number): boolean {
    if (this.outstanding.size + 2 >= receiveMaximum) return false; // two stay for events and hello
    // One part may always go, and the last one may exceed the window, however large it is.
    this.fillHeldUp = this.fillUnackedBytes > 0 && this.publishedBytes - this.passedBytes >= this.window.bytes;
    if (this.fillHeldUp) return false;
    const { windowBytes } = this.settings;
    const ofLive = Math.max(this.liveUnconfirmed.bytes, Math.floor(windowBytes / 4)); // a quarter is live's
    return (
      this.fillUnconfirmed.count === 0 ||
      (this.fillUnconfirmed.bytes + ofLive + bytes <= windowBytes && this.fillUnconfirmed.count < fillsOnTheWay)
    );
  }

  // What viewers can see already comes before the masters.
  private sendNextFill(): boolean {
    const next = this.nextFill(false) ?? this.nextFill(true);
    if (next === null) return false;
    const bytes = this.spool.frameBytes(next.track.at.handle, next.sequence);
    if (!this.fillHasRoom(bytes)) return false;
    this.sendPart(next.track, next.sequence, bytes, false);
    return true;
  }

  // The oldest capture that can go on; in it voice, which is small, then the track that is furthest behind.
  private nextFill(master: boolean): { track: Track; sequence: number } | null {
    const now = this.nowUs();
    let best: { track: Track; sequence: number; progress: number } | null = null;
    for (const track of this.open) {
      if (track.isMaster !== master) continue;
      if (best !== null && track.at.order !== best.track.at.order) break;
      if (!track.positioned || track.conflict || now < track.blockedUntilUs) continue;
      const sequence = this.nextWaiting(track);
      if (sequence === null) continue;
      const progress = track.isAudio ? -1 : sequence / track.at.made;
      if (best === null || progress < best.progress) best = { track, sequence, progress };
    }
    return best;
  }

  private nextWaiting(track: Track): number | null {
    let sequence = track.scanFrom;
    for (;;) {
      const start = sequence;
      sequence = track.givenUp.nextOutside(track.have.nextOutside(sequence));
      while (track.flights.has(sequence)) sequence += 1;
      if (sequence === start) break;
    }
    track.scanFrom = sequence; // putBack moves it back
    return sequence >= track.at.synced ? null : sequence;
  }

  private putBack(track: Track, sequence: number): void {
    track.scanFrom = Math.min(track.scanFrom, sequence);
  }

  private eraseFlight(track: Track, sequence: number): void {
    const flight = track.flights.get(sequence)!;
    const unconfirmed = flight.live ? this.liveUnconfirmed : this.fillUnconfirmed;
    unconfirmed.count -= 1;
    unconfirmed.bytes -= flight.bytes;
    track.flights.delete(sequence);
  }

  private dropOutstanding(token: number): void {
    const found = this.outstanding.get(token);
    if (found === undefined) return;
    this.fillUnackedBytes -= found.bytes;
    this.outstanding.delete(token);
  }

  // A receipt that does not come in time says nothing: the part may wait in a queue on the way, and would come
  // twice. So the hub is asked, and what it does not have then is sent again (takeAnswer).
  private doubt(): void {
    const now = this.nowUs();
    for (const doubts of [this.liveDoubts, this.fillDoubts]) {
      while (doubts.length > 0 && doubts[0]!.atUs <= now) {
        const doubt = doubts.shift()!;
        const flight = this.tracks.get(doubt.handle)?.flights.get(doubt.sequence);
        if (flight?.token !== doubt.token) continue;
        this.helloDueUs = Math.min(this.helloDueUs, now);
        doubts.push({ ...doubt, atUs: now + fillReceiptUs }); // should that not be answered either
      }
    }
    // Events: from the first that was not confirmed on, so that their order is kept.
    for (const [position, state] of this.events) {
      if (!state.sent || now - state.sentUs < eventReceiptUs) continue;
      if (this.open.length === 0) this.noteHub(false); // no hello would tell
      this.unsendFrom(position);
      break;
    }
  }

  private unsendFrom(position: number): void {
    for (const [later, state] of this.events) if (later >= position) state.sent = false;
  }

  // --- what the hub says

  private noteHub(present: boolean): void {
    this.hubPresent = present;
    if (present) {
      if (this.hubAbsent) this.helloPause = helloPauseUs;
      this.hubAbsent = false;
      this.askedSinceUs = never;
      return;
    }
    const now = this.nowUs();
    if (!this.hubAbsent) {
      this.hubAbsent = true;
      this.helloDueUs = Math.min(this.helloDueUs, now + helloPauseUs);
      this.unsendFrom(0); // whatever came back unheard is sent again when the hub is there
    }
    if (this.helloDueUs === never) this.helloDueUs = now + this.helloPause;
  }

  private takeTrackReceipt(receipt: TrackReceipt): void {
    const track = this.byName.get(keyOf(receipt.capture, receipt.track));
    if (track === undefined) return; // delivered and forgotten
    const { contiguous } = receipt;
    track.have.add(0, contiguous);
    track.contiguous = Math.max(track.contiguous, contiguous);
    for (const { first, count } of receipt.beyond) track.have.add(first, first + count);
    this.dropConfirmedFlights(track, receipt);
    this.putBackLostFlights(track);
    // More than this device has any more: its end was lost in a power cut after it went out live. The answer to a
    // hello speaks of what is here.
    if (track.at.ended && contiguous > track.at.made) return;
    if (contiguous > track.at.delivered && receipt.runningHash.length === 32) {
      const last = track.unverified.at(-1);
      if (last === undefined || last.count < contiguous) {
        track.unverified.push({ count: contiguous, hash: receipt.runningHash });
      }
      if (track.unverified.length > unverifiedKept) track.unverified.shift();
      this.verify(track);
    }
  }

  private dropConfirmedFlights(track: Track, receipt: TrackReceipt): void {
    const ranges = [{ first: 0, count: receipt.contiguous }, ...receipt.beyond];
    for (const [sequence, { live, token }] of [...track.flights]) {
      if (!ranges.some(({ first, count }) => sequence >= first && sequence < first + count)) continue;
      if (live) track.liveConfirmed = Math.max(track.liveConfirmed, token);
      else track.fillConfirmed = Math.max(track.fillConfirmed, token);
      this.eraseFlight(track, sequence);
    }
  }

  // The broker keeps the order of one topic and QoS, so what was sent before something that has arrived, and has not
  // arrived, is lost.
  private putBackLostFlights(track: Track): void {
    for (const [sequence, { live, acked, token }] of [...track.flights]) {
      const newest = live ? track.liveConfirmed : track.fillConfirmed;
      if (!(live || acked) || token >= newest) continue;
      this.putBack(track, sequence);
      this.eraseFlight(track, sequence);
    }
  }

  private putBackFlightsBefore(track: Track, before: number): void {
    for (const [sequence, { token }] of [...track.flights]) {
      if (token >= before) continue;
      this.putBack(track, sequence);
      this.eraseFlight(track, sequence);
    }
  }

  // What was sent before a hello has passed the hub when it answers: it has it, or it is lost. An answer to many
  // tracks is more than one message.
  private takeAnswer(receipt: Receipt): void {
    const token = receipt.answers;
    const project = this.questions.get(token);
    if (project === undefined && (token === 0 || token !== this.answered)) return;
    for (const entry of receipt.tracks) {
      const track = this.byName.get(keyOf(entry.capture, entry.track));
      if (track === undefined) continue;
      this.putBackFlightsBefore(track, token);
      track.positioned = true;
    }
    if (project === undefined) return;
    this.answered = token;
    for (const [asked, of] of [...this.questions]) {
      if (of === project && asked <= token) this.questions.delete(asked);
    }
  }

  // Nobody answered: where these tracks stand is not known any more.
  private forgetFlightsBefore(project: string, token: number): void {
    for (const track of this.open) {
      if (track.at.project !== project) continue;
      const before = track.flights.size;
      this.putBackFlightsBefore(track, token);
      if (track.flights.size < before) track.positioned = false;
    }
  }

  // Frees what the hub has, as far as it is synced here and the running hashes are equal. May forget the track.
  private verify(track: Track): void {
    let newest: { count: number; hash: Uint8Array } | undefined;
    while (track.unverified.length > 0 && track.unverified[0]!.count <= track.at.synced) newest = track.unverified.shift();
    if (newest !== undefined && newest.count > track.at.delivered && !track.conflict) {
      const ours = this.spool.runningHash(track.at.handle, newest.count);
      if (ours !== null && equalBytes(ours, newest.hash)) {
        track.at.delivered = newest.count;
        this.actions.push({ do: 'delivered', handle: track.at.handle, count: newest.count });
      } else {
        track.conflict = true;
        track.cause = 'refused';
        track.detail =
          ours === null
            ? 'this device cannot read its own record of the part'
            : "the hub's running hash differs from this device's";
      }
    }
    if (track.at.ended && track.at.delivered >= track.at.made) this.forget(track);
  }

  private forget(track: Track): void {
    for (const sequence of [...track.flights.keys()]) this.eraseFlight(track, sequence);
    this.open = this.open.filter((other) => other !== track);
    this.byName.delete(keyOf(track.at.capture, track.at.track));
    this.tracks.delete(track.at.handle);
    this.actions.push({ do: 'forgotten', handle: track.at.handle });
  }

  private takeRefusal(refusal: Refusal): void {
    const verdict = verdictOfRefusal(refusal.cause);
    if (verdict.everything) this.holdEverything(verdict, refusal.detail);
    if (refusal.eventId.length > 0) {
      const position = this.eventPositions.get(idKey(refusal.eventId));
      if (position !== undefined) this.refuseEvent(position, verdict, refusal.detail);
      return;
    }
    const track = this.byName.get(keyOf(refusal.capture, refusal.track));
    if (track !== undefined) this.refusePart(track, refusal.sequence, verdict, refusal.detail);
  }

  private refusePart(track: Track, sequence: number, verdict: Verdict, detail: string): void {
    const flight = track.flights.get(sequence);
    if (flight !== undefined) {
      this.dropOutstanding(flight.token); // refused before its PUBACK
      this.eraseFlight(track, sequence);
    }
    if (track.have.has(sequence)) return;
    track.cause = verdict.cause;
    track.detail = detail;
    if (!verdict.again) {
      track.givenUp.add(sequence, sequence + 1);
      return;
    }
    this.putBack(track, sequence);
    if (!verdict.everything) track.blockedUntilUs = this.nowUs() + verdict.delayUs;
  }

  private refuseEvent(position: number, verdict: Verdict, detail: string): void {
    const state = this.events.get(position);
    if (state === undefined) return;
    if (!verdict.again) {
      state.refused = true;
      this.actions.push({ do: 'event_refused', id: state.event.id, why: detail });
    } else if (verdict.everything) {
      this.unsendFrom(position); // from here on in their order, when the hold is over
    } else {
      // What only this one suffers does not keep the others waiting.
      state.sent = false;
      state.blockedUntilUs = this.nowUs() + verdict.delayUs;
      state.cause = verdict.cause;
      state.detail = detail;
    }
  }

  private holdEverything(verdict: Verdict, detail: string): void {
    this.holdUntilUs = Math.max(this.holdUntilUs, this.nowUs() + verdict.delayUs);
    this.holdCause = verdict.cause;
    this.holdDetail = detail;
  }
}
