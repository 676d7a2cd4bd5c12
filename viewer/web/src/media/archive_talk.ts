// SPDX-License-Identifier: Apache-2.0
// What people said to the site, heard beside a recording at the moments where it was said: the segments
// of one `talk.n` around the playhead, through WebCodecs. Follows the picture and never holds it up; at
// other than the normal speed it is silent. What cannot be fetched or read is left out.
import { readChunkAt } from '../codec/box_reader';
import { LiveAudio, liveAudioSupported } from './live_audio';
import type { TrackChoice } from './playback';
import { readPlaylist, type Playlist, type PlaylistJson } from './playlist';

const aheadSeconds = 1.5;
const lookMs = 250;

export class ArchiveTalk {
  #audio: LiveAudio | null = null;
  #playlist: Playlist | null = null;
  #handed = new Set<number>();
  #timer: ReturnType<typeof setInterval>;
  #abort = new AbortController();

  constructor(
    private readonly captureId: string,
    private readonly track: TrackChoice,
    private readonly element: HTMLVideoElement,
    private readonly positionOf: (elementSeconds: number) => number,
  ) {
    for (const name of ['pause', 'seeking', 'ratechange'] as const) element.addEventListener(name, this.#again);
    element.addEventListener('volumechange', this.#volume);
    this.#timer = setInterval(() => this.#look(), lookMs);
    void this.#read();
  }

  destroy(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
    for (const name of ['pause', 'seeking', 'ratechange'] as const) this.element.removeEventListener(name, this.#again);
    this.element.removeEventListener('volumechange', this.#volume);
    this.#audio?.destroy();
    this.#audio = null;
  }

  readonly #volume = (): void => this.#audio?.setVolume(this.element.muted ? 0 : this.element.volume);

  // What was scheduled belongs to another moment.
  readonly #again = (): void => {
    this.#audio?.rewind();
    this.#handed.clear();
  };

  readonly #clock = (): number | null => {
    const { element } = this;
    const moving =
      !element.paused &&
      !element.seeking &&
      element.playbackRate === 1 &&
      element.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    return moving ? this.positionOf(element.currentTime) : null;
  };

  #look(): void {
    const now = this.#clock();
    if (now === null || this.element.muted || this.#playlist === null) return;
    if (this.#audio === null) {
      if (!liveAudioSupported()) return;
      this.#audio = new LiveAudio(this.#clock);
      this.#volume();
    }
    for (const segment of this.#playlist.segments) {
      if (segment.end <= now || segment.start > now + aheadSeconds) continue;
      if (segment.sizeBytes === 0 || this.#handed.has(segment.n)) continue;
      this.#handed.add(segment.n);
      void this.#hand(segment.n, segment.init);
    }
  }

  async #hand(n: number, initHash: string): Promise<void> {
    const base = `/segments/${this.captureId}/${this.track.name}`;
    const [init, bytes] = await Promise.all([this.#get(`${base}/init/${initHash}`), this.#get(`${base}/${n}`)]);
    // Meanwhile the playhead may have gone elsewhere.
    const now = this.#clock();
    if (init === null || bytes === null || now === null || !this.#handed.has(n)) return;
    try {
      for (let at = 0; at < bytes.length; ) {
        const { chunk, end } = readChunkAt(bytes, at);
        const media = bytes.subarray(at, end);
        at = end;
        const start = chunk.decodeTime / this.track.timescale;
        if (start < now) continue;
        this.#audio?.add({
          track: this.track.name,
          sequence: chunk.fragmentNumber - 1,
          mediaTime: chunk.decodeTime,
          duration: chunk.duration,
          keyFrame: true,
          initHash,
          init,
          capturedAtUs: 0,
          media,
        });
      }
    } catch {
      // Damaged: the rest of this segment is left out.
    }
  }

  async #read(): Promise<void> {
    const url = `/api/v1/captures/${this.captureId}/tracks/${this.track.name}/playlist`;
    try {
      const response = await fetch(url, { signal: this.#abort.signal });
      if (response.ok) this.#playlist = readPlaylist((await response.json()) as PlaylistJson, this.track.name);
    } catch {
      // Without it the recording plays alone.
    }
  }

  async #get(url: string): Promise<Uint8Array | null> {
    try {
      const response = await fetch(url, { signal: this.#abort.signal });
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
    } catch {
      return null;
    }
  }
}
