// SPDX-License-Identifier: Apache-2.0
// H.264 as encoders give it, to what the container wants: 4-byte NAL lengths and an avcC. Most give that
// themselves when asked; for those that give start codes (Annex B of ISO/IEC 14496-10) it is made here. Pure.
import { joined } from '../proto/hash';

// NAL units between start codes. Bytes that do not begin with one are one unit of lengths already: null.
export function nalUnits(bytes: Uint8Array): Uint8Array[] | null {
  const starts = (at: number): boolean => bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1;
  if (!starts(0) && !(bytes[0] === 0 && starts(1))) return null;
  const units: Uint8Array[] = [];
  let from = -1;
  for (let at = 0; at + 2 < bytes.length; at++) {
    if (!starts(at)) continue;
    if (from >= 0) units.push(withoutTrailingZeros(bytes.subarray(from, at)));
    from = at + 3;
    at += 2;
  }
  units.push(withoutTrailingZeros(bytes.subarray(from)));
  return units.filter((unit) => unit.length > 0);
}

function withoutTrailingZeros(unit: Uint8Array): Uint8Array {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end -= 1; // a NAL unit never ends with one; the next start code may begin so
  return unit.subarray(0, end);
}

const spsType = 7;
const ppsType = 8;
const delimiterType = 9;
const typeOf = (unit: Uint8Array): number => unit[0]! & 0x1f;

function withLengths(units: Uint8Array[]): Uint8Array {
  return joined(
    ...units.flatMap((unit) => {
      const size = new DataView(new ArrayBuffer(4));
      size.setUint32(0, unit.length);
      return [new Uint8Array(size.buffer), unit];
    }),
  );
}

// The sample with lengths, and the avcC when its parameter sets came with it.
export function avcSample(data: Uint8Array): { sample: Uint8Array; avcc: Uint8Array | null } {
  const units = nalUnits(data);
  if (units === null) return { sample: data, avcc: null };
  const sps = units.filter((unit) => typeOf(unit) === spsType);
  const pps = units.filter((unit) => typeOf(unit) === ppsType);
  const picture = units.filter((unit) => ![spsType, ppsType, delimiterType].includes(typeOf(unit)));
  return { sample: withLengths(picture), avcc: sps.length > 0 && pps.length > 0 ? avccOf(sps, pps) : null };
}

// AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3.1.
function avccOf(sps: Uint8Array[], pps: Uint8Array[]): Uint8Array {
  const sets = (units: Uint8Array[]): Uint8Array[] =>
    units.flatMap((unit) => [Uint8Array.of(unit.length >> 8, unit.length & 0xff), unit]);
  const [profile, compatibility, level] = sps[0]!.subarray(1, 4);
  const high = [100, 110, 122, 144].includes(profile!);
  return joined(
    Uint8Array.of(1, profile!, compatibility!, level!, 0xff, 0xe0 | sps.length),
    ...sets(sps),
    Uint8Array.of(pps.length),
    ...sets(pps),
    high ? Uint8Array.of(0xfd, 0xf8, 0xf8, 0) : new Uint8Array(0), // 4:2:0, 8 bits, as every phone's camera
  );
}
