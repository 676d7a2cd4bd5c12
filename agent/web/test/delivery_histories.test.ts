// SPDX-License-Identifier: Apache-2.0
// The browser's delivery held to the histories of the C++ simulation (tests/unit/agent_publish): same inputs, same
// actions, one by one and byte for byte. SITECAST_HISTORIES names the file; a line is an input with its time in µs
// ("t" tick, "a" track, "p" part, "g" group, "c" "f" "d" connection, "w" written, "u" PUBACK, "r" receipt,
// "m" link moves), an action (">…"), "R" when the next attempt is made (chance), or "H", a new history.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { base64urlDecode, base64urlEncode } from '../../../viewer/web/src/codec/bytes';
import { formatId, parseId } from '../../../viewer/web/src/codec/id';
import { parseReceipt, type Receipt } from '../src/proto/control';
import { JitteredBackoff, type Backoff } from '../src/publish/backoff';
import { Delivery, type Action } from '../src/publish/delivery';
import type { WaitCause } from '../src/publish/delivery_policy';
import type { OutboxEvent, TrackDescription } from '../src/spool/spool';

const file = process.env['SITECAST_HISTORIES'] ?? '';
const project = 'AZNafIABcAGAAQIDBAUGCg';

interface Track {
  at: TrackDescription;
  sizes: number[];
  hashes: Uint8Array[]; // R(n), as far as they were asked for
}

class Spool {
  readonly tracks = new Map<number, Track>();
  frameBytes(handle: number, sequence: number): number {
    return this.tracks.get(handle)!.sizes[sequence]!;
  }
  // A part's hash is its sequence, little endian, and zeros.
  runningHash(handle: number, count: number): Uint8Array {
    const { at, hashes } = this.tracks.get(handle)!;
    if (hashes.length === 0) hashes.push(createHash('sha256').update('sitecast track v1').update(at.capture).update(at.track).digest());
    while (hashes.length <= count) {
      const part = new Uint8Array(32);
      part[0] = hashes.length - 1;
      part[1] = (hashes.length - 1) >> 8;
      hashes.push(createHash('sha256').update(hashes.at(-1)!).update(part).digest());
    }
    return hashes[count]!;
  }
}

// Answers as the history has it, and says whether our own could have.
class RecordedBackoff implements Backoff {
  private readonly shortest = new JitteredBackoff(() => 0);
  private readonly longest = new JitteredBackoff(() => 1);
  problems: string[] = [];
  constructor(private readonly recorded: number[]) {}
  retryAtUs(nowUs: number, pressing: boolean, waitedUs: number): number {
    const at = this.recorded.shift()!;
    const least = this.shortest.retryAtUs(nowUs, pressing, waitedUs);
    const most = this.longest.retryAtUs(nowUs, pressing, waitedUs);
    if (at < least || at > most) this.problems.push(`retry at ${at} is not within ${least} to ${most}`);
    return at;
  }
  reset(): void {
    this.shortest.reset();
    this.longest.reset();
  }
}

function text(action: Action): string {
  switch (action.do) {
    case 'part':
      return `>P ${action.handle} ${action.sequence} ${action.live ? 1 : 0} ${action.token}`;
    case 'event':
      return `>E ${action.event.position} ${action.token}`;
    case 'hello':
      return `>L ${action.token} ${base64urlEncode(action.payload)}`;
    case 'connect':
      return '>C';
    case 'disconnect':
      return '>X';
    case 'delivered':
      return `>D ${action.handle} ${action.count}`;
    case 'forgotten':
      return `>F ${action.handle}`;
    case 'events_delivered':
      return `>V ${action.ids.map((id) => formatId(id)).join(' ')}`;
    case 'event_refused':
      return `>N ${formatId(action.id)}`;
  }
}

function eventOf(word: string): OutboxEvent {
  const [position, id] = word.split('=');
  return { position: Number(position), id: parseId(id!)!, project, bytes: new Uint8Array(0) };
}

class Replay {
  now = 0;
  readonly spool = new Spool();
  readonly backoff: RecordedBackoff;
  readonly machine: Delivery;
  private readonly events: OutboxEvent[] = [];

