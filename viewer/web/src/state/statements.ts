// SPDX-License-Identifier: Apache-2.0
// What may be said of a plan item, by whom, and where its milestone stands. Pure but for the last item
// spoken of, which this device remembers per project.
import type { Plan, PlanItem, PlanStatement, Session } from '../api/types';

export type Step = 'claimed' | 'reviewed' | 'confirmed' | 'returned';

// The gateway's rule (viewer/gateway/api/plan_state.cpp, may_follow).
const followers: Record<string, readonly Step[]> = {
  none: ['claimed'],
  returned: ['claimed'],
  claimed: ['reviewed', 'confirmed', 'returned'],
  reviewed: ['confirmed', 'returned'],
  confirmed: ['returned'],
};

export const maySay = (role: Session['role'] | null): boolean => role === 'centre' || role === 'agent';

export function stepsFor(item: PlanItem, role: Session['role'] | null): readonly Step[] {
  if (!item.milestone || !maySay(role)) return [];
  const steps = followers[item.milestone_state] ?? [];
  return role === 'centre' ? steps : steps.filter((step) => step === 'claimed');
}

export const isStep = (statement: PlanStatement): boolean => statement.kind.startsWith('milestone.');

// Since the last return only: what was filmed for an older claim is not offered for the new one.
export function evidenceOf(item: PlanItem): PlanStatement | null {
  const from = item.statements.findLastIndex((one) => one.kind === 'milestone.returned');
  const newest = item.statements.slice(from + 1).findLast((one) => one.capture_id !== null);
  return newest ?? item.statements.findLast((one) => one.capture_id !== null) ?? null;
}

export const lastStep = (item: PlanItem): PlanStatement | null => item.statements.findLast(isStep) ?? null;

// What waits for the centre, longest first.
export function reviewQueue(plan: Plan): PlanItem[] {
  const since = (item: PlanItem): number => lastStep(item)?.stated_at_us ?? 0;
  return plan.items
    .filter((item) => item.milestone_state === 'claimed' || item.milestone_state === 'reviewed')
    .sort((a, b) => since(a) - since(b));
}

// What can be spoken of: lines of work, those of `area` first.
export function choices(plan: Plan, area: string): PlanItem[] {
  const items = plan.items.filter((item) => !item.summary);
  const here = (item: PlanItem): boolean => area !== '' && item.area === area;
  return [...items.filter(here), ...items.filter((item) => !here(item))];
}

const key = (project: string): string => `sitecast.plan_item.${project}`;

export function lastItem(project: string): string {
  try {
    return localStorage.getItem(key(project)) ?? '';
  } catch {
    return ''; // storage is switched off
  }
}

export function rememberItem(project: string, item: string): void {
  try {
    localStorage.setItem(key(project), item);
  } catch {
    // storage is switched off
  }
}
