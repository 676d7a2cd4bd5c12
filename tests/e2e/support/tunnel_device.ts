// SPDX-License-Identifier: Apache-2.0
// A device that speaks by the code of the browser agent (agent/web) through the gateway's tunnel. Its
// pictures and sound are made up, well-formed bytes: nobody here looks at them.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeChunk } from '../../../viewer/web/src/codec/cmaf_muxer';
import { formatId } from '../../../viewer/web/src/codec/id';
import { formatTopic, type Topic } from '../../../viewer/web/src/codec/topics';
import type { EnrolledDevice } from '../../../agent/web/src/enrol';
import { MqttConnection } from '../../../agent/web/src/net/mqtt_connection';
import { helloBytes, parseReceipt, type Receipt } from '../../../agent/web/src/proto/control';
import { eventBytes, type Body, type TrackEnd } from '../../../agent/web/src/proto/events';
import { equalBytes } from '../../../agent/web/src/proto/hash';
import { makeOpusInit, makeVideoInit } from '../../../agent/web/src/proto/init_muxer';
import { IdMaker } from '../../../agent/web/src/proto/new_id';
import {
  envelopeBytes,
  initHash8,
  partFrame,
  partHash,
  proofBytes,
  type Envelope,
} from '../../../agent/web/src/proto/part_writer';
import { RunningHash, signHead, type Sign, type SignedHead } from '../../../agent/web/src/proto/running_hash';
import type { Device } from './stack';

type TrackName = 'video' | 'audio';
const trackNames: TrackName[] = ['video', 'audio'];
const partCount = 40;

interface Track {
  frames: Uint8Array[];
  media: Uint8Array[];
  running: Uint8Array[]; // R(0) to R(partCount)
  head: SignedHead;
}

export class MadeCapture {
  constructor(
    readonly id: Uint8Array,
    readonly text: string,
    readonly tracks: Record<TrackName, Track>,
    readonly events: { id: Uint8Array; bytes: Uint8Array }[], // opened, closed
  ) {}

  media(track: TrackName): Buffer {
    return Buffer.concat(this.tracks[track].media);
  }
}

interface CmafVectors {
  init_valid: { codec: string; width_px: number; height_px: number; codec_config: string }[];
}

function initOf(track: TrackName): Uint8Array {
  if (track === 'audio') return makeOpusInit(1);
  const file = resolve(import.meta.dirname, '../../../proto/vectors/cmaf.json');
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as CmafVectors;
  const example = vectors.init_valid.find((each) => each.codec === 'avc')!;
  const config = Uint8Array.from(Buffer.from(example.codec_config, 'hex'));
  return makeVideoInit(example.width_px, example.height_px, config);
}

function sampleOf(track: TrackName, sequence: number, keyFrame: boolean): Uint8Array {
  const data = new Uint8Array(keyFrame ? 2000 : 400).fill(sequence + 1);
  if (track === 'audio') return data;
  new DataView(data.buffer).setUint32(0, data.length - 4);
  data[4] = keyFrame ? 0x65 : 0x41; // NAL unit: a picture that stands alone, or not
  return data;
}

export class TunnelDevice {
  private readonly ids = new IdMaker();
  private connection: MqttConnection | undefined;
  private receipts: Receipt[] = [];
  private acknowledged = new Map<number, number>();
  private wake: () => void = () => undefined;
  private ended: (cause: string) => void = () => undefined;
  private question = 0;

  private constructor(
    private readonly url: string,
    private readonly device: string,
    private readonly project: string,
    private readonly password: string,
    private readonly sign: Sign,
  ) {}

