// SPDX-License-Identifier: Apache-2.0
// Running hash of a track and the device's signature over its head, byte for byte those of
// proto/codec/running_hash.h. The key never leaves the browser: whoever signs is handed in. A
// RunningHash has one owner, who waits for each add() before the next.
import { joined, sha256 } from './hash';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

export class RunningHash {
  private constructor(
    private parts: number,
    private current: Uint8Array,
  ) {}

  static async begin(capture: Uint8Array, track: string): Promise<RunningHash> {
    return new RunningHash(0, await sha256(ascii('sitecast track v1'), capture, ascii(track)));
  }

  // From a stored position: `value` is R(count).
  static at(count: number, value: Uint8Array): RunningHash {
    return new RunningHash(count, value);
  }

  async add(partHash: Uint8Array): Promise<void> {
    this.current = await sha256(this.current, partHash);
    this.parts += 1;
  }

  get count(): number {
    return this.parts;
  }

  get value(): Uint8Array {
    return this.current;
  }
}

export function headSigningBytes(
  capture: Uint8Array,
  track: string,
  sequence: number,
  runningHash: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const name = ascii(track);
  const position = new DataView(new ArrayBuffer(8));
  position.setBigUint64(0, BigInt(sequence));
  return joined(
    ascii('sitecast head v1'),
    capture,
    Uint8Array.of(name.length),
    name,
    new Uint8Array(position.buffer),
    runningHash,
  );
}

export interface SignedHead {
  sequence: number;
  runningHash: Uint8Array;
  signature: Uint8Array; // Ed25519, 64 bytes
}

export type Sign = (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

// `running` must have hashed at least one part; its last part is the head.
export async function signHead(
  sign: Sign,
  capture: Uint8Array,
  track: string,
  running: RunningHash,
): Promise<SignedHead> {
  const sequence = running.count - 1;
  const runningHash = running.value;
  const signature = await sign(headSigningBytes(capture, track, sequence, runningHash));
  return { sequence, runningHash, signature };
}
