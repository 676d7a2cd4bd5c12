// SPDX-License-Identifier: Apache-2.0
// The live WebSocket of one capture: parts in, words about the link out. Reconnects by itself until it
// is closed or the gateway says that the capture has ended.
import { hexEncode } from '../codec/bytes';
import { parseEnvelope, splitLiveMessage } from '../codec/part_frame';

export interface LivePart {
  track: string;
  sequence: number;
  mediaTime: number;
  duration: number;
  keyFrame: boolean;
  initHash: string; // hex; names the init segment that decodes this part
  init: Uint8Array | null; // on parts that start a segment
  capturedAtUs: number;
  media: Uint8Array;
}

export interface LiveListener {
  part(part: LivePart): void;
  connected(): void;
  // The connection is lost and will be tried again; `everOpen`: it had been open before.
  lost(everOpen: boolean): void;
  ended(): void;
  // Nothing comes; it may come again. `offline`: the device is not connected to the centre.
  away(why: 'offline' | 'silent'): void;
  // Not, or no longer, allowed: the session has ended or the right was taken away.
  refused(): void;
  dropped(track: string, parts: number): void;
  event(event: unknown): void;
  // Who is heard on site now; null: nobody. `yours`: this connection.
  floor(speaker: string | null, yours: boolean): void;
  floorRefused(reason: string): void;
}

const firstRetryMs = 250;
const maxRetryMs = 5000;
const policyViolation = 1008; // RFC 6455 section 7.4.1

// null: not one, or damaged.
export function readLivePart(bytes: Uint8Array): LivePart | null {
  const message = splitLiveMessage(bytes);
  const envelope = message === null ? null : parseEnvelope(message.frame.envelopeBytes);
  if (message === null || envelope === null) return null;
  return {
    track: message.track,
    sequence: envelope.sequence,
    mediaTime: envelope.mediaTime,
    duration: envelope.duration,
    keyFrame: envelope.keyFrame,
    initHash: hexEncode(envelope.initHash8),
    init: envelope.initSegment.length > 0 ? envelope.initSegment : null,
    capturedAtUs: envelope.capturedAtUs,
    media: message.frame.media,
  };
}

function liveUrl(captureId: string): string {
  const url = new URL(`/api/v1/captures/${captureId}/live`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

export class LiveConnection {
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #retryMs = firstRetryMs;
  #everOpen = false;
  #closed = false;

  constructor(
    private readonly captureId: string,
    private readonly listener: LiveListener,
  ) {
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    globalThis.removeEventListener('online', this.#retryNow);
    this.#socket?.close();
    this.#socket = null;
  }

  // Nothing waits for a connection: what was to be heard now is of no use later.
  send(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  #connect(): void {
    const socket = new WebSocket(liveUrl(this.captureId));
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.#everOpen = true;
      this.#retryMs = firstRetryMs;
      this.listener.connected();
    };
    socket.onmessage = (message: MessageEvent<ArrayBuffer | string>) => {
      if (typeof message.data === 'string') this.#text(message.data);
      else this.#binary(new Uint8Array(message.data));
    };
    socket.onclose = (event) => {
      if (this.#closed || this.#socket !== socket) return;
      this.#socket = null;
      if (event.code === policyViolation) {
        this.close();
        this.listener.refused();
        return;
      }
      this.listener.lost(this.#everOpen);
      this.#retry = setTimeout(this.#retryNow, this.#retryMs);
      globalThis.addEventListener('online', this.#retryNow, { once: true });
      this.#retryMs = Math.min(maxRetryMs, this.#retryMs * 2);
    };
    this.#socket = socket;
  }

  readonly #retryNow = (): void => {
    if (this.#closed || this.#socket !== null) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#connect();
  };

  #binary(bytes: Uint8Array): void {
    const part = readLivePart(bytes);
    if (part !== null) this.listener.part(part); // else: the archive keeps it; live goes on
  }

  #text(text: string): void {
    let message: { type?: unknown; reason?: unknown; track?: unknown; parts?: unknown; event?: unknown; speaker?: unknown; yours?: unknown };
    try {
      message = JSON.parse(text) as typeof message;
    } catch {
      return;
    }
    if (message.type === 'ended') {
      // A device that fell silent may come back: only a closed capture has ended.
      if (message.reason === 'offline' || message.reason === 'silent') {
        this.listener.away(message.reason);
        return;
      }
      if (message.reason !== undefined && message.reason !== 'closed') return;
      this.close();
      this.listener.ended();
    } else if (message.type === 'dropped') {
      this.listener.dropped(String(message.track ?? ''), Number(message.parts ?? 0));
    } else if (message.type === 'event') {
      this.listener.event(message.event);
    } else if (message.type === 'floor') {
      const { speaker } = message;
      this.listener.floor(typeof speaker === 'string' ? speaker : null, message.yours === true);
    } else if (message.type === 'floor_refused') {
      this.listener.floorRefused(String(message.reason));
    }
  }
}
