// SPDX-License-Identifier: Apache-2.0
// What devices hold: the words that are known, what is worth saying, in which order. Pure.
import type { Device } from '../api/types';

// Those of proto/codec/control.h, and the words for them those of the agent: a test holds all three to
// each other.
export const causes = [
  'no_password',
  'no_link',
  'not_trusted',
  'not_admitted',
  'hub_absent',
  'hub_full',
  'hub_io_error',
  'hub_overloaded',
  'refused',
  'damaged_on_device',
  'queued_behind_older',
  'queued_behind_live',
  'awaiting_receipt',
  'not_synced',
  'metered_network',
  'data_budget',
  'agent_not_running',
] as const;
export const heldStates = ['recording', 'on_device', 'sending', 'at_hub'] as const;
export const troubles = ['low_room', 'disk_full', 'quota_full', 'disk_error'] as const;

// Causes that last: since when is worth a word. The others change while one looks.
const lasting = new Set<string>([
  'no_link',
  'not_trusted',
  'not_admitted',
  'hub_absent',
  'hub_full',
  'metered_network',
  'data_budget',
  'agent_not_running',
]);
export const lasts = (cause: string): boolean => lasting.has(cause);

// What is filmed now is on its way for a moment; that is no only copy to speak of.
const onItsWayMs = 5000;

export type Holding = 'nothing' | 'arriving' | 'only_copy' | 'waiting';

export function holdingOf(device: Device): Holding {
  if (device.waiting_captures + device.waiting_events === 0) return 'nothing';
  const reached = device.presence === 'online' && !lasts(device.cause);
  if (device.filming && reached && device.waiting_captures === 1 && device.waiting_ms < onItsWayMs) {
    return 'arriving';
  }
  return device.waiting_ms >= 1000 ? 'only_copy' : 'waiting';
}

// Its storage will be full soon.
export const storageLow = (device: Device): boolean =>
  device.quota_bytes > 0 && device.stored_bytes >= device.quota_bytes * 0.9;

// Whoever looks here wants to know first where footage may be lost: what is held by a device that is
// away, then what is held at all, then trouble.
function urgency(device: Device): number {
  const holding = holdingOf(device);
  const away = device.presence === 'lost' || device.presence === 'gone';
  if (holding === 'only_copy') return away ? 0 : 1;
  if (holding === 'waiting') return away ? 2 : 3;
  return device.trouble !== '' ? 4 : 5;
}

export const byUrgency = (devices: readonly Device[]): Device[] =>
  [...devices].sort((a, b) => urgency(a) - urgency(b) || b.waiting_ms - a.waiting_ms);

export interface Sum {
  holders: number; // devices with an only copy
  onlyCopyMs: number;
  captures: number;
  bytes: number;
  lost: number; // devices out of reach
  troubled: number;
}

export function sumOf(devices: readonly Device[]): Sum {
  const sum: Sum = { holders: 0, onlyCopyMs: 0, captures: 0, bytes: 0, lost: 0, troubled: 0 };
  for (const device of devices) {
    if (device.presence === 'lost') sum.lost++;
    if (device.trouble !== '' || storageLow(device)) sum.troubled++;
    const holding = holdingOf(device);
    if (holding === 'nothing' || holding === 'arriving') continue;
    sum.captures += device.waiting_captures;
    sum.bytes += device.waiting_bytes;
    if (holding !== 'only_copy') continue;
    sum.holders++;
    sum.onlyCopyMs += device.waiting_ms;
  }
  return sum;
}
