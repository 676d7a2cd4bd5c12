// SPDX-License-Identifier: Apache-2.0
// The golden vectors of proto/vectors, from the side of who makes the bytes.
import { describe, expect, it } from 'vitest';
import { hexEncode } from '../../../viewer/web/src/codec/bytes';
import { readFields } from '../../../viewer/web/src/codec/protobuf';
import { bytes, vectors, type PartFrameExample } from '../../../viewer/web/test/golden';
import { helloBytes, parseReceipt } from '../src/proto/control';
import { eventBytes, type Body, type Statement } from '../src/proto/events';
import { makeAacInit, makeOpusInit, makeVideoInit } from '../src/proto/init_muxer';
import {
  envelopeBytes,
  initHash8,
  partFrame,
  partHash,
  proofBytes,
  type Envelope,
  type FileInfo,
} from '../src/proto/part_writer';
import { headSigningBytes, RunningHash, signHead, type SignedHead } from '../src/proto/running_hash';

interface NamedBytes {
  name: string;
  bytes: string;
}

function field(message: Uint8Array, wanted: number): { value: number; bytes: Uint8Array } | undefined {
  let found: { value: number; bytes: Uint8Array } | undefined;
  readFields(message, ({ number, value, bytes: content }) => {
    if (number === wanted) found = { value, bytes: content };
  });
  return found;
}

const textOf = (content: Uint8Array | undefined): string => new TextDecoder().decode(content);

describe('part frames', () => {
  const { valid } = vectors<{ valid: PartFrameExample[] }>('part_frames.json');

  function fileOf(envelope: Uint8Array): FileInfo | undefined {
    const file = field(envelope, 8)?.bytes;
    if (file === undefined) return undefined;
    return {
      name: textOf(field(file, 1)?.bytes),
      mediaType: textOf(field(file, 2)?.bytes),
      sizeBytes: field(file, 3)?.value ?? 0,
      sha256: field(file, 4)!.bytes,
    };
  }
  function headOf(proof: Uint8Array): SignedHead | undefined {
    const head = field(proof, 2)?.bytes;
    if (head === undefined) return undefined;
    return {
      sequence: field(head, 1)?.value ?? 0,
      runningHash: field(head, 2)!.bytes,
      signature: field(head, 3)!.bytes,
    };
  }

  it.each(valid)('makes: $name', async (example) => {
    const { fields } = example;
    const envelope: Envelope = {
      sequence: fields.sequence,
      mediaTime: fields.media_time,
      duration: fields.duration,
      keyFrame: fields.key_frame,
      initHash8: bytes(fields.init_hash8),
      initSegment: bytes(fields.init_segment),
      capturedAtUs: fields.captured_at_us,
      last: fields.last,
    };
    const file = fileOf(bytes(example.envelope));
    if (file !== undefined) envelope.file = file;
    const made = envelopeBytes(envelope);
    expect(hexEncode(made)).toBe(example.envelope);

    const hash = await partHash(made, bytes(example.media));
    expect(hexEncode(hash)).toBe(example.part_hash);
    const proof = proofBytes(hash, headOf(bytes(example.proof)));
    expect(hexEncode(proof)).toBe(example.proof);
    expect(hexEncode(partFrame(made, proof, bytes(example.media)))).toBe(example.frame);
    if (fields.init_segment !== '') {
      expect(hexEncode(await initHash8(bytes(fields.init_segment)))).toBe(fields.init_hash8);
    }
  });
});

describe('running hashes and heads', () => {
  const cases = vectors<{
    secret_key: string;
    tracks: {
      capture: string;
      track: string;
      part_hashes: string[];
      running_hashes: string[];
      heads: { sequence: number; signing_bytes: string; signature: string }[];
    }[];
  }>('running_hashes.json');

  // RFC 8410: the seed as a private key that the browser takes.
  const key = crypto.subtle.importKey(
    'pkcs8',
    bytes(`302e020100300506032b657004220420${cases.secret_key.slice(0, 64)}`),
    'Ed25519',
    false,
    ['sign'],
  );
  const sign = async (message: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.sign('Ed25519', await key, message));

  it.each(cases.tracks)('of $track in $capture', async (example) => {
    const capture = bytes(example.capture);
    const running = await RunningHash.begin(capture, example.track);
    expect(hexEncode(running.value)).toBe(example.running_hashes[0]);
    for (const [n, part] of example.part_hashes.entries()) {
      await running.add(bytes(part));
      expect(running.count).toBe(n + 1);
      expect(hexEncode(running.value)).toBe(example.running_hashes[n + 1]);
      const expected = example.heads[n]!;
      expect(hexEncode(headSigningBytes(capture, example.track, n, running.value))).toBe(
        expected.signing_bytes,
      );
      const head = await signHead(sign, capture, example.track, running);
      expect(head.sequence).toBe(n);
      expect(hexEncode(head.signature)).toBe(expected.signature);
    }
  });
});

