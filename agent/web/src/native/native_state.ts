// SPDX-License-Identifier: Apache-2.0
// What the native agent tells (agent/screen/README.md, "Messages") as the state that the screen draws. Pure.
import type { Ability, Cause, Message, Pin, QualityWarning, Reason, RecorderState, ShotRequest } from '../recorder';

interface ToldCapture {
  capture_id: string;
  area: string;
  captured_at_us: number;
  duration_ms: number;
}

interface ToldSaid {
  type: string;
  event_id: string;
  capture_id?: string;
  from: string;
  text: string;
  stated_at_us: number;
  at_ms?: number;
  x?: number;
  y?: number;
}

interface ToldRequest {
  request_id: string;
  from: string;
  text: string;
  area: string;
  due: string;
  for_this_device: boolean;
  state: string;
  shots: { text: string; answered: boolean }[];
  stated_at_us: number;
}

export interface ToldStatus {
  type: 'status';
  device_id: string;
  name: string;
  link: { connected: boolean; hub_present: boolean; round_trip_us: number; delivered_kbps?: number };
  cause: string;
  cause_since_us: number;
  only_here_ms: number;
  remaining_ms: number;
  waiting_bytes: number;
  waiting_captures: number;
  waiting_events: number;
  refused_events: number;
  spool: { room_bytes: number; room_ms: number; trouble: string };
  captures: ToldCapture[]; // that are recorded
  areas: string[];
  requests: ToldRequest[];
  said: ToldSaid[];
  quality: Record<string, number>; // since when, in ms
  paused: boolean;
  ended: { reason: string; at_us: number } | null;
}

export type Told = ToldStatus | ({ type: 'pin' | 'message' } & ToldSaid) | ({ type: 'request' } & ToldRequest);

export interface Answer {
  ok: boolean;
  kind?: string;
  detail?: string;
  value?: Record<string, unknown>;
}

const abilities: Record<Ability, Reason | null> = {
  record: null,
  photo: null,
  document: 'not_here',
  note: null,
  voice_note: 'not_here',
  talk: 'not_here',
  say: null,
  answer: null,
  switch_camera: 'not_here',
  torch: 'not_here',
  zoom: 'not_here',
};

export const nothingYet: RecorderState = {
  present: false,
  device: { id: '', name: '' },
  projectName: '',
  recording: null,
  ended: null,
  picture: { state: 'off', widthPx: 0, heightPx: 0 },
  link: { connected: false, hubPresent: false, roundTripMs: null, deliveredKbps: null, watchers: null, cause: '', causeSinceMs: null },
  holding: { onlyHereMs: 0, waitingBytes: 0, waitingCaptures: 0, waitingStatements: 0, refusedStatements: 0, secondsToDeliver: null },
  room: { bytes: null, minutes: null, trouble: 'none' },
  battery: null,
  quality: [],
  abilities,
  areas: [],
  stages: [],
  pins: [],
  messages: [],
  requests: [],
  talk: { floor: null, listeners: null },
  camera: { facing: 'unknown', torch: false, zoom: null },
};

const mostPins = 20;
const mostMessages = 50;
const answeredFor = 10 * 60_000;

const troubles: Record<string, RecorderState['room']['trouble']> = {
  low_room: 'low',
  disk_full: 'full',
  quota_full: 'full',
  disk_error: 'disk_error',
};

const ms = (us: number): number => us / 1000;

function pinOf(said: ToldSaid): Pin {
  return {
    id: said.event_id,
    from: said.from,
    x: said.x ?? 0.5,
    y: said.y ?? 0.5,
    text: said.text,
    mediaTimeMs: said.at_ms ?? null,
    atMs: ms(said.stated_at_us),
  };
}

function messageOf(said: ToldSaid): Message {
  return { id: said.event_id, from: said.from, own: false, text: said.text, atMs: ms(said.stated_at_us) };
}

function requestOf(told: ToldRequest): ShotRequest {
  return {
    id: told.request_id,
    from: told.from,
    text: told.text,
    area: told.area,
    dueDay: told.due,
    forThisDevice: told.for_this_device,
    state: told.state === 'answered' || told.state === 'accepted' ? told.state : 'open',
    shots: told.shots,
    atMs: ms(told.stated_at_us),
  };
}

// A file that was played to its end is no accident, and a recording that another command stopped was asked to.
function endOf(told: ToldStatus['ended']): RecorderState['ended'] {
  if (told === null || told.reason === 'source_ended' || told.reason === 'stopped') return null;
  return { reason: told.reason === 'disk_full' ? 'disk_full' : 'error', atMs: ms(told.at_us) };
}

