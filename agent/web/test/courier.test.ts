// SPDX-License-Identifier: Apache-2.0
// What the courier says to the broker, on a socket of the test's own.
import { afterEach, expect, it, vi } from 'vitest';
import { IdMaker } from '../src/proto/new_id';
import { Courier } from '../src/publish/courier';
import { Spool } from '../src/spool/spool';
import { MemoryDisk } from './memory_disk';

const chosen = 'AZNafIABcAGAAQIDBAUGCg';
const other = 'AZNafIABcAGAAQIDBAUGDA';
const device = 'AZNafIABcAGAAQIDBAUGDQ';

// A broker that lets everybody in and answers nothing else.
class Socket {
  static readonly OPEN = 1;
  static readonly said: string[] = []; // packets, a character for each byte
  readyState = 1;
  bufferedAmount = 0;
  binaryType = '';
  onopen: () => void = () => undefined;
  onmessage: (event: { data: ArrayBuffer }) => void = () => undefined;
  onclose: () => void = () => undefined;
  constructor() {
    queueMicrotask(() => this.onopen());
  }
  send(bytes: Uint8Array): void {
    Socket.said.push(String.fromCharCode(...bytes));
    if (bytes[0] === 0x10) queueMicrotask(() => this.onmessage({ data: Uint8Array.of(0x20, 3, 0, 0, 0).buffer }));
  }
  close(): void {
    // Nobody listens any more.
  }
}

afterEach(() => vi.unstubAllGlobals());

it('listens for the receipts of every project that it has filmed for', async () => {
  vi.stubGlobal('WebSocket', Socket);
  const settings = { sign: async () => new Uint8Array(64), nowMs: () => Date.now(), monotonicMs: () => performance.now(), ids: new IdMaker() };
  const spool = await Spool.open(new MemoryDisk(), settings);
  const { id } = await spool.openCapture(other, '', { captureKind: 'walkthrough', tracks: ['video'], source: 'back' });
  await spool.closeCapture(id, 'stopped');
  const access = { url: 'ws://broker', project: chosen, device, password: 'x' };
  const courier = new Courier(spool, { access, will: () => null, connected: () => undefined });
  courier.start();
  await vi.waitFor(() => {
    const at = (kind: string): number => Socket.said.findIndex((packet) => packet.includes(`sitecast/1/${other}/${device}/${kind}`));
    expect(at('event')).toBeGreaterThan(0);
    expect(at('receipt')).toBeGreaterThan(0);
    expect(at('receipt')).toBeLessThan(at('event'));
  });
  courier.stop();
});