describe('init segments', () => {
  interface Example {
    name: string;
    codec: 'avc' | 'opus' | 'aac';
    bytes: string;
    width_px: number;
    height_px: number;
    channel_count: number;
    sample_rate_hz: number;
    pre_skip: number;
    input_sample_rate_hz: number;
    codec_config: string;
  }
  const { init_valid: valid } = vectors<{ init_valid: Example[] }>('cmaf.json');
  function make(example: Example): Uint8Array {
    switch (example.codec) {
      case 'avc':
        return makeVideoInit(example.width_px, example.height_px, bytes(example.codec_config));
      case 'opus':
        return makeOpusInit(example.channel_count, example.input_sample_rate_hz, example.pre_skip);
      case 'aac':
        return makeAacInit(example.channel_count, example.sample_rate_hz, bytes(example.codec_config));
    }
  }
  it.each(valid)('makes: $name', (example) => {
    expect(hexEncode(make(example))).toBe(example.bytes);
  });
  it('refuses what no reader would take', () => {
    const good = bytes(valid.find((example) => example.codec === 'avc')!.codec_config);
    expect(() => makeVideoInit(0, 240, good)).toThrow(RangeError);
    expect(() => makeVideoInit(320, 16_385, good)).toThrow(RangeError);
    expect(() => makeVideoInit(320, 240, good.subarray(0, 20))).toThrow(RangeError);
    expect(() => makeVideoInit(320, 240, new Uint8Array(0))).toThrow(RangeError);
    expect(() => makeOpusInit(6)).toThrow(RangeError);
  });
});

describe('control messages', () => {
  const cases = vectors<Record<'hello' | 'receipt', { valid: NamedBytes[]; invalid: NamedBytes[] }>>(
    'control.json',
  );
  const capture = bytes('01935a7c80017001800102030405060c');
  const named = (name: string): string => cases.hello.valid.find((each) => each.name === name)!.bytes;

  it('says hello', () => {
    const track = { capture, track: 'video', nextSequence: 301 };
    const software = 'sitecast-agent 0.1.0';
    expect(hexEncode(helloBytes(software, [track], 0))).toBe(named('one track'));
    expect(hexEncode(helloBytes(software, [track], 300))).toBe(named('a question'));
    expect(hexEncode(helloBytes('', [], 0))).toBe(named('no tracks'));
  });
  it.each(cases.receipt.valid)('reads a receipt: $name', ({ bytes: hex }) => {
    expect(parseReceipt(bytes(hex))).not.toBeNull();
  });
  it.each(cases.receipt.invalid)('refuses a receipt: $name', ({ bytes: hex }) => {
    expect(parseReceipt(bytes(hex))).toBeNull();
  });
  it('reads all of a receipt', () => {
    const full = cases.receipt.valid.find((each) => each.name === 'parts, an event and a refusal')!;
    const receipt = parseReceipt(bytes(full.bytes))!;
    expect(receipt.tracks).toEqual([
      {
        capture: new Uint8Array(capture),
        track: 'video',
        contiguous: 10,
        runningHash: new Uint8Array(32).fill(0x72),
        beyond: [{ first: 12, count: 3 }],
      },
    ]);
    expect(receipt.eventIds).toHaveLength(1);
    expect(receipt.refusals[0]).toMatchObject({
      cause: 1,
      track: 'audio',
      sequence: 7,
      detail: 'disk below its reserve',
    });
    expect(receipt.answers).toBe(0);
  });
});

describe('events', () => {
  const { valid } = vectors<{ valid: NamedBytes[] }>('events.json');
  const eventId = bytes('01935a7c80017001800102030405060e');
  const capture = bytes('01935a7c80017001800102030405060c');
  const timeUs = 1_732_500_000_000_000;
  const hash = new Uint8Array(32).fill(0x72);
  const statements: [string, Omit<Statement, 'eventId' | 'statedAtUs' | 'body'>, Body][] = [
    [
      'note on a moment',
      { capture, mediaTimeUs: 12_500_000, area: '1号厂房' },
      { kind: 'note', text: '墙体已完成\n窗户未装' },
    ],
    ['note at media time 0', { capture, mediaTimeUs: 0 }, { kind: 'note', text: '墙体已完成\n窗户未装' }],
    [
      'photo opened',
      { capture },
      {
        kind: 'capture.opened',
        captureKind: 'photo',
        capturedAtUs: timeUs,
        tracks: ['image'],
        photo: {
          width: 4000,
          height: 3000,
          orientation: 6,
          exifTime: '2024:11:25 09:59:59',
          exifOffset: '+08:00',
          place: { latitude: 30.75, longitude: 120.75 },
          camera: 'Pixel 4',
        },
      },
    ],
    [
      'capture closed',
      { capture },
      {
        kind: 'capture.closed',
        tracks: [
          {
            track: 'video',
            partCount: 300,
            runningHash: hash,
            head: { sequence: 299, runningHash: hash, signature: new Uint8Array(64).fill(0x73) },
          },
          { track: 'audio', partCount: 0 },
        ],
        reason: 'stopped',
      },
    ],
    ['progress', { capture, area: '1号厂房' }, { kind: 'progress', stage: '主体结构', percentage: 92.5 }],
    ['quality', { capture, mediaTimeUs: 0 }, { kind: 'quality', warning: 'too_dark', active: true, value: 11.25 }],
    [
      'gap',
      { capture },
      { kind: 'gap', track: 'video', fromUs: 1_000_000, untilUs: 2_000_000, reason: 'disk_full' },
    ],
  ];
  const expected = (name: string): string => valid.find((each) => each.name === name)!.bytes;

  it.each(statements)('states: %s', (name, about, body) => {
    expect(hexEncode(eventBytes({ eventId, statedAtUs: timeUs, ...about, body }))).toBe(expected(name));
  });
  it('states: capture opened', () => {
    const whole = bytes(expected('capture opened'));
    const continues = field(field(whole, 20)!.bytes, 5)!.bytes;
    const body: Body = {
      kind: 'capture.opened',
      captureKind: 'walkthrough',
      capturedAtUs: timeUs,
      tracks: ['video', 'audio'],
      title: '东侧',
      continues,
      source: 'v4l2',
      bootCount: 3,
    };
    expect(hexEncode(eventBytes({ eventId, statedAtUs: timeUs, capture, body }))).toBe(hexEncode(whole));
  });
});