  constructor(windowBytes: number, lines: string[]) {
    this.backoff = new RecordedBackoff(lines.filter((line) => line.startsWith('R ')).map((line) => Number(line.slice(2))));
    this.machine = new Delivery({ windowBytes, software: 'sim' }, this.spool, () => this.now, this.backoff);
  }

  input(what: string, words: string[]): void {
    const numbers = words.map(Number);
    const { machine } = this;
    switch (what) {
      case 't':
        return machine.tick();
      case 'a': {
        const [handle, , , order, made, synced, delivered, ended] = numbers as [number, number, number, number, number, number, number, number];
        const capture = parseId(words[1]!)!;
        const at = { handle, project, capture, track: words[2]!, order, made, synced, delivered, ended: ended === 1 };
        const sizes = words[8] === undefined || words[8] === '' ? [] : words[8].split(',').map(Number);
        this.spool.tracks.set(handle, { at: { ...at }, sizes, hashes: [] });
        return machine.trackAdded(at);
      }
      case 'p': {
        const [handle, sequence, bytes, starts] = numbers as [number, number, number, number];
        this.spool.tracks.get(handle)!.sizes[sequence] = bytes;
        this.spool.tracks.get(handle)!.at.made = sequence + 1;
        return machine.partMade(handle, sequence, bytes, starts === 1);
      }
      case 'g': {
        const tracks = words.filter((word) => word.includes(':')).map((word) => word.split(':').map(Number) as [number, number, number]);
        const events = words.filter((word) => word.includes('=')).map(eventOf);
        for (const [handle, synced] of tracks) this.spool.tracks.get(handle)!.at.synced = synced;
        this.events.push(...events);
        return machine.groupSynced(tracks.map(([handle, synced, ended]) => ({ handle, synced, ended: ended === 1 })), events);
      }
      case 'c':
        return machine.connected();
      case 'f':
        return machine.connectFailed(words[0] as WaitCause, 'refused');
      case 'd':
        return machine.disconnected('cut');
      case 'w':
        return machine.written(numbers[0]!);
      case 'u':
        return machine.puback(numbers[0]!, numbers[1]!);
      case 'r':
        return machine.receipt(parseReceipt(base64urlDecode(words[0]!)!)!);
      case 'm':
        return machine.linkMoves();
      default:
        throw new Error(`no input: ${what}`);
    }
  }
}

function histories(): string[][] {
  return readFileSync(file, 'utf8')
    .split(/^(?=H )/m)
    .map((history) => history.split('\n').filter((line) => line !== ''))
    .filter((lines) => lines.length > 0);
}

// The first difference, with what was before it; null: none.
function differs(lines: string[]): string | null {
  const replay = new Replay(Number(lines[0]!.slice(2)), lines);
  let made: string[] = [];
  for (const [i, line] of lines.entries()) {
    const where = (): string => lines.slice(Math.max(0, i - 20), i + 1).join('\n');
    if (i === 0 || line.startsWith('R ')) continue;
    if (line.startsWith('>')) {
      const ours = made.shift();
      if (ours !== line) return `${where()}\n${ours} is what the browser's does`;
      continue;
    }
    const [what, now, ...words] = line.split(' ') as [string, string, ...string[]];
    // Several inputs may come before the actions are carried out, as in the simulation.
    const next = lines[i + 1] ?? '';
    replay.now = Number(now);
    replay.input(what, words);
    made.push(...replay.machine.take().map(text));
    if (!next.startsWith('>') && !next.startsWith('R ') && made.length > 0) {
      const later = lines.slice(i + 1).find((each) => each.startsWith('>'));
      if (later !== made[0]) return `${where()}\n${made[0]} is done by the browser's alone`;
    }
  }
  if (made.length > 0) return `at the end ${made[0]} is done by the browser's alone`;
  if (replay.machine.knownTracks > 0 || !replay.machine.allDelivered()) return 'something still waits';
  return replay.backoff.problems[0] ?? null;
}

