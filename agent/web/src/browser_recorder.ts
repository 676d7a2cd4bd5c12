// SPDX-License-Identifier: Apache-2.0
// The browser agent as the screen knows it (recorder.ts, whose rules hold): camera, engine and device in one. What it
// cannot do yet (voice notes, talk, direction) it says as `not_here`.
import { Camera } from './camera';
import type { EnrolledDevice } from './enrol';
import { Engine, type EngineStatus, type Enrolment } from './engine';
import type {
  Ability,
  AnswerOrder,
  BatteryState,
  HoldingState,
  NoteOrder,
  Outcome,
  PhotoOrder,
  PictureState,
  Reason,
  Recorder,
  RecorderState,
  RoomState,
  StartOrder,
} from './recorder';

const tellMs = 100;
const starvedMs = 3000;
const refused = <T>(reason: Reason, detail?: string): Outcome<T> => ({ ok: false, reason, ...(detail === undefined ? {} : { detail }) });

const encoder = new TextEncoder();
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/; // line feed and tab are text
const lineControls = /[\u0000-\u001f\u007f]/;
const mostNoteBytes = 8 * 1024;
const mostNameBytes = 256;
const isNote = (text: string): boolean => encoder.encode(text).length <= mostNoteBytes && !controls.test(text);
const isName = (text: string): boolean => encoder.encode(text).length <= mostNameBytes && !lineControls.test(text);

interface Battery extends EventTarget {
  level: number;
  charging: boolean;
}

// What was enrolled, as the engine wants it. `origin`: of this page, whose gateway has the tunnel. `project`: one of the
// device's, the first when absent.
export function enrolmentOf(device: EnrolledDevice, origin: string, project = device.projectIds[0]): Enrolment {
  const about = device.projects.find(({ id }) => id === project);
  if (project === undefined) throw new Error('a device of no project');
  const enrolment: Enrolment = {
    url: `${origin.replace(/^http/, 'ws')}/api/v1/mqtt`,
    project,
    device: device.credentials.username,
    password: device.credentials.password,
    key: device.key,
    name: device.name,
  };
  if (about === undefined) return enrolment;
  return { ...enrolment, projectName: about.name, areas: about.areas, stages: about.stages };
}

export class BrowserRecorder implements Recorder {
  private readonly engine: Engine;
  private readonly camera: Camera;
  private status: EngineStatus | null = null;
  private listeners = new Set<(state: RecorderState) => void>();
  private telling: ReturnType<typeof setTimeout> | undefined;
  private told = '';
  private busy = false; // begins or ends
  private lostAtMs = 0;
  private endedAtMs = 0;
  private causeSince = { cause: '', ms: 0 };
  private dropped = { frames: 0, sinceMs: 0, untilMs: 0 };
  private seen = { frames: -1, ms: 0 }; // pictures that the camera gave this recording, and when the last one came
  private battery: BatteryState | null = null;
  private wakeLock: WakeLockSentinel | null = null;
  private lastCapture: string | null = null;
  private readonly shots = new Map<string, string>(); // object URL of the newest photo, by area
  private readonly areas: string[] = [];

  constructor(
    private readonly enrolment: Enrolment,
    store?: string,
  ) {
    this.camera = new Camera(
      () => this.changed(),
      (stream) => void this.engine.feed(stream),
      () => void this.cameraLost(),
    );
    this.engine = new Engine(
      enrolment,
      (status) => {
        this.hear(status);
        this.changed();
      },
      store,
    );
    document.addEventListener('visibilitychange', this.keepAwake);
    void this.watchBattery();
  }

  subscribe(listener: (state: RecorderState) => void): () => void {
    this.listeners.add(listener);
    listener(this.state());
    return () => void this.listeners.delete(listener);
  }

  async start(order: StartOrder): Promise<Outcome<{ captureId: string }>> {
    const reason = this.abilities().record;
    if (reason !== null) return refused(reason);
    if (!isName(order.area) || !isName(order.title ?? '')) return refused('invalid');
    this.busy = true;
    try {
      const unseen = await this.camera.open();
      if (unseen !== null) return refused(unseen);
      const title = order.title === undefined ? {} : { title: order.title };
      const captureId = await this.engine.record(this.camera.media!, { area: order.area, source: this.camera.source, ...title });
      this.lastCapture = captureId;
      this.lostAtMs = this.endedAtMs = 0;
      this.knows(order.area);
      this.keepAwake();
      return { ok: true, captureId };
    } catch (error) {
      return failed(error);
    } finally {
      this.busy = false;
      this.changed();
    }
  }

