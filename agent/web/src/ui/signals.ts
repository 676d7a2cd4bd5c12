// SPDX-License-Identifier: Apache-2.0
// Sounds and vibrations, told apart with eyes elsewhere: recording rises, stopped falls, sent is one high tone, somebody
// speaks is two. Browsers let a page sound only after the first tap on it.
import type { Signal } from './status_line';

const tones: Record<Signal, number[]> = {
  recording: [523, 784],
  stopped: [784, 523],
  sent: [1047],
  spoken: [880, 880],
  asked: [660, 880, 660],
  warning: [330, 330],
};
const pulses: Record<Signal, number[]> = {
  recording: [120],
  stopped: [60, 60, 60],
  sent: [40],
  spoken: [80, 60, 80],
  asked: [80, 60, 80, 60, 80],
  warning: [300],
};
const toneSeconds = 0.12;
const loudness = 0.25;

let audio: AudioContext | null = null;

// From a tap.
export function allowSound(): void {
  try {
    audio ??= new AudioContext();
    void audio.resume();
  } catch {
    // No sound here; the screen says it all the same.
  }
}

export function give(signal: Signal): void {
  // Before the first tap browsers refuse, and say so in their console.
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(pulses[signal]);
  if (audio === null || audio.state !== 'running') return;
  for (const [i, frequency] of tones[signal].entries()) {
    const at = audio.currentTime + i * toneSeconds * 1.3;
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setValueAtTime(loudness, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + toneSeconds);
    const oscillator = new OscillatorNode(audio, { frequency });
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(at);
    oscillator.stop(at + toneSeconds);
  }
}
