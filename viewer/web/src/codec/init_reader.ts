// SPDX-License-Identifier: Apache-2.0
// Init segments (ftyp+moov of one track), as strict as proto/codec/box_reader.h. Throws BoxError.
import { BoxError, boxAt, boxes, only, u16, u32 } from './boxes';

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

const maxTimescale = 192_000;

function checkBrands(ftyp: Uint8Array): void {
  const text = String.fromCharCode(...ftyp);
  for (let at = 8; at + 4 <= text.length; at += 4) if (text.slice(at, at + 4) === 'cmfc') return;
  throw new BoxError('ftyp: brand cmfc is not listed');
}

// Samples belong into chunks, so the tables of an init segment stay empty.
function checkEmpty(stbl: Uint8Array): void {
  for (const type of ['stts', 'stsc', 'stco']) {
    if (u32(only(stbl, type), 4) !== 0) throw new BoxError(`${type} is not empty`);
  }
  if (u32(only(stbl, 'stsz'), 8) !== 0) throw new BoxError('stsz is not empty');
}

export function readInit(bytes: Uint8Array): InitInfo {
  const top = boxes(bytes);
  if (top.length !== 2 || top[0]!.type !== 'ftyp' || top[1]!.type !== 'moov') {
    throw new BoxError('init segment is not ftyp moov');
  }
  checkBrands(top[0]!.content);
  const moov = top[1]!.content;
  const trak = only(moov, 'trak');
  const tkhd = only(trak, 'tkhd');
  const trackIds = [u32(tkhd, tkhd[0] === 1 ? 20 : 12), u32(only(only(moov, 'mvex'), 'trex'), 4)];
  if (trackIds.some((id) => id !== 1)) throw new BoxError('the track is not number 1');
  const media = only(trak, 'mdia');
  const mdhd = only(media, 'mdhd');
  const timescale = u32(mdhd, mdhd[0] === 1 ? 20 : 12);
  if (timescale === 0 || timescale > maxTimescale) throw new BoxError('mdhd timescale out of range');
  const table = only(only(media, 'minf'), 'stbl');
  checkEmpty(table);
  const stsd = only(table, 'stsd');
  if (u32(stsd, 4) !== 1) throw new BoxError('stsd has not exactly one entry');
  const { box: entry, end } = boxAt(stsd, 8);
  if (end !== stsd.length) throw new BoxError('stsd has bytes after its entry');
  const handler = String.fromCharCode(...only(media, 'hdlr').subarray(8, 12));
  if (handler !== (entry.type === 'avc1' ? 'vide' : 'soun')) {
    throw new BoxError('hdlr and sample entry disagree');
  }
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
    if (avcc.length < 7 || avcc[0] !== 1) throw new BoxError('avcC is not version 1');
    if ((avcc[4]! & 3) !== 3) throw new BoxError('avcC: NAL lengths are not 4 bytes');
    if ((avcc[5]! & 0x1f) === 0) throw new BoxError('avcC has no sequence parameter set');
    const hex = [...avcc.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0'));
    info.codec = `avc1.${hex.join('')}`;
    info.codecConfig = avcc;
    return info;
  }
  info.channelCount = u16(entry.content, 16);
  info.sampleRate = u16(entry.content, 24);
  if (entry.type === 'Opus') {
    const dops = only(entry.content.subarray(28), 'dOps');
    if (dops.length !== 11 || dops[0] !== 0 || dops[10] !== 0) {
      throw new BoxError('dOps: version and mapping family must be 0');
    }
    if (dops[1]! < 1 || dops[1]! > 2) throw new BoxError('dOps: 1 or 2 channels are supported');
    info.codec = 'opus';
    info.channelCount = dops[1]!;
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
