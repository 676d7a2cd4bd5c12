// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Capture, FootageRequest, Plan, PlanItem, PlanStatement, ProjectEvent } from '../src/api/types';
import { feedDays, mentions, namesIn, speakersOf, threadOf, unreadOf, type FeedDay } from '../src/state/feed';
import { remarkOf, type Item } from '../src/state/timeline';

const us = (iso: string): number => Date.parse(iso) * 1000;

const capture = (id: string, at: string, over: Partial<Capture> = {}): Capture =>
  ({ id, kind: 'walkthrough', area: '', captured_at_us: us(at), received_at_us: us(at), note_count: 0, ...over }) as Capture;
const photo = (id: string, at: string, over: Partial<Capture> = {}): Capture =>
  capture(id, at, { kind: 'photo', ...over });
const event = (id: string, at: string, over: Partial<ProjectEvent> = {}): ProjectEvent =>
  ({ id, kind: 'note', stated_at_us: us(at), received_at_us: us(at), media_time_us: null, text: 'a', ...over }) as ProjectEvent;
const statement = (id: string, at: string): PlanStatement =>
  ({ event_id: id, kind: 'milestone.claimed', stated_at_us: us(at), capture_id: null }) as PlanStatement;
const plan = (...statements: PlanStatement[]): Plan =>
  ({ items: [{ id: 'i', name: 'roof', statements } as PlanItem] }) as Plan;

const feed = (items: Item[], of: Plan | null = null, complete = true, since = ''): FeedDay[] =>
  feedDays(items, of, complete, since === '' ? 0 : us(since), 'Asia/Shanghai');
const shape = (days: FeedDay[]): unknown =>
  days.map((day) => [day.key, day.entries.map((entry) => `${entry.kind} ${entry.id}`)]);

describe('a feed', () => {
  it('holds footage, remarks and what was said of the plan in one order, by days of the project', () => {
    const days = feed(
      [
        capture('c', '2026-04-13T09:00:00Z'),
        remarkOf(event('r', '2026-04-12T17:00:00Z')),
        photo('p', '2026-04-12T15:00:00Z'),
      ],
      plan(statement('s', '2026-04-13T08:00:00Z'), statement('t', '2026-04-12T15:30:00Z')),
    );
    expect(shape(days)).toEqual([
      ['2026-04-13', ['capture c', 'statement s', 'remark r']],
      ['2026-04-12', ['statement t', 'photos p']],
    ]);
  });
  it('has requests, and what became of one since the last visit is news', () => {
    const request = {
      id: 'q',
      stated_at_us: us('2026-04-13T08:00:00Z'),
      steps: [{ stated_at_us: us('2026-04-13T10:00:00Z') }, { stated_at_us: us('2026-04-13T12:00:00Z') }],
    } as FootageRequest;
    const items = [capture('c', '2026-04-13T09:00:00Z')];
    const days = feedDays(items, null, true, us('2026-04-13T09:30:00Z'), 'Asia/Shanghai', [request]);
    expect(shape(days)).toEqual([['2026-04-13', ['capture c', 'request q']]]);
    expect(unreadOf(days)).toBe(2);
    // Older than what was read so far: with its page.
    expect(shape(feedDays(items, null, false, 0, 'Asia/Shanghai', [request]))).toEqual([['2026-04-13', ['capture c']]]);
  });
  it('has one entry of what is both a remark and said of the plan', () => {
    const days = feed(
      [remarkOf(event('s', '2026-04-13T09:00:00Z', { kind: 'progress' }))],
      plan(statement('s', '2026-04-13T09:00:00Z')),
    );
    expect(shape(days)).toEqual([['2026-04-13', ['statement s']]]);
  });
  it('waits with what was said before the oldest that was read', () => {
    const items = [capture('c', '2026-04-13T09:00:00Z')];
    const old = plan(statement('s', '2026-04-01T09:00:00Z'));
    expect(shape(feed(items, old, false))).toEqual([['2026-04-13', ['capture c']]]);
    expect(shape(feed(items, old, true))).toHaveLength(2);
    expect(feed([], old, false)).toEqual([]);
  });
  it('marks what came since the last visit, also what was filmed before it', () => {
    const days = feed(
      [
        capture('c', '2026-04-13T09:00:00Z'),
        capture('late', '2026-04-11T09:00:00Z', { received_at_us: us('2026-04-13T01:00:00Z') }),
        capture('seen', '2026-04-11T08:00:00Z'),
      ],
      plan(statement('s', '2026-04-13T08:00:00Z')),
      true,
      '2026-04-12T00:00:00Z',
    );
    expect(days.map((day) => day.unread)).toEqual([2, 1]);
    expect(unreadOf(days)).toBe(3);
    expect(days[1]!.entries.map((entry) => entry.unread)).toEqual([1, 0]);
  });
  it('marks nothing for who was never here', () => {
    expect(unreadOf(feed([capture('c', '2026-04-13T09:00:00Z')]))).toBe(0);
  });
  it('joins photos that follow each other, new ones apart from seen ones', () => {
    const items = [
      photo('d', '2026-04-13T09:03:00Z'),
      photo('c', '2026-04-13T09:02:00Z'),
      photo('b', '2026-04-13T09:01:00Z'),
      capture('w', '2026-04-13T09:00:30Z'),
      photo('a', '2026-04-13T09:00:00Z'),
    ];
    const [day] = feed(items, null, true, '2026-04-13T09:01:30Z');
    expect(day!.entries.map((entry) => [entry.id, entry.unread])).toEqual([
      ['d', 2],
      ['b', 0],
      ['w', 0],
      ['a', 0],
    ]);
  });
});

