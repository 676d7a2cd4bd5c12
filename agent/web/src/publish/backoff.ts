// SPDX-License-Identifier: Apache-2.0
// When to connect again: doubling with jitter, for ever. Times are monotonic microseconds.

export interface Backoff {
  // `pressing`: something waits, so pauses stay short enough that a link that is back is found within seconds.
  // `waitedUs`: that nothing came for so long was a pause too, but for a quarter that stays by chance: else all devices
  // of a broker that fell silent come back as one.
  retryAtUs(nowUs: number, pressing: boolean, waitedUs: number): number;
  reset(): void;
}

export const pressingUs = 2_000_000;
const firstUs = 500_000;
const longestUs = 30_000_000;

export class JitteredBackoff implements Backoff {
  private currentUs = firstUs;

  constructor(private readonly random: () => number = Math.random) {}

  retryAtUs(nowUs: number, pressing: boolean, waitedUs: number): number {
    const ceiling = Math.min(pressing ? pressingUs : longestUs, this.currentUs);
    this.currentUs = Math.min(this.currentUs * 2, longestUs);
    const pauseUs = Math.round(ceiling / 2 + (this.random() * ceiling) / 2);
    return nowUs + Math.max(pauseUs - waitedUs, Math.floor(pauseUs / 4));
  }

  reset(): void {
    this.currentUs = firstUs;
  }
}