  async stop(): Promise<Outcome> {
    if (this.status?.recording == null) return refused('not_recording');
    this.busy = true;
    try {
      await this.engine.stop();
      return { ok: true };
    } catch (error) {
      return failed(error);
    } finally {
      this.busy = false;
      void this.wakeLock?.release();
      this.changed();
    }
  }

  async photo(order: PhotoOrder): Promise<Outcome<{ captureId: string }>> {
    const reason = this.abilities().photo;
    if (reason !== null) return refused(reason);
    if (!isName(order.area) || !isNote(order.note ?? '')) return refused('invalid');
    const unseen = await this.camera.open();
    if (unseen !== null) return refused(unseen);
    try {
      const { bytes, width, height } = this.status?.recording == null ? await this.camera.photo() : await this.stillOfRecording();
      const name = `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.jpg`;
      const note = order.note === undefined || order.note === '' ? {} : { note: order.note };
      const captureId = await this.engine.store({
        kind: 'photo',
        name,
        mediaType: 'image/jpeg',
        area: order.area,
        bytes,
        photo: { width, height },
        ...note,
      });
      this.lastCapture = captureId;
      this.knows(order.area);
      const before = this.shots.get(order.area);
      if (before !== undefined) URL.revokeObjectURL(before);
      this.shots.set(order.area, URL.createObjectURL(bytes));
      return { ok: true, captureId };
    } catch (error) {
      return failed(error);
    }
  }

  async document(file: File, area: string): Promise<Outcome<{ captureId: string }>> {
    const reason = this.abilities().document;
    if (reason !== null) return refused(reason);
    if (!isName(area) || !isName(file.name)) return refused('invalid');
    try {
      const mediaType = file.type === '' ? 'application/octet-stream' : file.type;
      const capturedAtMs = file.lastModified;
      const captureId = await this.engine.store({ kind: 'document', name: file.name, mediaType, area, bytes: file, capturedAtMs });
      this.lastCapture = captureId;
      return { ok: true, captureId };
    } catch (error) {
      return failed(error);
    }
  }

  async note(order: NoteOrder): Promise<Outcome<{ eventId: string }>> {
    const reason = this.abilities().note;
    if (reason !== null) return refused(reason);
    if (order.voice !== undefined) return refused('not_here');
    const { text, area, stage, percentage } = order;
    const right = percentage === undefined || (percentage >= 0 && percentage <= 100);
    if (!isNote(text) || !isName(area) || !isName(stage ?? '') || !right) return refused('invalid');
    const states = (stage !== undefined && stage !== '') || percentage !== undefined || order.itemId !== undefined;
    if (!states && text === '') return refused('invalid');
    const recording = this.status?.recording ?? null;
    const about = order.about === 'now' && recording === null ? 'nothing' : order.about;
    const capture = about === 'last' ? (recording?.capture ?? this.lastCapture) : null;
    try {
      const eventId = await this.engine.state({
        body: states ? { kind: 'progress', text, ...given({ stage, percentage, planItem: order.itemId }) } : { kind: 'note', text },
        area,
        ...(about === 'now' ? { now: true } : {}),
        ...(capture === null ? {} : { capture }),
      });
      this.knows(area);
      return { ok: true, eventId };
    } catch (error) {
      return failed(error);
    }
  }

  startVoiceNote(): Promise<Outcome<{ finish(): Promise<Blob>; cancel(): void }>> {
    return Promise.resolve(refused('not_here'));
  }
  say(_text: string): Promise<Outcome> {
    return Promise.resolve(refused('not_here'));
  }
  accept(_requestId: string): Promise<Outcome> {
    return Promise.resolve(refused('not_here'));
  }
  answer(_order: AnswerOrder): Promise<Outcome> {
    return Promise.resolve(refused('not_here'));
  }
  startTalking(): Promise<Outcome> {
    return Promise.resolve(refused('not_here'));
  }
  stopTalking(): void {
    // nobody speaks
  }

  preview(video: HTMLVideoElement): () => void {
    return this.camera.show(video);
  }
  lastShot(area: string): Promise<string | null> {
    return Promise.resolve(this.shots.get(area) ?? null);
  }

  async switchCamera(): Promise<Outcome> {
    const reason = this.abilities().switch_camera;
    if (reason !== null) return refused(reason);
    const unseen = await this.camera.turn();
    const { media } = this.camera;
    if (this.status?.recording != null && media !== null) await this.engine.feed(media);
    return unseen === null ? { ok: true } : refused(unseen);
  }
  async setTorch(torch: boolean): Promise<Outcome> {
    return (await this.camera.set({ torch })) ? { ok: true } : refused('failed');
  }
  async setZoom(zoom: number): Promise<Outcome> {
    return (await this.camera.set({ zoom })) ? { ok: true } : refused('failed');
  }

