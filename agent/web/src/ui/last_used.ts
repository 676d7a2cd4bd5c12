// SPDX-License-Identifier: Apache-2.0
// Which area, stage and percentage were said last on this device: preselected next time. Pure, but for the storage it is
// handed.
import type { StageChoice } from '../recorder';

export interface Place {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

interface Kept {
  area: string;
  areas: string[]; // newest first
  stages: Record<string, { stage: string; percentage: number | null }[]>; // by area, newest first
}

const key = 'sitecast.screen.last';
const most = 12;

const isKept = (value: unknown): value is Kept =>
  typeof value === 'object' && value !== null && Array.isArray((value as Kept).areas) &&
  typeof (value as Kept).area === 'string' && typeof (value as Kept).stages === 'object';

const first = <T>(value: T, list: readonly T[], same: (a: T, b: T) => boolean): T[] =>
  [value, ...list.filter((other) => !same(value, other))].slice(0, most);

export class LastUsed {
  #kept: Kept = { area: '', areas: [], stages: {} };

  constructor(private readonly place: Place | null) {
    try {
      const found: unknown = JSON.parse(place?.getItem(key) ?? 'null');
      if (isKept(found)) this.#kept = found;
    } catch {
      // Something else lies there: begin anew.
    }
  }

  get area(): string {
    return this.#kept.area;
  }

  // `told` first, each once.
  areas(told: readonly string[]): string[] {
    return [...new Set([...this.#kept.areas, ...told])].filter((area) => area !== '').slice(0, most);
  }

  stages(area: string, planned: readonly StageChoice[]): { stage: string; percentage: number | null }[] {
    const used = this.#kept.stages[area] ?? [];
    const names = new Set(used.map(({ stage }) => stage));
    const plan = planned.filter((choice) => (choice.area === area || choice.area === '') && !names.has(choice.stage));
    return [...used, ...plan.map(({ stage, percentage }) => ({ stage, percentage }))].slice(0, most);
  }

  use(area: string, stage: string, percentage: number | null): void {
    const kept = this.#kept;
    kept.area = area;
    if (area !== '') kept.areas = first(area, kept.areas, (a, b) => a === b);
    if (stage !== '') {
      kept.stages[area] = first({ stage, percentage }, kept.stages[area] ?? [], (a, b) => a.stage === b.stage);
    }
    try {
      this.place?.setItem(key, JSON.stringify(kept));
    } catch {
      // Full or switched off: it holds until the page is closed.
    }
  }
}
