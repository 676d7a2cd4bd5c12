// SPDX-License-Identifier: Apache-2.0
// The golden vectors of proto/vectors: the same files that the C++ tests read.
import { readFileSync } from 'node:fs';
import { hexDecode } from '../src/codec/bytes';

export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../proto/vectors/${name}`, import.meta.url), 'utf8')) as T;
}

export const bytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(hexDecode(hex)!);

export interface PartFrameExample {
  name: string;
  frame: string;
  envelope: string;
  proof: string;
  media: string;
  part_hash: string;
  fields: {
    sequence: number;
    media_time: number;
    duration: number;
    key_frame: boolean;
    init_hash8: string;
    init_segment: string;
    captured_at_us: number;
    last: boolean;
  };
}
