// SPDX-License-Identifier: Apache-2.0
// Hello out, receipt in: the same rules as proto/codec/control.h. A receipt comes from outside, so that
// one which breaks a rule is null as a whole: nothing is freed on its word.
import { readFields, WireError } from '../../../../viewer/web/src/codec/protobuf';
import { trackKind } from '../../../../viewer/web/src/codec/topics';
import { WireWriter } from './wire_writer';

const maxControlBytes = 256 * 1024;
const maxSequence = 2 ** 40;
const maxTextBytes = 8 * 1024;

export interface TrackPosition {
  capture: Uint8Array;
  track: string;
  nextSequence: number; // parts that were made
  ended?: boolean;
}

export function helloBytes(software: string, tracks: TrackPosition[], question: number): Uint8Array {
  const writer = new WireWriter().uint(1, 1).text(2, software);
  for (const position of tracks) {
    writer.message(
      3,
      new WireWriter()
        .data(1, position.capture)
        .text(2, position.track)
        .uint(3, position.nextSequence)
        .flag(4, position.ended ?? false)
        .take(),
    );
  }
  return writer.uint(4, question).take();
}

export interface SequenceRange {
  first: number;
  count: number;
}

export interface TrackReceipt {
  capture: Uint8Array;
  track: string;
  contiguous: number; // every part below is durable at the hub
  runningHash: Uint8Array; // over them; empty when there are none
  beyond: SequenceRange[];
}

// RefusalCause of the schema; a number that is not listed is kept.
export const refusalCause = {
  hubFull: 1,
  hubIoError: 2,
  malformed: 3,
  conflict: 4,
  notAllowed: 5,
  overloaded: 6,
} as const;

export interface Refusal {
  cause: number;
  capture: Uint8Array;
  track: string;
  sequence: number;
  eventId: Uint8Array;
  detail: string;
}

export interface Receipt {
  tracks: TrackReceipt[];
  eventIds: Uint8Array[];
  refusals: Refusal[];
  answers: number; // the hello's question; 0: none
}

const none = new Uint8Array(0);

function refuse(what: string): never {
  throw new WireError(what);
}

function id(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 16 || bytes.every((byte) => byte === 0)) refuse('not an id');
  return bytes.slice();
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('not UTF-8');
  }
}

function trackName(bytes: Uint8Array): string {
  const name = text(bytes);
  return trackKind(name) === null ? refuse('not a track name') : name;
}

function readRange(bytes: Uint8Array): SequenceRange {
  const range = { first: 0, count: 0 };
  readFields(bytes, ({ number, value }) => {
    if (number === 1) range.first = value;
    else if (number === 2) range.count = value;
  });
  return range;
}

function readTrack(bytes: Uint8Array): TrackReceipt {
  const receipt: TrackReceipt = { capture: none, track: '', contiguous: 0, runningHash: none, beyond: [] };
  readFields(bytes, (field) => {
    if (field.number === 1) receipt.capture = id(field.bytes);
    else if (field.number === 2) receipt.track = trackName(field.bytes);
    else if (field.number === 3) receipt.contiguous = field.value;
    else if (field.number === 4) receipt.runningHash = field.bytes.slice();
    else if (field.number === 5) receipt.beyond.push(readRange(field.bytes));
  });
  if (receipt.capture.length === 0 || receipt.track === '') refuse('of no track');
  if (receipt.contiguous > maxSequence) refuse('contiguous is beyond 2^40');
  if (receipt.runningHash.length !== (receipt.contiguous === 0 ? 0 : 32)) refuse('running hash');
  let earliest = receipt.contiguous + 1; // part `contiguous` is missing
  for (const { first, count } of receipt.beyond) {
    if (first < earliest || first > maxSequence || count === 0 || count > maxSequence) refuse('ranges');
    earliest = first + count;
  }
  return receipt;
}

function readRefusal(bytes: Uint8Array): Refusal {
  const refusal: Refusal = {
    cause: 0,
    capture: none,
    track: '',
    sequence: 0,
    eventId: none,
    detail: '',
  };
  readFields(bytes, (field) => {
    if (field.number === 1) refusal.cause = field.value;
    else if (field.number === 2 && field.bytes.length > 0) refusal.capture = id(field.bytes);
    else if (field.number === 3 && field.bytes.length > 0) refusal.track = trackName(field.bytes);
    else if (field.number === 4) refusal.sequence = field.value;
    else if (field.number === 5 && field.bytes.length > 0) refusal.eventId = id(field.bytes);
    else if (field.number === 6) {
      if (field.bytes.length > maxTextBytes) refuse('detail is too long');
      refusal.detail = text(field.bytes);
    }
  });
  if (refusal.sequence >= maxSequence) refuse('sequence is beyond 2^40');
  return refusal;
}

// null: malformed, or outside the limits of proto/README.md.
export function parseReceipt(bytes: Uint8Array): Receipt | null {
  if (bytes.length > maxControlBytes) return null;
  const receipt: Receipt = { tracks: [], eventIds: [], refusals: [], answers: 0 };
  try {
    readFields(bytes, (field) => {
      if (field.number === 1) receipt.tracks.push(readTrack(field.bytes));
      else if (field.number === 2) receipt.eventIds.push(id(field.bytes));
      else if (field.number === 3) receipt.refusals.push(readRefusal(field.bytes));
      else if (field.number === 4) receipt.answers = field.value;
    });
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
  return receipt;
}
