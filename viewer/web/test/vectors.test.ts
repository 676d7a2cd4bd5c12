// SPDX-License-Identifier: Apache-2.0
// The golden vectors of proto/vectors: the same files that the C++ tests read.
import { describe, expect, it } from 'vitest';
import { readChunk } from '../src/codec/box_reader';
import { base64urlDecode, base64urlEncode, hexEncode } from '../src/codec/bytes';
import { makeChunk } from '../src/codec/cmaf_muxer';
import { readInit } from '../src/codec/init_reader';
import { formatId, parseId } from '../src/codec/id';
import { parseEnvelope, splitPartFrame } from '../src/codec/part_frame';
import { formatTopic, parseTopic, type Topic } from '../src/codec/topics';
import { bytes, vectors, type PartFrameExample } from './golden';

interface TextCases {
  valid: { hex: string; text: string }[];
  invalid: { text: string; why: string }[];
}

describe('base64url', () => {
  const cases = vectors<TextCases>('base64url.json');
  it.each(cases.valid)('encodes and decodes $text', ({ hex, text }) => {
    expect(base64urlEncode(bytes(hex))).toBe(text);
    expect(hexEncode(base64urlDecode(text)!)).toBe(hex);
  });
  it.each(cases.invalid)('refuses $text: $why', ({ text }) => {
    expect(base64urlDecode(text)).toBeNull();
  });
});

describe('ids', () => {
  const cases = vectors<TextCases>('ids.json');
  it.each(cases.valid)('reads and writes $text', ({ hex, text }) => {
    expect(hexEncode(parseId(text)!)).toBe(hex);
    expect(formatId(bytes(hex))).toBe(text);
  });
  it.each(cases.invalid)('refuses $text: $why', ({ text }) => {
    expect(parseId(text)).toBeNull();
  });
});

describe('topics', () => {
  const cases = vectors<{ valid: (Topic & { topic: string })[]; invalid: string[] }>('topics.json');
  it.each(cases.valid)('parses and formats $topic', ({ topic, ...fields }) => {
    expect(parseTopic(topic)).toEqual(fields);
    expect(formatTopic(fields as Topic)).toBe(topic);
  });
  it.each(cases.invalid)('refuses %s', (topic) => {
    expect(parseTopic(topic)).toBeNull();
  });
});

interface PartFrameCases {
  valid: PartFrameExample[];
  invalid: { name: string; frame: string; refused_by: 'frame' | 'envelope' | 'proof' }[];
}

describe('part frames', () => {
  const cases = vectors<PartFrameCases>('part_frames.json');
  it.each(cases.valid)('reads: $name', (example) => {
    const frame = splitPartFrame(bytes(example.frame))!;
    expect(hexEncode(frame.envelopeBytes)).toBe(example.envelope);
    expect(hexEncode(frame.proofBytes)).toBe(example.proof);
    expect(hexEncode(frame.media)).toBe(example.media);
    const { fields } = example;
    const parsed = parseEnvelope(frame.envelopeBytes);
    if (fields.init_hash8 === '') {
      expect(parsed, 'blocks of files are not for the player').toBeNull();
      return;
    }
    const envelope = parsed!;
    expect(envelope.sequence).toBe(fields.sequence);
    expect(envelope.mediaTime).toBe(fields.media_time);
    expect(envelope.duration).toBe(fields.duration);
    expect(envelope.keyFrame).toBe(fields.key_frame);
    expect(hexEncode(envelope.initHash8)).toBe(fields.init_hash8);
    expect(hexEncode(envelope.initSegment)).toBe(fields.init_segment);
    expect(envelope.capturedAtUs).toBe(fields.captured_at_us);
    expect(envelope.last).toBe(fields.last);
  });
  // Proofs and the hash of an init segment are the hub's to check.
  const forUs = cases.invalid.filter(
    (example) => example.refused_by !== 'proof' && !example.name.includes('not the hash'),
  );
  it.each(forUs)('refuses: $name', (example) => {
    const frame = splitPartFrame(bytes(example.frame));
    if (example.refused_by === 'frame') expect(frame).toBeNull();
    else expect(parseEnvelope(frame!.envelopeBytes)).toBeNull();
  });
});

interface CmafCases {
  init_valid: {
    name: string;
    codec: 'avc' | 'opus' | 'aac';
    codec_string: string;
    timescale: number;
    width_px?: number;
    height_px?: number;
    channel_count?: number;
    sample_rate_hz?: number;
    pre_skip?: number;
    bytes: string;
  }[];
  chunk_valid: {
    name: string;
    fragment_number: number;
    decode_time: number;
    samples: { data: string; duration: number; key_frame: boolean }[];
    bytes: string;
  }[];
  init_invalid: { name: string; bytes: string }[];
  chunk_invalid: { name: string; bytes: string }[];
}

describe('CMAF', () => {
  const cases = vectors<CmafCases>('cmaf.json');
  it.each(cases.init_valid)('reads the init segment: $name', (example) => {
    const info = readInit(bytes(example.bytes));
    expect(info.codec).toBe(example.codec_string);
    expect(info.timescale).toBe(example.timescale);
    expect(info.width).toBe(example.width_px ?? 0);
    expect(info.height).toBe(example.height_px ?? 0);
    expect(info.channelCount).toBe(example.channel_count ?? 0);
    expect(info.preSkip).toBe(example.pre_skip ?? 0);
  });
  it.each(cases.init_invalid)('refuses the init segment: $name', (example) => {
    expect(() => readInit(bytes(example.bytes))).toThrow();
  });
  it.each(cases.chunk_valid)('reads and makes the chunk: $name', (example) => {
    const chunk = readChunk(bytes(example.bytes));
    expect(chunk.fragmentNumber).toBe(example.fragment_number);
    expect(chunk.decodeTime).toBe(example.decode_time);
    const samples = chunk.samples.map((sample) => ({
      data: hexEncode(chunk.payload.subarray(sample.offset, sample.offset + sample.size)),
      duration: sample.duration,
      key_frame: sample.keyFrame,
    }));
    expect(samples).toEqual(example.samples);
    const made = makeChunk(
      example.fragment_number,
      example.decode_time,
      example.samples.map((sample) => ({
        data: bytes(sample.data),
        duration: sample.duration,
        keyFrame: sample.key_frame,
      })),
    );
    expect(hexEncode(made)).toBe(example.bytes);
  });
  it.each(cases.chunk_invalid)('refuses the chunk: $name', (example) => {
    expect(() => readChunk(bytes(example.bytes))).toThrow();
  });
});
