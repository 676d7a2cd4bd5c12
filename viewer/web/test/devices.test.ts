// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Device, HeldItem } from '../src/api/types';
import en from '../src/i18n/en.json';
import { formatMoment } from '../src/i18n/dates';
import { format, type Locale, type MessageKey, type Parameters } from '../src/i18n/messages';
import zh from '../src/i18n/zh-CN.json';
import { byUrgency, causes, heldStates, holdingOf, lasts, storageLow, sumOf, troubles } from '../src/state/devices';
import {
  holdingText,
  itemPercent,
  itemText,
  mildText,
  remainingText,
  type Say,
} from '../src/ui/device_text';

const zone = 'Asia/Shanghai';
const nowUs = Date.UTC(2026, 3, 13, 6, 30) * 1000; // 14:30 there
const at1402 = Date.UTC(2026, 3, 13, 6, 2) * 1000;
const yesterday = Date.UTC(2026, 3, 12, 6, 2) * 1000;

const text = (locale: Locale) => (key: MessageKey, parameters: Parameters = {}): string =>
  format((locale === 'zh-CN' ? zh : en)[key], parameters, locale);
const say = (locale: Locale): Say => ({
  t: text(locale),
  locale,
  zone,
  nowUs,
  moment: (us) => formatMoment(us, zone, locale, nowUs),
});

function device(about: Partial<Device>): Device {
  return {
    device_id: 'AZNafIABcAGAAQIDBAUGCg',
    name: '',
    presence: 'online',
    filming: false,
    seen_at_us: nowUs,
    as_of_us: nowUs,
    cause: '',
    since_us: null,
    waiting_ms: 0,
    waiting_bytes: 0,
    waiting_captures: 0,
    waiting_events: 0,
    delivered_kbps: 0,
    remaining_ms: null,
    trouble: '',
    stored_bytes: 0,
    quota_bytes: 16_000_000_000,
    sent_today_bytes: 0,
    daily_budget_bytes: 0,
    items: [],
    ...about,
  };
}
const held: Partial<Device> = { waiting_ms: 192_000, waiting_bytes: 48_000_000, waiting_captures: 2 };
const lost: Partial<Device> = { presence: 'lost', cause: 'no_link', since_us: at1402, seen_at_us: at1402 };

describe('words of states and causes', () => {
  const source = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const wire = source('proto/codec/control.h');
  const namesIn = (namespace: string): string[] => {
    const body = wire.slice(wire.indexOf(`namespace ${namespace} {`), wire.indexOf(`}  // namespace ${namespace}`));
    return [...body.matchAll(/string_view k\w+ = "(\w+)"/g)].map((match) => match[1]!);
  };
  // key -> Chinese, English. Neighbouring literals of C++ are one text.
  const agent = new Map(
    [...source('agent/words.cpp').matchAll(/Entry\{"(\w+)",\s*((?:"[^"]*"\s*)+),\s*((?:"[^"]*"\s*)+)\}/g)].map(
      (match) => {
        const join = (literals: string): string =>
          [...literals.matchAll(/"([^"]*)"/g)].map((literal) => literal[1]).join('');
        return [match[1]!, [join(match[2]!), join(match[3]!)]] as const;
      },
    ),
  );

  it('are those of the wire, all of them', () => {
    expect([...causes].sort()).toEqual(namesIn('waiting').sort());
    expect([...heldStates].sort()).toEqual(namesIn('held').sort());
  });

  const keys: [string, MessageKey][] = [
    ...causes.map((name): [string, MessageKey] => [name, `cause.${name}`]),
    ...heldStates.map((name): [string, MessageKey] => [name, `held.${name}`]),
    ...troubles.map((name): [string, MessageKey] => [name, `trouble.${name}`]),
    ['verified', 'held.verified'],
  ];
  it.each(keys)('%s is said as on the device itself', (name, key) => {
    expect(agent.get(name)).toEqual([zh[key], en[key]]);
  });
});

describe('what a device holds', () => {
  it('is said with what it waits for, and since when', () => {
    const away = device({ ...held, ...lost });
    expect(holdingText(away, say('zh-CN'))).toBe('设备上还有唯一副本 3 分 12 秒，等待：14:02 起没有网络');
    expect(holdingText(away, say('en'))).toBe(
      'The device holds the only copy of 3 min 12 s, waiting: no network since 14:02',
    );
    const before = device({ ...held, ...lost, since_us: yesterday });
    expect(holdingText(before, say('en'))).toContain('since Sun 12 Apr 14:02');
  });

  it('is at least that much when it was filming as it went', () => {
    const filming = device({ ...held, ...lost, filming: true });
    expect(holdingText(filming, say('en'))).toContain('at least 3 min 12 s');
    expect(holdingText(filming, say('zh-CN'))).toContain('至少还有');
  });

  it('claims no time for causes that change while one looks, or that nobody saw begin', () => {
    const queued = device({ ...held, cause: 'queued_behind_live', since_us: at1402 });
    expect(holdingText(queued, say('en'))).toMatch(/waiting: the link is busy with live$/);
    const unseen = device({ ...held, ...lost, since_us: null });
    expect(holdingText(unseen, say('en'))).toMatch(/waiting: no network$/);
  });

  it('is on its way when nothing is wrong', () => {
    const sending = device({ ...held, cause: 'awaiting_receipt' });
    expect(holdingText(sending, say('zh-CN'))).toBe('设备上还有唯一副本 3 分 12 秒，正在发送');
    expect(holdingText(sending, say('en'))).toMatch(/, sending$/);
  });

  it('is no only copy while it arrives as it is filmed', () => {
    const filming = { filming: true, waiting_captures: 1, waiting_ms: 800, waiting_bytes: 90_000 };
    expect(holdingOf(device({ ...filming, cause: 'awaiting_receipt' }))).toBe('arriving');
    expect(holdingOf(device({ ...filming, ...lost }))).not.toBe('arriving');
    expect(holdingOf(device({ ...filming, cause: 'hub_absent' }))).not.toBe('arriving');
    expect(holdingOf(device({ ...filming, waiting_ms: 9000 }))).toBe('only_copy');
  });

  it('may be photos and remarks, which have no length', () => {
    const photos = device({ ...lost, waiting_captures: 3, waiting_bytes: 12_000_000 });
    expect(holdingText(photos, say('en'))).toBe('3 items wait, 12.0 MB, waiting: no network since 14:02');
    const remarks = device({ ...lost, waiting_events: 1 });
    expect(holdingText(remarks, say('zh-CN'))).toBe('1 条说明待传，等待：14:02 起没有网络');
    expect(holdingText(device({}), say('en'))).toBe('Nothing waits; all else is at the centre, verified');
    expect(holdingText(device(lost), say('en'))).toBe('Nothing waited when it was last heard of');
  });

  it('names a cause that is not known here as it came', () => {
    expect(holdingText(device({ ...held, cause: 'solar_storm' }), say('en'))).toContain('solar_storm');
  });
});

