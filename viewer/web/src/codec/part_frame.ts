// SPDX-License-Identifier: Apache-2.0
// Part frame, as published on MQTT and as sent by the live WebSocket (layout: proto/codec/part_frame.h):
//   0x01 | u16 E | PartEnvelope (E bytes) | u16 P | PartProof (P bytes) | media to the end
// Pure functions; views point into the caller's bytes.
import { readFields, WireError } from './protobuf';

const maxEnvelopeBytes = 2048;
const maxProofBytes = 256;
const maxInitBytes = 1024;
const maxPartBytes = 4 * 1024 * 1024;
const maxSequence = 2 ** 40;
const maxDuration = 2 * 192_000; // 2 s in the finest timescale
const fileField = 8;

export interface PartFrame {
  envelopeBytes: Uint8Array;
  proofBytes: Uint8Array;
  media: Uint8Array;
}

export interface PartEnvelope {
  sequence: number;
  mediaTime: number; // in units of the track's timescale
  duration: number;
  keyFrame: boolean;
  initHash8: Uint8Array;
  initSegment: Uint8Array; // empty unless this part starts a segment
  capturedAtUs: number; // 0: not stated on this part
  last: boolean;
}

// null: not a part frame.
export function splitPartFrame(payload: Uint8Array): PartFrame | null {
  const u16 = (at: number): number => (payload[at]! << 8) | payload[at + 1]!;
  if (payload.length < 3 || payload[0] !== 1) return null;
  const envelopeEnd = 3 + u16(1);
  if (envelopeEnd - 3 > maxEnvelopeBytes || payload.length < envelopeEnd + 2) return null;
  const proofEnd = envelopeEnd + 2 + u16(envelopeEnd);
  if (proofEnd - envelopeEnd - 2 > maxProofBytes || payload.length < proofEnd) return null;
  if (payload.length - proofEnd > maxPartBytes) return null;
  return {
    envelopeBytes: payload.subarray(3, envelopeEnd),
    proofBytes: payload.subarray(envelopeEnd + 2, proofEnd),
    media: payload.subarray(proofEnd),
  };
}

// Of a part of a media track; null: malformed, outside the limits of proto/codec/limits.h, or a block of
// a file. Whether the init segment has the hash it is named by is the hub's to check, not a viewer's.
export function parseEnvelope(bytes: Uint8Array): PartEnvelope | null {
  const none = new Uint8Array(0);
  const envelope: PartEnvelope = {
    sequence: 0,
    mediaTime: 0,
    duration: 0,
    keyFrame: false,
    initHash8: none,
    initSegment: none,
    capturedAtUs: 0,
    last: false,
  };
  let file = false;
  try {
    readFields(bytes, (field) => {
      if (field.number === 1) envelope.sequence = field.value;
      else if (field.number === 2) envelope.mediaTime = field.value;
      else if (field.number === 3) envelope.duration = field.value;
      else if (field.number === 4) envelope.keyFrame = field.value !== 0;
      else if (field.number === 5) envelope.initHash8 = field.bytes;
      else if (field.number === 6) envelope.initSegment = field.bytes;
      else if (field.number === 7) envelope.capturedAtUs = field.value;
      else if (field.number === fileField) file = true;
      else if (field.number === 9) envelope.last = field.value !== 0;
    });
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
  if (envelope.sequence >= maxSequence || envelope.duration > maxDuration) return null;
  if (envelope.initSegment.length > maxInitBytes) return null;
  if (file || envelope.initHash8.length !== 8) return null;
  return envelope;
}

export interface LiveMessage {
  track: string;
  frame: PartFrame;
}

// Binary message of the live WebSocket: u8 track name length | track name | part frame.
export function splitLiveMessage(message: Uint8Array): LiveMessage | null {
  const length = message[0];
  if (length === undefined || length === 0 || length > 16 || message.length < 1 + length) return null;
  const frame = splitPartFrame(message.subarray(1 + length));
  if (frame === null) return null;
  return { track: String.fromCharCode(...message.subarray(1, 1 + length)), frame };
}
