// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  dayKey,
  endOfDayUs,
  formatBytes,
  formatDay,
  formatMoment,
  formatPosition,
  formatSpan,
} from '../src/i18n/dates';

const us = (iso: string): number => Date.parse(iso) * 1000;
const shanghai = 'Asia/Shanghai';
const now = us('2027-06-01T00:00:00Z');

describe('dates', () => {
  const at = us('2027-04-13T06:05:00Z');
  it('are written in the zone of the project', () => {
    expect(formatMoment(at, shanghai, 'zh-CN', now)).toBe('4月13日 周二 14:05');
    expect(formatMoment(at, shanghai, 'en', now)).toBe('Tue 13 Apr 14:05');
    expect(formatMoment(at, 'Europe/London', 'en', now)).toBe('Tue 13 Apr 07:05');
  });
  it('name the year when it is not this one', () => {
    expect(formatDay(us('2025-12-31T20:00:00Z'), shanghai, 'zh-CN', now)).toBe('2026年1月1日 周四');
    expect(formatDay(us('2025-12-31T20:00:00Z'), 'UTC', 'en', now)).toBe('Wed 31 Dec 2025');
  });
  it('fall into the day of the zone', () => {
    expect(dayKey(us('2027-04-12T15:59:59Z'), shanghai)).toBe('2027-04-12');
    expect(dayKey(us('2027-04-12T16:00:00Z'), shanghai)).toBe('2027-04-13');
  });
  it('end at the midnight of the zone', () => {
    expect(endOfDayUs('2027-04-13', shanghai)).toBe(us('2027-04-13T16:00:00Z'));
    // Clocks change that night in New York.
    expect(endOfDayUs('2027-03-14', 'America/New_York')).toBe(us('2027-03-15T04:00:00Z'));
    expect(endOfDayUs('2027-11-07', 'America/New_York')).toBe(us('2027-11-08T05:00:00Z'));
    expect(endOfDayUs('yesterday', shanghai)).toBeNull();
  });
  it('survive a zone that nobody knows', () => {
    expect(dayKey(at, 'Mars/Olympus')).toBe('2027-04-13');
  });
});

describe('lengths', () => {
  it('are short and spoken', () => {
    expect(formatSpan(8.4, 'zh-CN')).toBe('8 秒');
    expect(formatSpan(130, 'zh-CN')).toBe('2 分 10 秒');
    expect(formatSpan(130, 'en')).toBe('2 min 10 s');
    expect(formatSpan(3900, 'en')).toBe('1 h 5 min');
    expect(formatSpan(0.2, 'en')).toBe('1 s');
    expect(formatSpan(3605, 'en')).toBe('1 h');
  });
  it('count positions', () => {
    expect(formatPosition(7.9)).toBe('0:07');
    expect(formatPosition(754)).toBe('12:34');
    expect(formatPosition(3723)).toBe('1:02:03');
    expect(formatPosition(-1)).toBe('0:00');
  });
  it('weigh files', () => {
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(48_211)).toBe('48.2 kB');
    expect(formatBytes(431_000_000)).toBe('431 MB');
  });
});
