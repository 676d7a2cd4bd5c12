// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { formatBytes, formatSpan } from '../../../viewer/web/src/i18n/dates';
import { format } from '../../../viewer/web/src/i18n/messages';
import en from '../src/i18n/en.json';
import { nothingYet, reasonOf, stateAfter, type Heard, type ToldStatus } from '../src/native/native_state';
import type { RecorderState } from '../src/recorder';
import { LastUsed } from '../src/ui/last_used';
import { signalsOf, statusLine, warnings, type Words } from '../src/ui/status_line';

const words: Words = {
  t: (key, parameters = {}) => format(en[key], parameters, 'en'),
  span: (seconds) => formatSpan(seconds, 'en'),
  size: formatBytes,
};

const quiet: ToldStatus = {
  type: 'status',
  device_id: 'd',
  name: 'Tablet 2',
  link: { connected: true, hub_present: true, round_trip_us: 41_000 },
  cause: '',
  cause_since_us: 0,
  only_here_ms: 0,
  remaining_ms: 0,
  waiting_bytes: 0,
  waiting_captures: 0,
  waiting_events: 0,
  refused_events: 0,
  spool: { room_bytes: 1e9, room_ms: -1, trouble: '' },
  captures: [],
  areas: ['Hall 2'],
  requests: [],
  said: [],
  quality: {},
  paused: false,
  ended: null,
};
const capture = { capture_id: 'c1', area: 'Hall 2', captured_at_us: 5_000_000, duration_ms: 700 };
const heard = (): Heard => ({ answeredAtMs: new Map() });
const after = (told: Partial<ToldStatus>, before = nothingYet): RecorderState =>
  stateAfter(before, { ...quiet, ...told }, heard(), 10_000);
const line = (told: Partial<ToldStatus>): [string, string] => {
  const { text, tone } = statusLine(after(told), words);
  return [text, tone];
};

describe('the line about link and footage', () => {
  it('says what is only here, and that and how long it is sent', () => {
    const told = { only_here_ms: 130_000, waiting_captures: 1, waiting_bytes: 9e6, cause: 'awaiting_receipt', remaining_ms: 240_000 };
    expect(line(told)).toEqual(['2 min 10 s only on this device, sending, about 4 min', 'plain']);
    expect(line({ ...told, remaining_ms: -1 })).toEqual(['2 min 10 s only on this device, sending', 'plain']);
  });
  it('names the cause instead when nothing moves', () => {
    const told = { only_here_ms: 60_000, waiting_captures: 1, waiting_bytes: 9e6, remaining_ms: -1 };
    expect(line({ ...told, cause: 'no_link' })).toEqual(['1 min only on this device, no network', 'wait']);
    expect(line({ ...told, cause: 'not_admitted' })[1]).toBe('wrong');
    expect(line({ ...told, cause: 'a_word_of_tomorrow' })[0]).toBe('1 min only on this device, waiting');
  });
  it('says amounts where every moment is at the centre in some quality, and notes where nothing else waits', () => {
    expect(line({ waiting_captures: 1, waiting_bytes: 5_200_000, cause: 'awaiting_receipt' })[0]).toMatch(/^5\.2 MB to send/);
    expect(line({ waiting_events: 1, cause: 'no_link' })[0]).toBe('1 note to send, no network');
    expect(line({ waiting_events: 2, refused_events: 2, cause: 'refused' })[0]).toBe('2 notes not accepted by the centre');
  });
  it('claims that all is at the centre only when nothing waits', () => {
    expect(line({})).toEqual(['Everything is at the centre', 'good']);
    expect(line({ link: { ...quiet.link, connected: false } })[1]).toBe('wait');
    expect(statusLine(nothingYet, words).tone).toBe('wrong');
  });
});

describe('warnings', () => {
  it('are of quality, room and battery, and of a recording that ended by itself', () => {
    const state = after({
      quality: { too_dark: 1 },
      spool: { room_bytes: 1e8, room_ms: 300_000, trouble: 'low_room' },
      captures: [capture],
    });
    const texts = warnings({ ...state, battery: { percentage: 12, charging: false } }, words).map(({ text }) => text);
    expect(texts).toEqual(['Too dark', 'Little room left: enough for about 5 min', 'Battery 12%']);
    expect(warnings(after({ ended: { reason: 'disk_full', at_us: 1 } }), words)[0]!.tone).toBe('wrong');
    expect(warnings(after({ ended: { reason: 'source_ended', at_us: 1 } }), words)).toEqual([]);
  });
});

