// SPDX-License-Identifier: Apache-2.0
// What the page and the worker say to each other. Everything here can be cloned or transferred.
import type { Body } from './proto/events';
import type { DeliveryState, TrackDelivery } from './publish/delivery';
import type { CloseReason } from './spool/spool';

// Who this device is. The key was made here and cannot be read out.
export interface Enrolment {
  url: string; // of the tunnel, ws:// or wss://…/api/v1/mqtt
  project: string;
  device: string;
  password: string;
  key: CryptoKey; // Ed25519, private
  name: string; // as people call the device
  // What enrolment told of the project, for the screen.
  projectName?: string;
  areas?: string[];
  stages?: string[];
}

export interface RecordOrder {
  area: string;
  source: string; // words of ours: which camera. A walk-through goes on from one of the same source
  title?: string;
  framesPerSecond?: number;
  videoBitsPerSecond?: number;
  soundBitsPerSecond?: number;
  hasVideo: boolean;
  hasSound: boolean;
}

export interface FileOrder {
  kind: 'photo' | 'document';
  name: string;
  mediaType: string;
  area: string;
  bytes: Blob;
  capturedAtMs?: number;
  photo?: Extract<Body, { kind: 'capture.opened' }>['photo'];
  note?: string;
}

type Progress = Omit<Extract<Body, { kind: 'progress' }>, 'planItem'> & { planItem?: string };

export interface StatementOrder {
  body: Extract<Body, { kind: 'note' | 'quality' }> | Progress; // a line of the plan by its id as text
  area?: string;
  capture?: string; // absent: of none
  now?: boolean; // at the present moment of the capture that is recorded
}

export type Order =
  | { do: 'start'; enrolment: Enrolment; store: string }
  | { do: 'record'; order: RecordOrder }
  | { do: 'frames'; readable: ReadableStream<VideoFrame> }
  | { do: 'sound'; readable: ReadableStream<AudioData> }
  | { do: 'frame'; frame: VideoFrame }
  | { do: 'pcm'; pcm: Float32Array<ArrayBuffer>; sampleRate: number; timestampUs: number }
  | { do: 'stop'; reason: CloseReason }
  | { do: 'still' } // of what is recorded; answered with a JPEG
  | { do: 'file'; order: FileOrder }
  | { do: 'state'; order: StatementOrder }
  | { do: 'network_changed' }
  | { do: 'close' };

// With a number it is answered.
export type ToWorker = Order & { question?: number };

export interface TrackStatus extends Partial<TrackDelivery> {
  track: string;
  made: number;
  synced: number; // on the device
  delivered: number; // at the hub, and its running hash is ours
  bytes: number; // of it that are on the device
}
export interface CaptureStatus {
  id: string;
  kind: string;
  area: string;
  openedMs: number;
  reason: CloseReason | null; // null: it is recorded
  continues: string;
  tracks: TrackStatus[];
}
export interface RecordingStatus {
  capture: string;
  area: string;
  beganMs: number; // wall clock at media time 0
  storedUs: number; // media time up to which something is stored; 0: nothing yet
  bytesPerSecond: number; // of media, so far
  framesEncoded: number;
  framesDropped: number;
}
export interface StorageStatus {
  storedBytes: number; // by us
  leftBytes: number; // that the browser still grants
  minutesLeft: number | null; // at the rate of what is recorded; null: nothing is
  persisted: boolean; // the browser does not clear it by itself
  lowRoom: boolean;
  full: boolean;
}
export interface EngineStatus {
  // other_tab: this browser's agent runs in another tab, which publishes; this one waits for it to go.
  phase: 'starting' | 'other_tab' | 'ready' | 'failed';
  why: string; // of failed
  recording: RecordingStatus | null;
  ended: { capture: string; reason: CloseReason } | null; // the last recording, when nobody asked it to end
  delivery: DeliveryState | null;
  unknownCaptures: number; // folders with parts that the journal does not name: kept on this device, never sent
  refusedEvents: number; // that the hub does not take; kept here
  handedOnKbps: number; // to the network, over the last two seconds
  captures: CaptureStatus[]; // that wait or are recorded, oldest first
  doneCaptures: string[]; // the newest that are wholly at the hub
  storage: StorageStatus;
}

export type FromWorker =
  | { say: 'status'; status: EngineStatus }
  | { say: 'answer'; question: number; value: string | Blob }
  | { say: 'failed'; question: number; why: string };
