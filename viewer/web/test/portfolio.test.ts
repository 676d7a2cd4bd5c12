// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Project } from '../src/api/types';
import { order, silentDays, type Overview } from '../src/state/portfolio';

const dayMs = 86_400_000;
const now = 1_800_000_000_000;

const project = (id: string, daysAgo: number, live: string[] = []): Project =>
  ({ id, live, last_captured_at_us: (now - daysAgo * dayMs) * 1000 }) as unknown as Project;
const overview = (review: number, days: number | null, holding = 0): Overview =>
  ({
    plan: { figures: { variance_days: days }, attention: { late: 0, review, next_milestone: null } },
    holding,
  }) as unknown as Overview;

describe('the list of projects', () => {
  it('has first what waits for a decision, then what is late, held on devices, or silent', () => {
    const projects = ['fine', 'silent', 'held', 'late', 'claims'].map((id) =>
      project(id, id === 'silent' ? 20 : 1),
    );
    const read = {
      claims: overview(2, 0),
      late: overview(0, 9),
      held: overview(0, -3, 1),
      silent: overview(0, null),
    };
    expect(order(projects, read, now).map((one) => one.id)).toEqual(['claims', 'late', 'held', 'silent', 'fine']);
  });
  it('calls a project silent after a week, and not while it is live', () => {
    expect(silentDays(project('a', 6), now)).toBeNull();
    expect(silentDays(project('a', 8), now)).toBe(8);
    expect(silentDays(project('a', 8, ['c']), now)).toBeNull();
    expect(silentDays({ ...project('a', 0), last_captured_at_us: 0 }, now)).toBeNull();
  });
});