describe('what the native agent tells', () => {
  const pin = { type: 'pin' as const, event_id: 'p', capture_id: 'c1', from: 'Chen', text: '', stated_at_us: 1, x: 0.75, y: 0.25 };
  it('is drawn at once, each pin once, and only of the recording that runs', () => {
    let state = after({ captures: [capture] });
    state = stateAfter(state, pin, heard(), 0);
    state = stateAfter(state, { ...quiet, captures: [capture], said: [pin] }, heard(), 0);
    expect(state.pins).toMatchObject([{ id: 'p', x: 0.75, y: 0.25, from: 'Chen' }]);
    expect(stateAfter(state, { ...pin, event_id: 'q', capture_id: 'c0' }, heard(), 0).pins).toHaveLength(1);
    expect(after({ captures: [{ ...capture, capture_id: 'c2' }] }, state).pins).toEqual([]);
  });
  it('sorts requests by urgency, and lets answered ones stand ticked for ten minutes', () => {
    const request = (id: string, due: string, state = 'open'): ToldStatus['requests'][number] => ({
      request_id: id, from: '', text: id, area: '', due, for_this_device: false, state, shots: [], stated_at_us: 1,
    });
    const requests = [request('a', ''), request('b', '2035-03-05'), request('c', '2035-03-01', 'answered')];
    const memory = heard();
    const ids = (nowMs: number): string[] =>
      stateAfter(nothingYet, { ...quiet, requests }, memory, nowMs).requests.map(({ id }) => id);
    expect(ids(0)).toEqual(['b', 'a', 'c']);
    expect(ids(10 * 60_000)).toEqual(['b', 'a']);
  });
  it('has a reason for each refusal', () => {
    expect(reasonOf('start', 'not found')).toBe('no_camera');
    expect(reasonOf('answer', 'not found')).toBe('not_found');
    expect(reasonOf('note', 'invalid argument')).toBe('invalid');
    expect(reasonOf('say', 'something new')).toBe('failed');
  });
});

describe('a sound is given', () => {
  it('for recording, stopped, sent, somebody who speaks, a request and a warning, and for nothing else', () => {
    const idle = after({});
    const filming = after({ captures: [capture] });
    expect(signalsOf(idle, filming)).toEqual(['recording']);
    expect(signalsOf(filming, idle)).toEqual(['stopped']);
    expect(signalsOf(after({ waiting_captures: 1 }), idle)).toEqual(['sent']);
    expect(signalsOf(filming, after({ captures: [capture], quality: { blurred: 1 } }))).toEqual(['warning']);
    const message = { id: 'm', from: 'Chen', own: false, text: 'left', atMs: 1 };
    expect(signalsOf(idle, { ...idle, messages: [message] })).toEqual(['spoken']);
    expect(signalsOf(idle, { ...idle, messages: [{ ...message, own: true }] })).toEqual([]);
    expect(signalsOf(filming, filming)).toEqual([]);
  });
});

describe('what was said last', () => {
  it('is offered first, by area, also after the page was opened again', () => {
    const kept = new Map<string, string>();
    const place = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text) };
    const last = new LastUsed(place);
    last.use('Hall 1', 'Roof', 40);
    last.use('Hall 2', 'Walls', 10);
    last.use('Hall 1', 'Floor', null);
    const again = new LastUsed(place);
    expect(again.area).toBe('Hall 1');
    expect(again.areas(['Gate', 'Hall 2'])).toEqual(['Hall 1', 'Hall 2', 'Gate']);
    expect(again.stages('Hall 1', []).map(({ stage }) => stage)).toEqual(['Floor', 'Roof']);
    const planned = { itemId: 'i', area: 'Hall 1', stage: 'Doors', percentage: 5 };
    expect(again.stages('Hall 1', [planned]).at(-1)).toEqual({ stage: 'Doors', percentage: 5 });
  });
  it('is nothing where storage holds something else', () => {
    expect(new LastUsed({ getItem: () => '{"area":', setItem: () => undefined }).areas([])).toEqual([]);
    expect(new LastUsed(null).area).toBe('');
  });
});
