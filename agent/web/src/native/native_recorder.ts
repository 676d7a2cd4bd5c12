// SPDX-License-Identifier: Apache-2.0
// The native agent behind the screen: orders out and states in over its loopback socket, which is opened anew when it
// was lost. The preview is made of the very parts that the agent stores and sends.
import { readLivePart } from '../../../../viewer/web/src/media/live_connection';
import { LiveVideo } from '../../../../viewer/web/src/media/live_video';
import type { AnswerOrder, NoteOrder, Outcome, PhotoOrder, Recorder, RecorderState, StartOrder } from '../recorder';
import { nothingYet, reasonOf, stateAfter, type Answer, type Heard, type Told } from './native_state';

interface Battery extends EventTarget {
  level: number;
  charging: boolean;
}

type Incoming = Told | { type: 'picture'; capture_id: string } | ({ type: 'answer'; order: number } & Answer);

const retryMs = 500;
const notHere = { ok: false, reason: 'not_here' } as const;
const gone = { ok: false, reason: 'agent_gone' } as const;

export class NativeRecorder implements Recorder {
  private socket: WebSocket | null = null;
  private state: RecorderState = nothingYet;
  private readonly listeners = new Set<(state: RecorderState) => void>();
  private readonly heard: Heard = { answeredAtMs: new Map() };
  private readonly asked = new Map<number, { what: string; done(outcome: Outcome<{ value: Record<string, unknown> }>): void }>();
  private orders = 0;
  private shown: { element: HTMLVideoElement; video: LiveVideo } | null = null;

  // `url`: ws://127.0.0.1:PORT/TOKEN/socket
  constructor(private readonly url: string) {
    this.connect();
    void this.followBattery();
  }

  subscribe(listener: (state: RecorderState) => void): () => void {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  async start(order: StartOrder): Promise<Outcome<{ captureId: string }>> {
    return this.capture(await this.ask('start', { area: order.area, title: order.title ?? '' }));
  }

  async stop(): Promise<Outcome> {
    return this.ask('stop', {});
  }

  async photo(order: PhotoOrder): Promise<Outcome<{ captureId: string }>> {
    return this.capture(await this.ask('photo', { area: order.area, note: order.note ?? '' }));
  }

  document(): Promise<Outcome<{ captureId: string }>> {
    return Promise.resolve(notHere);
  }

  async note(order: NoteOrder): Promise<Outcome<{ eventId: string }>> {
    if (order.voice !== undefined) return notHere;
    const { text, area, stage, percentage, about } = order;
    const outcome = await this.ask('note', { text, area, stage: stage ?? '', percentage, about });
    return outcome.ok ? { ok: true, eventId: String(outcome.value['event_id'] ?? '') } : outcome;
  }

  startVoiceNote(): Promise<Outcome<{ finish(): Promise<Blob>; cancel(): void }>> {
    return Promise.resolve(notHere);
  }

  async say(text: string): Promise<Outcome> {
    const outcome = await this.ask('say', { text });
    if (!outcome.ok) return outcome;
    const own = { id: String(outcome.value['event_id'] ?? text), from: '', own: true, text, atMs: Date.now() };
    this.become({ ...this.state, messages: [...this.state.messages, own] });
    return outcome;
  }

  accept(requestId: string): Promise<Outcome> {
    return this.ask('accept', { request: requestId });
  }

  answer(order: AnswerOrder): Promise<Outcome> {
    return this.ask('answer', { request: order.requestId, shot: order.shot, text: order.text ?? '' });
  }

  startTalking(): Promise<Outcome> {
    return Promise.resolve(notHere);
  }

  stopTalking(): void {
    // Never begun.
  }

  preview(element: HTMLVideoElement): () => void {
    const shown = { element, video: this.liveVideo(element) };
    this.shown = shown;
    const measure = (): void => {
      const { videoWidth: widthPx, videoHeight: heightPx } = element;
      this.become({ ...this.state, picture: { ...this.state.picture, widthPx, heightPx } });
    };
    const playing = (): void => this.become({ ...this.state, picture: { ...this.state.picture, state: 'on' } });
    element.addEventListener('resize', measure);
    element.addEventListener('playing', playing);
    return () => {
      element.removeEventListener('resize', measure);
      element.removeEventListener('playing', playing);
      shown.video.destroy();
      if (this.shown === shown) this.shown = null;
    };
  }

  lastShot(): Promise<string | null> {
    return Promise.resolve(null);
  }

  switchCamera(): Promise<Outcome> {
    return Promise.resolve(notHere);
  }

  setTorch(): Promise<Outcome> {
    return Promise.resolve(notHere);
  }

  setZoom(): Promise<Outcome> {
    return Promise.resolve(notHere);
  }

  // ---

  private liveVideo(element: HTMLVideoElement): LiveVideo {
    return new LiveVideo(element, () => {
      this.become({ ...this.state, picture: { ...this.state.picture, state: 'lost' } });
    });
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.shown?.video.connected();
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') this.take(JSON.parse(data) as Incoming);
      else this.draw(new Uint8Array(data));
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      for (const { done } of this.asked.values()) done(gone);
      this.asked.clear();
      this.become({ ...this.state, present: false });
      setTimeout(() => this.connect(), retryMs);
    };
    this.socket = socket;
  }

  private draw(bytes: Uint8Array): void {
    const part = readLivePart(bytes);
    if (part !== null) this.shown?.video.add(part);
  }

  private take(told: Incoming): void {
    if (told.type === 'answer') {
      const asked = this.asked.get(told.order);
      this.asked.delete(told.order);
      const { ok, value = {}, kind, detail = '' } = told;
      asked?.done(ok ? { ok, value } : { ok: false, reason: reasonOf(asked.what, kind), detail });
    } else if (told.type === 'picture') {
      if (this.shown === null) return;
      const { element } = this.shown;
      this.shown.video.destroy();
      this.shown.video = this.liveVideo(element);
    } else {
      const next = stateAfter(this.state, told, this.heard, Date.now());
      const { picture } = next;
      if (next.recording === null) next.picture = { ...picture, state: 'off' };
      else if (picture.state === 'off') next.picture = { ...picture, state: this.playing() ? 'on' : 'starting' };
      this.become(next);
    }
  }

  private playing(): boolean {
    const element = this.shown?.element;
    return element !== undefined && !element.paused && element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  private become(state: RecorderState): void {
    this.state = state;
    for (const listener of this.listeners) listener(state);
  }

  private ask(what: string, order: object): Promise<Outcome<{ value: Record<string, unknown> }>> {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.resolve(gone);
    const number = ++this.orders;
    socket.send(JSON.stringify({ ...order, do: what, order: number }));
    return new Promise((done) => this.asked.set(number, { what, done }));
  }

  private capture(outcome: Outcome<{ value: Record<string, unknown> }>): Outcome<{ captureId: string }> {
    return outcome.ok ? { ok: true, captureId: String(outcome.value['capture_id'] ?? '') } : outcome;
  }

  private async followBattery(): Promise<void> {
    const { getBattery } = navigator as { getBattery?: () => Promise<Battery> };
    if (getBattery === undefined) return;
    try {
      const battery = await getBattery.call(navigator);
      const tell = (): void => {
        const level = { percentage: Math.round(battery.level * 100), charging: battery.charging };
        this.become({ ...this.state, battery: level });
      };
      battery.addEventListener('levelchange', tell);
      battery.addEventListener('chargingchange', tell);
      tell();
    } catch {
      // This browser does not say.
    }
  }
}
