// SPDX-License-Identifier: Apache-2.0
// The player of one capture, live or archived: which of the two plays, and what the page shows of it.
import type { Track } from '../../api/types';
import { dropEarlyLive } from '../../early';
import { ArchivePlayer } from '../../media/archive_player';
import { ArchiveTalk } from '../../media/archive_talk';
import type { LivePlayer, LiveState } from '../../media/live_player';
import { acquireLive, releaseLive } from '../../media/live_registry';
import { mediaSourceClass } from '../../media/media_source';
import { NativePlayer } from '../../media/native_player';
import type { ArchiveState, ArchiveTracks, Playback, TrackChoice } from '../../media/playback';

// The full-quality track alone once it is whole; until then the live rendition, with the full quality
// wherever that has arrived.
export function tracksToPlay(infos: readonly Track[], names: readonly string[]): ArchiveTracks {
  const first = (kind: string): string | null =>
    [...names].sort().find((name) => name === kind || name.startsWith(`${kind}.`)) ?? null;
  const master = infos.find((info) => info.name === first('master'));
  const whole = master !== undefined && master.part_count === master.part_count_total;
  const begun = master !== undefined && master.part_count > 0;
  const choose = (name: string | null): TrackChoice | null =>
    name === null
      ? null
      : { name, timescale: infos.find((info) => info.name === name)?.timescale ?? 0 };
  const picture = (): TrackChoice | null => {
    const base = choose(first('video') ?? first('master'));
    const better = begun && base?.name !== master.name ? choose(master.name) : null;
    return base === null || better === null ? base : { ...base, better };
  };
  const ends = infos.map((info) => (info.timescale > 0 ? info.end_media_time / info.timescale : 0));
  return {
    video: whole ? choose(master.name) : picture(),
    audio: choose(first('audio')),
    talk: names.filter((name) => name.startsWith('talk')).flatMap((name) => choose(name) ?? []),
    durationSeconds: Math.max(0, ...ends),
  };
}

export class PlayerModel {
  mode = $state<'live' | 'archive'>('archive');
  element = $state.raw<HTMLVideoElement | null>(null);
  live = $state.raw<LiveState | null>(null);
  archive = $state.raw<ArchiveState | null>(null);
  position = $state(0);
  paused = $state(true);
  // The browser wants a tap before it plays.
  blocked = $state(false);
  soundOn = $state(true);
  soundRefused = $state(false);
  silenced = $state(false); // by the browser, before the first tap
  rate = $state(1);
  isLive = $state(false);

  #livePlayer: LivePlayer | null = null;
  #archivePlayer: Playback | null = null;
  #unlisten: () => void = () => undefined;
  #tracks: ArchiveTracks = { video: null, audio: null, talk: [], durationSeconds: 0 };
  #talks: ArchiveTalk[] = [];

  constructor(
    private readonly captureId: string,
    private readonly moved: (at: number | null) => void,
  ) {}

  destroy(): void {
    this.#leave();
  }

  // While it is live; null: nobody can be spoken to from here.
  speakTo = $state.raw<LivePlayer | null>(null);

  get duration(): number {
    if (this.mode === 'live') return this.live?.end ?? 0;
    if (this.atNewest) return Math.max(this.position, this.archive?.duration ?? 0);
    return this.archive?.duration ?? 0;
  }

  // What plays is the newest there is, by whatever means.
  get atNewest(): boolean {
    return this.mode === 'live' || this.archive?.following === true;
  }

  get hasVideo(): boolean {
    return this.mode === 'live' ? (this.live?.hasVideo ?? true) : (this.archive?.hasVideo ?? true);
  }

  get hasAudio(): boolean {
    return this.mode === 'live' ? (this.live?.hasAudio ?? false) : (this.archive?.hasAudio ?? false);
  }

