// SPDX-License-Identifier: Apache-2.0
// How a capture is named and described in words; the one place for it.
import type { Capture, ProjectEvent } from '../api/types';
import type { MessageKey, Parameters } from '../i18n/messages';

export type Text = (key: MessageKey, parameters?: Parameters) => string;

const kinds = ['walkthrough', 'photo', 'timelapse', 'document', 'meeting'] as const;
export const captureKinds = kinds;

export function kindText(kind: string, t: Text): string {
  const known = kinds.find((name) => name === kind);
  return t(known === undefined ? 'kind.unknown' : `kind.${known}`);
}

export function titleOf(capture: Pick<Capture, 'title' | 'area' | 'kind'>, t: Text): string {
  if (capture.title !== '') return capture.title;
  const kind = kindText(capture.kind, t);
  return capture.area === '' ? kind : t('capture.untitled', { area: capture.area, kind });
}

// What of kind and area the title does not say already.
export function besideTitle(
  capture: Pick<Capture, 'title' | 'area' | 'kind'>,
  t: Text,
): { kind: string; area: string } {
  if (capture.title === '') return { kind: '', area: '' };
  return { kind: kindText(capture.kind, t), area: capture.area === capture.title ? '' : capture.area };
}

const warnings = ['too_dark', 'blurred', 'lens_covered'] as const;

export function warningText(warning: string, t: Text): string {
  const known = warnings.find((name) => name === warning);
  return t(known === undefined ? 'warning.other' : `warning.${known}`);
}

const reasons = ['restarted', 'damaged', 'disk_full', 'thinned_disk_full', 'error', 'paused'] as const;

export function reasonText(reason: string, t: Text): string {
  const known = reasons.find((name) => name === reason);
  return t(known === undefined ? 'gap.reason_unknown' : `gap.reason_${known}`);
}

// Who said something, as they were called then; '': the device. What names nobody (an account without a
// name, or removed before it was said who it was) is said to be of an unknown person: not of the device,
// and no account's name, which means nothing to those who read it.
export function personText(actor: ProjectEvent['actor'], t: Text): string {
  if (actor === null) return '';
  return actor.display_name.trim() || t('person.unknown');
}

// 65, 66.5: no digits that say nothing
export function percentText(percentage: number): string {
  return String(Math.round(percentage * 10) / 10);
}
