// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Capture, ProjectEvent } from '../src/api/types';
import { beginVisit } from '../src/state/last_visit';
import { runsOf } from '../src/state/runs';
import { countSince, groupByDay, mergeItems, remarkOf, type Item } from '../src/state/timeline';

const us = (iso: string): number => Date.parse(iso) * 1000;

function capture(id: string, at: string, over: Partial<Capture> = {}): Capture {
  return {
    id,
    project_id: 'p',
    device_id: 'd',
    kind: 'photo',
    title: '',
    area: '',
    captured_at_us: us(at),
    received_at_us: us(at),
    duration_ms: 0,
    state: 'complete',
    demonstration: false,
    continues: null,
    tracks: [],
    stage: '',
    percentage: null,
    note_count: 0,
    warnings: [],
    photo: null,
    ...over,
  };
}

const ids = (items: readonly Item[]): string[] => items.map((item) => item.id);

describe('a timeline', () => {
  const items = [
    capture('a', '2026-04-13T09:00:00Z', { area: 'B' }),
    capture('b', '2026-04-12T17:00:00Z', { area: 'A' }),
    capture('c', '2026-04-12T15:00:00Z'),
  ];
  it('is cut at midnight in the zone of the project', () => {
    const days = groupByDay(items, 'Asia/Shanghai', ['A', 'B']);
    expect(days.map((day) => [day.key, ids(day.items)])).toEqual([
      ['2026-04-13', ['a', 'b']],
      ['2026-04-12', ['c']],
    ]);
  });
  it('has lanes in the order of the areas of the project, the unnamed last', () => {
    const [day] = groupByDay(items, 'UTC', ['A', 'B']).slice(1);
    expect(day!.lanes.map((lane) => lane.area)).toEqual(['A', '']);
    const mixed = groupByDay([...items].reverse().map((item) => ({ ...item, captured_at_us: 0 })), 'UTC', [
      'B',
      'A',
    ]);
    expect(mixed[0]!.lanes.map((lane) => lane.area)).toEqual(['B', 'A', '']);
  });
  it('takes news in at their place and replaces what changed', () => {
    const merged = mergeItems(items, [
      capture('d', '2026-04-12T16:00:00Z'),
      capture('c', '2026-04-12T15:00:00Z', { note_count: 2 }),
    ]);
    expect(ids(merged)).toEqual(['a', 'b', 'd', 'c']);
    expect((merged[3] as Capture).note_count).toBe(2);
  });
  it('has what was said of no capture in its day and area, between the photos around it', () => {
    const said: ProjectEvent = {
      id: 'r',
      kind: 'progress',
      device_id: 'd',
      stated_at_us: us('2026-04-12T16:00:00Z'),
      received_at_us: us('2026-04-14T00:00:00Z'),
      capture_id: null,
      media_time_us: null,
      area: 'A',
      actor: null,
      text: 'steel is up',
      stage: 'roof',
      percentage: 65,
      warning: '',
      active: false,
      body: {},
    };
    const merged = mergeItems(items, [remarkOf(said)]);
    expect(ids(merged)).toEqual(['a', 'b', 'r', 'c']);
    const [day] = groupByDay(merged, 'UTC', ['A', 'B']).slice(1);
    expect(day!.lanes.map((lane) => [lane.area, ids(lane.items)])).toEqual([
      ['A', ['b', 'r']],
      ['', ['c']],
    ]);
    expect(runsOf(merged).map((run) => ids(run.items))).toEqual([['a', 'b'], ['r'], ['c']]);
    // Said long before the visit, arrived after it: new.
    expect(countSince(merged, us('2026-04-13T12:00:00Z'))).toMatchObject({ remark: 1, photo: 0 });
  });
  it('shows photos that follow each other together', () => {
    const walk = capture('w', '2026-04-12T16:30:00Z', { kind: 'walkthrough' });
    const runs = runsOf([items[0]!, items[1]!, walk, items[2]!]);
    expect(runs.map((run) => [run.photos, ids(run.items)])).toEqual([
      [true, ['a', 'b']],
      [false, ['w']],
      [true, ['c']],
    ]);
  });
  it('counts what is new since a visit', () => {
    const walk = capture('w', '2026-04-13T10:00:00Z', { kind: 'walkthrough' });
    // Filmed before the visit, arrived after it: new to the person.
    const late = capture('l', '2026-04-01T10:00:00Z', { received_at_us: us('2026-04-13T00:00:00Z') });
    expect(countSince([walk, ...items, late], us('2026-04-12T16:00:00Z'))).toEqual({
      walkthrough: 1,
      photo: 3,
      remark: 0,
      other: 0,
    });
  });
});

describe('a visit', () => {
  const minute = 60e6;
  it('begins where the last one ended', () => {
    const first = beginVisit(null, 1000 * minute);
    expect(first.sinceUs).toBe(0);
    const second = beginVisit(JSON.stringify(first.visit), 2000 * minute);
    expect(second.sinceUs).toBe(1000 * minute);
  });
  it('goes on when the page is loaded again', () => {
    const second = beginVisit(JSON.stringify({ previousUs: 5, lastUs: 2000 * minute }), 2010 * minute);
    expect(second.sinceUs).toBe(5);
    expect(second.visit.lastUs).toBe(2010 * minute);
  });
  it('survives what it did not write', () => {
    expect(beginVisit('{"broken', minute).sinceUs).toBe(0);
    expect(beginVisit('7', 100 * minute).sinceUs).toBe(0);
  });
});