  static async of(device: Device, http: string): Promise<TunnelDevice> {
    const home = dirname(device.config);
    const config = readFileSync(device.config, 'utf8');
    const value = (key: string): string => new RegExp(`^${key} = ['"](.*)['"]$`, 'm').exec(config)![1]!;
    const secret = readFileSync(join(home, 'device.key'), 'utf8').trim();
    const seed = Buffer.from(secret, 'base64url').subarray(0, 32);
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]); // RFC 8410
    const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
    const sign: Sign = async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, message));
    const password = readFileSync(join(home, 'broker.password'), 'utf8').trim();
    const url = `${http.replace('http', 'ws')}/api/v1/mqtt`;
    return new TunnelDevice(url, value('device_id'), value('project_id'), password, sign);
  }

  static enrolled(device: EnrolledDevice, http: string): TunnelDevice {
    const sign: Sign = async (message) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', device.key, message));
    const url = `${http.replace('http', 'ws')}/api/v1/mqtt`;
    return new TunnelDevice(url, device.deviceId, device.projectIds[0]!, device.credentials.password, sign);
  }

  async makeCapture(area: string): Promise<MadeCapture> {
    const id = this.ids.make();
    const nowUs = Date.now() * 1000;
    const tracks = { video: await this.makeTrack(id, 'video', nowUs), audio: await this.makeTrack(id, 'audio', nowUs) };
    const ends: TrackEnd[] = trackNames.map((track) => ({
      track,
      partCount,
      runningHash: tracks[track].running[partCount]!,
      head: tracks[track].head,
    }));
    const state = (body: Body): { id: Uint8Array; bytes: Uint8Array } => {
      const eventId = this.ids.make();
      return { id: eventId, bytes: eventBytes({ eventId, statedAtUs: nowUs, capture: id, area, body }) };
    };
    return new MadeCapture(id, formatId(id)!, tracks, [
      state({ kind: 'capture.opened', captureKind: 'walkthrough', capturedAtUs: nowUs, tracks: trackNames }),
      state({ kind: 'capture.closed', tracks: ends, reason: 'stopped' }),
    ]);
  }

  private async makeTrack(capture: Uint8Array, name: TrackName, nowUs: number): Promise<Track> {
    const init = initOf(name);
    const hash8 = await initHash8(init);
    const running = await RunningHash.begin(capture, name);
    const [duration, timescale] = name === 'video' ? [3000, 90_000] : [1920, 48_000];
    const track: Omit<Track, 'head'> = { frames: [], media: [], running: [running.value] };
    let head: SignedHead | undefined;
    for (let sequence = 0; sequence < partCount; sequence++) {
      const starts = sequence % 10 === 0;
      const data = sampleOf(name, sequence, starts);
      const sample = { data, duration, keyFrame: name === 'audio' || starts };
      const mediaTime = sequence * duration;
      const media = makeChunk(sequence + 1, mediaTime, [sample]);
      const about: Envelope = { sequence, mediaTime, duration, initHash8: hash8 };
      if (name === 'video') about.keyFrame = starts;
      if (starts) {
        about.initSegment = init;
        about.capturedAtUs = nowUs + Math.round((mediaTime * 1e6) / timescale);
      }
      about.last = sequence === partCount - 1;
      const envelope = envelopeBytes(about);
      const hash = await partHash(envelope, media);
      await running.add(hash);
      head = starts || about.last ? await signHead(this.sign, capture, name, running) : undefined;
      track.frames.push(partFrame(envelope, proofBytes(hash, head), media));
      track.media.push(media);
      track.running.push(running.value);
    }
    return { ...track, head: head! };
  }

  // Resolves when the broker took us; rejects with the cause when it did not.
  async connect(other: { password?: string } = {}): Promise<void> {
    this.close();
    this.acknowledged.clear();
    const settings = { username: this.device, password: this.password, keepAliveSeconds: 60, ...other };
    await new Promise<void>((done, fail) => {
      const connection = new MqttConnection(this.url, settings, {
        connected: done,
        message: (_topic, payload) => {
          const receipt = parseReceipt(payload);
          if (receipt === null) throw new Error('not a receipt');
          this.receipts.push(receipt);
          this.wake();
        },
        published: (packetId, reason) => {
          this.acknowledged.set(packetId, reason);
          this.wake();
        },
        ended: (cause) => {
          fail(new Error(cause));
          if (this.connection === connection) this.ended(cause);
        },
      });
      this.connection = connection;
    });
    this.connection!.subscribe(this.topic({ kind: 'receipt' }), 0);
  }

  // When the other side ends the connection that stands now.
  untilCut(): Promise<string> {
    return new Promise((done) => (this.ended = done));
  }

  // Sends so many bytes of live parts, and resolves when the broker has read beyond them.
  async flood(bytes: number): Promise<void> {
    const payload = new Uint8Array(100_000);
    const topic = this.topic({ kind: 'live', capture: formatId(this.ids.make())!, track: 'video' });
    for (let sent = 0; sent < bytes; sent += payload.length) this.connection!.publish({ topic, payload, qos: 0 });
    await this.tryTopic({});
  }

  // As when the browser is killed: no goodbye.
  cut(): void {
    this.connection?.drop();
    this.connection = undefined;
  }

  close(): void {
    this.connection?.close();
    this.connection = undefined;
  }

  // How many parts of each track the hub says it has.
  async positions(capture: MadeCapture): Promise<Record<string, number>> {
    const question = ++this.question;
    const tracks = trackNames.map((track) => ({ capture: capture.id, track, nextSequence: partCount, ended: true }));
    this.connection!.publish({
      topic: this.topic({ kind: 'hello' }),
      payload: helloBytes('sitecast-web 0.1.0', tracks, question),
      qos: 1,
    });
    const isAnswer = (receipt: Receipt): boolean => receipt.answers === question;
    await this.until(() => this.receipts.some(isAnswer));
    const answer = this.receipts.filter(isAnswer).flatMap((receipt) => receipt.tracks);
    return Object.fromEntries(answer.map((track) => [track.track, track.contiguous]));
  }

  // Sends parts below `upTo`, and the end of the capture when that is all; waits for the hub's receipts.
  async deliver(capture: MadeCapture, { upTo = partCount } = {}): Promise<void> {
    const whole = upTo === partCount;
    const events = whole ? capture.events : capture.events.slice(0, 1);
    for (const event of events) this.connection!.publish({ topic: this.topic({ kind: 'event' }), payload: event.bytes, qos: 1 });
    for (let sequence = 0; sequence < upTo; sequence++) {
      for (const track of trackNames) {
        const topic = this.topic({ kind: 'fill', capture: capture.text, track });
        this.connection!.publish({ topic, payload: capture.tracks[track].frames[sequence]!, qos: 1 });
      }
    }
    await this.until(
      () =>
        trackNames.every((track) => this.has(capture, track, upTo)) &&
        events.every(({ id }) => this.receipts.some((receipt) => receipt.eventIds.some((other) => equalBytes(other, id)))),
    );
  }

  // Its running hash there must be ours, or nothing would be freed.
  private has(capture: MadeCapture, track: TrackName, count: number): boolean {
    return this.receipts.some((receipt) =>
      receipt.tracks.some(
        (each) =>
          each.track === track &&
          equalBytes(each.capture, capture.id) &&
          each.contiguous === count &&
          equalBytes(each.runningHash, capture.tracks[track].running[count]!),
      ),
    );
  }

  // The broker's answer to an event on that topic.
  async tryTopic(other: { project?: string; device?: string }): Promise<number> {
    const eventId = this.ids.make();
    const payload = eventBytes({ eventId, statedAtUs: Date.now() * 1000, body: { kind: 'note', text: '试' } });
    const packetId = this.connection!.publish({ topic: this.topic({ kind: 'event', ...other }), payload, qos: 1 });
    await this.until(() => this.acknowledged.has(packetId));
    return this.acknowledged.get(packetId)!;
  }

  private topic(about: { kind: Topic['kind']; capture?: string; track?: string; project?: string; device?: string }): string {
    return formatTopic({ project: this.project, device: this.device, ...about } as Topic);
  }

  private async until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!condition()) {
      if (Date.now() > deadline) {
        const refusals = this.receipts.flatMap((receipt) => receipt.refusals);
        throw new Error(`not within 20 s; refused: ${JSON.stringify(refusals)}`);
      }
      await new Promise<void>((done) => {
        this.wake = done;
        setTimeout(done, 1000);
      });
    }
  }
}
