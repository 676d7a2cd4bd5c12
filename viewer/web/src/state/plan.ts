// SPDX-License-Identifier: Apache-2.0
// What the page says of a plan, from the gateway's figures. Pure; days are 2026-03-05.
import type { Plan, PlanItem } from '../api/types';

const dayMs = 86_400_000;

export const dayNumber = (day: string): number => Date.parse(`${day}T00:00:00Z`) / dayMs;

export function dayText(day: string, locale: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : 'zh-CN', {
    timeZone: 'UTC',
    year: 'numeric',
    month: locale === 'en' ? 'short' : 'long',
    day: 'numeric',
  }).format(date);
}

const isDone = (item: PlanItem): boolean => item.actual_finish !== null;

// The latest first.
export function lateItems(plan: Plan): PlanItem[] {
  return plan.items
    .filter((item) => item.counted && !isDone(item) && (item.variance_days ?? 0) > 0)
    .sort((a, b) => (b.variance_days ?? 0) - (a.variance_days ?? 0));
}

export function soonDue(plan: Plan, withinDays: number): PlanItem[] {
  const today = dayNumber(plan.today);
  return plan.items
    .filter((item) => item.counted && !isDone(item) && item.finish !== null)
    .filter((item) => dayNumber(item.finish!) >= today && dayNumber(item.finish!) <= today + withinDays)
    .sort((a, b) => dayNumber(a.finish!) - dayNumber(b.finish!));
}

// From and to in thousandths of the plan's whole length, today included.
export class Scale {
  readonly first: number;
  readonly days: number;

  constructor(plan: Plan) {
    const ends = plan.items.flatMap((item) =>
      [item.start, item.finish, item.start_before, item.finish_before, item.actual_start, item.actual_finish]
        .filter((day): day is string => day !== null)
        .map(dayNumber),
    );
    ends.push(dayNumber(plan.today));
    this.first = Math.min(...ends);
    this.days = Math.max(...ends) - this.first + 1;
  }

  at(day: string): number {
    return ((dayNumber(day) - this.first) * 1000) / this.days;
  }

  // The finish day is one of work.
  bar(start: string, finish: string): { x: number; width: number } {
    const x = this.at(start);
    return { x, width: Math.max(this.at(finish) + 1000 / this.days - x, 3) };
  }
}

// RFC 9562 section 5.7.
export function newEventId(nowMs: number): Uint8Array {
  const id = crypto.getRandomValues(new Uint8Array(16));
  for (let at = 0; at < 6; ++at) id[at] = Math.floor(nowMs / 2 ** (8 * (5 - at))) % 256;
  id[6] = (id[6]! & 0x0f) | 0x70;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id;
}
