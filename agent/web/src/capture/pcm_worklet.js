// SPDX-License-Identifier: Apache-2.0
// Runs in the audio thread: hands sound on in stretches of 20 ms, one channel. Plain JavaScript: it is loaded as it is.
const samples = 960;

class Pcm extends AudioWorkletProcessor {
  held = new Float32Array(samples);
  filled = 0;

  process([channels]) {
    const sound = channels?.[0];
    if (sound === undefined) return true;
    for (const value of sound) {
      this.held[this.filled++] = value;
      if (this.filled < samples) continue;
      const pcm = this.held;
      this.port.postMessage({ pcm, seconds: currentTime }, [pcm.buffer]);
      this.held = new Float32Array(samples);
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor('sitecast-pcm', Pcm);
