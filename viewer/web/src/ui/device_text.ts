// SPDX-License-Identifier: Apache-2.0
// What a device holds, in words; the one place for it.
import type { Device, Devices, HeldItem } from '../api/types';
import { dayKey, formatBytes, formatClock, formatSpan } from '../i18n/dates';
import type { Locale } from '../i18n/messages';
import { causes, heldStates, holdingOf, lasts, troubles } from '../state/devices';
import { titleOf, type Text } from './capture_text';

export interface Say {
  t: Text;
  locale: Locale;
  zone: string;
  nowUs: number;
  moment(us: number): string;
}

export function nameOf(device: Device, t: Text): string {
  return device.name !== '' ? device.name : t('devices.unnamed', { id: device.device_id.slice(-4) });
}

// A word that is not known here (a newer device's) is shown as it is.
export function causeText(cause: string, t: Text): string {
  const known = causes.find((name) => name === cause);
  return known === undefined ? cause : t(`cause.${known}`);
}

export function stateText(state: string, t: Text): string {
  const known = heldStates.find((name) => name === state);
  return known === undefined ? state : t(`held.${known}`);
}

// The device's own words stand within a line; here they begin one.
const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

export function troubleText(trouble: string, t: Text): string {
  const known = troubles.find((name) => name === trouble);
  return known === undefined ? trouble : sentence(t(`trouble.${known}`));
}

// 14:05, or with its day when that is another one.
export function timeText(us: number, say: Say): string {
  const today = dayKey(us, say.zone) === dayKey(say.nowUs, say.zone);
  return today ? formatClock(us, say.zone) : say.moment(us);
}

// "no network since 14:02"
function causeSince(device: Device, say: Say): string {
  const cause = causeText(device.cause, say.t);
  if (device.since_us === null || !lasts(device.cause)) return cause;
  return say.t('devices.since', { cause, when: timeText(device.since_us, say) });
}

// What it holds and what that waits for: one sentence.
export function holdingText(device: Device, say: Say): string {
  const { t, locale } = say;
  const holding = holdingOf(device);
  if (holding === 'nothing') {
    return t(device.presence === 'online' ? 'devices.verified' : 'devices.verified_then');
  }
  if (holding === 'arriving') return t('devices.arriving');
  const duration = formatSpan(device.waiting_ms / 1000, locale);
  const more = device.presence === 'lost' && device.filming;
  const what =
    holding === 'only_copy'
      ? t(more ? 'devices.only_copy_at_least' : 'devices.only_copy', { duration })
      : device.waiting_captures > 0
        ? t('devices.amount', { n: device.waiting_captures, size: formatBytes(device.waiting_bytes) })
        : t('devices.notes', { n: device.waiting_events });
  if (device.cause === '') return what;
  const comma = locale === 'zh-CN' ? '，' : ', ';
  // "waiting: waiting for the centre's confirmation" would say it twice.
  const why =
    device.cause === 'awaiting_receipt' ? t('held.sending') : t('devices.waiting', { cause: causeSince(device, say) });
  return `${what}${comma}${why}`;
}

// How long it still takes; '': nothing to say, because it waits for something else.
export function remainingText(device: Device, say: Say): string {
  const holding = holdingOf(device);
  if (holding === 'nothing' || holding === 'arriving' || device.presence !== 'online') return '';
  if (device.remaining_ms !== null) {
    return say.t('devices.remaining', { duration: formatSpan(device.remaining_ms / 1000, say.locale) });
  }
  return lasts(device.cause) || device.waiting_bytes === 0 ? '' : say.t('devices.remaining_unknown');
}

export function itemPercent(item: HeldItem): number {
  if (item.size_bytes === 0) return 0;
  return Math.floor(100 - (100 * item.waiting_bytes) / item.size_bytes);
}

export function itemTitle(item: HeldItem, t: Text): string {
  return titleOf({ title: '', area: item.area, kind: item.kind }, t);
}

// State and why, of one item.
export function itemText(item: HeldItem, t: Text): string {
  const waits = item.state === 'on_device' && item.cause !== '';
  return sentence(
    waits ? t('devices.waiting', { cause: causeText(item.cause, t) }) : stateText(item.state, t),
  );
}

// For owners: how much is still to come, without devices and machines. '': nothing worth a word.
export function mildText(waiting: Devices['waiting'], t: Text): string {
  const minutes = Math.ceil(waiting.duration_ms / 60_000);
  if (waiting.duration_ms >= 10_000) {
    return t(waiting.for_network ? 'devices.mild_minutes_network' : 'devices.mild_minutes', { n: minutes });
  }
  return waiting.for_network && waiting.captures > 0
    ? t('devices.mild_items_network', { n: waiting.captures })
    : '';
}
