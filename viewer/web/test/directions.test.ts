// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { FootageRequest, ProjectEvent } from '../src/api/types';
import { dueState, mergeEvents, pinsAt, pinsOf, shotsOf, spotAt } from '../src/state/directions';

const event = (id: string, change: Partial<ProjectEvent>): ProjectEvent => ({
  id,
  kind: 'pin',
  device_id: 'd',
  stated_at_us: 0,
  received_at_us: 0,
  capture_id: 'c',
  media_time_us: 10_000_000,
  area: '',
  actor: { user: 'wang', display_name: '王总' },
  text: '',
  stage: '',
  percentage: null,
  warning: '',
  active: false,
  body: { x: 0.25, y: 0.5 },
  ...change,
});

describe('the spot of a tap', () => {
  it('is a fraction of the picture, wherever that lies in its frame', () => {
    const wide = { width: 1280, height: 720 };
    expect(spotAt(320, 90, { width: 640, height: 360 }, wide)).toEqual({ x: 0.5, y: 0.25 });
    // An upright picture in a wide frame: 202.5 wide, from 218.75 on.
    const upright = { width: 720, height: 1280 };
    expect(spotAt(320, 180, { width: 640, height: 360 }, upright)).toEqual({ x: 0.5, y: 0.5 });
    expect(spotAt(100, 180, { width: 640, height: 360 }, upright)).toBeNull();
    expect(spotAt(420, 180, { width: 640, height: 360 }, upright)!.x).toBeCloseTo(0.994, 2);
  });
});

describe('pins', () => {
  it('are shown at their moment for five seconds', () => {
    const pins = pinsOf([event('a', {}), event('b', { media_time_us: 20_000_000 })], () => '王总');
    expect(pinsAt(pins, 9.5)).toEqual([]);
    expect(pinsAt(pins, 10).map((pin) => pin.id)).toEqual(['a']);
    expect(pinsAt(pins, 15.1)).toEqual([]);
    expect(pinsAt(pins, 21).map((pin) => pin.id)).toEqual(['b']);
  });

  it('are none without a spot or a moment', () => {
    expect(pinsOf([event('a', { body: {} }), event('b', { media_time_us: null })], () => '')).toEqual([]);
    expect(pinsOf([event('a', { kind: 'note' })], () => '')).toEqual([]);
  });
});

describe('what came since', () => {
  it('is added once', () => {
    const before = [event('a', {}), event('b', {})];
    const merged = mergeEvents(before, [event('b', {}), event('c', {})]);
    expect(merged.map((one) => one.id)).toEqual(['a', 'b', 'c']);
  });
});

describe('a request', () => {
  const request = (due: string | null, state: FootageRequest['state'] = 'open'): FootageRequest => ({
    id: 'r',
    state,
    text: '水泵房',
    area: '',
    due,
    asked_device_id: null,
    stated_at_us: 0,
    by: '王总',
    device_id: 'd',
    shots: [],
    steps: [],
  });

  it('is late the day after it was due, until it is answered', () => {
    expect(dueState(request('2026-03-05'), '2026-03-06')).toBe('late');
    expect(dueState(request('2026-03-05'), '2026-03-05')).toBe('soon');
    expect(dueState(request('2026-03-07'), '2026-03-05')).toBe('soon');
    expect(dueState(request('2026-03-08'), '2026-03-05')).toBe('later');
    expect(dueState(request(null), '2026-03-05')).toBe('none');
    expect(dueState(request('2026-03-05', 'answered'), '2026-03-06')).toBe('none');
  });

  it('has a shot per line', () => {
    expect(shotsOf('阀门\n\n  2号泵 \r\n阀门\n')).toEqual(['阀门', '2号泵']);
  });
});
