// SPDX-License-Identifier: Apache-2.0
// Link and what is only here, as one plain line; warnings; what deserves a sound. Pure.
import type { Key } from '../i18n/i18n.svelte';
import type { QualityWarning, Reason, RecorderState } from '../recorder';

export interface Words {
  t(key: Key, parameters?: Record<string, string | number>): string;
  span(seconds: number): string;
  size(bytes: number): string;
}

export type Tone = 'good' | 'plain' | 'wait' | 'wrong';
export interface Line {
  text: string;
  tone: Tone;
}

const known = new Set([
  'not_synced', 'no_password', 'no_link', 'not_trusted', 'not_admitted', 'hub_absent', 'hub_full', 'hub_io_error',
  'hub_overloaded', 'refused', 'damaged_on_device', 'queued_behind_older', 'queued_behind_live', 'data_budget',
  'metered_network', 'awaiting_receipt', 'agent_not_running',
]);
// Of the device itself, or of its rights: waiting does not help.
const wrong = new Set(['no_password', 'not_trusted', 'not_admitted', 'refused', 'damaged_on_device']);
// It moves.
const moving = new Set(['', 'not_synced', 'awaiting_receipt', 'queued_behind_older', 'queued_behind_live']);
// What is so new is on its way, not waiting.
const fresh = 3_000;

function waitingText({ holding }: RecorderState, { t, span, size }: Words): string {
  if (holding.onlyHereMs >= 1_000) return t('line.only_here', { span: span(holding.onlyHereMs / 1000) });
  if (holding.waitingBytes > 0) return t('line.amount', { size: size(holding.waitingBytes) });
  return t('line.statements', { n: holding.waitingStatements });
}

function tailText({ link, holding }: RecorderState, { t, span }: Words): string {
  if (!moving.has(link.cause)) return t(known.has(link.cause) ? (`cause.${link.cause}` as Key) : 'cause.waiting');
  return holding.secondsToDeliver === null
    ? t('line.sending')
    : t('line.sending_left', { span: span(Math.max(1, holding.secondsToDeliver)) });
}

export function statusLine(state: RecorderState, words: Words): Line {
  const { t } = words;
  const { holding, link } = state;
  if (state.abilities.record === 'other_tab') return { text: t('reason.other_tab'), tone: 'wait' };
  if (!state.present) return { text: t('line.gone'), tone: 'wrong' };
  const rest = holding.waitingStatements - holding.refusedStatements;
  if (holding.refusedStatements > 0 && rest <= 0 && holding.waitingCaptures === 0) {
    return { text: t('line.refused', { n: holding.refusedStatements }), tone: 'wrong' };
  }
  if (state.recording !== null && moving.has(link.cause) && link.connected && holding.onlyHereMs < fresh) {
    return { text: t('line.recording_live'), tone: 'good' };
  }
  if (holding.waitingCaptures === 0 && holding.waitingStatements === 0) {
    if (link.connected) return { text: t('line.all_sent'), tone: 'good' };
    return { text: t('line.nothing_offline'), tone: 'wait' };
  }
  const text = t('line.with', { what: waitingText(state, words), tail: tailText(state, words) });
  const tone = wrong.has(link.cause) ? 'wrong' : moving.has(link.cause) ? 'plain' : 'wait';
  return { text, tone };
}

const lowBattery = 20;

// What the person should do something about, the worst first.
export function warnings(state: RecorderState, { t, span }: Words): Line[] {
  const lines: Line[] = [];
  const { room, battery, ended } = state;
  if (ended !== null) {
    const why = { disk_full: 'record.ended_full', camera_lost: 'record.ended_camera', error: 'record.ended_error' } as const;
    lines.push({ text: t(why[ended.reason]), tone: 'wrong' });
  }
  if (state.recording?.paused === true) lines.push({ text: t('record.paused'), tone: 'wrong' });
  if (room.trouble === 'full') lines.push({ text: t('room.full'), tone: 'wrong' });
  if (room.trouble === 'disk_error') lines.push({ text: t('room.disk_error'), tone: 'wrong' });
  for (const warning of state.quality) lines.push({ text: t(`quality.${warning.kind}`), tone: 'wait' });
  if (room.trouble === 'low') {
    const text = room.minutes === null ? t('room.low_unknown') : t('room.low', { span: span(room.minutes * 60) });
    lines.push({ text, tone: 'wait' });
  }
  if (room.trouble === 'unknown_footage') lines.push({ text: t('room.unknown_footage'), tone: 'wrong' });
  if (room.trouble === 'not_persistent') lines.push({ text: t('room.not_persistent'), tone: 'wait' });
  if (battery !== null && !battery.charging && battery.percentage <= lowBattery) {
    lines.push({ text: t('battery.low', { n: battery.percentage }), tone: 'wait' });
  }
  return lines;
}

export type Signal = 'recording' | 'stopped' | 'sent' | 'spoken' | 'asked' | 'warning';

// What happened between two states that is worth a sound and a vibration: for a hand in a glove and eyes elsewhere.
export function signalsOf(before: RecorderState, after: RecorderState): Signal[] {
  const signals: Signal[] = [];
  if (before.recording === null && after.recording !== null) signals.push('recording');
  if (before.recording !== null && after.recording === null) signals.push('stopped');
  const waits = ({ holding }: RecorderState): boolean => holding.waitingCaptures + holding.waitingStatements > 0;
  if (after.present && after.recording === null && waits(before) && !waits(after)) signals.push('sent');
  const fresh = <T extends { id: string }>(list: (state: RecorderState) => readonly T[]): T[] => {
    const seen = new Set(list(before).map(({ id }) => id));
    return list(after).filter(({ id }) => !seen.has(id));
  };
  const said = fresh(({ messages }) => messages).some(({ own }) => !own);
  const speaks = after.talk.floor !== null && !after.talk.floor.own && before.talk.floor === null;
  if (said || speaks || fresh(({ pins }) => pins).length > 0) signals.push('spoken');
  if (fresh(({ requests }) => requests).some(({ state }) => state === 'open')) signals.push('asked');
  const worse = (list: readonly QualityWarning[]): Set<string> => new Set(list.map(({ kind }) => kind));
  const old = worse(before.quality);
  if (after.quality.some(({ kind }) => !old.has(kind)) || (before.ended === null && after.ended !== null)) {
    signals.push('warning');
  }
  return signals;
}

// Left out of the screen rather than shown inert.
export const isAbsent = (reason: Reason | null): boolean => reason === 'not_here';
