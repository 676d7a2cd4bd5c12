// SPDX-License-Identifier: Apache-2.0
// The page's side of the agent: hands camera and microphone to the worker, asks it, and hears how things stand.
// Independent of what draws the page. Nothing is kept here: a page that is killed loses nothing that the worker spooled.
import type { EngineStatus, Enrolment, FileOrder, FromWorker, Order, RecordOrder, StatementOrder } from './messages';
import type { CloseReason } from './spool/spool';
import { pcmOf, pictures, type Feed } from './capture/feeds';

export type { EngineStatus, Enrolment, FileOrder, RecordOrder, StatementOrder } from './messages';

// Chromium hands frames over by this; lib.dom does not know it yet.
interface TrackProcessor<T> {
  readonly readable: ReadableStream<T>;
}
type TrackProcessorConstructor = new <T>(init: { track: MediaStreamTrack; maxBufferSize?: number }) => TrackProcessor<T>;
const processorOf = (): TrackProcessorConstructor | undefined =>
  (globalThis as { MediaStreamTrackProcessor?: TrackProcessorConstructor }).MediaStreamTrackProcessor;

const soundBuffered = 32; // frames of 10 ms: while the worker is held up
const videoBuffered = 4;

export type RecordSettings = Omit<RecordOrder, 'hasVideo' | 'hasSound'>;

export class Engine {
  private readonly worker: Worker;
  private questions = new Map<number, { done(value: string | Blob): void; fail(error: Error): void }>();
  private asked = 0;
  private feeds: Feed[] = [];
  status: EngineStatus | null = null;

  // `store`: the name of the folder in the origin's private file system; one for each device that this browser was, since
  // what one filmed is signed with its key and is its own to deliver.
  constructor(
    enrolment: Enrolment,
    private readonly heard: (status: EngineStatus) => void,
    store = `sitecast-${enrolment.device}`,
  ) {
    this.worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    this.worker.addEventListener('message', (event: MessageEvent<FromWorker>) => this.hear(event.data));
    this.tell({ do: 'start', enrolment, store });
    addEventListener('online', this.networkChanged);
    void navigator.storage.persist();
  }

  // Films until stop(); the capture's id. Fails with `disk_full` when there is no room.
  async record(stream: MediaStream, settings: RecordSettings): Promise<string> {
    const [video] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    const order: RecordOrder = { ...settings, hasVideo: video !== undefined, hasSound: sound !== undefined };
    const capture = await this.ask({ do: 'record', order });
    try {
      await this.feed(stream);
    } catch (error) {
      await this.stop('error').catch(() => undefined); // nobody knows of it who could stop it
      throw error;
    }
    return capture;
  }

  // Goes on with another camera or microphone.
  async feed(stream: MediaStream): Promise<void> {
    this.stopFeeds();
    const Processor = processorOf();
    for (const track of stream.getTracks()) {
      const video = track.kind === 'video';
      if (Processor !== undefined) {
        const { readable } = new Processor<never>({ track, maxBufferSize: video ? videoBuffered : soundBuffered });
        this.tell({ do: video ? 'frames' : 'sound', readable }, [readable]);
      } else if (video) {
        this.feeds.push(await pictures(track, (frame) => this.tell({ do: 'frame', frame }, [frame])));
      } else {
        this.feeds.push(await pcmOf(track, (pcm, sampleRate, timestampUs) => this.tell({ do: 'pcm', pcm, sampleRate, timestampUs }, [pcm.buffer])));
      }
    }
  }

  // Everything filmed is on the device when it resolves.
  async stop(reason: CloseReason = 'stopped'): Promise<void> {
    this.stopFeeds();
    await this.ask({ do: 'stop', reason });
  }

  // The next picture that is recorded, as a JPEG.
  still(): Promise<Blob> {
    return this.ask<Blob>({ do: 'still' });
  }

  // A photo or document, on the device when it resolves. The capture's id.
  store(order: FileOrder): Promise<string> {
    return this.ask({ do: 'file', order });
  }

  // Something stated, on the device when it resolves. The event's id.
  state(order: StatementOrder): Promise<string> {
    return this.ask({ do: 'state', order });
  }

  // A goodbye; another tab may go on.
  async close(): Promise<void> {
    this.stopFeeds();
    removeEventListener('online', this.networkChanged);
    await this.ask({ do: 'close' });
    this.worker.terminate();
  }

  private readonly networkChanged = (): void => this.tell({ do: 'network_changed' });

  private stopFeeds(): void {
    for (const feed of this.feeds) feed.stop();
    this.feeds = [];
  }

  private tell(order: Order, transfer: Transferable[] = []): void {
    this.worker.postMessage(order, transfer);
  }

  private ask<T extends string | Blob = string>(order: Order): Promise<T> {
    const question = ++this.asked;
    return new Promise<T>((done, fail) => {
      this.questions.set(question, { done: (value) => done(value as T), fail });
      this.worker.postMessage({ ...order, question });
    });
  }

  private hear(message: FromWorker): void {
    if (message.say === 'status') {
      this.status = message.status;
      this.heard(message.status);
      return;
    }
    const question = this.questions.get(message.question);
    this.questions.delete(message.question);
    if (message.say === 'answer') question?.done(message.value);
    else question?.fail(new Error(message.why));
  }
}
