// SPDX-License-Identifier: Apache-2.0
// What is done about each refusal: the tables of agent/publish/delivery_policy.cpp.
import { refusalCause } from '../proto/control';

// proto/README.md, "Why something waits"; '': nothing waits.
export type WaitCause =
  | ''
  | 'not_synced'
  | 'no_link'
  | 'not_admitted'
  | 'hub_absent'
  | 'hub_full'
  | 'hub_io_error'
  | 'hub_overloaded'
  | 'refused'
  | 'damaged_on_device'
  | 'queued_behind_older'
  | 'awaiting_receipt';

export interface Verdict {
  accepted: boolean;
  again: boolean; // is tried again
  delayUs: number;
  cause: WaitCause;
  everything: boolean; // holds for all that waits, not for this alone
}

const secondUs = 1_000_000;

function verdict(again: boolean, delayUs: number, cause: WaitCause, everything: boolean): Verdict {
  return { accepted: false, again, delayUs, cause, everything };
}

const pubackRules = new Map<number, Verdict>([
  [0x00, { accepted: true, again: false, delayUs: 0, cause: '', everything: false }],
  [0x10, verdict(true, 0, 'hub_absent', true)], // nobody subscribed
  [0x87, verdict(true, 60 * secondUs, 'not_admitted', false)], // not authorized
  [0x90, verdict(false, 0, 'refused', false)], // topic name invalid
  [0x95, verdict(false, 0, 'refused', false)], // packet too large
  [0x97, verdict(true, secondUs, 'hub_overloaded', true)], // quota exceeded
  [0x99, verdict(false, 0, 'refused', false)], // payload format invalid
]);
const otherPuback = verdict(true, 5 * secondUs, 'hub_io_error', false);

const refusalRules = new Map<number, Verdict>([
  [refusalCause.hubFull, verdict(true, 5 * secondUs, 'hub_full', true)],
  [refusalCause.hubIoError, verdict(true, 5 * secondUs, 'hub_io_error', true)],
  [refusalCause.overloaded, verdict(true, secondUs, 'hub_overloaded', true)],
  [refusalCause.notAllowed, verdict(true, 60 * secondUs, 'refused', false)], // rights may be granted later
  [refusalCause.malformed, verdict(false, 0, 'refused', false)],
  [refusalCause.conflict, verdict(false, 0, 'refused', false)],
]);
const otherRefusal = verdict(true, 60 * secondUs, 'refused', false);

export const verdictOfPuback = (reason: number): Verdict => pubackRules.get(reason) ?? otherPuback;
export const verdictOfRefusal = (cause: number): Verdict => refusalRules.get(cause) ?? otherRefusal;
