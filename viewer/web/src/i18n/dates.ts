// SPDX-License-Identifier: Apache-2.0
// Dates as people here write them, in the project's time zone: 4月13日 周二 14:05 / Tue 13 Apr 14:05.
// The year is named only where it is not the current one. Pure.
import type { Locale } from './messages';

interface Parts {
  year: number;
  month: number;
  day: number;
  weekday: number; // 0 = Sunday
  hour: string;
  minute: string;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (found === undefined) {
    const options: Intl.DateTimeFormatOptions = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    };
    try {
      found = new Intl.DateTimeFormat('en-US', { ...options, timeZone: zone });
    } catch {
      found = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' });
    }
    formatters.set(zone, found);
  }
  return found;
}

const english = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const chinese = ['日', '一', '二', '三', '四', '五', '六'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function partsOf(us: number, zone: string): Parts {
  const parts: Record<string, string> = {};
  for (const part of formatter(zone).formatToParts(new Date(us / 1000))) parts[part.type] = part.value;
  return {
    year: Number(parts['year']),
    month: Number(parts['month']),
    day: Number(parts['day']),
    weekday: english.indexOf(parts['weekday'] ?? ''),
    hour: parts['hour'] ?? '',
    minute: parts['minute'] ?? '',
  };
}

function dayText(at: Parts, now: Parts, locale: Locale): string {
  const otherYear = at.year !== now.year;
  if (locale === 'zh-CN') {
    const year = otherYear ? `${at.year}年` : '';
    return `${year}${at.month}月${at.day}日 周${chinese[at.weekday]}`;
  }
  const year = otherYear ? ` ${at.year}` : '';
  return `${english[at.weekday]} ${at.day} ${months[at.month - 1]}${year}`;
}

export function formatDay(us: number, zone: string, locale: Locale, nowUs: number): string {
  return dayText(partsOf(us, zone), partsOf(nowUs, zone), locale);
}

export function formatMoment(us: number, zone: string, locale: Locale, nowUs: number): string {
  return `${formatDay(us, zone, locale, nowUs)} ${formatClock(us, zone)}`;
}

export function formatClock(us: number, zone: string): string {
  const at = partsOf(us, zone);
  return `${at.hour}:${at.minute}`;
}

// Sorts and groups by day: 2026-04-13, in the project's time zone.
export function dayKey(us: number, zone: string): string {
  const at = partsOf(us, zone);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.year}-${two(at.month)}-${two(at.day)}`;
}

// First microsecond after the day `key` in `zone`; null when `key` is not a date.
export function endOfDayUs(key: string, zone: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(key);
  if (match === null) return null;
  const midnightUtc = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + 1);
  if (Number.isNaN(midnightUtc)) return null;
  // The zone's offset is found by asking what local time that instant is; twice, for days on which
  // the clocks change.
  let guess = midnightUtc;
  for (let i = 0; i < 2; i++) guess = midnightUtc - offsetMs(guess, zone);
  return guess * 1000;
}

function offsetMs(ms: number, zone: string): number {
  const at = partsOf(ms * 1000, zone);
  const local = Date.UTC(at.year, at.month - 1, at.day, Number(at.hour), Number(at.minute));
  return local - Math.floor(ms / 60_000) * 60_000;
}

// 0:07, 12:34, 1:02:03
export function formatPosition(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

// A length of time in words: 8 秒 / 8 s, 2 分 10 秒 / 2 min 10 s, 1 小时 5 分 / 1 h 5 min
export function formatSpan(seconds: number, locale: Locale): string {
  const whole = Math.max(1, Math.round(seconds));
  const unit = locale === 'zh-CN' ? ['小时', '分', '秒'] : ['h', 'min', 's'];
  const values = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const first = values.findIndex((value) => value > 0);
  return values
    .slice(first, first + 2)
    .map((value, i) => (value > 0 ? `${value} ${unit[first + i]}` : ''))
    .filter((text) => text !== '')
    .join(' ');
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
