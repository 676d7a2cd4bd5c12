// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Plan, PlanItem, PlanStatement } from '../src/api/types';
import { choices, evidenceOf, reviewQueue, stepsFor } from '../src/state/statements';

function said(kind: string, capture: string | null, statedAtUs: number): PlanStatement {
  return {
    event_id: `${kind} ${statedAtUs}`,
    kind,
    capture_id: capture,
    media_time_us: null,
    seen_at_us: statedAtUs,
    stated_at_us: statedAtUs,
    percentage: null,
    stage: '',
    text: '',
    by: '',
  };
}

function item(id: string, state: string, statements: PlanStatement[] = [], area = ''): PlanItem {
  return { id, area, milestone: true, summary: false, milestone_state: state, statements } as unknown as PlanItem;
}

describe('steps of a milestone', () => {
  it('are decided by the centre and claimed by agents', () => {
    expect(stepsFor(item('a', 'claimed'), 'centre')).toEqual(['reviewed', 'confirmed', 'returned']);
    expect(stepsFor(item('a', 'claimed'), 'agent')).toEqual([]);
    expect(stepsFor(item('a', 'returned'), 'agent')).toEqual(['claimed']);
    expect(stepsFor(item('a', 'none'), 'owner')).toEqual([]);
  });
  it('are not those of a line that is no milestone', () => {
    expect(stepsFor({ ...item('a', 'none'), milestone: false }, 'centre')).toEqual([]);
  });
});

describe('the evidence of a claim', () => {
  it('is what was filmed since it was sent back', () => {
    const one = item('a', 'claimed', [
      said('milestone.claimed', 'old', 1),
      said('milestone.returned', null, 2),
      said('progress', 'new', 3),
      said('milestone.claimed', null, 4),
    ]);
    expect(evidenceOf(one)?.capture_id).toBe('new');
  });
});

describe('the review queue', () => {
  it('holds claims that wait, longest first', () => {
    const items = [
      item('b', 'reviewed', [said('milestone.reviewed', null, 9)]),
      item('c', 'confirmed'),
      item('a', 'claimed', [said('milestone.claimed', null, 5)]),
    ];
    expect(reviewQueue({ items } as unknown as Plan).map((one) => one.id)).toEqual(['a', 'b']);
  });
});

describe('what can be spoken of at a recording', () => {
  it('begins with its own area and leaves headings out', () => {
    const items = [item('a', 'none', [], 'hall 1'), item('b', 'none', [], 'hall 2'), { ...item('c', 'none'), summary: true }];
    expect(choices({ items } as unknown as Plan, 'hall 2').map((one) => one.id)).toEqual(['b', 'a']);
  });
});
