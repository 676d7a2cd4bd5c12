// SPDX-License-Identifier: Apache-2.0
// Plays a capture where the browser has no Media Source Extensions (older iPhones, some in-app browsers):
// the media element gets the gateway's HLS playlist and does the rest. Either the recording as it is now, or
// the newest of a capture that goes on, which is a list that grows. Browsers begin such a list's clock where
// they like, so looking back from there takes another player. What is missing is known from the page's own
// playlists.
import { refusesOpus } from './media_source';
import { coverage, gapsIn, readPlaylist, union, type PlaylistJson, type Range } from './playlist';
import type { ArchiveState, ArchiveTracks, Playback } from './playback';

export function playsHls(element: HTMLMediaElement): boolean {
  return element.canPlayType('application/vnd.apple.mpegurl') !== '';
}

const retryMs = 3000;
const maxAsks = 3;

export class NativePlayer implements Playback {
  #listener: (state: ArchiveState) => void = () => undefined;
  #state: ArchiveState;
  #abort = new AbortController();
  #retryTimer: ReturnType<typeof setTimeout> | null = null;
  #playOn = false;
  #asks = 0; // of lists that a browser called unplayable while they were short
  #endKnownAtMs = performance.now(); // when the duration was asked for, while it grows
  #silent: boolean; // the browser would not play a list with this sound in it

  // `startAt` null: at the newest, of a capture that goes on.
  constructor(
    private readonly captureId: string,
    readonly element: HTMLVideoElement,
    private readonly choice: ArchiveTracks,
    private startAt: number | null,
  ) {
    this.#silent = choice.audio !== null && choice.video !== null && refusesOpus(element);
    this.#state = {
      status: 'loading',
      duration: choice.durationSeconds,
      complete: false,
      hasVideo: choice.video !== null,
      hasAudio: choice.audio !== null && !this.#silent,
      soundUnplayable: this.#silent,
      following: startAt === null,
      gaps: [],
      pictureGaps: [],
      soundGaps: [],
      damaged: [],
    };
    element.addEventListener('loadedmetadata', this.#ready);
    element.addEventListener('durationchange', this.#grown);
    element.addEventListener('error', this.#failed);
    this.#load();
    void this.#findGaps();
  }

  destroy(): void {
    this.#abort.abort();
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.element.removeEventListener('loadedmetadata', this.#ready);
    this.element.removeEventListener('durationchange', this.#grown);
    this.element.removeEventListener('error', this.#failed);
    this.element.removeAttribute('src');
    this.element.load();
    this.#listener = () => undefined;
  }

  get state(): ArchiveState {
    return this.#state;
  }

  positionOf(elementSeconds: number): number {
    if (!this.#state.following) return elementSeconds;
    return this.#state.duration + (performance.now() - this.#endKnownAtMs) / 1000;
  }

  onState(listener: (state: ArchiveState) => void): void {
    this.#listener = listener;
    listener(this.#state);
  }

  seek(seconds: number): void {
    const target = Math.max(0, Math.min(seconds, Math.max(0, this.#state.duration - 0.05)));
    if (this.element.readyState === HTMLMediaElement.HAVE_NOTHING) this.startAt = target;
    else this.element.currentTime = target;
  }

  #load(): void {
    if (!playsHls(this.element)) {
      this.#update({ status: 'unplayable' });
      return;
    }
    const form = [this.startAt === null ? '' : 'whole=1', this.#silent ? 'sound=none' : ''].filter(Boolean).join('&');
    this.element.src = `/api/v1/captures/${this.captureId}/hls.m3u8${form === '' ? '' : `?${form}`}`;
    this.element.load();
    if (this.#playOn) void this.element.play().catch(() => undefined);
  }

  readonly #ready = (): void => {
    if (this.startAt !== null && this.startAt > 0) this.element.currentTime = this.startAt;
    this.#update({ status: 'ready', hasVideo: this.element.videoWidth > 0 || this.choice.video !== null });
    this.#grown();
  };

  readonly #grown = (): void => {
    const { duration } = this.element;
    if (Number.isFinite(duration) && duration > 0) this.#update({ duration, following: false });
  };

  readonly #failed = (): void => {
    const error = this.element.error;
    if (error === null) return;
    this.#playOn = !this.element.paused; // an error pauses, as soon as it is told
    const at = this.element.currentTime;
    if (at > 0 && !this.#state.following) this.startAt = at;
    void this.#explain(error.code);
  };

  // The element does not say why: the gateway does.
  async #explain(code: number): Promise<void> {
    let status: number;
    try {
      const url = `/api/v1/captures/${this.captureId}/hls.m3u8`;
      status = (await fetch(url, { signal: this.#abort.signal })).status;
    } catch {
      status = 503; // no answer
    }
    if (status === 401) {
      this.#update({ status: 'signed_out' });
    } else if (status >= 500 || status === 404) {
      this.#update({ status: status === 404 ? 'empty' : 'offline' });
      this.#retryTimer = setTimeout(() => this.#load(), retryMs);
    } else if (this.#state.following && this.#asks < maxAsks) {
      // A capture that has just begun: Chromium may call a list of few segments broken when it grows,
      // and the list may have come between the two questions.
      this.#asks += 1;
      this.#retryTimer = setTimeout(() => this.#load(), retryMs);
    } else {
      const notSupported = code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
      this.#update({ status: notSupported ? 'unplayable' : 'failed' });
    }
  }

  // And where it ends.
  async #findGaps(): Promise<void> {
    const covered: Range[][] = [];
    let complete = true;
    let end = 0;
    for (const track of [this.choice.video, this.choice.audio]) {
      if (track === null) continue;
      try {
        const url = `/api/v1/captures/${this.captureId}/tracks/${track.name}/playlist`;
        const response = await fetch(url, { signal: this.#abort.signal });
        if (!response.ok) return;
        const playlist = readPlaylist((await response.json()) as PlaylistJson, track.name);
        covered.push(coverage(playlist));
        complete &&= playlist.complete;
        end = Math.max(end, playlist.segments.at(-1)?.end ?? 0);
      } catch {
        return; // the picture does not depend on it
      }
    }
    const all = covered.reduce((sum, ranges) => union(sum, ranges), []);
    if (this.#state.following) this.#endKnownAtMs = performance.now();
    this.#update({ complete, gaps: gapsIn(all, 0, end), duration: Math.max(this.#state.duration, end) });
  }

  #update(change: Partial<ArchiveState>): void {
    if (this.#abort.signal.aborted) return;
    this.#state = { ...this.#state, ...change };
    this.#listener(this.#state);
  }
}
