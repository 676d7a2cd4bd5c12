// SPDX-License-Identifier: Apache-2.0
// How many bytes, live and backfill together, may be on the way before another part of backfill goes. The rules
// are those of agent/publish/fill_window.h, without TCP's figures, which a page does not see: round trips are known from
// PUBACKs alone. Times are monotonic microseconds.

const politeQueueUs = 6_000; // most that backfill may add to a live part's way
const startQueueUs = 20_000; // ends the doubling
const aloneQueueUs = 500_000; // nothing is live: only fill the link
const periodUs = 5_000_000; // a smallest round trip is forgotten after two
const staleUs = 2_000_000; // unused for so long, a window is no knowledge
const growth = 16; // by 1/16 a round trip,
const fastGrowth = 4; // by 1/4 when that has made no queue
const patientRounds = 4; // for so many
const initialBytes = 8 * 1024;
const initialAloneBytes = 96 * 1024; // TCP itself begins with less
const leastBytes = 2 * 1024;

export interface Returned {
  bytes: number;
  sentUs: number;
  nowUs: number;
  passedBytes: number; // all that has reached the other side on this connection
  polite: boolean; // something is live
}

export class FillWindow {
  private initial = initialBytes;
  private size = initialBytes;
  private starting = true; // doubles until there is a queue
  private breathing = false; // halved for a round trip, so that the queue runs empty
  private grownRounds = 0;
  private wasHeldUp = false; // in this round
  private heldUpAtUs = 0;
  private smallestUs = 0; // of this and the last period, without the time that a part's own bytes take
  private periodMinUs = Infinity;
  private periodBeganUs = 0;
  private lastUs = 0;
  private roundBeganUs = 0; // a round ends when something comes back that was sent in it
  private roundPassedBytes = 0;
  private roundLeastUs = Infinity;
  private bytesPerUs = 0; // of the round before

  constructor(private readonly limitBytes: number) {}

  get bytes(): number {
    return this.breathing ? Math.floor(this.size / 2) : this.size;
  }
  get baseUs(): number {
    return this.smallestUs === 0 ? this.lastUs : this.smallestUs;
  }

  get rate(): number {
    return this.bytesPerUs;
  }

  // A part did not go because so much was on the way. (When none waits, the window proves nothing.)
  heldUp(nowUs: number): void {
    if (nowUs - this.heldUpAtUs > staleUs) {
      this.size = Math.min(this.size, this.initial);
      this.starting = true;
    }
    this.heldUpAtUs = nowUs;
    this.wasHeldUp = true;
  }

  cameBack(part: Returned): void {
    this.lastUs = part.nowUs - part.sentUs;
    this.roundLeastUs = Math.min(this.roundLeastUs, this.queuedUs(part));
    if (part.sentUs < this.roundBeganUs) return;
    const tookUs = part.nowUs - this.roundBeganUs;
    if (this.roundBeganUs > 0 && tookUs > 0 && part.passedBytes > this.roundPassedBytes) {
      this.bytesPerUs = (part.passedBytes - this.roundPassedBytes) / tookUs;
    }
    if (!this.breathing) this.adjust(part.polite);
    this.breathing = false;
    if (part.nowUs - this.periodBeganUs >= periodUs) {
      this.periodBeganUs = part.nowUs;
      this.smallestUs = this.periodMinUs === Infinity ? 0 : this.periodMinUs;
      this.periodMinUs = Infinity;
      this.breathing = part.polite;
    }
    this.wasHeldUp = false;
    this.roundBeganUs = part.nowUs;
    this.roundPassedBytes = part.passedBytes;
    this.roundLeastUs = Infinity;
  }

  // A new connection: nothing is known of its path. `polite`: something is live.
  restart(polite: boolean): void {
    Object.assign(this, new FillWindow(this.limitBytes));
    if (!polite) this.size = this.initial = Math.min(initialAloneBytes, this.limitBytes);
  }

  private queuedUs(part: Returned): number {
    if (this.periodBeganUs === 0) this.periodBeganUs = part.nowUs;
    if (this.bytesPerUs <= 0) return 0;
    const ownUs = Math.trunc(part.bytes / this.bytesPerUs);
    this.periodMinUs = Math.min(this.periodMinUs, this.lastUs);
    this.smallestUs = this.smallestUs === 0 ? this.lastUs : Math.min(this.smallestUs, this.lastUs);
    return Math.max(this.lastUs - this.smallestUs - ownUs, 0);
  }

  private adjust(polite: boolean): void {
    const targetUs = polite ? politeQueueUs : aloneQueueUs;
    const queueUs = this.roundLeastUs;
    if (this.starting && queueUs <= Math.max(targetUs, startQueueUs)) {
      if (this.wasHeldUp) this.size = Math.min(this.size * 2, this.limitBytes);
      return;
    }
    this.starting = false;
    const grows = this.wasHeldUp && queueUs <= targetUs / 2;
    this.grownRounds = grows ? this.grownRounds + 1 : 0;
    if (queueUs > targetUs) {
      const share = (this.baseUs + targetUs) / (this.baseUs + queueUs);
      this.size = Math.max(Math.trunc(this.size * Math.min(Math.max(share, 0.5), 1)), leastBytes);
    } else if (grows) {
      const part = this.grownRounds > patientRounds ? fastGrowth : growth;
      this.size = Math.min(this.size + Math.floor(this.size / part), this.limitBytes);
    }
  }
}
