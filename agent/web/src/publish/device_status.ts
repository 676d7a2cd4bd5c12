// SPDX-License-Identifier: Apache-2.0
// What this device tells of itself on its `status` topic, retained and as its last will: the fields of DeviceStatus
// (proto/schema/sitecast.proto) that a page can know. Pure.
import { parseId } from '../../../../viewer/web/src/codec/id';
import { formatTopic } from '../../../../viewer/web/src/codec/topics';
import type { CaptureStatus, Enrolment, StorageStatus } from '../messages';
import type { Message } from '../net/mqtt_codec';
import { WireWriter } from '../proto/wire_writer';
import type { DeliveryState } from './delivery';

export interface StatusFacts {
  online: boolean;
  lost: boolean;
  nowUs: number;
  recording: string | null;
  delivery: DeliveryState;
  sinceUs: number; // since when the cause holds
  captures: CaptureStatus[];
  storage: StorageStatus;
}

const mostItems = 64;

function waits(capture: CaptureStatus): boolean {
  return capture.tracks.some((track) => track.delivered < track.made);
}

function stateOf(capture: CaptureStatus): string {
  if (capture.reason === null) return 'recording';
  const atHub = capture.tracks.every((track) => (track.waiting ?? 0) === 0);
  if (atHub) return 'at_hub';
  return capture.tracks.some((track) => track.cause === 'awaiting_receipt') ? 'sending' : 'on_device';
}

function itemBytes(capture: CaptureStatus): Uint8Array {
  const cause = capture.tracks.find((track) => (track.cause ?? '') !== '')?.cause ?? '';
  return new WireWriter()
    .data(1, parseId(capture.id)!)
    .text(2, capture.kind)
    .text(3, capture.area)
    .uint(4, capture.openedMs * 1000)
    .text(5, stateOf(capture))
    .text(6, cause)
    .uint(7, waitingMs(capture))
    .take();
}

// Of footage that is only here: the track that lacks most. Video has about 30 parts a second, sound 25.
function waitingMs(capture: CaptureStatus): number {
  const of = (name: string, partMs: number): number => {
    const track = capture.tracks.find((each) => each.track === name);
    return track === undefined ? 0 : (track.waiting ?? track.made - track.delivered) * partMs;
  };
  return Math.round(Math.max(of('video', 33.3), of('audio', 40)));
}

export function statusMessage(facts: StatusFacts, enrolment: Enrolment): Message {
  const { delivery, storage } = facts;
  const held = facts.captures.filter((capture) => capture.reason === null || waits(capture));
  const writer = new WireWriter().flag(1, facts.online && !facts.lost).uint(2, facts.nowUs);
  if (facts.recording !== null && facts.online && !facts.lost) {
    const tracks = held.find((capture) => capture.id === facts.recording)?.tracks ?? [];
    const live = new WireWriter().data(1, parseId(facts.recording)!);
    for (const { track } of tracks) live.text(2, track);
    writer.message(3, live.take());
  }
  const waiting = held.filter(waits);
  writer
    .uint(4, delivery.waitingParts)
    .text(6, delivery.cause)
    .text(7, enrolment.name)
    .flag(8, facts.lost)
    .uint(9, delivery.cause === '' ? 0 : facts.sinceUs)
    .uint(10, waiting.reduce((sum, capture) => sum + waitingMs(capture), 0))
    .uint(11, waiting.length)
    .uint(12, delivery.waitingEvents)
    .text(15, storage.full ? 'disk_full' : storage.lowRoom ? 'low_room' : '')
    .uint(16, storage.storedBytes)
    .uint(17, storage.storedBytes + storage.leftBytes);
  for (const capture of held.slice(0, mostItems)) writer.message(18, itemBytes(capture));
  const topic = formatTopic({ kind: 'status', project: enrolment.project, device: enrolment.device });
  return { topic, payload: writer.take(), qos: 1, retain: true };
}
