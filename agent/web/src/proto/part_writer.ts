// SPDX-License-Identifier: Apache-2.0
// Envelope, proof and frame of a part, byte for byte what agent/spool/part_builder and
// proto/codec/part_frame make. A part is put together once; its bytes are stored and sent as they are.
import { sha256 } from './hash';
import type { SignedHead } from './running_hash';
import { WireWriter } from './wire_writer';

export interface FileInfo {
  name: string; // as a person would call it
  mediaType: string;
  sizeBytes: number;
  sha256: Uint8Array; // of the whole file
}

// What a part says of itself; its rules are in proto/README.md, "Part frame".
export interface Envelope {
  sequence: number;
  mediaTime: number; // units of the track's timescale; of a block its offset in the file
  duration?: number;
  keyFrame?: boolean; // video
  initHash8?: Uint8Array; // every part of a media track
  initSegment?: Uint8Array; // where a segment starts
  capturedAtUs?: number;
  file?: FileInfo; // block 0 of a file
  last?: boolean;
}

const none = new Uint8Array(0);

function fileInfoBytes(file: FileInfo): Uint8Array {
  return new WireWriter()
    .text(1, file.name)
    .text(2, file.mediaType)
    .uint(3, file.sizeBytes)
    .data(4, file.sha256)
    .take();
}

export function envelopeBytes(envelope: Envelope): Uint8Array {
  const writer = new WireWriter()
    .uint(1, envelope.sequence)
    .uint(2, envelope.mediaTime)
    .uint(3, envelope.duration ?? 0)
    .flag(4, envelope.keyFrame ?? false)
    .data(5, envelope.initHash8 ?? none)
    .data(6, envelope.initSegment ?? none)
    .uint(7, envelope.capturedAtUs ?? 0);
  if (envelope.file !== undefined) writer.message(8, fileInfoBytes(envelope.file));
  return writer.flag(9, envelope.last ?? false).take();
}

export function headBytes(head: SignedHead): Uint8Array {
  return new WireWriter()
    .uint(1, head.sequence)
    .data(2, head.runningHash)
    .data(3, head.signature)
    .take();
}

export function proofBytes(partHash: Uint8Array, head?: SignedHead): Uint8Array {
  const writer = new WireWriter().data(1, partHash.subarray(0, 16));
  if (head !== undefined) writer.message(2, headBytes(head));
  return writer.take();
}

export function partFrame(envelope: Uint8Array, proof: Uint8Array, media: Uint8Array): Uint8Array {
  const frame = new Uint8Array(5 + envelope.length + proof.length + media.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, 1);
  view.setUint16(1, envelope.length);
  frame.set(envelope, 3);
  view.setUint16(3 + envelope.length, proof.length);
  frame.set(proof, 5 + envelope.length);
  frame.set(media, 5 + envelope.length + proof.length);
  return frame;
}

// Over the envelope as sent and the media.
export function partHash(envelope: Uint8Array, media: Uint8Array): Promise<Uint8Array> {
  return sha256(envelope, media);
}

export async function initHash8(initSegment: Uint8Array): Promise<Uint8Array> {
  return (await sha256(initSegment)).subarray(0, 8);
}
