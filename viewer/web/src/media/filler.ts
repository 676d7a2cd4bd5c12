// SPDX-License-Identifier: Apache-2.0
// Where only one of picture and sound was archived, the browser would stop at the other's hole. So the
// hole is bridged for the browser: the last picture again, once a second, or silence. The page draws
// the hole as what it is; nothing made here is ever shown as filmed.
import { makeChunk } from '../codec/cmaf_muxer';
import type { Range } from './playlist';

export const fillerPieceSeconds = 1;

export function pieces(hole: Range): Range[] {
  const out: Range[] = [];
  for (let start = hole.start; start < hole.end - 0.001; start += fillerPieceSeconds) {
    out.push({ start, end: Math.min(hole.end, start + fillerPieceSeconds) });
  }
  return out;
}

export function stillPicture(piece: Range, timescale: number, keyFrame: Uint8Array): Uint8Array {
  const start = Math.round(piece.start * timescale);
  const duration = Math.round(piece.end * timescale) - start;
  return makeChunk(1, start, [{ data: keyFrame, duration, keyFrame: true }]);
}

const packetSeconds = 0.02;

// 20 ms of digital silence (RFC 6716 section 3.1: CELT-only fullband, one frame).
function silentPacket(channelCount: number): Uint8Array {
  return new Uint8Array([channelCount === 1 ? 0xf8 : 0xfc, 0xff, 0xfe]);
}

export function opusSilence(piece: Range, timescale: number, channelCount: number): Uint8Array {
  const data = silentPacket(channelCount);
  const count = Math.max(1, Math.floor((piece.end - piece.start) / packetSeconds + 0.01));
  const duration = Math.round(packetSeconds * timescale);
  const sample = { data, duration, keyFrame: true };
  return makeChunk(1, Math.round(piece.start * timescale), new Array(count).fill(sample));
}
