// SPDX-License-Identifier: Apache-2.0
// The live sound: Opus packets through WebCodecs into Web Audio, each at the moment that belongs to
// the picture. It follows the picture's clock and never holds it back: late sound raises its own delay
// a little (up to `maxExtraDelay` behind the picture), and spare time is given back slowly.
import { readChunk } from '../codec/box_reader';
import { readInit } from '../codec/init_reader';
import type { LivePart } from './live_connection';

const minLead = 0.01; // scheduling later than this before its moment is heard as a click
const maxExtraDelay = 0.12;
const patienceSeconds = 0.6; // sound that is later than that for so long is played late, not dropped
const resyncBeyond = 0.05;
const spare = 0.05; // sound that is here so much before its moment could come closer to the picture

// Seconds on the capture's clock that the picture shows now; null: it does not move.
export type MediaClock = () => number | null;

export function liveAudioSupported(): boolean {
  return 'AudioDecoder' in globalThis && 'AudioContext' in globalThis;
}

export class LiveAudio {
  #context: AudioContext;
  #gain: GainNode;
  #decoder: AudioDecoder | null = null;
  #initHash = '';
  #timescale = 48_000;
  #lead = 0; // Opus decodes this much late (pre-skip, RFC 7845 section 4.2)
  #nextSequence = -1;
  #nextStart = 0; // context time at which the sound scheduled so far ends
  #nextMedia = 0; // media time that belongs to #nextStart
  #extraDelay = 0;
  #tooLateSince: number | null = null;
  #origin: number | null = null; // context time of media time 0
  #scheduled = new Set<AudioBufferSourceNode>();

  // Call from a user's gesture: browsers keep a page silent before one.
  constructor(private readonly clock: MediaClock) {
    this.#context = new AudioContext({ latencyHint: 'interactive', sampleRate: 48_000 });
    this.#gain = this.#context.createGain();
    this.#gain.connect(this.#context.destination);
    void this.#context.resume();
  }

  destroy(): void {
    if (this.#decoder?.state !== 'closed') this.#decoder?.close();
    this.#decoder = null;
    void this.#context.close();
  }

  get running(): boolean {
    return this.#context.state === 'running';
  }

  setVolume(volume: number): void {
    this.#gain.gain.setTargetAtTime(volume, this.#context.currentTime, 0.02);
  }

  // The picture jumped or the connection was made anew: what is scheduled belongs to another moment.
  resync(): void {
    for (const node of this.#scheduled) node.stop();
    this.#scheduled.clear();
    this.#nextStart = 0;
    this.#origin = null;
  }

  // What comes next may be older than what was here.
  rewind(): void {
    this.#nextSequence = -1;
    this.resync();
  }

  // A voice that was silent until this part is timed anew: it need not keep to what was said before.
  turn(part: LivePart): void {
    const pause = part.mediaTime / this.#timescale - this.#nextMedia;
    if (this.#nextStart > 0 && Math.abs(pause) > resyncBeyond) {
      this.#nextStart = 0;
      this.#origin = null;
      this.#extraDelay = 0;
    }
  }

  // Makes the decoder ready from a part that is itself no longer worth playing.
  prime(part: LivePart): void {
    if (part.init !== null) this.#configure(part.init, part.initHash);
  }

  add(part: LivePart): void {
    if (part.sequence < this.#nextSequence) return;
    if (part.init !== null && part.initHash !== this.#initHash) this.#configure(part.init, part.initHash);
    if (this.#decoder === null || part.initHash !== this.#initHash) return;
    let chunk: ReturnType<typeof readChunk>;
    try {
      chunk = readChunk(part.media);
    } catch {
      return;
    }
    this.#nextSequence = part.sequence + 1;
    let time = chunk.decodeTime;
    for (const sample of chunk.samples) {
      const data = chunk.payload.subarray(sample.offset, sample.offset + sample.size);
      const microseconds = (time / this.#timescale) * 1e6;
      this.#decoder.decode(
        new EncodedAudioChunk({ type: 'key', timestamp: Math.round(microseconds), data }),
      );
      time += sample.duration;
    }
  }

  #configure(init: Uint8Array, hash: string): void {
    let info: ReturnType<typeof readInit>;
    try {
      info = readInit(init);
    } catch {
      return;
    }
    this.#initHash = hash;
    this.#timescale = info.timescale;
    this.#lead = info.preSkip / 48_000;
    if (this.#decoder?.state === 'configured') this.#decoder.close();
    this.#decoder = new AudioDecoder({
      output: (data) => this.#play(data),
      // A damaged packet: the next init segment, at most 5 s away, starts a new decoder.
      error: () => {
        this.#decoder = null;
        this.#initHash = '';
      },
    });
    this.#decoder.configure({
      codec: info.codec,
      sampleRate: info.sampleRate || 48_000,
      numberOfChannels: info.channelCount,
    });
  }

  #play(data: AudioData): void {
    const { numberOfFrames: frames, numberOfChannels: channels, sampleRate, timestamp } = data;
    const buffer = this.#context.createBuffer(channels, frames, sampleRate);
    for (let i = 0; i < channels; i++) {
      data.copyTo(buffer.getChannelData(i), { planeIndex: i, format: 'f32-planar' });
    }
    data.close();
    if (!this.running) return;
    const start = this.#startFor(timestamp / 1e6 - this.#lead, frames / sampleRate);
    if (start === null) return;
    const node = this.#context.createBufferSource();
    node.buffer = buffer;
    node.connect(this.#gain);
    node.onended = () => this.#scheduled.delete(node);
    this.#scheduled.add(node);
    node.start(start);
  }

  // When to start the sound of `media`; null: its moment has passed.
  #startFor(media: number, duration: number): number | null {
    const now = this.#context.currentTime;
    const wanted = this.#wanted(media, now) + this.#extraDelay;
    const contiguous = this.#nextStart > 0 && Math.abs(media - this.#nextMedia) < 0.001;
    let start = contiguous ? this.#nextStart : wanted;
    if (Math.abs(start - wanted) > resyncBeyond) start = wanted;
    const late = now + minLead - start;
    if (late > 0) {
      if (!this.#acceptLate(late, now)) return null;
      start = now + minLead;
    } else {
      this.#tooLateSince = null;
      if (late < -spare) this.#extraDelay = Math.max(0, this.#extraDelay - duration * 0.01);
    }
    this.#nextStart = start + duration;
    this.#nextMedia = media + duration;
    return start;
  }

  // A little late: from now on the sound stays that much further behind the picture. Very late: old
  // sound (the cached parts of a new connection), unless it goes on like that.
  #acceptLate(late: number, now: number): boolean {
    if (this.#extraDelay + late <= maxExtraDelay) {
      this.#extraDelay += late;
      return true;
    }
    this.#tooLateSince ??= now;
    if (now - this.#tooLateSince < patienceSeconds) return false;
    this.#extraDelay += late;
    this.#tooLateSince = null;
    return true;
  }

  // The context time that belongs to `media`. Without a moving picture (none in this capture, or it waits
  // for the link) the sound goes on by itself from where the two last agreed.
  #wanted(media: number, now: number): number {
    const shown = this.clock();
    if (shown !== null) this.#origin = now - shown - (this.#context.outputLatency || 0);
    this.#origin ??= now + 0.06 - media;
    return this.#origin + media;
  }
}
