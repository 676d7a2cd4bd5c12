// SPDX-License-Identifier: Apache-2.0
// Decides how a live player stays at the live edge: with as little delay as the link's jitter allows,
// and never with a growing one. Pure: times come in, a decision goes out; all in seconds.
//
// At every arrival it notes where the media that was already here ended against the clock
// (`end - now`). The smallest of these over the last seconds, minus the playhead's own offset
// (`position - now`), is the slack: by how little the picture would have run dry. Jitter thus widens
// the buffer by itself, and nothing has to be guessed. Slack above the target is given back by playing
// faster, slack below it is won by playing slower; far behind, the player jumps.

export interface EdgeLimits {
  targetSlack: number; // what must be left when the next part arrives
  windowSeconds: number; // how long an arrival is remembered
  maxRate: number;
  minRate: number;
  eagerness: number; // by how much the rate leaves 1 per second of slack too many or too few
  jumpBehind: number; // slack at which playing faster would take too long
}

export const videoEdge: EdgeLimits = {
  targetSlack: 0.03,
  windowSeconds: 1,
  maxRate: 1.3,
  minRate: 0.95,
  eagerness: 3,
  jumpBehind: 0.5,
};

export type EdgeDecision = { kind: 'rate'; rate: number } | { kind: 'jump'; position: number };

interface Arrival {
  at: number;
  lead: number;
}

export class LiveEdge {
  #arrivals: Arrival[] = [];

  constructor(private readonly limits: EdgeLimits) {}

  // `end`: where the buffered media ended just before this part was added.
  arrived(now: number, end: number): void {
    const arrival = { at: now, lead: end - now };
    // Only samples that could still be the minimum of some later window are kept.
    while (this.#arrivals.length > 0 && this.#arrivals.at(-1)!.lead >= arrival.lead) {
      this.#arrivals.pop();
    }
    this.#arrivals.push(arrival);
  }

  reset(): void {
    this.#arrivals = [];
  }

  // null before the first arrival.
  slack(now: number, position: number): number | null {
    while (
      this.#arrivals.length > 1 &&
      now - this.#arrivals[0]!.at > this.limits.windowSeconds
    ) {
      this.#arrivals.shift();
    }
    const lowest = this.#arrivals[0];
    return lowest === undefined ? null : lowest.lead - (position - now);
  }

  decide(now: number, position: number): EdgeDecision {
    const slack = this.slack(now, position);
    if (slack === null) return { kind: 'rate', rate: 1 };
    const surplus = slack - this.limits.targetSlack;
    if (surplus > this.limits.jumpBehind) return { kind: 'jump', position: position + surplus };
    // Within 8 ms of the target nothing is gained by changing the rate.
    if (Math.abs(surplus) < 0.008) return { kind: 'rate', rate: 1 };
    const rate = 1 + this.limits.eagerness * surplus;
    const bounded = Math.min(this.limits.maxRate, Math.max(this.limits.minRate, rate));
    return { kind: 'rate', rate: Math.round(bounded * 100) / 100 };
  }
}
