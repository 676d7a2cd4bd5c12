// SPDX-License-Identifier: Apache-2.0
// Pictures and sound through the browser's own encoders (WebCodecs), in the worker. What comes in is closed here.
// Errors of an encoder arrive once, at `failed`.
import { makeOpusInit, makeVideoInit } from '../proto/init_muxer';
import { avcSample } from './avc';
import { MediaClock } from './media_clock';
import { MediaTrack, type Sample } from './media_track';

export interface VideoSettings {
  framesPerSecond: number;
  bitsPerSecond: number;
}

const videoTimescale = 90_000;
const soundRate = 48_000;
export const videoShape = { isVideo: true, samplesPerPart: 1, segmentDuration: 0, timescale: videoTimescale };
export const soundShape = { isVideo: false, samplesPerPart: 2, segmentDuration: 2 * soundRate, timescale: soundRate };

const keyEveryUs = 1_900_000; // at most 2 s apart, as encoded
const stillMs = 4000; // a camera that gives nothing must not keep anybody waiting
const mostQueued = 5; // frames that the encoder has not come to: the next one is left out

// Constrained Baseline, High where only that is there; by what the picture needs.
function codecsFor(width: number, height: number): string[] {
  const level = width * height <= 1280 * 720 ? '1f' : width * height <= 1920 * 1088 ? '28' : '33';
  return [`avc1.42e0${level}`, `avc1.4d00${level}`, `avc1.6400${level}`];
}

export async function videoConfig(width: number, height: number, settings: VideoSettings): Promise<VideoEncoderConfig | null> {
  for (const codec of codecsFor(width, height)) {
    const config: VideoEncoderConfig = {
      codec,
      width,
      height,
      bitrate: settings.bitsPerSecond,
      framerate: settings.framesPerSecond,
      latencyMode: 'realtime',
      avc: { format: 'avc' },
    };
    if ((await VideoEncoder.isConfigSupported(config)).supported === true) return config;
  }
  return null;
}

export class VideoTrackEncoder {
  private encoder: VideoEncoder | null = null;
  private size = { width: 0, height: 0 };
  private keyAtUs = -Infinity;
  private description = '';
  private stillWanted: { done(picture: Blob): void; fail(error: unknown): void }[] = [];
  framesEncoded = 0;
  framesDropped = 0;

  constructor(
    private readonly settings: VideoSettings,
    private readonly clock: MediaClock,
    private readonly track: MediaTrack,
    private readonly failed: (error: unknown) => void,
  ) {}

  async take(frame: VideoFrame): Promise<void> {
    try {
      const width = frame.displayWidth - (frame.displayWidth % 2);
      const height = frame.displayHeight - (frame.displayHeight % 2);
      if (this.encoder === null || width !== this.size.width || height !== this.size.height) {
        await this.configure(width, height);
      }
      const timeUs = this.clock.timeOf(frame.timestamp, 0);
      if (timeUs < 0) return;
      if (this.encoder!.encodeQueueSize > mostQueued) {
        this.framesDropped += 1;
        return;
      }
      const keyFrame = timeUs - this.keyAtUs >= keyEveryUs;
      if (keyFrame) this.keyAtUs = timeUs;
      this.giveStill(frame);
      const stamped = new VideoFrame(frame, { timestamp: Math.round(timeUs) });
      this.encoder!.encode(stamped, { keyFrame });
      stamped.close();
      this.framesEncoded += 1;
    } catch (error) {
      this.failed(error);
    } finally {
      frame.close();
    }
  }

  // The next picture that is filmed, as a JPEG.
  still(): Promise<Blob> {
    return new Promise((done, fail) => {
      this.stillWanted.push({ done, fail });
      setTimeout(() => fail(new Error('the camera gives no picture')), stillMs);
    });
  }

  async end(): Promise<void> {
    if (this.encoder?.state === 'configured') await this.encoder.flush().catch(this.failed);
    if (this.encoder !== null && this.encoder.state !== 'closed') this.encoder.close();
    await this.track.end();
  }

  private giveStill(frame: VideoFrame): void {
    const wanted = this.stillWanted.splice(0);
    if (wanted.length === 0) return;
    const canvas = new OffscreenCanvas(frame.displayWidth, frame.displayHeight);
    canvas.getContext('2d')!.drawImage(frame, 0, 0);
    const picture = canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
    for (const { done, fail } of wanted) picture.then(done, fail);
  }

  private async configure(width: number, height: number): Promise<void> {
    const config = await videoConfig(width, height, this.settings);
    if (config === null) throw new Error('no H.264 encoder');
    if (this.encoder?.state === 'configured') await this.encoder.flush();
    this.encoder ??= new VideoEncoder({
      output: (chunk, metadata) => this.out(chunk, metadata?.decoderConfig),
      error: this.failed,
    });
    this.encoder.configure(config);
    this.size = { width, height };
    this.keyAtUs = -Infinity;
  }