const byUrgency = (a: ShotRequest, b: ShotRequest): number =>
  Number(a.state === 'answered') - Number(b.state === 'answered') ||
  (a.dueDay === '' ? '9' : a.dueDay).localeCompare(b.dueDay === '' ? '9' : b.dueDay) ||
  a.atMs - b.atMs;

// `list` with `more`, each once, by when it was said, the newest `most`.
function merged<T extends { id: string; atMs: number }>(list: readonly T[], more: readonly T[], most: number): T[] {
  const all = new Map([...list, ...more].map((one) => [one.id, one]));
  return [...all.values()].sort((a, b) => a.atMs - b.atMs).slice(-most);
}

// What only this page knows beside what it is told.
export interface Heard {
  answeredAtMs: Map<string, number>; // requests that were seen to be answered
}

function withSaid(state: RecorderState, said: readonly ToldSaid[]): RecorderState {
  const capture = state.recording?.captureId;
  const pins = said.filter((one) => one.type === 'pin' && one.capture_id === capture && capture !== undefined).map(pinOf);
  const messages = said.filter((one) => one.type === 'message').map(messageOf);
  return {
    ...state,
    pins: merged(state.pins, pins, mostPins),
    messages: merged(state.messages, messages, mostMessages),
  };
}

function withStatus(before: RecorderState, told: ToldStatus, heard: Heard, nowMs: number): RecorderState {
  const now = told.captures[0];
  const trouble = troubles[told.spool.trouble] ?? 'none';
  const open = told.requests.map(requestOf);
  // One that is answered in full stands there ticked for a while.
  for (const request of open) {
    if (request.state === 'answered') heard.answeredAtMs.set(request.id, heard.answeredAtMs.get(request.id) ?? nowMs);
  }
  const kept = open.filter((request) => {
    const at = heard.answeredAtMs.get(request.id);
    return request.state !== 'answered' || at === undefined || nowMs - at < answeredFor;
  });
  const state: RecorderState = {
    ...before,
    present: true,
    device: { id: told.device_id, name: told.name },
    recording:
      now === undefined
        ? null
        : {
            captureId: now.capture_id,
            area: now.area,
            sinceMs: ms(now.captured_at_us),
            mediaTimeMs: now.duration_ms,
            paused: told.paused,
          },
    ended: now === undefined ? endOf(told.ended) : null,
    link: {
      connected: told.link.connected,
      hubPresent: told.link.hub_present,
      roundTripMs: told.link.round_trip_us > 0 ? ms(told.link.round_trip_us) : null,
      deliveredKbps: told.link.delivered_kbps ?? null,
      watchers: null,
      cause: told.cause as Cause,
      causeSinceMs: told.cause_since_us > 0 ? ms(told.cause_since_us) : null,
    },
    holding: {
      onlyHereMs: told.only_here_ms,
      waitingBytes: told.waiting_bytes,
      waitingCaptures: told.waiting_captures,
      waitingStatements: told.waiting_events,
      refusedStatements: told.refused_events,
      secondsToDeliver: told.remaining_ms < 0 ? null : told.remaining_ms / 1000,
    },
    room: {
      bytes: told.spool.room_bytes,
      minutes: told.spool.room_ms < 0 ? null : told.spool.room_ms / 60_000,
      trouble,
    },
    quality: Object.entries(told.quality).map(([kind, sinceMs]) => ({ kind: kind as QualityWarning['kind'], sinceMs })),
    areas: told.areas,
    requests: kept.sort(byUrgency),
    pins: now?.capture_id === before.recording?.captureId ? before.pins : [],
  };
  return withSaid(state, told.said);
}

export function stateAfter(before: RecorderState, told: Told, heard: Heard, nowMs: number): RecorderState {
  if (told.type === 'status') return withStatus(before, told, heard, nowMs);
  if (told.type === 'request') {
    const request = requestOf(told);
    const others = before.requests.filter(({ id }) => id !== request.id);
    if (told.state === 'closed') return { ...before, requests: others };
    return { ...before, requests: [...others, request].sort(byUrgency) };
  }
  return withSaid(before, [told]);
}

const reasons: Record<string, Reason> = {
  recording: 'recording',
  'invalid argument': 'invalid',
  'not found': 'not_found',
  unavailable: 'no_camera',
  'resource exhausted': 'full',
  'failed precondition': 'not_recording',
  'data loss': 'disk_error',
};

// Why an order was not carried out. A source that is not there is "not found" too.
export function reasonOf(order: string, kind: string | undefined): Reason {
  const reason = reasons[kind ?? ''] ?? 'failed';
  if ((order === 'start' || order === 'photo') && (reason === 'not_found' || reason === 'invalid')) return 'no_camera';
  return reason;
}