  // A goodbye: another tab may be the agent.
  async close(): Promise<void> {
    document.removeEventListener('visibilitychange', this.keepAwake);
    clearTimeout(this.telling);
    this.listeners.clear();
    this.camera.close();
    for (const url of this.shots.values()) URL.revokeObjectURL(url);
    await this.engine.close();
  }

  private async stillOfRecording(): Promise<{ bytes: Blob; width: number; height: number }> {
    const bytes = await this.engine.still();
    const { width, height } = await createImageBitmap(bytes);
    return { bytes, width, height };
  }

  // --- what is told

  private hear(status: EngineStatus): void {
    const nowMs = Date.now();
    const cause = status.delivery?.cause ?? '';
    if (cause !== this.causeSince.cause) this.causeSince = { cause, ms: nowMs };
    if (status.ended !== null && this.endedAtMs === 0) this.endedAtMs = nowMs;
    const frames = status.recording?.framesDropped ?? 0;
    if (frames > this.dropped.frames) {
      if (nowMs > this.dropped.untilMs) this.dropped.sinceMs = nowMs;
      this.dropped.untilMs = nowMs + 5000;
    }
    this.dropped.frames = frames;
    const seen = status.recording === null ? -1 : status.recording.framesEncoded + frames;
    if (seen !== this.seen.frames) this.seen = { frames: seen, ms: nowMs };
    this.status = status;
  }

  private changed(): void {
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      const state = this.state();
      const text = JSON.stringify(state);
      if (text === this.told) return;
      this.told = text;
      for (const listener of this.listeners) listener(state);
    }, tellMs);
  }

  private state(): RecorderState {
    const { status } = this;
    const recording = status?.recording ?? null;
    const delivery = status?.delivery ?? null;
    const nowMs = Date.now();
    return {
      present: status?.phase === 'ready',
      device: { id: this.enrolment.device, name: this.enrolment.name },
      projectName: this.enrolment.projectName ?? '',
      recording:
        recording === null || recording.storedUs === 0
          ? null
          : {
              captureId: recording.capture,
              area: recording.area,
              sinceMs: recording.beganMs,
              mediaTimeMs: Math.floor(recording.storedUs / 1000),
              paused: false,
            },
      ended: this.ended(),
      picture: this.picture(nowMs),
      link: {
        connected: delivery?.connected ?? false,
        hubPresent: delivery?.hubPresent ?? false,
        roundTripMs: delivery === null || delivery.roundTripUs === 0 ? null : Math.round(delivery.roundTripUs / 1000),
        deliveredKbps: delivery?.connected === true ? status!.handedOnKbps : null,
        watchers: null,
        cause: delivery?.cause ?? 'agent_not_running',
        causeSinceMs: delivery === null || delivery.cause === '' ? null : this.causeSince.ms,
      },
      holding: holdingOf(status),
      room: roomOf(status),
      battery: this.battery,
      quality: nowMs < this.dropped.untilMs ? [{ kind: 'frames_dropped', sinceMs: this.dropped.sinceMs }] : [],
      abilities: this.abilities(),
      areas: [...this.areas, ...(this.enrolment.areas ?? []).filter((area) => !this.areas.includes(area))],
      stages: (this.enrolment.stages ?? []).map((stage) => ({ itemId: '', area: '', stage, percentage: null })),
      pins: [],
      messages: [],
      requests: [],
      talk: { floor: null, listeners: null },
      camera: this.camera.state,
    };
  }

  // A camera that is open and gives no picture is lost, too.
  private picture(nowMs: number): PictureState {
    const { picture } = this.camera;
    const starved = this.seen.frames >= 0 && nowMs - this.seen.ms > starvedMs;
    return starved && picture.state === 'on' ? { ...picture, state: 'lost' } : picture;
  }

  private ended(): RecorderState['ended'] {
    if (this.lostAtMs > 0) return { reason: 'camera_lost', atMs: this.lostAtMs };
    const ended = this.status?.ended ?? null;
    if (ended === null) return null;
    return { reason: ended.reason === 'disk_full' ? 'disk_full' : 'error', atMs: this.endedAtMs };
  }

  private abilities(): Record<Ability, Reason | null> {
    const phase = this.status?.phase;
    const none: Reason | null = phase === 'other_tab' ? 'other_tab' : phase === 'ready' ? null : 'agent_gone';
    const full: Reason | null = this.status?.storage.full === true ? 'full' : null;
    const records = this.status?.recording != null || this.busy;
    return {
      record: none ?? (records ? 'recording' : full),
      photo: none ?? full,
      document: none ?? full,
      note: none,
      voice_note: 'not_here',
      talk: 'not_here',
      say: 'not_here',
      answer: 'not_here',
      switch_camera: none ?? (this.busy ? 'recording' : null),
      torch: this.camera.hasTorch ? none : 'not_here',
      zoom: this.camera.state.zoom === null ? 'not_here' : none,
    };
  }

  private knows(area: string): void {
    if (area === '') return;
    const at = this.areas.indexOf(area);
    if (at >= 0) this.areas.splice(at, 1);
    this.areas.unshift(area);
  }

  private async cameraLost(): Promise<void> {
    if (this.status?.recording == null) return;
    this.lostAtMs = Date.now();
    await this.engine.stop('source_ended').catch(() => undefined);
    this.changed();
  }

  // The screen stays on while it records; a browser takes the lock away with the page.
  private readonly keepAwake = (): void => {
    if (document.visibilityState !== 'visible' || this.status?.recording == null && !this.busy) return;
    navigator.wakeLock?.request('screen').then(
      (lock) => (this.wakeLock = lock),
      () => undefined,
    );
  };

  private async watchBattery(): Promise<void> {
    const battery = await (navigator as { getBattery?: () => Promise<Battery> }).getBattery?.();
    if (battery === undefined) return;
    const look = (): void => {
      this.battery = { percentage: Math.round(battery.level * 100), charging: battery.charging };
      this.changed();
    };
    battery.addEventListener('levelchange', look);
    battery.addEventListener('chargingchange', look);
    look();
  }
}

