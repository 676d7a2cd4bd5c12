// SPDX-License-Identifier: Apache-2.0
// The microphone as Opus packets of 20 ms, one channel: what the gateway takes for talk. Open from the
// first use until close(); packets are made only while somebody asks for them.

// denied: the person or the browser said no · none: there is no microphone · unsupported: this browser
// (or a page without TLS) cannot
export type MicrophoneTrouble = 'denied' | 'none' | 'unsupported';

const rate = 48_000;
const pieceMicroseconds = 20_000;

export function microphoneSupported(): boolean {
  return (
    'AudioEncoder' in globalThis &&
    'AudioWorkletNode' in globalThis &&
    (navigator as { mediaDevices?: unknown }).mediaDevices !== undefined
  );
}

export class Microphone {
  #stream: MediaStream;
  #context: AudioContext;
  #encoder: AudioEncoder;
  #microseconds = 0;
  #on = false;

  private constructor(stream: MediaStream, context: AudioContext, packet: (opus: Uint8Array<ArrayBuffer>) => void) {
    this.#stream = stream;
    this.#context = context;
    this.#encoder = new AudioEncoder({
      output: (chunk) => {
        const opus = new Uint8Array(chunk.byteLength);
        chunk.copyTo(opus);
        if (this.#on) packet(opus);
      },
      error: () => this.close(),
    });
    this.#encoder.configure({
      codec: 'opus',
      sampleRate: rate,
      numberOfChannels: 1,
      bitrate: 32_000,
      opus: { frameDuration: pieceMicroseconds },
    } as AudioEncoderConfig);
  }

  // From a user's gesture.
  static async open(packet: (opus: Uint8Array<ArrayBuffer>) => void): Promise<Microphone | MicrophoneTrouble> {
    if (!microphoneSupported()) return 'unsupported';
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      const name = error instanceof DOMException ? error.name : '';
      return name === 'NotAllowedError' || name === 'SecurityError' ? 'denied' : 'none';
    }
    const context = new AudioContext({ latencyHint: 'interactive', sampleRate: rate });
    try {
      await context.audioWorklet.addModule('/talk_worklet.js');
      const microphone = new Microphone(stream, context, packet);
      const node = new AudioWorkletNode(context, 'pieces', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
      node.port.onmessage = (message: MessageEvent<Float32Array<ArrayBuffer>>) => microphone.#piece(message.data);
      context.createMediaStreamSource(stream).connect(node);
      await context.resume();
      return microphone;
    } catch {
      for (const track of stream.getTracks()) track.stop();
      void context.close();
      return 'unsupported';
    }
  }

  set on(on: boolean) {
    this.#on = on;
  }

  get closed(): boolean {
    return this.#encoder.state === 'closed';
  }

  close(): void {
    this.#on = false;
    for (const track of this.#stream.getTracks()) track.stop();
    if (!this.closed) this.#encoder.close();
    if (this.#context.state !== 'closed') void this.#context.close();
  }

  #piece(data: Float32Array<ArrayBuffer>): void {
    if (!this.#on || this.closed) return;
    const piece = new AudioData({
      format: 'f32',
      sampleRate: rate,
      numberOfFrames: data.length,
      numberOfChannels: 1,
      timestamp: this.#microseconds,
      data,
    });
    this.#microseconds += pieceMicroseconds;
    this.#encoder.encode(piece);
    piece.close();
  }
}