// Another device, or the same one after it was killed, with the same parts: from the hub's answer on it sends what is
// missing there, and nothing else. What was sent; null: that history has no such moment.
function finish(lines: string[]): { sent: number; missing: number; twice: number } | null {
  const first = new Replay(Number(lines[0]!.slice(2)), lines);
  const answers = lines.flatMap((line, i) => {
    const [what, , payload] = line.split(' ');
    const receipt = what === 'r' ? parseReceipt(base64urlDecode(payload!)!) : null;
    return receipt !== null && receipt.answers > 0 && receipt.tracks.length > 1 ? [{ i, receipt }] : [];
  });
  const chosen = answers[Math.floor(answers.length / 2)];
  if (chosen === undefined) return null;
  for (const line of lines.slice(1, chosen.i)) {
    if (line.startsWith('>') || line.startsWith('R ')) continue;
    const [what, now, ...words] = line.split(' ') as [string, string, ...string[]];
    first.now = Number(now);
    first.input(what, words);
  }
  let now = 0;
  const { spool } = first;
  const second = new Delivery({ windowBytes: 8 << 20, software: 'sim' }, spool, () => now, new JitteredBackoff());
  const at = new Map<string, Map<number, boolean>>(); // of each track, which parts the hub has
  let missing = 0;
  const tracks = chosen.receipt.tracks.map((receipt) => {
    const track = [...spool.tracks.values()].find((each) => each.at.track === receipt.track && formatId(each.at.capture) === formatId(receipt.capture))!;
    const made = track.at.synced;
    const has = new Map<number, boolean>(); // of an ended track the hub speaks of the device's parts only
    for (let n = 0; n < Math.min(made, receipt.contiguous); n++) has.set(n, true);
    for (const { first: from, count } of receipt.beyond) for (let n = from; n < Math.min(made, from + count); n++) has.set(n, true);
    at.set(`${track.at.handle}`, has);
    for (let n = 0; n < made; n++) if (!has.has(n)) missing += 1;
    return { receipt, track, has, made };
  });
  for (const { track, made } of tracks) second.trackAdded({ ...track.at, made, synced: made, delivered: 0, ended: true });
  const answer = (question: number): Receipt => ({
    answers: question,
    eventIds: [],
    refusals: [],
    tracks: tracks.map(({ receipt, track, has, made }) => {
      let contiguous = 0;
      while (has.has(contiguous)) contiguous += 1;
      const beyond = [...has.keys()].filter((n) => n > contiguous && n < made).sort((a, b) => a - b).map((n) => ({ first: n, count: 1 }));
      return { ...receipt, contiguous, beyond, runningHash: contiguous === 0 ? new Uint8Array(0) : spool.runningHash(track.at.handle, contiguous) };
    }),
  });
  const result = { sent: 0, missing, twice: 0 };
  for (let i = 0; i < 10_000 && !second.allDelivered(); i++) {
    now = Math.max(now + 1, Math.min(second.nextTickUs(), now + 20_000));
    second.tick();
    for (let actions = second.take(); actions.length > 0; actions = second.take()) {
      for (const action of actions) {
        if (action.do === 'connect') second.connected();
        else if (action.do === 'hello') {
          second.puback(action.token, 0);
          second.receipt(answer(action.token));
        } else if (action.do === 'part') {
          result.sent += 1;
          const has = at.get(`${action.handle}`)!;
          if (has.has(action.sequence)) result.twice += 1;
          has.set(action.sequence, true);
          second.puback(action.token, 0);
          second.receipt({ ...answer(0) });
        }
      }
    }
  }
  expect(second.allDelivered()).toBe(true);
  return result;
}

// 530,000 lines take a busy machine longer than a test's usual limit.
describe.skipIf(!existsSync(file))('the delivery, by the histories of the native agent', { timeout: 120_000 }, () => {
  it('does the same in each of them', () => {
    const all = histories();
    expect(all.length).toBeGreaterThanOrEqual(300);
    for (const [i, lines] of all.entries()) {
      const difference = differs(lines);
      if (difference !== null) throw new Error(`history ${i}:\n${difference}`);
    }
  }, 60_000);

  it('finishes what another began at the hub, and sends nothing that is there', () => {
    const results = histories().map(finish).filter((result) => result !== null);
    expect(results.length).toBeGreaterThan(100);
    for (const { sent, missing, twice } of results) {
      expect(sent).toBe(missing);
      expect(twice).toBe(0);
    }
    expect(results.reduce((sum, { missing }) => sum + missing, 0)).toBeGreaterThan(1000);
  }, 60_000);
});
