// SPDX-License-Identifier: Apache-2.0
// The centre's list of projects: what needs a person comes first. Pure.
import type { PlanBrief, Project } from '../api/types';

export interface Overview {
  plan: PlanBrief | null; // null: could not be read
  holding: number; // devices that hold the only copy of something
}

const silentAfterDays = 7;

// Days since something was filmed, once that is worth a word; null: not yet, or nothing was ever filmed.
export function silentDays(project: Project, nowMs: number): number | null {
  if (project.last_captured_at_us === 0 || project.live.length > 0) return null;
  const days = Math.floor((nowMs - project.last_captured_at_us / 1000) / 86_400_000);
  return days >= silentAfterDays ? days : null;
}

// Claims to review, then days behind, devices that hold the only copy, silence; then what was filmed last.
export function order(
  projects: readonly Project[],
  overviews: Readonly<Record<string, Overview>>,
  nowMs: number,
): Project[] {
  const rank = (project: Project): number[] => {
    const one = overviews[project.id];
    return [
      one?.plan?.attention.review ?? 0,
      Math.max(0, one?.plan?.figures.variance_days ?? 0),
      one?.holding ?? 0,
      silentDays(project, nowMs) ?? 0,
      project.last_captured_at_us,
    ];
  };
  return projects
    .map((project) => ({ project, rank: rank(project) }))
    .sort((a, b) => {
      const at = a.rank.findIndex((value, i) => value !== b.rank[i]);
      return at < 0 ? 0 : b.rank[at]! - a.rank[at]!;
    })
    .map(({ project }) => project);
}
