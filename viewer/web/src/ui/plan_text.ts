// SPDX-License-Identifier: Apache-2.0
// A plan's state in words; the one place for it.
import type { PlanBrief } from '../api/types';
import type { Text } from './capture_text';

export function planSentence(plan: PlanBrief, t: Text): string {
  const days = plan.figures.variance_days ?? 0;
  if (days > 0) return t('plan.late', { days });
  return days < 0 ? t('plan.early', { days: -days }) : t('plan.on_time');
}
