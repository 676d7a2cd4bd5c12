// SPDX-License-Identifier: Apache-2.0
// What people point at, say and ask: the spot of a tap, what of it is shown at a moment, requests in words. Pure.
import type { FootageRequest, ProjectEvent } from '../api/types';

export interface Spot {
  x: number; // fractions of the picture's sides, from the top left
  y: number;
}

export interface PlacedPin extends Spot {
  id: string;
  seconds: number; // moment in the capture
  who: string;
  text: string;
  own: boolean; // of this page, not confirmed yet
  failed: boolean;
}

interface Size {
  width: number;
  height: number;
}

// Where in a frame the picture lies that is shown whole in it.
export function pictureIn(frame: Size, picture: Size): { left: number; top: number } & Size {
  if (picture.width === 0 || picture.height === 0) return { left: 0, top: 0, ...frame };
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { left: (frame.width - width) / 2, top: (frame.height - height) / 2, width, height };
}

// The spot of the picture at a place in the frame; null: beside it.
export function spotAt(left: number, top: number, frame: Size, picture: Size): Spot | null {
  const shown = pictureIn(frame, picture);
  const x = (left - shown.left) / shown.width;
  const y = (top - shown.top) / shown.height;
  return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : null;
}

const shownFor = 5;

export function pinsAt(pins: readonly PlacedPin[], position: number): PlacedPin[] {
  return pins.filter((pin) => position >= pin.seconds - 0.25 && position < pin.seconds + shownFor);
}

export function pinsOf(events: readonly ProjectEvent[], who: (event: ProjectEvent) => string): PlacedPin[] {
  const pins: PlacedPin[] = [];
  for (const event of events) {
    const { x, y } = event.body;
    if (event.kind !== 'pin' || event.media_time_us === null) continue;
    if (typeof x !== 'number' || typeof y !== 'number') continue;
    const seconds = event.media_time_us / 1e6;
    pins.push({ id: event.id, x, y, seconds, who: who(event), text: event.text, own: false, failed: false });
  }
  return pins;
}

// `later` beside what was read before, each once.
export function mergeEvents(
  events: readonly ProjectEvent[],
  later: readonly ProjectEvent[],
): ProjectEvent[] {
  const known = new Set(events.map((event) => event.id));
  return [...events, ...later.filter((event) => !known.has(event.id))];
}

export type DueState = 'none' | 'later' | 'soon' | 'late';

// `today` as 2026-03-05, in the project's time zone.
export function dueState(request: FootageRequest, today: string): DueState {
  if (request.due === null || request.state === 'closed' || request.state === 'answered') return 'none';
  if (request.due < today) return 'late';
  const days = (Date.parse(request.due) - Date.parse(today)) / 86_400_000;
  return days <= 2 ? 'soon' : 'later';
}

// One shot per line; empty ones and repetitions are left out.
export function shotsOf(text: string): string[] {
  return [...new Set(text.split('\n').map((line) => line.trim()))].filter((line) => line !== '');
}