describe('what was said on a capture', () => {
  it('is in the order of saying, without what the feed shows by itself or has no words', () => {
    const events = [
      event('b', '2026-04-13T09:02:00Z', { media_time_us: 2_500_000 }),
      event('a', '2026-04-13T09:01:00Z'),
      event('stated', '2026-04-13T09:03:00Z', { kind: 'progress' }),
      event('mute', '2026-04-13T09:03:00Z', { kind: 'progress', text: '' }),
      event('dark', '2026-04-13T09:04:00Z', { kind: 'quality' }),
    ];
    const thread = threadOf(events, new Set(['stated']), us('2026-04-13T09:01:30Z'));
    expect(thread.map((one) => [one.event.id, one.seconds, one.unread])).toEqual([
      ['a', null, false],
      ['b', 2.5, true],
    ]);
  });
  it('has pins, also without words', () => {
    const pins = [event('p', '2026-04-13T09:01:00Z', { kind: 'pin', text: '' }), event('q', '2026-04-13T09:02:00Z', { kind: 'quality' })];
    expect(threadOf(pins, new Set(), 0).map((one) => one.event.id)).toEqual(['p']);
  });
});

describe('a name after an at sign', () => {
  it('speaks to who has that name, and not to who has a longer one', () => {
    expect(mentions('请看屋面 @王敏 谢谢', '王敏')).toBe(true);
    expect(mentions('@Anna Berg: look', 'Anna Berg')).toBe(true);
    expect(mentions('王敏看过了', '王敏')).toBe(false);
    expect(mentions('@王敏', '')).toBe(false);
    expect(mentions('@招商中心 王敏 看', '招商中心', ['招商中心 王敏'])).toBe(false);
  });
  it('is known from what the feed shows: remarks, statements, requests and their steps', () => {
    const by = (name: string): Partial<ProjectEvent> => ({ actor: { user: name, display_name: name } });
    const said = { ...statement('s', '2026-04-13T08:00:00Z'), by: '王敏学' } as PlanStatement;
    const request = { id: 'q', by: '王敏', steps: [{ by: '王敏之' }, { by: null }] } as FootageRequest;
    const items = [capture('c', '2026-04-13T09:00:00Z'), remarkOf(event('r', '2026-04-13T09:00:00Z', by('王敏华')))];
    const names = namesIn(items, plan(said), [request]);
    expect(names).toEqual(['王敏华', '王敏学', '王敏', '王敏之']);
    for (const other of ['王敏华', '王敏学', '王敏之']) {
      expect(mentions(`请看 @${other} 谢谢`, '王敏', names)).toBe(false);
      expect(mentions(`请看 @${other} 谢谢`, other, names)).toBe(true);
    }
    expect(mentions('@王敏华 @王敏', '王敏', names)).toBe(true);
    expect(speakersOf([event('a', '2026-04-13T09:00:00Z', by('王敏华')), event('b', '2026-04-13T09:00:00Z', by('王敏华')),
      event('d', '2026-04-13T09:00:00Z', { actor: null })])).toEqual(['王敏华']);
  });
});
