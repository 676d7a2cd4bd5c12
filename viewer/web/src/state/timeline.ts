// SPDX-License-Identifier: Apache-2.0
// A timeline's items put into days and area lanes, newest first. Pure.
import type { Capture, ProjectEvent } from '../api/types';
import { dayKey } from '../i18n/dates';

// Said of the project and of no capture, with the names that captures have.
export interface Remark {
  id: string;
  kind: 'remark';
  area: string;
  captured_at_us: number; // when it was stated
  received_at_us: number;
  event: ProjectEvent;
}

export type Item = Capture | Remark;

export const isRemark = (item: Item): item is Remark => 'event' in item;

export function remarkOf(event: ProjectEvent): Remark {
  return {
    id: event.id,
    kind: 'remark',
    area: event.area,
    captured_at_us: event.stated_at_us,
    received_at_us: event.received_at_us,
    event,
  };
}

export interface Lane {
  area: string; // '': none given
  items: Item[];
}

export interface Day {
  key: string;
  newestUs: number;
  items: Item[]; // newest first
  lanes: Lane[]; // in the project's order of areas, unnamed last
}

export function groupByDay(items: readonly Item[], zone: string, areas: readonly string[]): Day[] {
  const days: Day[] = [];
  for (const item of items) {
    const key = dayKey(item.captured_at_us, zone);
    let day = days.at(-1);
    if (day === undefined || day.key !== key) {
      day = { key, newestUs: item.captured_at_us, items: [], lanes: [] };
      days.push(day);
    }
    day.items.push(item);
  }
  for (const day of days) day.lanes = lanesOf(day.items, areas);
  return days;
}

function lanesOf(items: readonly Item[], areas: readonly string[]): Lane[] {
  const lanes = new Map<string, Item[]>();
  for (const item of items) {
    const lane = lanes.get(item.area);
    if (lane === undefined) lanes.set(item.area, [item]);
    else lane.push(item);
  }
  const rank = (area: string): number => {
    if (area === '') return areas.length + 1;
    const at = areas.indexOf(area);
    return at < 0 ? areas.length : at;
  };
  return [...lanes]
    .map(([area, lane]) => ({ area, items: lane }))
    .sort((a, b) => rank(a.area) - rank(b.area) || (a.area < b.area ? -1 : 1));
}

// `fresh` replaces what is known of the same items and takes its place in the order.
export function mergeItems(known: readonly Item[], fresh: readonly Item[]): Item[] {
  const byId = new Map(known.map((item) => [item.id, item]));
  for (const item of fresh) byId.set(item.id, item);
  return [...byId.values()].sort(
    (a, b) => b.captured_at_us - a.captured_at_us || (a.id < b.id ? 1 : -1),
  );
}

export interface Counts {
  walkthrough: number;
  photo: number;
  remark: number;
  other: number;
}

export function countSince(items: readonly Item[], sinceUs: number): Counts {
  const counts: Counts = { walkthrough: 0, photo: 0, remark: 0, other: 0 };
  for (const item of items) {
    if (item.received_at_us <= sinceUs && item.captured_at_us <= sinceUs) continue;
    if (item.kind === 'walkthrough') counts.walkthrough++;
    else if (item.kind === 'photo') counts.photo++;
    else if (isRemark(item)) counts.remark++;
    else counts.other++;
  }
  return counts;
}