  private out(chunk: EncodedVideoChunk, config: VideoDecoderConfig | undefined): void {
    const bytes = new Uint8Array(chunk.byteLength);
    chunk.copyTo(bytes);
    const { sample, avcc } = avcSample(bytes);
    const given = config?.description === undefined ? avcc : bytesOf(config.description);
    if (given !== null) this.describe(given);
    this.track.add({
      data: sample,
      mediaTime: Math.round((chunk.timestamp * videoTimescale) / 1e6),
      duration: Math.round(videoTimescale / this.settings.framesPerSecond),
      keyFrame: chunk.type === 'key',
    });
  }

  private describe(avcc: Uint8Array): void {
    const text = `${this.size.width} ${this.size.height} ${avcc.join()}`;
    if (text === this.description) return;
    this.description = text;
    this.track.setInit(makeVideoInit(this.size.width, this.size.height, avcc));
  }
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source).slice();
}

// An Opus encoder looks ahead (libopus: 6.5 ms): what comes out of the decoder for a packet was captured so long
// before the input that completed it. proto/README.md, "Sound and its clock".
const lookAheadSamples = 312;
const packetSamples = 960;
const gapUs = 100_000;
const jumpSamples = 480; // less is the source's jitter

export class SoundTrackEncoder {
  private encoder: AudioEncoder | null = null;
  private format = '';
  private nextTime: number | null = null;
  private endUs = 0; // of what came in

  constructor(
    private readonly bitsPerSecond: number,
    private readonly clock: MediaClock,
    private readonly track: MediaTrack,
    private readonly failed: (error: unknown) => void,
  ) {}

  async take(sound: AudioData): Promise<void> {
    try {
      const channels = Math.min(2, sound.numberOfChannels);
      const format = `${sound.sampleRate} ${channels}`;
      if (format !== this.format) await this.configure(sound.sampleRate, channels, format);
      const lengthUs = (sound.numberOfFrames / sound.sampleRate) * 1e6;
      const timeUs = this.clock.timeOf(sound.timestamp, lengthUs);
      // An encoder counts on from its first time stamp: after a gap it begins anew.
      if (Math.abs(timeUs - this.endUs) > gapUs && this.endUs > 0) await this.encoder!.flush();
      this.endUs = timeUs + lengthUs;
      const stamped = restamped(sound, Math.round(timeUs));
      this.encoder!.encode(stamped);
      stamped.close();
    } catch (error) {
      this.failed(error);
    } finally {
      sound.close();
    }
  }

  async end(): Promise<void> {
    if (this.encoder?.state === 'configured') await this.encoder.flush().catch(this.failed);
    if (this.encoder !== null && this.encoder.state !== 'closed') this.encoder.close();
    await this.track.end();
  }

  private async configure(sampleRate: number, numberOfChannels: number, format: string): Promise<void> {
    if (this.encoder?.state === 'configured') await this.encoder.flush();
    this.encoder ??= new AudioEncoder({ output: (chunk) => this.out(chunk), error: this.failed });
    this.encoder.configure({ codec: 'opus', sampleRate, numberOfChannels, bitrate: this.bitsPerSecond });
    this.format = format;
    this.track.setInit(makeOpusInit(numberOfChannels));
  }

  private out(chunk: EncodedAudioChunk): void {
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const stated = Math.round((chunk.timestamp * soundRate) / 1e6) - lookAheadSamples;
    const goesOn = this.nextTime !== null && Math.abs(stated - this.nextTime) < jumpSamples;
    const mediaTime = goesOn ? this.nextTime! : stated;
    const duration = chunk.duration === null ? packetSamples : Math.round((chunk.duration * soundRate) / 1e6);
    this.nextTime = mediaTime + duration;
    if (mediaTime < 0) return; // before the clock's zero
    const sample: Sample = { data, mediaTime, duration, keyFrame: true };
    this.track.add(sample);
  }
}

// Samples of both channels, one after the other, as a new AudioData with another time.
function restamped(sound: AudioData, timestamp: number): AudioData {
  const { sampleRate, numberOfFrames } = sound;
  const numberOfChannels = Math.min(2, sound.numberOfChannels);
  const data = new Float32Array(numberOfFrames * numberOfChannels);
  for (let planeIndex = 0; planeIndex < numberOfChannels; planeIndex++) {
    const plane = data.subarray(planeIndex * numberOfFrames, (planeIndex + 1) * numberOfFrames);
    sound.copyTo(plane, { planeIndex, format: 'f32-planar' });
  }
  return new AudioData({ format: 'f32-planar', sampleRate, numberOfFrames, numberOfChannels, timestamp, data });
}
