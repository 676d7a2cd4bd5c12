// SPDX-License-Identifier: Apache-2.0
// One walk-through that is being filmed, in the worker: frames and sound in, parts in the spool out. Owner: the agent.
import type { RecordingStatus, RecordOrder } from '../messages';
import { SpoolFull, type CloseReason, type NewPart, type Spool, type SpoolTrack } from '../spool/spool';
import { SoundTrackEncoder, soundShape, VideoTrackEncoder, videoShape } from './encoders';
import { MediaClock } from './media_clock';
import { MediaTrack } from './media_track';

const nowUs = (): number => performance.now() * 1000;

export class Recording {
  private readonly beganUs = nowUs();
  private readonly beganMs = Date.now();
  readonly video: VideoTrackEncoder | null;
  readonly sound: SoundTrackEncoder | null;
  private readers: ReadableStreamDefaultReader<unknown>[] = [];
  writtenBytes = 0; // of media
  storedUs = 0; // media time up to which something is stored
  private over = false;
  private failure: CloseReason | null = null;

  // `fails`: this recording cannot go on; called once.
  constructor(
    spool: Spool,
    readonly capture: string,
    tracks: SpoolTrack[],
    private readonly order: RecordOrder,
    wrote: () => void,
    private readonly fails: (reason: CloseReason) => void,
  ) {
    const failed = (error: unknown): void => {
      if (this.failure !== null) return;
      this.failure = error instanceof SpoolFull ? 'disk_full' : 'error';
      if (!this.over) this.fails(this.failure);
    };
    const clock = (): MediaClock => new MediaClock(this.beganUs, nowUs);
    const into = (name: string, timescale: number) => async (part: NewPart): Promise<void> => {
      const counted: NewPart = {
        ...part,
        media: (sequence) => {
          const media = part.media(sequence);
          this.writtenBytes += media.length;
          return media;
        },
      };
      await spool.append(tracks.find(({ track }) => track === name)!.handle, counted);
      this.storedUs = Math.max(this.storedUs, Math.round(((part.mediaTime + (part.duration ?? 0)) / timescale) * 1e6));
      wrote();
    };
    const videoSettings = {
      framesPerSecond: order.framesPerSecond ?? 30,
      bitsPerSecond: order.videoBitsPerSecond ?? 2_000_000,
    };
    this.video = order.hasVideo
      ? new VideoTrackEncoder(videoSettings, clock(), new MediaTrack(videoShape, this.beganMs, into('video', videoShape.timescale), failed), failed)
      : null;
    this.sound = order.hasSound
      ? new SoundTrackEncoder(order.soundBitsPerSecond ?? 32_000, clock(), new MediaTrack(soundShape, this.beganMs, into('audio', soundShape.timescale), failed), failed)
      : null;
  }

  get mediaTimeUs(): number {
    return Math.round(nowUs() - this.beganUs);
  }

  get status(): RecordingStatus {
    return {
      capture: this.capture,
      area: this.order.area,
      beganMs: this.beganMs,
      storedUs: this.storedUs,
      bytesPerSecond: this.storedUs > 0 ? Math.round((this.writtenBytes * 1e6) / this.storedUs) : 0,
      framesEncoded: this.video?.framesEncoded ?? 0,
      framesDropped: this.video?.framesDropped ?? 0,
    };
  }

  // Until the stream ends or the recording does. Another one may follow (another camera).
  async readFrames(readable: ReadableStream<VideoFrame>): Promise<void> {
    await this.read(readable, (frame) => this.video?.take(frame));
  }
  async readSound(readable: ReadableStream<AudioData>): Promise<void> {
    await this.read(readable, (sound) => this.sound?.take(sound));
  }

  // Everything that was encoded is written when it resolves; or why it is not.
  async end(): Promise<CloseReason | null> {
    this.over = true;
    for (const reader of this.readers) await reader.cancel().catch(() => undefined);
    await Promise.all([this.video?.end(), this.sound?.end()]);
    return this.failure;
  }

  private async read<T extends { close(): void }>(readable: ReadableStream<T>, take: (value: T) => Promise<void> | undefined): Promise<void> {
    const reader = readable.getReader();
    this.readers.push(reader);
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) return;
      if (this.over) value.close();
      else await take(value);
    }
  }
}
