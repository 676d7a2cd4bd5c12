// SPDX-License-Identifier: Apache-2.0
// The live picture: CMAF chunks straight into one SourceBuffer, the playhead held at the live edge.
// Only video is in this MediaSource. With sound in the same one the browser waits for 200 ms of
// decoded audio before it starts or goes on, and the picture with it (figures: README, "Live").
import { readInit } from '../codec/init_reader';
import { AppendQueue } from './append_queue';
import type { LivePart } from './live_connection';
import { LiveEdge, videoEdge } from './live_edge';
import { attachSource, canPlay, mimeType, type OpenSource } from './media_source';
import { LivePauses } from './pauses';

const keepBehindSeconds = 6;
const controlEveryMs = 50;
// Parts that come faster than they play are the cached group of pictures, not the live pace.
const settleMs = 600;

export class LiveVideo {
  #source: OpenSource | null = null;
  #queue: AppendQueue | null = null;
  #waiting: Uint8Array[] = [];
  #edge = new LiveEdge(videoEdge);
  #pauses = new LivePauses();
  #codec = '';
  #initHash = '';
  #timescale = 0;
  #nextSequence = -1;
  #end = 0; // seconds; where the media handed over so far ends
  #started = false;
  #refused = false; // the browser wants a tap before it plays
  #lastArrivalMs = 0;
  #settleUntilMs = 0;
  #captured: { mediaTime: number; atUs: number } | null = null;
  #timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly element: HTMLVideoElement,
    // The browser cannot play this stream: say so instead of showing black.
    private readonly onUnplayable: (codec: string) => void,
  ) {
    this.#attach();
    element.addEventListener('error', this.#failed);
    document.addEventListener('visibilitychange', this.#seenAgain);
    this.#timer = setInterval(this.#control, controlEveryMs);
  }

  destroy(): void {
    clearInterval(this.#timer);
    this.element.removeEventListener('error', this.#failed);
    document.removeEventListener('visibilitychange', this.#seenAgain);
    this.#queue?.close();
    this.#queue = null;
    this.element.playbackRate = 1;
    this.#source?.detach();
    this.#source = null;
  }

  // Seconds from the lens to the screen by the device's clock and ours; null: cannot be said.
  delay(): number | null {
    if (this.#captured === null || !this.#started) return null;
    const shownAtUs =
      this.#captured.atUs + (this.element.currentTime - this.#captured.mediaTime) * 1e6;
    return (Date.now() * 1000 - shownAtUs) / 1e6;
  }

  // Where the newest media ends, in seconds; null before the first part.
  get end(): number | null {
    return this.#timescale === 0 ? null : this.#end;
  }

  // The connection was made anew: what comes first is the cached group of pictures again.
  connected(): void {
    this.#settleUntilMs = performance.now() + settleMs;
    this.#edge.reset();
  }

  add(part: LivePart): void {
    if (part.sequence < this.#nextSequence) return; // it was here before the connection was lost
    // After a hole nothing can be decoded before the next key frame, and key frames carry the init.
    if (part.sequence !== this.#nextSequence && part.init === null) return;
    const media = this.#joined(part);
    if (media === null) return;
    if (part.init !== null && !this.#useInit(part.init, part.initHash)) return;
    if (part.capturedAtUs > 0) {
      this.#captured = { mediaTime: part.mediaTime / this.#timescale, atUs: part.capturedAtUs };
    }
    this.#noteArrival(part.duration / this.#timescale);
    this.#nextSequence = part.sequence + 1;
    this.#end = (part.mediaTime + part.duration) / this.#timescale;
    this.#append(media);
  }

  // null: damaged; the next key frame goes on.
  #joined(part: LivePart): Uint8Array | null {
    try {
      return this.#pauses.join(part.media, part.keyFrame);
    } catch {
      this.#nextSequence = -1;
      return null;
    }
  }

  #noteArrival(duration: number): void {
    const nowMs = performance.now();
    const burst = nowMs - this.#lastArrivalMs < duration * 500;
    this.#lastArrivalMs = nowMs;
    if (this.#settleUntilMs === 0) {
      this.#edge.arrived(nowMs / 1000, this.#end);
    } else if (!burst || nowMs > this.#settleUntilMs) {
      this.#settleUntilMs = 0;
      if (this.#started) this.#toEdge();
    }
  }

  #useInit(init: Uint8Array, hash: string): boolean {
    if (hash === this.#initHash) return true;
    let info: ReturnType<typeof readInit>;
    try {
      info = readInit(init);
    } catch {
      return false; // damaged: the next key frame brings another
    }
    if (!canPlay('video', info.codec)) {
      this.onUnplayable(info.codec);
      return false;
    }
    if (this.#codec !== '' && info.codec !== this.#codec) {
      this.#queue?.changeCodec(mimeType('video', info.codec));
    }
    this.#initHash = hash;
    this.#timescale = info.timescale;
    this.#codec = info.codec;
    this.#open();
    this.#append(init);
    return true;
  }

  #attach(): void {
    this.#source = attachSource(this.element);
    if (this.#source === null) this.onUnplayable('');
    else void this.#source.opened.then(() => this.#open());
  }

  #open(): void {
    const source = this.#source?.source;
    if (source === undefined || this.#codec === '' || source.readyState !== 'open') return;
    if (this.#queue !== null) return;
    const buffer = source.addSourceBuffer(mimeType('video', this.#codec));
    this.#queue = new AppendQueue(buffer, () => this.element.currentTime, this.#appended);
    for (const bytes of this.#waiting) this.#queue.append(bytes);
    this.#waiting = [];
  }

  #append(bytes: Uint8Array): void {
    if (this.#queue === null) this.#waiting.push(bytes);
    else this.#queue.append(bytes);
  }

  readonly #appended = (): void => {
    if (this.#started || (this.#queue?.buffered?.length ?? 0) === 0) return;
    this.#started = true;
    this.#play();
  };

  // Browsers pause a silent picture that nobody sees, and one whose place on the page goes away.
  readonly #seenAgain = (): void => {
    if (document.visibilityState === 'visible' && this.#started && this.element.isConnected) this.#play();
  };

  // From a user's gesture: the browser may have waited for one.
  resume(): void {
    this.#refused = false;
    if (this.element.paused) this.#seenAgain();
  }

  #play(): void {
    this.#edge.reset();
    this.#toEdge();
    this.element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.#refused = true;
    });
  }

  #toEdge(): void {
    this.#jump(this.#end - 0.05);
  }

  #jump(position: number): void {
    const ranges = this.#queue?.buffered;
    if (ranges === null || ranges === undefined || ranges.length === 0) return;
    const last = ranges.length - 1;
    const start = ranges.start(last);
    this.element.currentTime = Math.max(start, Math.min(position, ranges.end(last) - 0.02));
  }

  readonly #control = (): void => {
    const element = this.element;
    if (!this.#started) return;
    if (element.paused) {
      if (!this.#refused) this.#seenAgain();
      return;
    }
    if (element.seeking) return;
    const position = element.currentTime;
    const decision = this.#edge.decide(performance.now() / 1000, position);
    if (decision.kind === 'jump') {
      this.#jump(decision.position);
      return;
    }
    if (element.playbackRate !== decision.rate) element.playbackRate = decision.rate;
    const ranges = this.#queue?.buffered;
    if (ranges === null || ranges === undefined || ranges.length === 0) return;
    // A stretch that never came: the playhead stands before it until somebody lifts it over.
    const starved = element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
    if (starved && ranges.start(ranges.length - 1) > position) this.#toEdge();
    if (ranges.start(0) < position - 2 * keepBehindSeconds) {
      this.#queue?.remove(ranges.start(0), position - keepBehindSeconds);
    }
  };

  // A frame that the decoder refuses ends the MediaSource; a new one starts at the next key frame.
  readonly #failed = (): void => {
    this.#queue?.close();
    this.#queue = null;
    this.#waiting = [];
    this.#codec = '';
    this.#initHash = '';
    this.#nextSequence = -1;
    this.#started = false;
    this.#edge.reset();
    this.#attach();
  };
}
