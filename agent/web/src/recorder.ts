// SPDX-License-Identifier: Apache-2.0
// What the service agent's screen (ui/) knows of whatever films. Two things implement it: the native agent, over its
// loopback socket, and the browser agent, in the page itself. The screen asks for nothing else.
//
// Rules for who implements it
// 1. `subscribe` calls the listener at once with the state as it is, then after each change, at most ten times a second.
//    Pins, messages and changes of the recording are told at once. A state is never changed after it was handed over.
// 2. Nothing is shown before it is true: `recording` is set when the first part is stored, not when the button is pressed.
// 3. An action resolves when what it did is safe on this device (not: at the hub), and never rejects: what could not be
//    done is an Outcome with a reason that the screen has words for. Actions may be called at any time, also at once.
// 4. What a recorder cannot do at all, or not now, stands in `abilities` with its reason; the button is then inert and
//    says why. An action that is called all the same answers with that reason.
// 5. Texts of people (areas, stages, names, messages) come as they were said. Everything else is a word of these types,
//    which the screen says in its language. `detail` is for a log, not for people.
// Units are in the names. Wall clock times are this device's, in milliseconds since 1970.

// --- what can be done

export type Ability =
  | 'record'
  | 'photo'
  | 'document'
  | 'note'
  | 'voice_note'
  | 'talk'
  | 'say'
  | 'answer'
  | 'switch_camera'
  | 'torch'
  | 'zoom';

// Why something cannot be done.
export type Reason =
  | 'not_here' // this kind of agent cannot do it; the screen leaves out what is optional
  | 'no_camera' // none there, or it gives no picture
  | 'camera_refused' // the person or the system does not allow it
  | 'no_microphone'
  | 'microphone_refused'
  | 'not_recording' // only while it records
  | 'recording' // only while it does not
  | 'no_link' // needs the network, now
  | 'no_listener' // talk: nobody watches
  | 'floor_taken' // talk: somebody else is heard
  | 'full' // no room on this device
  | 'disk_error'
  | 'other_tab' // another tab of this browser is the agent
  | 'not_enrolled'
  | 'agent_gone' // the agent behind this page does not answer
  | 'not_found' // the request was withdrawn or is known no more
  | 'invalid' // text too long or with control characters, percentage out of range
  | 'failed'; // anything else, with `detail`

export type Outcome<T = object> = ({ ok: true } & T) | { ok: false; reason: Reason; detail?: string };

// --- what is told

export interface RecorderState {
  // false: the state below is the last one known (the agent does not answer, the worker has not begun).
  present: boolean;
  device: { id: string; name: string };
  projectName: string; // empty: not known here
  recording: RecordingState | null;
  // A recording that ended without being asked to; null again when the next begins.
  ended: { reason: 'disk_full' | 'camera_lost' | 'error'; atMs: number } | null;
  picture: PictureState;
  link: LinkState;
  holding: HoldingState;
  room: RoomState;
  battery: BatteryState | null; // null: not known
  // Of the picture or sound that is recorded now, newest last.
  quality: QualityWarning[];
  abilities: Record<Ability, Reason | null>; // null: it can be done now
  areas: string[]; // for chips, the most useful first: of the plan, of requests, used here before
  stages: StageChoice[]; // from the plan; empty: not known here, the screen offers those used before
  pins: Pin[]; // others' pins of the recording that runs, oldest first, at most 20
  messages: Message[]; // others' and our own, of the last hours, oldest first, at most 50
  requests: ShotRequest[]; // open and accepted, the most urgent first; answered ones for ten minutes
  talk: TalkState;
  camera: CameraState;
}

export interface RecordingState {
  captureId: string;
  area: string;
  sinceMs: number; // wall clock of the first picture
  mediaTimeMs: number; // the newest moment that is stored
  paused: boolean; // no room: goes on by itself when there is
}

// How the preview is. 'off': nothing to see until it records (the camera is not opened before).
export interface PictureState {
  state: 'off' | 'starting' | 'on' | 'lost';
  widthPx: number; // of the picture as filmed; 0: not known
  heightPx: number;
}

// Why what waits does: the words of proto/README.md, "Why something waits". Empty: nothing waits. A word that the screen
// does not know is said as "waits".
export type Cause =
  | ''
  | 'not_synced'
  | 'no_password'
  | 'no_link'
  | 'not_trusted'
  | 'not_admitted'
  | 'hub_absent'
  | 'hub_full'
  | 'hub_io_error'
  | 'hub_overloaded'
  | 'refused'
  | 'damaged_on_device'
  | 'queued_behind_older'
  | 'queued_behind_live'
  | 'data_budget'
  | 'metered_network'
  | 'awaiting_receipt'
  | 'agent_not_running';

