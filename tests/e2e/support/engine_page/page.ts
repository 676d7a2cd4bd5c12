// SPDX-License-Identifier: Apache-2.0
// A page without a face that drives the browser agent's engine for tests; it is no part of the product.
import { BrowserRecorder } from '../../../../agent/web/src/browser_recorder';
import { Engine, type EngineStatus, type Enrolment } from '../../../../agent/web/src/engine';
import { joined } from '../../../../agent/web/src/proto/hash';
import type { RecorderState } from '../../../../agent/web/src/recorder';
import { recordHeaderBytes, readHeader, wholeFrame } from '../../../../agent/web/src/spool/record';
import { splitPartFrame } from '../../../../viewer/web/src/codec/part_frame';

export interface PageEnrolment {
  url: string;
  project: string;
  device: string;
  password: string;
  pkcs8: string; // hex
}

// Of each part that lies whole on the device: SHA-256 of its media, by capture/track, from `first` on.
export interface Spooled {
  [track: string]: { first: number; hashes: string[] };
}

let engine: Engine | null = null;
let recorder: BrowserRecorder | null = null;
let state: RecorderState | null = null;
let status: EngineStatus | null = null;
let stream: MediaStream | null = null;

const hex = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

async function enrolled(enrolment: PageEnrolment): Promise<Enrolment> {
  const pkcs8 = Uint8Array.from(enrolment.pkcs8.match(/../g)!, (byte) => Number.parseInt(byte, 16));
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  return { ...enrolment, key, name: 'browser' };
}

const driver = {
  status: () => status,

  async begin(enrolment: PageEnrolment): Promise<void> {
    engine = new Engine(await enrolled(enrolment), (told) => (status = told));
  },

  // The same through what the screen knows.
  state: () => state,
  async beginRecorder(enrolment: PageEnrolment): Promise<void> {
    recorder = new BrowserRecorder(await enrolled(enrolment));
    recorder.subscribe((told) => (state = told));
    const video = document.createElement('video');
    video.muted = true;
    document.body.append(video);
    recorder.preview(video);
  },
  async act(what: 'start' | 'stop' | 'photo' | 'note' | 'switchCamera' | 'say' | 'lastShot', order: unknown): Promise<unknown> {
    return (recorder![what] as (order: unknown) => Promise<unknown>).call(recorder, order);
  },
  hand: (name: string, area: string) => recorder!.document(new File(['图纸'], name, { type: 'text/plain' }), area),

  async record(area: string, feeds: boolean): Promise<string> {
    if (feeds) Object.assign(globalThis, { MediaStreamTrackProcessor: undefined });
    stream ??= await navigator.mediaDevices.getUserMedia({ video: true, audio: { channelCount: 1 } });
    return engine!.record(stream, { area, source: 'back' });
  },

  stop: () => engine!.stop(),
  close(): Promise<void> {
    for (const track of stream?.getTracks() ?? []) track.stop(); // one tab at a time gets pictures of the made-up camera
    return engine!.close();
  },
  note: (text: string) => engine!.state({ now: true, body: { kind: 'note', text } }),
  progress: (percentage: number) => engine!.state({ now: true, body: { kind: 'progress', percentage, stage: '主体' } }),

  // A photo of what the camera shows.
  async photo(): Promise<string> {
    const canvas = new OffscreenCanvas(640, 360);
    canvas.getContext('2d')!.fillRect(10, 10, 100, 100);
    const bytes = await canvas.convertToBlob({ type: 'image/jpeg' });
    return engine!.store({ kind: 'photo', name: '照片.jpg', mediaType: 'image/jpeg', area: 'A', bytes, note: '门口' });
  },

  document(size: number): Promise<string> {
    const bytes = new Blob([new Uint8Array(size).map((_, i) => (i * 7) ^ (i >> 8))]);
    return engine!.store({ kind: 'document', name: '图纸.pdf', mediaType: 'application/pdf', area: '', bytes });
  },

  // Read from the files themselves, before the engine touches them.
  async spooled(device: string): Promise<Spooled> {
    const found: Spooled = {};
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(`sitecast-${device}`, { create: true });
    type Walk = AsyncIterable<[string, FileSystemDirectoryHandle | FileSystemFileHandle]>;
    const entries = (folder: FileSystemDirectoryHandle): Walk => (folder as unknown as { entries(): Walk }).entries();
    for await (const [capture, folder] of entries(root)) {
      if (folder.kind !== 'directory') continue;
      const files: { track: string; first: number; handle: FileSystemFileHandle }[] = [];
      for await (const [name, handle] of entries(folder as FileSystemDirectoryHandle)) {
        const [, track, first] = /^(.+)\.(\d+)\.parts$/.exec(name)!;
        files.push({ track: `${capture}/${track}`, first: Number(first), handle: handle as FileSystemFileHandle });
      }
      for (const { track, first, handle } of files.sort((a, b) => a.first - b.first)) {
        const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
        found[track] ??= { first, hashes: [] };
        for (let at = 0; at < bytes.length; ) {
          const frame = wholeFrame(bytes.subarray(at));
          if (frame === null) break;
          found[track].hashes.push(hex(await crypto.subtle.digest('SHA-256', joined(splitPartFrame(frame)!.media))));
          at += recordHeaderBytes + readHeader(bytes.subarray(at))!.frameBytes;
        }
      }
    }
    return found;
  },
};

export type Driver = typeof driver;
Object.assign(globalThis, { driver });