function failed<T>(error: unknown): Outcome<T> {
  const why = error instanceof Error ? error.message : String(error);
  if (why === 'disk_full') return refused('full');
  if (why === 'empty' || why === 'too_large') return refused('invalid', why);
  return refused('failed', why);
}

// Without what is not given.
function given(order: { stage: string | undefined; percentage: number | undefined; planItem: string | undefined }): {
  stage?: string;
  percentage?: number;
  planItem?: string;
} {
  const { stage, percentage, planItem } = order;
  return {
    ...(stage === undefined ? {} : { stage }),
    ...(percentage === undefined ? {} : { percentage }),
    ...(planItem === undefined || planItem === '' ? {} : { planItem }),
  };
}

// Sound has 25 parts a second, video as many as there were pictures: so sound tells, where there is any.
function holdingOf(status: EngineStatus | null): HoldingState {
  let onlyHereMs = 0;
  let waitingBytes = 0;
  let waitingCaptures = 0;
  for (const { tracks } of status?.captures ?? []) {
    const waitingOf = (track: (typeof tracks)[number]): number => track.waiting ?? track.made - track.delivered;
    if (tracks.every((track) => waitingOf(track) === 0)) continue;
    waitingCaptures += 1;
    const msOf = (name: string, ms: number): number => tracks.filter(({ track }) => track === name).reduce((sum, track) => sum + waitingOf(track) * ms, 0);
    onlyHereMs += Math.round(msOf('audio', 40) || msOf('video', 100 / 3));
    for (const track of tracks) waitingBytes += Math.round((track.bytes * waitingOf(track)) / Math.max(1, track.made));
  }
  const delivery = status?.delivery ?? null;
  const bytesPerSecond = ((status?.handedOnKbps ?? 0) * 1000) / 8 - (status?.recording?.bytesPerSecond ?? 0);
  const moves = delivery?.connected === true && delivery.hubPresent && bytesPerSecond > 1000;
  return {
    onlyHereMs,
    waitingBytes,
    waitingCaptures,
    waitingStatements: delivery?.waitingEvents ?? 0,
    refusedStatements: status?.refusedEvents ?? 0,
    secondsToDeliver: waitingBytes === 0 ? 0 : moves ? Math.ceil(waitingBytes / bytesPerSecond) : null,
  };
}

function roomOf(status: EngineStatus | null): RoomState {
  if (status?.phase !== 'ready') return { bytes: null, minutes: null, trouble: 'none' };
  const { leftBytes, minutesLeft, persisted, lowRoom, full } = status.storage;
  const rest = status.unknownCaptures > 0 ? 'unknown_footage' : persisted ? 'none' : 'not_persistent';
  return { bytes: leftBytes, minutes: minutesLeft, trouble: full ? 'full' : lowRoom ? 'low' : rest };
}
