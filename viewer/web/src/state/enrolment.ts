// SPDX-License-Identifier: Apache-2.0
// The link that a phone opens to enrol. What follows # stays in the browser: no server, log or Referer
// ever has it. Pure.
import type { Enrolments, NewEnrolment } from '../api/types';

export function enrolmentLink(origin: string, made: NewEnrolment): string {
  return `${origin}/agent/#${made.enrolment_id}.${made.token}`;
}

export type EnrolmentState = 'waiting' | 'used' | 'over';

// Of one that was made here: used, once it is no longer among the open ones before its time is over.
export function stateOf(made: NewEnrolment, read: Enrolments, nowUs: number): EnrolmentState {
  if (read.open.some((one) => one.enrolment_id === made.enrolment_id)) return 'waiting';
  return nowUs < made.expires_at_us ? 'used' : 'over';
}
