// SPDX-License-Identifier: Apache-2.0
// Events that a device states, byte for byte as proto/codec/event_bodies writes them. An event is put
// together once, stored, and sent as stored. No actor: a device speaks for itself.
import { headBytes } from './part_writer';
import type { SignedHead } from './running_hash';
import { WireWriter } from './wire_writer';

export interface PhotoMetadata {
  width?: number;
  height?: number;
  orientation?: number; // EXIF 1 to 8
  exifTime?: string;
  exifOffset?: string;
  place?: { latitude: number; longitude: number };
  camera?: string;
}

export interface TrackEnd {
  track: string;
  partCount: number;
  runningHash?: Uint8Array; // absent when there is no part
  head?: SignedHead;
}

export type Body =
  | {
      kind: 'capture.opened';
      captureKind: 'walkthrough' | 'photo' | 'timelapse' | 'document' | 'meeting';
      capturedAtUs: number;
      tracks: string[];
      title?: string;
      continues?: Uint8Array;
      photo?: PhotoMetadata;
      source?: string;
      bootCount?: number;
      demonstration?: boolean;
    }
  | {
      kind: 'capture.closed';
      tracks: TrackEnd[];
      reason: 'stopped' | 'source_ended' | 'restarted' | 'damaged' | 'error' | 'disk_full';
      detail?: string;
    }
  | { kind: 'note'; text: string }
  | { kind: 'progress'; stage?: string; percentage?: number; text?: string; planItem?: Uint8Array }
  | { kind: 'quality'; warning: 'too_dark' | 'blurred' | 'lens_covered'; active: boolean; value: number }
  | { kind: 'gap'; track: string; fromUs: number; untilUs: number; reason: string; parts?: { first: number; count: number } };

export interface Statement {
  eventId: Uint8Array; // made once, where it is stated
  statedAtUs: number;
  capture?: Uint8Array;
  mediaTimeUs?: number; // a moment of that capture
  area?: string;
  body: Body;
}

const none = new Uint8Array(0);

function photoBytes(photo: PhotoMetadata): Uint8Array {
  return new WireWriter()
    .uint(1, photo.width ?? 0)
    .uint(2, photo.height ?? 0)
    .uint(3, photo.orientation ?? 0)
    .text(4, photo.exifTime ?? '')
    .text(5, photo.exifOffset ?? '')
    .flag(6, photo.place !== undefined)
    .double(7, photo.place?.latitude ?? 0)
    .double(8, photo.place?.longitude ?? 0)
    .text(9, photo.camera ?? '')
    .take();
}

function trackEndBytes(end: TrackEnd): Uint8Array {
  const writer = new WireWriter()
    .text(1, end.track)
    .uint(2, end.partCount)
    .data(3, end.runningHash ?? none);
  if (end.head !== undefined) writer.message(4, headBytes(end.head));
  return writer.take();
}

// The number of the body's field and what is in it.
function bodyOf(body: Body): [number, Uint8Array] {
  const writer = new WireWriter();
  switch (body.kind) {
    case 'capture.opened':
      writer.text(1, body.captureKind).uint(2, body.capturedAtUs);
      for (const track of body.tracks) writer.text(3, track);
      writer.text(4, body.title ?? '').data(5, body.continues ?? none);
      if (body.photo !== undefined) writer.message(6, photoBytes(body.photo));
      writer.text(7, body.source ?? '').uint(8, body.bootCount ?? 0).flag(9, body.demonstration ?? false);
      return [20, writer.take()];
    case 'capture.closed':
      for (const end of body.tracks) writer.message(1, trackEndBytes(end));
      return [21, writer.text(2, body.reason).text(3, body.detail ?? '').take()];
    case 'note':
      return [22, writer.text(1, body.text).take()];
    case 'progress':
      writer
        .text(1, body.stage ?? '')
        .flag(2, body.percentage !== undefined)
        .double(3, body.percentage ?? 0)
        .text(4, body.text ?? '')
        .data(5, body.planItem ?? none);
      return [23, writer.take()];
    case 'quality':
      return [24, writer.text(1, body.warning).flag(2, body.active).double(3, body.value).take()];
    case 'gap':
      writer
        .text(1, body.track)
        .uint(2, body.fromUs)
        .uint(3, body.untilUs)
        .text(4, body.reason)
        .uint(5, body.parts?.first ?? 0)
        .uint(6, body.parts?.count ?? 0);
      return [27, writer.take()];
  }
}

export function eventBytes(statement: Statement): Uint8Array {
  const [field, body] = bodyOf(statement.body);
  return new WireWriter()
    .data(1, statement.eventId)
    .text(2, statement.body.kind)
    .uint(3, statement.statedAtUs)
    .data(4, statement.capture ?? none)
    .uint(5, statement.mediaTimeUs ?? 0)
    .flag(6, statement.mediaTimeUs !== undefined)
    .text(7, statement.area ?? '')
    .message(field, body)
    .take();
}
