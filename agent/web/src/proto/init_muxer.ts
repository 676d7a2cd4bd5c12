// SPDX-License-Identifier: Apache-2.0
// Init segments (ftyp+moov of one track), byte for byte those of proto/codec/cmaf_muxer.h. Chunks are made by
// viewer/web/src/codec/cmaf_muxer.ts. Whoever puts a picture size or a decoder configuration in that
// is out of range gets a RangeError: both come from the browser's own encoder.
import { joined } from './hash';

const maxInitBytes = 1024;
const maxPictureSide = 16_384;
const videoTimescale = 90_000;
const opusTimescale = 48_000;
const fixedOne = 0x10000; // 1.0 as 16.16
const undetermined = 0x55c4; // "und", ISO 639-2/T in three times 5 bits
const syncFlags = 0x02000000;
const nonSyncFlags = 0x01010000;

const u8 = (value: number): Uint8Array => Uint8Array.of(value);
const u16 = (value: number): Uint8Array => Uint8Array.of((value >> 8) & 0xff, value & 0xff);
const u32 = (value: number): Uint8Array => joined(u16(Math.floor(value / 0x10000)), u16(value % 0x10000));
const zeros = (count: number): Uint8Array => new Uint8Array(count);
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

function box(type: string, ...content: Uint8Array[]): Uint8Array {
  const inside = joined(...content);
  return joined(u32(8 + inside.length), ascii(type), inside);
}

function fullBox(type: string, flags: number, ...content: Uint8Array[]): Uint8Array {
  return box(type, u32(flags), ...content);
}

const matrix = joined(u32(fixedOne), zeros(12), u32(fixedOne), zeros(12), u32(0x40000000));

interface Shape {
  video: boolean;
  timescale: number;
  width: number;
  height: number;
}

function sampleTable(entry: Uint8Array): Uint8Array {
  return box(
    'stbl',
    fullBox('stsd', 0, u32(1), entry),
    fullBox('stts', 0, u32(0)),
    fullBox('stsc', 0, u32(0)),
    fullBox('stsz', 0, zeros(8)),
    fullBox('stco', 0, u32(0)),
  );
}

function media(shape: Shape, entry: Uint8Array): Uint8Array {
  return box(
    'mdia',
    fullBox('mdhd', 0, zeros(8), u32(shape.timescale), u32(0), u16(undetermined), u16(0)),
    fullBox('hdlr', 0, u32(0), ascii(shape.video ? 'vide' : 'soun'), zeros(12), u8(0)),
    box(
      'minf',
      shape.video ? fullBox('vmhd', 1, zeros(8)) : fullBox('smhd', 0, zeros(4)),
      box('dinf', fullBox('dref', 0, u32(1), fullBox('url ', 1))),
      sampleTable(entry),
    ),
  );
}

function init(shape: Shape, entry: Uint8Array): Uint8Array {
  const made = joined(
    box('ftyp', ascii('iso6'), u32(0), ascii('iso6'), ascii('cmfc')),
    box(
      'moov',
      fullBox(
        'mvhd',
        0,
        zeros(8),
        u32(shape.timescale),
        u32(0),
        u32(fixedOne),
        u16(0x0100),
        zeros(10),
        matrix,
        zeros(24),
        u32(2),
      ),
      box(
        'trak',
        fullBox(
          'tkhd',
          7, // enabled, in movie, in preview
          zeros(8),
          u32(1),
          zeros(20),
          u16(shape.video ? 0 : 0x0100),
          u16(0),
          matrix,
          u32(shape.width * 0x10000),
          u32(shape.height * 0x10000),
        ),
        media(shape, entry),
      ),
      box('mvex', fullBox('trex', 0, u32(1), u32(1), zeros(8), u32(shape.video ? nonSyncFlags : syncFlags))),
    ),
  );
  if (made.length > maxInitBytes) throw new RangeError(`init segment of ${made.length} bytes`);
  return made;
}

