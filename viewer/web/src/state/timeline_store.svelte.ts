// SPDX-License-Identifier: Apache-2.0
// The pages of a timeline that were read so far. Kept when a person opens an item and comes back, and
// read by the photo view to step to the neighbours.
import { api, type Failure } from '../api/api';
import type { TimelinePage } from '../api/types';
import { endOfDayUs } from '../i18n/dates';
import { mergeItems, remarkOf, type Item } from './timeline';

export interface TimelineFilter {
  area: string;
  kind: string;
  date: string; // 2026-04-13: up to the end of that day in the project's time zone
}

const itemsOf = (page: TimelinePage): Item[] => [...page.items, ...page.remarks.map(remarkOf)];

export class TimelineStore {
  items = $state.raw<Item[]>([]);
  loading = $state(false);
  loaded = $state(false);
  failure = $state<Failure | null>(null);
  done = $state(false);
  #next: string | null = null;
  #run = 0;

  constructor(
    readonly project: string,
    readonly zone: string,
    readonly filter: TimelineFilter,
  ) {}

  async more(): Promise<void> {
    if (this.loading || this.done) return;
    const run = ++this.#run;
    this.loading = true;
    this.failure = null;
    const answer = await api.timeline(this.project, { ...this.#query(), before: this.#next });
    if (run !== this.#run) return;
    this.loading = false;
    if (!answer.ok) {
      this.failure = answer.failure;
      return;
    }
    this.items = mergeItems(this.items, itemsOf(answer.value));
    this.#next = answer.value.next;
    this.done = answer.value.next === null;
    this.loaded = true;
  }

  // What is new or has changed at the top; what was read below stays.
  async refresh(): Promise<void> {
    if (!this.loaded) return;
    const answer = await api.timeline(this.project, this.#query());
    if (answer.ok) this.items = mergeItems(this.items, itemsOf(answer.value));
  }

  #query(): { area: string; kind: string; untilUs?: number } {
    const untilUs = endOfDayUs(this.filter.date, this.zone);
    return {
      area: this.filter.area,
      kind: this.filter.kind,
      ...(untilUs === null ? {} : { untilUs }),
    };
  }
}

let current: TimelineStore | null = null;

export function timelineStore(project: string, zone: string, filter: TimelineFilter): TimelineStore {
  const same =
    current !== null &&
    current.project === project &&
    current.filter.area === filter.area &&
    current.filter.kind === filter.kind &&
    current.filter.date === filter.date;
  if (!same || current === null) current = new TimelineStore(project, zone, filter);
  return current;
}

// Photos around `capture` in what was read; null: nothing there.
export function photoNeighbours(capture: string): { newer: string | null; older: string | null } {
  const photos = (current?.items ?? []).filter((item) => item.kind === 'photo');
  const at = photos.findIndex((item) => item.id === capture);
  if (at < 0) return { newer: null, older: null };
  return { newer: photos[at - 1]?.id ?? null, older: photos[at + 1]?.id ?? null };
}
