// SPDX-License-Identifier: Apache-2.0
// The page's side of the agent, before a worker that answers everything.
import { afterEach, expect, it, vi } from 'vitest';
import { Engine, type Enrolment } from '../src/engine';
import type { ToWorker } from '../src/messages';

afterEach(() => vi.unstubAllGlobals());

it('ends a recording whose pictures cannot be had, and says so', async () => {
  const told: ToWorker[] = [];
  class FakeWorker {
    private hear: (event: object) => void = () => undefined;
    addEventListener(_: string, hear: (event: object) => void): void {
      this.hear = hear;
    }
    postMessage(order: ToWorker): void {
      told.push(order);
      if (order.question !== undefined) {
        const { question } = order;
        queueMicrotask(() => this.hear({ data: { say: 'answer', question, value: 'AZNafIABcAGAAQIDBAUGCg' } }));
      }
    }
  }
  class NoProcessor {
    constructor() {
      throw new Error('the track has ended');
    }
  }
  vi.stubGlobal('Worker', FakeWorker);
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('navigator', { storage: { persist: async () => true } });
  vi.stubGlobal('MediaStreamTrackProcessor', NoProcessor);
  const track = { kind: 'video' };
  const stream = { getTracks: () => [track], getVideoTracks: () => [track], getAudioTracks: () => [] } as unknown as MediaStream;
  const engine = new Engine({ device: 'd' } as Enrolment, () => undefined);
  await expect(engine.record(stream, { area: 'A', source: 'camera' })).rejects.toThrow('the track has ended');
  expect(told.map((order) => order.do)).toEqual(['start', 'record', 'stop']);
  expect(told.at(-1)).toMatchObject({ reason: 'error' });
});
