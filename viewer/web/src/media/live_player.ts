// SPDX-License-Identifier: Apache-2.0
// A capture as it is being filmed: connection, picture and sound, and what to tell people about them.
// Starts before the page's framework is loaded (src/boot.ts), so it knows nothing of the page.
import { LiveAudio, liveAudioSupported } from './live_audio';
import { LiveConnection, type LivePart } from './live_connection';
import { LiveVideo } from './live_video';

// connecting: nothing has come yet · live · thin: sound goes on, the picture waits · silent: the
// connection stands but nothing comes · offline: the device is not connected to the centre ·
// reconnecting · ended · unplayable: this browser cannot
export type LiveStatus =
  | 'connecting'
  | 'live'
  | 'thin'
  | 'silent'
  | 'offline'
  | 'reconnecting'
  | 'ended'
  | 'unplayable'
  | 'signed_out';

export interface LiveState {
  status: LiveStatus;
  delaySeconds: number | null; // lens to screen; null when the clocks cannot tell
  end: number; // seconds; where the newest media ends
  hasVideo: boolean;
  hasAudio: boolean;
  soundOn: boolean;
  droppedParts: number;
}

const quietMs = 2500;

export class LivePlayer {
  #connection: LiveConnection;
  #video: LiveVideo;
  #audio: LiveAudio | null = null;
  #audioInit: LivePart | null = null;
  #talk: LiveAudio | null = null; // what others say to the site
  #floor: { speaker: string | null; yours: boolean } = { speaker: null, yours: false };
  #floorListener: (speaker: string | null, yours: boolean) => void = () => undefined;
  #refusedListener: (reason: string) => void = () => undefined;
  #listener: (state: LiveState) => void = () => undefined;
  #eventListener: (event: unknown) => void = () => undefined;
  #state: LiveState = {
    status: 'connecting',
    delaySeconds: null,
    end: 0,
    hasVideo: false,
    hasAudio: false,
    soundOn: false,
    droppedParts: 0,
  };
  #lastVideoMs = 0;
  #lastPartMs = 0;
  #timer: ReturnType<typeof setInterval>;

  constructor(
    readonly captureId: string,
    readonly element: HTMLVideoElement,
  ) {
    element.muted = true;
    element.playsInline = true;
    this.#connection = new LiveConnection(captureId, {
      part: (part) => this.#part(part),
      connected: () => {
        this.#video.connected();
        this.#audio?.resync();
        this.#talk?.rewind(); // the gateway may be another one
        if (this.#state.status === 'reconnecting') this.#update({ status: 'connecting' });
      },
      lost: (everOpen) => {
        this.#floor = { speaker: null, yours: false };
        this.#floorListener(null, false);
        if (everOpen) this.#update({ status: 'reconnecting' });
      },
      ended: () => this.#update({ status: 'ended' }),
      away: (why) => this.#away(why),
      refused: () => this.#update({ status: 'signed_out' }),
      dropped: (_track, parts) =>
        this.#update({ droppedParts: this.#state.droppedParts + parts }),
      event: (event) => this.#eventListener(event),
      floor: (speaker, yours) => {
        this.#floor = { speaker, yours };
        this.#floorListener(speaker, yours);
      },
      floorRefused: (reason) => this.#refusedListener(reason),
    });
    this.#video = new LiveVideo(element, () => this.#update({ status: 'unplayable' }));
    element.addEventListener('seeking', this.#resync);
    this.#timer = setInterval(() => this.#look(), 500);
  }

  destroy(): void {
    clearInterval(this.#timer);
    this.#connection.close();
    this.element.removeEventListener('seeking', this.#resync);
    this.#video.destroy();
    this.#audio?.destroy();
    this.#audio = null;
    this.#talk?.destroy();
    this.#talk = null;
    this.#listener = () => undefined;
  }

  get state(): LiveState {
    return this.#state;
  }

  onState(listener: (state: LiveState) => void): void {
    this.#listener = listener;
    listener(this.#state);
  }

  onEvent(listener: (event: unknown) => void): void {
    this.#eventListener = listener;
  }

  // Told at once how it stands.
  onFloor(floor: (speaker: string | null, yours: boolean) => void, refused: (reason: string) => void): void {
    this.#floorListener = floor;
    this.#refusedListener = refused;
    floor(this.#floor.speaker, this.#floor.yours);
  }

  // talk: asks for the floor · hush: gives it back
  say(what: 'talk' | 'hush'): void {
    this.#connection.send(JSON.stringify({ type: what }));
  }

  sendPacket(opus: Uint8Array<ArrayBuffer>): void {
    this.#connection.send(opus);
  }

  // From a user's gesture. false: this browser has no way to play the sound of a live picture.
  setSound(on: boolean): boolean {
    this.#video.resume();
    if (on && this.#audio === null) {
      if (!liveAudioSupported()) return false;
      const moving = (): boolean =>
        this.element.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA &&
        !this.element.paused &&
        !this.element.seeking;
      const clock = (): number | null => (moving() ? this.element.currentTime : null);
      this.#audio = new LiveAudio(clock);
      if (this.#audioInit !== null) this.#audio.prime(this.#audioInit);
    }
    // By its own clock: it is said now, whatever the picture shows.
    if (on) this.#talk ??= new LiveAudio(() => null);
    this.#audio?.setVolume(on ? 1 : 0);
    this.#talk?.setVolume(on ? 1 : 0);
    this.#update({ soundOn: on });
    return true;
  }

  readonly #resync = (): void => this.#audio?.resync();

  #away(why: 'offline' | 'silent'): void {
    const { status } = this.#state;
    if (status !== 'ended' && status !== 'unplayable' && status !== 'signed_out') {
      this.#update({ status: why });
    }
  }

  #part(part: LivePart): void {
    const now = performance.now();
    if (part.track === 'video') {
      this.#lastPartMs = now;
      this.#lastVideoMs = now;
      this.#video.add(part);
      if (!this.#state.hasVideo) this.#update({ hasVideo: true });
    } else if (part.track === 'audio') {
      this.#lastPartMs = now;
      if (part.init !== null) this.#audioInit = part;
      this.#audio?.add(part);
      if (!this.#state.hasAudio) this.#update({ hasAudio: true });
    } else if (part.track.startsWith('talk')) {
      // Says nothing of whether anything comes from the site.
      if (part.init !== null) this.#talk?.turn(part);
      this.#talk?.add(part);
      return;
    }
    const { status } = this.#state;
    if (status === 'connecting' || status === 'silent' || status === 'offline') {
      this.#update({ status: 'live' });
    }
  }

  #look(): void {
    const now = performance.now();
    const { status, hasVideo, hasAudio } = this.#state;
    let next = status;
    if (status === 'live' || status === 'thin' || status === 'silent') {
      if (now - this.#lastPartMs > quietMs) next = 'silent';
      else if (hasVideo && hasAudio && now - this.#lastVideoMs > quietMs) next = 'thin';
      else next = 'live';
    }
    const delay = this.#video.delay();
    this.#update({
      status: next,
      // A negative or absurd figure means that the two clocks disagree: then nothing is claimed. Less than
      // a tenth of a second nobody believes.
      delaySeconds:
        next === 'live' && delay !== null && delay >= 0 && delay < 60 ? Math.max(0.1, delay) : null,
      end: this.#video.end ?? this.#state.end,
    });
  }

  #update(change: Partial<LiveState>): void {
    const next = { ...this.#state, ...change };
    const same = (Object.keys(change) as (keyof LiveState)[]).every((key) => next[key] === this.#state[key]);
    this.#state = next;
    if (!same) this.#listener(next);
  }
}