  // Live before the capture's details are here: the connection that boot.ts began.
  beginLive(): void {
    if (this.mode === 'live' && this.#livePlayer !== null) return;
    if (mediaSourceClass() === null) {
      dropEarlyLive();
      this.isLive = true;
      this.beginArchive(this.#tracks, null, true);
      this.moved(null);
      return;
    }
    this.#leave();
    const player = acquireLive(this.captureId);
    dropEarlyLive();
    this.#livePlayer = player;
    this.speakTo = player;
    this.mode = 'live';
    this.isLive = true;
    this.soundOn = player.state.soundOn;
    player.onState((state) => {
      this.live = state;
      this.position = state.end;
      if (state.status === 'ended') this.isLive = false;
    });
    this.#listen(player.element);
    this.moved(null);
  }

  // `at` null: at the newest of a capture that goes on.
  beginArchive(tracks: ArchiveTracks, at: number | null, play: boolean): void {
    this.#tracks = tracks;
    this.#leave();
    this.mode = 'archive';
    const element = document.createElement('video');
    element.playsInline = true;
    element.muted = !this.soundOn;
    const player: Playback =
      mediaSourceClass() === null
        ? new NativePlayer(this.captureId, element, tracks, at)
        : new ArchivePlayer(this.captureId, element, tracks, at ?? 0);
    this.#archivePlayer = player;
    this.#talks = tracks.talk.map(
      (track) => new ArchiveTalk(this.captureId, track, element, (seconds) => player.positionOf(seconds)),
    );
    this.position = at ?? 0;
    player.onState((state) => {
      this.archive = state;
    });
    this.#listen(element);
    if (play) this.play();
  }

  // Nothing of it is here yet.
  beginNothing(): void {
    this.#leave();
    this.mode = 'archive';
    this.element = null;
    this.live = null;
    this.archive = null;
  }

  setTracks(tracks: ArchiveTracks): void {
    this.#tracks = tracks;
  }

  play(): void {
    const element = this.element;
    if (element === null) return;
    if (element.ended) this.seek(0);
    this.blocked = false;
    element.play().catch((error: unknown) => {
      const refused = error instanceof DOMException && error.name === 'NotAllowedError';
      if (!refused || element !== this.element) return;
      if (element.muted) {
        this.blocked = true;
        return;
      }
      // With sound only after a tap: without it, then, and said so.
      this.setSound(false);
      this.silenced = true;
      this.play();
    });
  }

  toggle(): void {
    if (this.mode === 'live') {
      // A live picture that is held becomes a look back from there.
      this.beginArchive(this.#tracks, Math.max(0, this.element?.currentTime ?? 0), false);
      return;
    }
    // The element's own word: `paused` follows it only with the next event, too late for a second press.
    if (this.element?.paused ?? true) this.play();
    else {
      this.element?.pause();
      this.moved(this.position);
    }
  }

  seek(seconds: number): void {
    if (this.mode === 'live') {
      if (seconds < this.duration - 2) this.beginArchive(this.#tracks, Math.max(0, seconds), true);
      return;
    }
    if (this.isLive && seconds > this.duration - 1) {
      if (this.archive?.following !== true) this.beginLive();
      return;
    }
    if (this.archive?.following === true) {
      this.beginArchive(this.#tracks, Math.max(0, seconds), true);
      return;
    }
    this.#archivePlayer?.seek(seconds);
    this.position = Math.max(0, Math.min(seconds, this.duration));
    this.moved(this.position);
  }

  step(seconds: number): void {
    this.seek((this.mode === 'live' ? this.duration : this.position) + seconds);
  }

  // From a user's gesture.
  setSound(on: boolean): void {
    this.silenced = false;
    if (this.mode === 'live') {
      this.soundRefused = this.#livePlayer !== null && !this.#livePlayer.setSound(on);
      this.soundOn = on && !this.soundRefused;
      return;
    }
    this.soundOn = on;
    if (this.element !== null) this.element.muted = !on;
  }

  setRate(rate: number): void {
    this.rate = rate;
    if (this.mode === 'archive' && this.element !== null) this.element.playbackRate = rate;
  }

  #listen(element: HTMLVideoElement): void {
    const update = (): void => {
      this.paused = element.paused;
      // Before it knows its media it stands at 0, wherever it was opened.
      if (this.mode === 'archive' && !element.seeking && element.readyState > HTMLMediaElement.HAVE_NOTHING) {
        this.position = this.#archivePlayer?.positionOf(element.currentTime) ?? element.currentTime;
      }
    };
    const names = ['play', 'pause', 'timeupdate', 'seeked', 'ended'] as const;
    for (const name of names) element.addEventListener(name, update);
    this.#unlisten = () => {
      for (const name of names) element.removeEventListener(name, update);
    };
    if (this.mode === 'archive') {
      element.defaultPlaybackRate = this.rate;
      element.playbackRate = this.rate;
    }
    this.element = element;
    update();
  }

  #leave(): void {
    this.#unlisten();
    this.#unlisten = () => undefined;
    if (this.#livePlayer !== null) releaseLive(this.captureId);
    this.#livePlayer = null;
    this.speakTo = null;
    for (const talk of this.#talks) talk.destroy();
    this.#talks = [];
    this.#archivePlayer?.destroy();
    this.#archivePlayer = null;
    this.blocked = false;
  }
}
