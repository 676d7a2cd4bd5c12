// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Capture, ProjectEvent, SearchResult } from '../src/api/types';
import { searchRoute } from '../src/state/route';
import { isBlank, placeOf, searchQuery } from '../src/state/search';

const id = 'AZNafIABcAGAAQIDBAUGCg';
const result = (what: string, capture: string | null, at: number | null): SearchResult => ({
  project_id: id,
  what,
  snippet: [],
  event: { id, kind: what, stated_at_us: Date.UTC(2026, 3, 13, 20) * 1000, media_time_us: at } as ProjectEvent,
  capture: capture === null ? null : ({ id: capture } as Capture),
});

describe('a search', () => {
  it('asks for days of the project', () => {
    const route = { ...searchRoute(id), q: ' 屋面 ', from: '2026-04-13', until: '2026-04-13' };
    expect([...searchQuery(route, 'Asia/Shanghai', 'next')]).toEqual([
      ['q', '屋面'],
      ['from_us', String(Date.UTC(2026, 3, 12, 16) * 1000)],
      ['until_us', String(Date.UTC(2026, 3, 13, 16) * 1000)],
      ['after', 'next'],
    ]);
  });
  it('asks for nothing before anything is typed or set', () => {
    expect(isBlank({ ...searchRoute(id), q: '  ' })).toBe(true);
    expect(isBlank({ ...searchRoute(id), person: '王' })).toBe(false);
  });
  it('leads to the very moment, else to where it is spoken of', () => {
    expect(placeOf(result('note', id, 12_500_000), 'UTC')).toEqual({ page: 'capture', id, at: 12.5 });
    expect(placeOf(result('walkthrough', id, null), 'UTC')).toEqual({ page: 'capture', id, at: null });
    expect(placeOf(result('request', null, null), 'UTC')).toEqual({ page: 'requests', id });
    expect(placeOf(result('plan', null, null), 'UTC')).toEqual({ page: 'plan', id });
    expect(placeOf(result('message', null, null), 'Asia/Shanghai')).toEqual({
      page: 'project', id, area: '', kind: 'remark', date: '2026-04-14',
    });
  });
});