function checkSide(px: number): void {
  if (!Number.isInteger(px) || px < 1 || px > maxPictureSide) throw new RangeError(`${px} px a side`);
}

// ISO/IEC 14496-15 section 5.3.3.1: 4-byte NAL lengths, at least one SPS and one PPS, nothing cut off.
function checkAvcc(avcc: Uint8Array): void {
  if (avcc[0] !== 1 || (avcc[4]! & 3) !== 3) throw new RangeError('avcC: version or NAL lengths');
  let at = 5;
  for (const [type, mask] of [
    [7, 0x1f],
    [8, 0xff],
  ] as const) {
    const count = avcc[at++]! & mask;
    if (!(count > 0)) throw new RangeError('avcC without parameter sets');
    for (let i = 0; i < count; i++) {
      const size = (avcc[at]! << 8) | avcc[at + 1]!;
      at += 2;
      if (size === 0 || at + size > avcc.length || (avcc[at]! & 0x1f) !== type) {
        throw new RangeError('avcC: a parameter set is damaged');
      }
      at += size;
    }
  }
}

// `avcc`: AVCDecoderConfigurationRecord, what WebCodecs calls the decoder config's description.
export function makeVideoInit(width: number, height: number, avcc: Uint8Array): Uint8Array {
  checkSide(width);
  checkSide(height);
  checkAvcc(avcc);
  const entry = box(
    'avc1',
    zeros(6),
    u16(1),
    zeros(16),
    u16(width),
    u16(height),
    u32(0x00480000), // 72 dpi, template values from here on
    u32(0x00480000),
    u32(0),
    u16(1),
    zeros(32),
    u16(0x0018),
    u16(0xffff),
    box('avcC', avcc),
  );
  return init({ video: true, timescale: videoTimescale, width, height }, entry);
}

function soundEntry(type: string, channels: number, rateHz: number, config: Uint8Array): Uint8Array {
  return box(
    type,
    zeros(6),
    u16(1),
    zeros(8),
    u16(channels),
    u16(16),
    zeros(4),
    u32(rateHz * 0x10000),
    config,
  );
}

const sound = (timescale: number): Shape => ({ video: false, timescale, width: 0, height: 0 });

// `preSkip`: leave it 0, see proto/README.md, "Sound and its clock".
export function makeOpusInit(channels: number, inputRateHz = 48_000, preSkip = 0): Uint8Array {
  if (channels !== 1 && channels !== 2) throw new RangeError(`${channels} channels`);
  const config = joined(u8(0), u8(channels), u16(preSkip), u32(inputRateHz), u16(0), u8(0));
  return init(sound(opusTimescale), soundEntry('Opus', channels, opusTimescale, box('dOps', config)));
}

// `config`: AudioSpecificConfig of AAC-LC (ISO/IEC 14496-3 section 1.6.2.1).
export function makeAacInit(channels: number, rateHz: number, config: Uint8Array): Uint8Array {
  if (channels !== 1 && channels !== 2) throw new RangeError(`${channels} channels`);
  if (rateHz < 8_000 || rateHz > 48_000) throw new RangeError(`${rateHz} Hz`);
  if (config.length < 2 || config.length > 64 || config[0]! >> 3 !== 2) {
    throw new RangeError('AudioSpecificConfig is not AAC-LC');
  }
  const descriptor = (tag: number, ...content: Uint8Array[]): Uint8Array => {
    const inside = joined(...content);
    return joined(u8(tag), u8(inside.length), inside);
  };
  const decoder = descriptor(0x04, u8(0x40), u8(0x15), zeros(11), descriptor(0x05, config));
  const stream = descriptor(0x03, u16(0), u8(0), decoder, descriptor(0x06, u8(0x02)));
  return init(sound(rateHz), soundEntry('mp4a', channels, rateHz, fullBox('esds', 0, stream)));
}