export interface LinkState {
  connected: boolean; // to the broker
  hubPresent: boolean;
  roundTripMs: number | null;
  deliveredKbps: number | null; // of the last seconds
  watchers: number | null; // who look on live; null: not known
  cause: Cause;
  causeSinceMs: number | null;
}

// What is on this device alone.
export interface HoldingState {
  onlyHereMs: number; // footage that the hub has in no quality
  waitingBytes: number;
  waitingCaptures: number;
  waitingStatements: number; // notes, answers, messages
  refusedStatements: number; // of those: the hub does not take them
  secondsToDeliver: number | null; // at the rate of now; null: nothing moves, or filming adds as much
}

export interface RoomState {
  bytes: number | null; // that can still be recorded
  minutes: number | null; // at the present rate; null: nothing is recorded
  trouble: 'none' | 'low' | 'full' | 'disk_error' | 'unknown_footage' | 'not_persistent'; // the last: the browser may clear it
}

export interface BatteryState {
  percentage: number;
  charging: boolean;
}

export interface QualityWarning {
  // The first three are stated in the archive too (event `quality`).
  kind: 'too_dark' | 'blurred' | 'lens_covered' | 'no_sound' | 'frames_dropped';
  sinceMs: number;
}

// A line of the plan in an area.
export interface StageChoice {
  itemId: string; // empty: no line of the plan
  area: string;
  stage: string;
  percentage: number | null; // as last stated
}

export interface Pin {
  id: string;
  from: string; // empty: another device
  x: number; // 0 to 1 of the picture as filmed, from the top left
  y: number;
  text: string;
  mediaTimeMs: number | null; // moment in the recording that was pointed at
  atMs: number; // when it came to this device
}

export interface Message {
  id: string;
  from: string;
  own: boolean; // said on this device
  text: string;
  atMs: number;
}

export interface ShotRequest {
  id: string;
  from: string;
  text: string;
  area: string;
  dueDay: string; // 2026-04-13, or empty
  forThisDevice: boolean; // else anybody of the project
  state: 'open' | 'accepted' | 'answered';
  shots: { text: string; answered: boolean }[]; // may be empty: the text is the one shot
  atMs: number;
}

// Who is heard. One at a time has the floor; `own`: this device's microphone is handed on.
export interface TalkState {
  floor: { who: string; own: boolean } | null; // null: nobody speaks
  listeners: number | null;
}

export interface CameraState {
  facing: 'front' | 'back' | 'unknown';
  torch: boolean;
  zoom: { now: number; least: number; most: number } | null;
}

// --- what can be asked

export interface StartOrder {
  area: string; // empty: none
  title?: string;
}

export interface PhotoOrder {
  area: string;
  note?: string;
}

// `progress` when a stage or a percentage is given, else a note; at the present moment of the recording that runs, else
// of the newest photo or recording when `about` is 'last', else of none.
export interface NoteOrder {
  text: string;
  area: string;
  itemId?: string; // of the plan
  stage?: string;
  percentage?: number; // 0 to 100
  about: 'now' | 'last' | 'nothing';
  voice?: Blob; // recorded by startVoiceNote
}

export interface AnswerOrder {
  requestId: string;
  shot: number; // from 1; 0: all of it
  // The present moment of the recording that runs, else the newest photo or recording of this device.
  text?: string;
}

export interface Recorder {
  // Rule 1. Returns the way to unsubscribe.
  subscribe(listener: (state: RecorderState) => void): () => void;

  start(order: StartOrder): Promise<Outcome<{ captureId: string }>>;
  // Asks nothing and loses nothing; resolves when the recording is closed and safe here.
  stop(): Promise<Outcome>;
  photo(order: PhotoOrder): Promise<Outcome<{ captureId: string }>>;
  document(file: File, area: string): Promise<Outcome<{ captureId: string }>>;
  note(order: NoteOrder): Promise<Outcome<{ eventId: string }>>;
  // Press and hold; the sound is given back to be sent with a note. `cancel` throws it away.
  startVoiceNote(): Promise<Outcome<{ finish(): Promise<Blob>; cancel(): void }>>;
  say(text: string): Promise<Outcome>;
  accept(requestId: string): Promise<Outcome>;
  answer(order: AnswerOrder): Promise<Outcome>;
  // The floor, and the microphone with it, until stopTalking.
  startTalking(): Promise<Outcome>;
  stopTalking(): void;

  // Shows what the camera sees in `video` from now on, as well as it can (see `picture`); the screen owns the element,
  // keeps it muted, and calls what is returned when it takes it away. One element at a time.
  preview(video: HTMLVideoElement): () => void;
  // The newest photo of `area` as something an <img> may show, for the ghost over the preview; null: none here.
  lastShot(area: string): Promise<string | null>;

  switchCamera(): Promise<Outcome>;
  setTorch(on: boolean): Promise<Outcome>;
  setZoom(factor: number): Promise<Outcome>;
}
