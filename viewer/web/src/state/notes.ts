// SPDX-License-Identifier: Apache-2.0
// What the pages show of a capture's events: remarks at their moments, quality, stated gaps. Pure.
import type { ProjectEvent } from '../api/types';
import type { Range } from '../media/playlist';

export type NoteKind =
  | 'note'
  | 'progress'
  | 'quality'
  | 'closed_early'
  | 'pin'
  | 'message'
  | 'answered' // a request, by this footage
  | 'other';

export interface Note {
  id: string;
  kind: NoteKind;
  seconds: number | null; // moment in the capture
  statedAtUs: number;
  actor: ProjectEvent['actor']; // null: the device
  area: string;
  text: string;
  stage: string;
  percentage: number | null;
  warning: string;
  until: number | null; // quality: when it was over
  reason: string;
}

// Told by the capture itself, or by the player.
const structural = new Set(['capture.opened', 'gap', 'project.stated', 'member.added', 'member.removed']);
const ordinaryEnds = new Set(['', 'stopped', 'source_ended']);

function plain(event: ProjectEvent, kind: NoteKind): Note {
  return {
    id: event.id,
    kind,
    seconds: event.media_time_us === null ? null : event.media_time_us / 1e6,
    statedAtUs: event.stated_at_us,
    actor: event.actor,
    area: event.area,
    text: event.text,
    stage: event.stage,
    percentage: event.percentage,
    warning: event.warning,
    until: null,
    reason: '',
  };
}

export function notesOf(events: readonly ProjectEvent[]): Note[] {
  const notes: Note[] = [];
  const open = new Map<string, Note>();
  const ordered = [...events].sort(
    (a, b) => (a.media_time_us ?? 0) - (b.media_time_us ?? 0) || a.stated_at_us - b.stated_at_us,
  );
  for (const event of ordered) {
    if (structural.has(event.kind)) continue;
    if (event.kind === 'quality') {
      const begun = open.get(event.warning);
      if (event.active && begun === undefined) {
        const note = plain(event, 'quality');
        open.set(event.warning, note);
        notes.push(note);
      } else if (!event.active && begun !== undefined) {
        begun.until = event.media_time_us === null ? null : event.media_time_us / 1e6;
        open.delete(event.warning);
      }
    } else if (event.kind === 'capture.closed') {
      const reason = String(event.body['reason'] ?? '');
      if (!ordinaryEnds.has(reason)) notes.push({ ...plain(event, 'closed_early'), reason });
    } else if (
      event.kind === 'note' ||
      event.kind === 'progress' ||
      event.kind === 'pin' ||
      event.kind === 'message'
    ) {
      notes.push(plain(event, event.kind));
    } else if (event.kind === 'request.answered') {
      notes.push(plain(event, 'answered'));
    } else {
      notes.push(plain(event, 'other'));
    }
  }
  return notes;
}

export interface StatedGap extends Range {
  reason: string;
}

export function statedGaps(events: readonly ProjectEvent[]): StatedGap[] {
  return events
    .filter((event) => event.kind === 'gap')
    .map((event) => ({
      start: Number(event.body['from_us'] ?? 0) / 1e6,
      end: Number(event.body['until_us'] ?? 0) / 1e6,
      reason: String(event.body['reason'] ?? ''),
    }))
    .filter((gap) => gap.end > gap.start);
}

// The reason that the device gave for most of `gap`; '': none.
export function reasonFor(gap: Range, stated: readonly StatedGap[]): string {
  let best = '';
  let bestOverlap = 0;
  for (const candidate of stated) {
    const overlap = Math.min(gap.end, candidate.end) - Math.max(gap.start, candidate.start);
    if (overlap > bestOverlap) {
      bestOverlap = overlap;
      best = candidate.reason;
    }
  }
  return best;
}
