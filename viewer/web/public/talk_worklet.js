// SPDX-License-Identifier: Apache-2.0
// Runs beside the page on the audio thread: hands on the microphone in pieces of 20 ms.
class Pieces extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(sampleRate / 50);
    this.filled = 0;
  }

  process([input]) {
    const sound = input[0];
    if (sound === undefined) return true;
    for (let at = 0; at < sound.length; ) {
      const taken = Math.min(sound.length - at, this.piece.length - this.filled);
      this.piece.set(sound.subarray(at, at + taken), this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled < this.piece.length) continue;
      this.port.postMessage(this.piece.slice());
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor('pieces', Pieces);
