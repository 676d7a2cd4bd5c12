// SPDX-License-Identifier: Apache-2.0
// Plays an archived capture, also one that is still growing: playlists in, segments into a MediaSource,
// seeking to any moment. Holes are jumped and reported, damaged segments skipped and reported.
import { ArchiveTrack, type TrackHost } from './archive_track';
import type { ArchiveState, ArchiveTracks, Playback, TrackChoice } from './playback';
import { attachSource, bufferedEndAt, canPlay, type OpenSource } from './media_source';
import {
  combine,
  coverage,
  endOf,
  gapsIn,
  nextPlayable,
  readPlaylist,
  union,
  updatePlaylist,
  type Playlist,
  type PlaylistJson,
  type Range,
} from './playlist';

const pollMs = 2000;
const lookMs = 250;

// The playlist of an hour is half a megabyte: of a long capture the surroundings of the first moment are
// asked for first, so that it plays at once, and the whole after that.
const longSeconds = 600;
const firstWindowSeconds = 60;
// A growing capture is asked for its end often, and now and then for all of it: fills come anywhere.
const recentSeconds = 30;
const pollsPerFull = 15;

export class ArchivePlayer implements Playback {
  #source: OpenSource | null = null;
  #tracks: ArchiveTrack[] = [];
  #listener: (state: ArchiveState) => void = () => undefined;
  #state: ArchiveState = {
    status: 'loading',
    duration: 0,
    complete: false,
    hasVideo: false,
    hasAudio: false,
    soundUnplayable: false,
    following: false,
    gaps: [],
    pictureGaps: [],
    soundGaps: [],
    damaged: [],
  };
  #start: number;
  #partial = false; // only the surroundings of the first moment are known
  #polls = 0;
  #pollTimer: ReturnType<typeof setTimeout> | null = null;
  #lookTimer: ReturnType<typeof setInterval>;
  #abort = new AbortController();
  #skippedCounts = new Map<string, number>(); // per track, when the MediaSource in use was opened

  constructor(
    private readonly captureId: string,
    readonly element: HTMLVideoElement,
    private readonly choice: ArchiveTracks,
    startAt: number,
  ) {
    this.#start = startAt;
    element.addEventListener('seeking', this.#seeking);
    element.addEventListener('error', this.#failed);
    this.#lookTimer = setInterval(this.#look, lookMs);
    void this.#load();
  }

  destroy(): void {
    this.#abort.abort();
    clearInterval(this.#lookTimer);
    if (this.#pollTimer !== null) clearTimeout(this.#pollTimer);
    this.element.removeEventListener('seeking', this.#seeking);
    this.element.removeEventListener('error', this.#failed);
    this.#closeSource();
    this.#listener = () => undefined;
  }

  get state(): ArchiveState {
    return this.#state;
  }

  positionOf(elementSeconds: number): number {
    return elementSeconds;
  }

  onState(listener: (state: ArchiveState) => void): void {
    this.#listener = listener;
    listener(this.#state);
  }

  seek(seconds: number): void {
    const target = Math.max(0, Math.min(seconds, Math.max(0, this.#state.duration - 0.05)));
    const playable = this.#partial ? target : nextPlayable(this.#covered(), target);
    const position = playable ?? this.#lastCovered();
    if (this.#source === null) this.#start = position;
    else this.element.currentTime = position;
  }

  async #load(): Promise<void> {
    const kinds = ['video', 'audio'] as const;
    const chosen = kinds.map((kind) => this.choice[kind]).filter((track) => track !== null);
    this.#partial =
      this.choice.durationSeconds > longSeconds && chosen.every((track) => track.timescale > 0);
    const window = this.#partial
      ? { start: Math.max(0, this.#start - firstWindowSeconds / 4), end: this.#start + firstWindowSeconds }
      : null;
    const found = await Promise.all(
      kinds.map(async (kind) => {
        const track = this.choice[kind];
        const playlist = track === null ? null : await this.#fetchPlaylist(track, window);
        return track === null || playlist === null ? null : { kind, name: track.name, playlist };
      }),
    );
    if (this.#abort.signal.aborted) return;
    if (this.#partial && found.every((track) => (track?.playlist.segments.length ?? 0) === 0)) {
      // The moment lies in a hole: only the whole tells where it ends.
      this.choice.durationSeconds = 0;
      await this.#load();
      return;
    }
    for (const track of found) {
      if (track === null || track.playlist.segments.length === 0) continue;
      const made = new ArchiveTrack(track.kind, track.name, this.captureId, track.playlist, this.#host);
      if (made.firstCodec !== null) this.#tracks.push(made);
    }
    if (this.#tracks.length === 0) {
      if (this.#state.status === 'loading') this.#update({ status: 'empty' });
      this.#schedulePoll();
      return;
    }
    const playable = this.#tracks.filter((track) => canPlay(track.kind, track.firstCodec ?? ''));
    if (playable.length === 0) {
      this.#update({ status: 'unplayable' });
      return;
    }
    const silent = this.#tracks.some((track) => track.kind === 'audio' && !playable.includes(track));
    if (silent) this.#update({ soundUnplayable: true });
    this.#tracks = playable;
    this.#plan();
    await this.#openAt(nextPlayable(this.#covered(), this.#start) ?? this.#lastCovered());
    if (this.#partial) await this.#refresh(null);
    this.#schedulePoll();
  }

  async #fetchPlaylist(track: TrackChoice, window: Range | null): Promise<Playlist | null> {
    if (track.better === undefined) return this.#fetchOne(track, window);
    const [base, better] = await Promise.all([
      this.#fetchOne(track, window),
      this.#fetchOne(track.better, window),
    ]);
    if (base === null || better === null) return base ?? better;
    return combine(base, better);
  }

  async #fetchOne(track: TrackChoice, window: Range | null): Promise<Playlist | null> {
    const units = (seconds: number): number => Math.floor(seconds * track.timescale);
    const query = window === null ? '' : `?from=${units(window.start)}&until=${units(window.end)}`;
    const url = `/api/v1/captures/${this.captureId}/tracks/${track.name}/playlist${query}`;
    for (let wait = 500; !this.#abort.signal.aborted; wait = Math.min(5000, wait * 2)) {
      try {
        const response = await fetch(url, { signal: this.#abort.signal });
        if (response.ok) return readPlaylist((await response.json()) as PlaylistJson, track.name);
        if (response.status === 401) this.#update({ status: 'signed_out' });
        if (response.status < 500) return null;
      } catch {
        if (this.#abort.signal.aborted) return null;
        this.#update({ status: 'offline' });
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    return null;
  }

  async #openAt(position: number): Promise<void> {
    const source = attachSource(this.element);
    this.#source = source;
    if (source === null) {
      this.#update({ status: 'unplayable' });
      return;
    }
    await source.opened;
    if (this.#source !== source || this.#abort.signal.aborted) return;
    for (const track of this.#tracks) track.open(source.source);
    source.source.duration = Math.max(this.#state.duration, 0.1);
    this.element.currentTime = position;
    this.#update({ status: 'ready' });
    this.#pump();
  }

  #closeSource(): void {
    for (const track of this.#tracks) track.close();
    this.#source?.detach();
    this.#source = null;
  }

  // Works out from the playlists what is there, what is missing and what must be bridged.
  #plan(): void {
    const video = this.#tracks.find((track) => track.kind === 'video');
    const audio = this.#tracks.find((track) => track.kind === 'audio');
    const picture = video === undefined ? [] : coverage(video.playlist, video.skipped);
    const sound = audio === undefined ? [] : coverage(audio.playlist, audio.skipped);
    const known = Math.max(0, ...this.#tracks.map((track) => endOf(track.playlist)));
    const duration = this.#partial ? Math.max(known, this.choice.durationSeconds) : known;
    const complete = this.#tracks.every((track) => track.playlist.complete);
    const within = (holes: Range[], other: Range[]): Range[] =>
      holes.flatMap((hole) =>
        other
          .map((range) => ({
            start: Math.max(hole.start, range.start),
            end: Math.min(hole.end, range.end),
          }))
          .filter((range) => range.end - range.start > 0.1),
      );
    // The newest seconds of a growing track are not a hole: they are on their way.
    const until = (track: ArchiveTrack): number => (complete ? duration : endOf(track.playlist));
    const whole = !this.#partial;
    const pictureGaps =
      video === undefined || audio === undefined || !whole ? [] : within(gapsIn(picture, 0, until(video)), sound);
    const soundGaps =
      video === undefined || audio === undefined || !whole ? [] : within(gapsIn(sound, 0, until(audio)), picture);
    video?.setPlaylist(video.playlist, pictureGaps);
    audio?.setPlaylist(audio.playlist, soundGaps);
    this.#update({
      duration,
      complete,
      hasVideo: video !== undefined,
      hasAudio: audio !== undefined,
      gaps: whole ? gapsIn(union(picture, sound), 0, duration) : [],
      pictureGaps,
      soundGaps,
    });
    const source = this.#source?.source;
    const busy = this.#tracks.some((track) => !track.idle);
    if (source?.readyState === 'open' && !busy && duration > source.duration) source.duration = duration;
  }

  #covered(): Range[] {
    const all = this.#tracks.map((track) => coverage(track.playlist, track.skipped));
    return all.reduce((sum, ranges) => union(sum, ranges), []);
  }

  #lastCovered(): number {
    const last = this.#covered().at(-1);
    return last === undefined ? 0 : Math.max(last.start, last.end - 0.2);
  }

  readonly #host: TrackHost = {
    position: () => this.element.currentTime,
    changed: () => this.#pump(),
    damaged: (_track, range) => {
      this.#update({ damaged: union(this.#state.damaged, [range]) });
      this.#plan();
    },
    broken: () => this.element.error !== null || this.#source?.source.readyState === 'ended',
    offline: (now) => {
      if (now) this.#update({ status: 'offline' });
      else if (this.#state.status === 'offline') this.#update({ status: 'ready' });
    },
    refused: () => this.#update({ status: 'signed_out' }),
  };

  #pump(): void {
    if (this.#source === null) return;
    for (const track of this.#tracks) track.pump();
    const source = this.#source.source;
    if (
      this.#state.complete &&
      source.readyState === 'open' &&
      this.#tracks.every((track) => track.atEnd())
    ) {
      source.endOfStream();
    }
  }

  readonly #seeking = (): void => {
    for (const track of this.#tracks) track.seeking();
  };

  // Lifts the playhead over holes, and keeps loading while it moves.
  readonly #look = (): void => {
    const element = this.element;
    if (this.#source === null || this.#state.status === 'loading') return;
    this.#pump();
    if (element.readyState > HTMLMediaElement.HAVE_CURRENT_DATA || element.ended) return;
    const position = element.currentTime;
    // With media ahead of the playhead it is the decoder that is at work, after a seek say.
    const end = bufferedEndAt(element.buffered, position);
    if ((end !== null && end > position + 0.3) || this.#partial) return;
    const playable = nextPlayable(this.#covered(), position + 0.05);
    if (playable !== null && playable > position + 0.06) {
      element.currentTime = playable + 0.001;
      return;
    }
    if (!this.#tracks.every((track) => track.satisfied(1))) return;
    // All that the archive has here is in the buffer, and still it does not play: parts are missing
    // inside a segment.
    const ranges = element.buffered;
    for (let i = 0; i < ranges.length; i++) {
      if (ranges.start(i) > position + 0.001) {
        element.currentTime = ranges.start(i) + 0.001;
        return;
      }
    }
    // Browsers stop some pictures before a hole; what follows it may be too far away to be loaded yet.
    const after = this.#covered().find((range) => range.start > position);
    if (after !== undefined) element.currentTime = after.start + 0.001;
  };

  // The browser gave up on this MediaSource. What it could not append is known by now; else it is what
  // stands at the playhead that cannot be decoded. Leave that segment out and go on in a new one.
  readonly #failed = (): void => {
    if (this.#source === null || this.element.error === null) return;
    const position = this.element.currentTime;
    const wasPlaying = !this.element.paused;
    const old = this.#tracks;
    if (old.every((track) => track.skipped.size === this.#skippedBefore(track))) {
      (old.find((track) => track.kind === 'video') ?? old[0])?.giveUpAt(position);
    }
    this.#closeSource();
    this.#tracks = old.map((track) => {
      const fresh = new ArchiveTrack(track.kind, track.name, this.captureId, track.playlist, this.#host);
      fresh.skip(track.skipped);
      this.#skippedCounts.set(track.name, track.skipped.size);
      return fresh;
    });
    this.#plan();
    const next = nextPlayable(this.#covered(), position);
    if (next === null) {
      this.#update({ status: 'failed' });
      return;
    }
    void this.#openAt(next + 0.001).then(() => {
      if (wasPlaying) void this.element.play().catch(() => undefined);
    });
  };

  #skippedBefore(track: ArchiveTrack): number {
    return this.#skippedCounts.get(track.name) ?? 0;
  }

  #schedulePoll(): void {
    if (this.#state.complete || this.#abort.signal.aborted) return;
    this.#pollTimer = setTimeout(() => void this.#poll(), pollMs);
  }

  async #poll(): Promise<void> {
    if (this.#tracks.length === 0) {
      await this.#load();
      return;
    }
    const full = this.#polls++ % pollsPerFull === 0;
    await this.#refresh(full ? null : Math.max(0, this.#state.duration - recentSeconds));
    this.#schedulePoll();
  }

  // Asks again for everything, or for what lies after `from`.
  async #refresh(from: number | null): Promise<void> {
    const window = from === null ? null : { start: from, end: 1e7 };
    for (const track of this.#tracks) {
      const fresh = await this.#fetchPlaylist(this.#choiceOf(track), window);
      if (fresh === null) continue;
      track.playlist = from === null ? fresh : updatePlaylist(track.playlist, fresh, from);
    }
    if (this.#abort.signal.aborted) return;
    this.#partial = false;
    if (this.#state.status === 'offline') this.#update({ status: 'ready' });
    this.#plan();
    this.#pump();
  }

  // As the page chose it, with the time scale that the playlist told.
  #choiceOf(track: ArchiveTrack): TrackChoice {
    const known = { name: track.name, timescale: track.playlist.timescale };
    const better = this.choice[track.kind]?.better;
    if (better === undefined) return known;
    return { ...known, better: { ...better, timescale: better.timescale || known.timescale } };
  }

  #update(change: Partial<ArchiveState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listener(this.#state);
  }
}
