// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { LiveEdge, videoEdge } from '../src/media/live_edge';

const frame = 1 / 30;

// A player on paper: frames of `frame` seconds arrive with the given delays; the position moves with the
// decided rate and stands still where the media ends. Returns the delay behind the camera over time.
function play(seconds: number, delayOf: (frameNumber: number) => number, startBehind: number) {
  const edge = new LiveEdge(videoEdge);
  let position = -startBehind;
  let end = 0;
  let next = 1;
  let stalls = 0;
  const behind: number[] = [];
  const step = 0.001;
  for (let now = 0; now < seconds; now += step) {
    while (next * frame + delayOf(next) <= now) {
      edge.arrived(now, end);
      end = next * frame;
      next++;
    }
    const decision = edge.decide(now, position);
    if (decision.kind === 'jump') position = Math.min(decision.position, end);
    else if (position + step * decision.rate <= end) position += step * decision.rate;
    else stalls += step;
    behind.push(now - position);
  }
  const lastSecond = behind.slice(-1000);
  return { behind: Math.max(...lastSecond), steady: lastSecond.at(-1)!, stalls };
}

describe('the live edge', () => {
  it('is approached when the link is steady, to within the next frame and the slack', () => {
    const result = play(20, () => 0.02, 0.5);
    expect(result.behind).toBeLessThan(0.02 + frame + videoEdge.targetSlack + 0.015);
    expect(result.stalls).toBe(0);
  });

  it('is jumped to from far behind', () => {
    const result = play(4, () => 0.02, 30);
    expect(result.behind).toBeLessThan(1);
  });

  it('keeps a distance that the jitter of the link needs', () => {
    const jitter = (n: number): number => (n % 10 === 0 ? 0.12 : 0.02);
    const result = play(20, jitter, 0.5);
    expect(result.behind).toBeGreaterThan(0.12);
    expect(result.behind).toBeLessThan(0.12 + frame + 0.06);
    expect(result.stalls).toBeLessThan(0.1);
  });

  it('gives the distance back when the link is calm again', () => {
    const result = play(20, (n) => (n === 100 ? 0.4 : 0.02), 0.1);
    expect(result.behind).toBeLessThan(0.12);
  });

  it('is back within two seconds after a busy minute that held frames up', () => {
    const busy = (n: number): number => (n < 300 && n % 7 === 0 ? 0.3 : 0.02);
    const result = play(13.1, busy, 0.1); // the last held frame comes at 10.1 s; looked at from 12.1 s on
    expect(result.behind).toBeLessThan(0.02 + frame + videoEdge.targetSlack + 0.03);
  });

  it('does not let the delay grow when frames come slower than they play', () => {
    // The device's clock is 1 in 1000 fast.
    const result = play(60, (n) => 0.02 + n * frame * 0.001, 0.1);
    expect(result.behind).toBeLessThan(0.02 + 0.06 + frame + 0.06);
  });

  it('decides nothing before the first arrival', () => {
    expect(new LiveEdge(videoEdge).decide(1, 0)).toEqual({ kind: 'rate', rate: 1 });
  });
});
