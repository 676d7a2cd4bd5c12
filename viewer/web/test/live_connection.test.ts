// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveConnection, type LiveListener } from '../src/media/live_connection';

class FakeSocket {
  static last: FakeSocket;
  binaryType = '';
  onopen: () => void = () => undefined;
  onmessage: (message: { data: string }) => void = () => undefined;
  onclose: (event: { code: number }) => void = () => undefined;
  closed = false;
  constructor(readonly url: string) {
    FakeSocket.last = this;
  }
  close(): void {
    this.closed = true;
  }
}

beforeEach(() => {
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('removeEventListener', () => undefined);
  vi.stubGlobal('location', { href: 'https://site.example/c/x' });
});
afterEach(() => vi.unstubAllGlobals());

function watched(): { told: string[]; connection: LiveConnection } {
  const told: string[] = [];
  const listener: LiveListener = {
    part: () => undefined,
    connected: () => undefined,
    lost: () => undefined,
    ended: () => told.push('ended'),
    away: (why) => told.push(why),
    refused: () => undefined,
    dropped: () => undefined,
    event: () => undefined,
    floor: (speaker, yours) => told.push(`floor ${speaker} ${yours}`),
    floorRefused: (reason) => told.push(`refused ${reason}`),
  };
  return { told, connection: new LiveConnection('x', listener) };
}

const ended = (reason: string): { data: string } => ({ data: JSON.stringify({ type: 'ended', reason }) });

describe('a live connection', () => {
  it('tells a device that is not connected from one that is silent, and goes on with both', () => {
    const { told, connection } = watched();
    FakeSocket.last.onmessage(ended('silent'));
    FakeSocket.last.onmessage(ended('offline'));
    expect(told).toEqual(['silent', 'offline']);
    expect(FakeSocket.last.closed).toBe(false);
    connection.close();
  });
  it('ends with the capture', () => {
    const { told } = watched();
    FakeSocket.last.onmessage(ended('closed'));
    expect(told).toEqual(['ended']);
    expect(FakeSocket.last.closed).toBe(true);
  });
});
