// SPDX-License-Identifier: Apache-2.0
// Strict reader of our CMAF: ftyp+moov of one track, and moof+mdat chunks (ISO/IEC 14496-12:2022). It
// reads untrusted bytes: every size is checked against its parent, unknown boxes are skipped inside
// their parent, a chunk is exactly (styp?) moof mdat. The player asks it before it hands bytes to the
// browser, because one bad append ends a MediaSource for good. Same rules as proto/codec/box_reader.h.

export class BoxError extends Error {}

interface Box {
  type: string;
  content: Uint8Array;
}

function u32(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new BoxError('truncated field');
  return (
    bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
  );
}

function u16(bytes: Uint8Array, at: number): number {
  if (at + 2 > bytes.length) throw new BoxError('truncated field');
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function u64(bytes: Uint8Array, at: number): number {
  const value = u32(bytes, at) * 2 ** 32 + u32(bytes, at + 4);
  if (value > Number.MAX_SAFE_INTEGER) throw new BoxError('number out of range');
  return value;
}

function boxAt(bytes: Uint8Array, at: number): { box: Box; end: number } {
  const size = u32(bytes, at);
  if (at + 8 > bytes.length || size < 8 || size > bytes.length - at) {
    throw new BoxError('box size outside its parent');
  }
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  return { box: { type, content: bytes.subarray(at + 8, at + size) }, end: at + size };
}

function boxes(bytes: Uint8Array): Box[] {
  const found: Box[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { box, end } = boxAt(bytes, at);
    found.push(box);
    at = end;
  }
  return found;
}

function only(parent: Uint8Array, type: string): Uint8Array {
  const found = boxes(parent).filter((box) => box.type === type);
  if (found.length !== 1) throw new BoxError(`expected one ${type}, found ${found.length}`);
  return found[0]!.content;
}

export interface InitInfo {
  codec: string; // RFC 6381, e.g. avc1.64001f, opus, mp4a.40.2
  timescale: number;
  width: number;
  height: number;
  channelCount: number;
  sampleRate: number;
  preSkip: number; // Opus, in 48 kHz samples
  codecConfig: Uint8Array; // content of avcC or dOps; esds for AAC
}

// Length of an MPEG-4 descriptor (ISO/IEC 14496-1 section 8.3.3) and where its content starts.
function descriptor(bytes: Uint8Array, at: number, tag: number): { start: number; end: number } {
  if (bytes[at] !== tag) throw new BoxError('unexpected descriptor');
  let size = 0;
  for (let i = 1; i <= 4; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new BoxError('truncated descriptor');
    size = (size << 7) | (byte & 0x7f);
    if (byte < 0x80) {
      const start = at + i + 1;
      if (size > bytes.length - start) throw new BoxError('descriptor outside its box');
      return { start, end: start + size };
    }
  }
  throw new BoxError('descriptor size too long');
}

function aacCodec(esds: Uint8Array): string {
  const es = descriptor(esds, 4, 0x03);
  const config = descriptor(esds, es.start + 3, 0x04);
  const objectType = esds[config.start];
  const specific = descriptor(esds, config.start + 13, 0x05);
  const first = esds[specific.start];
  if (objectType !== 0x40 || first === undefined) throw new BoxError('esds is not AAC');
  return `mp4a.40.${first >> 3}`;
}

export function readInit(bytes: Uint8Array): InitInfo {
  const top = boxes(bytes);
  if (top.length !== 2 || top[0]!.type !== 'ftyp' || top[1]!.type !== 'moov') {
    throw new BoxError('init segment is not ftyp moov');
  }
  const media = only(only(top[1]!.content, 'trak'), 'mdia');
  const mdhd = only(media, 'mdhd');
  const timescale = u32(mdhd, mdhd[0] === 1 ? 20 : 12);
  if (timescale === 0) throw new BoxError('mdhd timescale is 0');
  const stsd = only(only(only(media, 'minf'), 'stbl'), 'stsd');
  if (u32(stsd, 4) !== 1) throw new BoxError('stsd has not exactly one entry');
  const { box: entry } = boxAt(stsd, 8);
  const info: InitInfo = {
    codec: '',
    timescale,
    width: 0,
    height: 0,
    channelCount: 0,
    sampleRate: 0,
    preSkip: 0,
    codecConfig: new Uint8Array(0),
  };
  if (entry.type === 'avc1') {
    info.width = u16(entry.content, 24);
    info.height = u16(entry.content, 26);
    const avcc = only(entry.content.subarray(78), 'avcC');
    if (avcc.length < 4) throw new BoxError('avcC too short');
    const hex = [...avcc.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0'));
    info.codec = `avc1.${hex.join('')}`;
    info.codecConfig = avcc;
    return info;
  }
  info.channelCount = u16(entry.content, 16);
  info.sampleRate = u16(entry.content, 24);
  if (entry.type === 'Opus') {
    const dops = only(entry.content.subarray(28), 'dOps');
    info.codec = 'opus';
    info.preSkip = u16(dops, 2);
    info.codecConfig = dops;
    return info;
  }
  if (entry.type === 'mp4a') {
    info.codecConfig = only(entry.content.subarray(28), 'esds');
    info.codec = aacCodec(info.codecConfig);
    return info;
  }
  throw new BoxError(`unknown sample entry ${entry.type}`);
}

export interface Sample {
  offset: number; // into payload
  size: number;
  duration: number;
  keyFrame: boolean;
}

export interface Chunk {
  fragmentNumber: number;
  decodeTime: number;
  duration: number;
  samples: Sample[];
  payload: Uint8Array;
}

const maxSamples = 4096;
const nonSync = 0x10000;

function readTrun(trun: Uint8Array, tfhd: Uint8Array, moofSize: number): Sample[] {
  const tfhdFlags = u32(tfhd, 0) & 0xffffff;
  if ((tfhdFlags & 0x20000) === 0) throw new BoxError('tfhd without default-base-is-moof');
  let at = 8;
  const optional = (flag: number, size: number): number => {
    if ((tfhdFlags & flag) === 0) return 0;
    at += size;
    return u32(tfhd, at - size);
  };
  if ((tfhdFlags & 1) !== 0) throw new BoxError('tfhd with base-data-offset');
  optional(2, 4);
  const defaultDuration = optional(8, 4);
  const defaultSize = optional(0x10, 4);
  const defaultFlags = optional(0x20, 4);

  const flags = u32(trun, 0) & 0xffffff;
  const count = u32(trun, 4);
  if (count === 0 || count > maxSamples) throw new BoxError('trun sample count outside limits');
  if ((flags & 1) === 0) throw new BoxError('trun without data offset');
  if (u32(trun, 8) !== moofSize + 8) throw new BoxError('trun data offset is not the mdat content');
  let cursor = 12;
  let firstFlags = defaultFlags;
  if ((flags & 4) !== 0) {
    firstFlags = u32(trun, cursor);
    cursor += 4;
  }
  const samples: Sample[] = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const field = (flag: number, fallback: number): number => {
      if ((flags & flag) === 0) return fallback;
      cursor += 4;
      return u32(trun, cursor - 4);
    };
    const duration = field(0x100, defaultDuration);
    const size = field(0x200, defaultSize);
    const sampleFlags = field(0x400, i === 0 ? firstFlags : defaultFlags);
    field(0x800, 0);
    samples.push({ offset, size, duration, keyFrame: (sampleFlags & nonSync) === 0 });
    offset += size;
  }
  if (cursor !== trun.length) throw new BoxError('trun longer than its samples');
  return samples;
}

// The chunk at the front of `bytes` and where the next one starts.
export function readChunkAt(bytes: Uint8Array, start: number): { chunk: Chunk; end: number } {
  let at = start;
  let next = boxAt(bytes, at);
  if (next.box.type === 'styp') {
    at = next.end;
    next = boxAt(bytes, at);
  }
  if (next.box.type !== 'moof') throw new BoxError(`expected moof, found ${next.box.type}`);
  const moof = next.box.content;
  const moofSize = next.end - at;
  const { box: mdat, end } = boxAt(bytes, next.end);
  if (mdat.type !== 'mdat') throw new BoxError(`expected mdat, found ${mdat.type}`);
  const mfhd = only(moof, 'mfhd');
  const traf = only(moof, 'traf');
  const tfdt = only(traf, 'tfdt');
  const samples = readTrun(only(traf, 'trun'), only(traf, 'tfhd'), moofSize);
  const total = samples.reduce((sum, sample) => sum + sample.size, 0);
  if (total !== mdat.content.length) throw new BoxError('mdat is not the sum of its samples');
  return {
    chunk: {
      fragmentNumber: u32(mfhd, 4),
      decodeTime: tfdt[0] === 1 ? u64(tfdt, 4) : u32(tfdt, 4),
      duration: samples.reduce((sum, sample) => sum + sample.duration, 0),
      samples,
      payload: mdat.content,
    },
    end,
  };
}

// Exactly one chunk. Throws BoxError with the box that was wrong.
export function readChunk(bytes: Uint8Array): Chunk {
  const { chunk, end } = readChunkAt(bytes, 0);
  if (end !== bytes.length) throw new BoxError('bytes after mdat');
  return chunk;
}
