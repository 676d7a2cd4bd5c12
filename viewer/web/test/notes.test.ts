// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { ProjectEvent } from '../src/api/types';
import en from '../src/i18n/en.json';
import { format, type MessageKey } from '../src/i18n/messages';
import zh from '../src/i18n/zh-CN.json';
import { notesOf, reasonFor, statedGaps } from '../src/state/notes';
import { personText } from '../src/ui/capture_text';

let count = 0;
function event(kind: string, over: Partial<ProjectEvent> = {}): ProjectEvent {
  count++;
  return {
    id: `e${count}`,
    kind,
    device_id: 'd',
    stated_at_us: count,
    received_at_us: count,
    capture_id: 'c',
    media_time_us: null,
    area: '',
    actor: null,
    text: '',
    stage: '',
    percentage: null,
    warning: '',
    active: false,
    body: {},
    ...over,
  };
}

describe('notes of a capture', () => {
  it('stand in the order of their moments', () => {
    const notes = notesOf([
      event('note', { media_time_us: 9e6, text: 'later' }),
      event('progress', { media_time_us: 3e6, stage: 'roof', percentage: 40 }),
    ]);
    expect(notes.map((note) => [note.kind, note.seconds])).toEqual([
      ['progress', 3],
      ['note', 9],
    ]);
  });
  it('tell of a quality warning once, from its beginning to its end', () => {
    const notes = notesOf([
      event('quality', { warning: 'too_dark', active: true, media_time_us: 2e6 }),
      event('quality', { warning: 'too_dark', active: true, media_time_us: 3e6 }),
      event('quality', { warning: 'blurred', active: true, media_time_us: 4e6 }),
      event('quality', { warning: 'too_dark', active: false, media_time_us: 5e6 }),
    ]);
    expect(notes.map((note) => [note.warning, note.seconds, note.until])).toEqual([
      ['too_dark', 2, 5],
      ['blurred', 4, null],
    ]);
  });
  it('do not repeat what the page says elsewhere, but say an early end', () => {
    const kinds = notesOf([
      event('capture.opened'),
      event('gap', { body: { from_us: 1, until_us: 2 } }),
      event('capture.closed', { body: { reason: 'stopped' } }),
    ]);
    expect(kinds).toEqual([]);
    const early = notesOf([event('capture.closed', { body: { reason: 'restarted' } })]);
    expect(early[0]).toMatchObject({ kind: 'closed_early', reason: 'restarted' });
  });
  it('show a kind that they do not know', () => {
    expect(notesOf([event('case.step', { text: 'something' })])[0]).toMatchObject({
      kind: 'other',
      text: 'something',
    });
  });
});

describe('who said it', () => {
  const inChinese = (key: MessageKey): string => format(zh[key], {}, 'zh-CN');
  const inEnglish = (key: MessageKey): string => format(en[key], {}, 'en');
  it('is a person by the name they had', () => {
    const note = notesOf([event('note', { actor: { user: 'wang', display_name: '王敏' } })])[0];
    expect(personText(note?.actor ?? null, inChinese)).toBe('王敏');
  });
  it('is an unknown person where no name is left, and neither an account nor the device', () => {
    for (const name of ['', ' ', '\u3000']) {
      const note = notesOf([event('progress', { actor: { user: 'gone', display_name: name } })])[0];
      expect(personText(note?.actor ?? null, inChinese)).toBe('未知人员');
      expect(personText(note?.actor ?? null, inEnglish)).toBe('Unknown person');
    }
  });
  it('is nobody where the device itself said it', () => {
    expect(personText(notesOf([event('note')])[0]?.actor ?? null, inEnglish)).toBe('');
  });
});

describe('stated gaps', () => {
  const stated = statedGaps([
    event('gap', { body: { from_us: 10e6, until_us: 20e6, reason: 'restarted' } }),
    event('gap', { body: { from_us: 20e6, until_us: 21e6, reason: 'disk_full' } }),
    event('gap', { body: { from_us: 5e6, until_us: 5e6, reason: 'nothing' } }),
  ]);
  it('are in seconds and have a length', () => {
    expect(stated.map((gap) => [gap.start, gap.end])).toEqual([
      [10, 20],
      [20, 21],
    ]);
  });
  it('give their reason to the gap that they cover most', () => {
    expect(reasonFor({ start: 12, end: 20.5 }, stated)).toBe('restarted');
    expect(reasonFor({ start: 30, end: 40 }, stated)).toBe('');
  });
});