describe('time left', () => {
  it('is said from the measured rate', () => {
    const sending = device({ ...held, cause: 'awaiting_receipt', remaining_ms: 240_000 });
    expect(remainingText(sending, say('en'))).toBe('About 4 min at the present rate');
    expect(remainingText(sending, say('zh-CN'))).toBe('按现在的速度，还需约 4 分');
  });
  it('is unknown when nothing gets through, and not spoken of where it would mean nothing', () => {
    expect(remainingText(device({ ...held, cause: 'awaiting_receipt' }), say('en'))).toMatch(/unknown/);
    for (const about of [lost, { cause: 'hub_full' }, { presence: 'gone' as const, cause: 'agent_not_running' }]) {
      expect(remainingText(device({ ...held, ...about }), say('en'))).toBe('');
    }
    expect(remainingText(device({}), say('en'))).toBe('');
  });
});

describe('an item', () => {
  const item: HeldItem = {
    capture_id: 'AZNafIABcAGAAQIDBAUGCh',
    kind: 'walkthrough',
    area: '',
    captured_at_us: at1402,
    state: 'on_device',
    cause: 'hub_full',
    waiting_ms: 1,
    waiting_bytes: 57,
    size_bytes: 100,
  };
  it('says where it is and why', () => {
    expect(itemText(item, text('en'))).toBe("Waiting: the centre's storage is full");
    expect(itemText({ ...item, state: 'sending', cause: 'awaiting_receipt' }, text('zh-CN'))).toBe('正在发送');
    expect(itemText({ ...item, state: 'lifted' }, text('en'))).toBe('Lifted');
  });
  it('is never called whole before it is', () => {
    expect(itemPercent(item)).toBe(43);
    expect(itemPercent({ ...item, waiting_bytes: 1, size_bytes: 10_000 })).toBe(99);
    expect(itemPercent({ ...item, waiting_bytes: 0 })).toBe(100);
    expect(itemPercent({ ...item, waiting_bytes: 0, size_bytes: 0 })).toBe(0);
  });
});

describe('an owner', () => {
  const waiting = { duration_ms: 61_000, captures: 2, for_network: true };
  it('hears how many minutes are to come, and nothing of devices', () => {
    expect(mildText(waiting, text('en'))).toBe('2 minutes are still on the device, waiting for a network');
    expect(mildText({ ...waiting, for_network: false }, text('zh-CN'))).toBe(
      '还有 2 分钟的内容在设备上，还没有传到中心',
    );
    expect(mildText({ ...waiting, duration_ms: 0 }, text('zh-CN'))).toBe('还有 2 项内容在设备上，等待网络');
  });
  it('hears nothing of what is on its way', () => {
    expect(mildText({ duration_ms: 900, captures: 1, for_network: false }, text('en'))).toBe('');
  });
});

describe('devices', () => {
  it('come with those first that may lose something', () => {
    const names = byUrgency([
      device({ name: 'fine' }),
      device({ name: 'sends', ...held, cause: 'awaiting_receipt' }),
      device({ name: 'full', trouble: 'disk_full' }),
      device({ name: 'lost', ...held, ...lost }),
      device({ name: 'photos', ...lost, waiting_captures: 1 }),
    ]).map(({ name }) => name);
    expect(names).toEqual(['lost', 'sends', 'photos', 'full', 'fine']);
  });
  it('are summed without what arrives by the second', () => {
    const arriving = device({ filming: true, waiting_captures: 1, waiting_ms: 500, cause: 'awaiting_receipt' });
    expect(sumOf([arriving])).toMatchObject({ holders: 0, captures: 0 });
    expect(sumOf([arriving, device({ ...held, ...lost }), device({ waiting_captures: 1, waiting_bytes: 7 })])).toEqual(
      { holders: 1, onlyCopyMs: 192_000, captures: 3, bytes: 48_000_007, lost: 1, troubled: 0 },
    );
  });
  it('are low on storage from nine tenths on', () => {
    expect(storageLow(device({ stored_bytes: 14_399_999_999 }))).toBe(false);
    expect(storageLow(device({ stored_bytes: 14_400_000_000 }))).toBe(true);
    expect(storageLow(device({ quota_bytes: 0 }))).toBe(false);
  });
  it('know which causes last', () => {
    expect(causes.filter(lasts)).not.toContain('awaiting_receipt');
    expect(lasts('no_link')).toBe(true);
  });
});
