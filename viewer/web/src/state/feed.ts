// SPDX-License-Identifier: Apache-2.0
// A project's feed: captures, what was said of no capture, requests for footage, and what was said of the plan, in one
// stream by days, newest first. Pure.
import type { Capture, FootageRequest, Plan, PlanItem, PlanStatement, ProjectEvent } from '../api/types';
import { dayKey } from '../i18n/dates';
import { isRemark, type Item, type Remark } from './timeline';

export interface Statement {
  statement: PlanStatement;
  item: PlanItem;
}

interface Entry {
  id: string;
  atUs: number;
  unread: number; // how many of what it shows came since the last visit
}

export type FeedEntry = Entry &
  (
    | { kind: 'capture'; capture: Capture }
    | { kind: 'photos'; photos: Capture[] } // photos that follow each other
    | { kind: 'remark'; remark: Remark }
    | { kind: 'statement'; said: Statement }
    | { kind: 'request'; request: FootageRequest }
  );

export interface FeedDay {
  key: string;
  newestUs: number;
  unread: number;
  entries: FeedEntry[];
}

export function statementsOf(plan: Plan | null): Statement[] {
  return (plan?.items ?? []).flatMap((item) => item.statements.map((statement) => ({ statement, item })));
}

const isNew = (atUs: number, sinceUs: number): number => (sinceUs > 0 && atUs > sinceUs ? 1 : 0);

function entryOf(item: Item, sinceUs: number): FeedEntry {
  const unread = isNew(Math.max(item.received_at_us, item.captured_at_us), sinceUs);
  const entry = { id: item.id, atUs: item.captured_at_us, unread };
  if (isRemark(item)) return { ...entry, kind: 'remark', remark: item };
  if (item.kind === 'photo') return { ...entry, kind: 'photos', photos: [item] };
  return { ...entry, kind: 'capture', capture: item };
}

// `complete`: `items` go back to the beginning; else what was said earlier than they go waits for the next page.
// `sinceUs` 0: never here before, so nothing is marked.
export function feedDays(
  items: readonly Item[],
  plan: Plan | null,
  complete: boolean,
  sinceUs: number,
  zone: string,
  requests: readonly FootageRequest[] = [],
): FeedDay[] {
  const reachesUs = complete ? -Infinity : Math.min(...items.map((item) => item.captured_at_us));
  const statements = statementsOf(plan);
  const stated = new Set(statements.map((one) => one.statement.event_id));
  const entries = items.filter((item) => !stated.has(item.id)).map((item) => entryOf(item, sinceUs));
  for (const said of statements) {
    const { event_id: id, stated_at_us: atUs } = said.statement;
    if (atUs < reachesUs) continue;
    entries.push({ kind: 'statement', id, atUs, unread: isNew(atUs, sinceUs), said });
  }
  for (const request of requests) {
    const { id, stated_at_us: atUs } = request;
    if (atUs < reachesUs) continue;
    // What became of it is news too.
    const unread = request.steps.reduce((sum, step) => sum + isNew(step.stated_at_us, sinceUs), isNew(atUs, sinceUs));
    entries.push({ kind: 'request', id, atUs, unread, request });
  }
  entries.sort((a, b) => b.atUs - a.atUs || (a.id < b.id ? 1 : -1));

  const days: FeedDay[] = [];
  for (const entry of entries) {
    const key = dayKey(entry.atUs, zone);
    let day = days.at(-1);
    if (day?.key !== key) {
      day = { key, newestUs: entry.atUs, unread: 0, entries: [] };
      days.push(day);
    }
    day.unread += entry.unread;
    const last = day.entries.at(-1);
    // As long as they are all new, or none of them is, so that the mark says the truth.
    const joins = last?.kind === 'photos' && entry.kind === 'photos' && last.unread > 0 === entry.unread > 0;
    if (!joins) day.entries.push(entry);
    else {
      last.photos.push(...entry.photos);
      last.unread += entry.unread;
    }
  }
  return days;
}

export const unreadOf = (days: readonly FeedDay[]): number =>
  days.reduce((sum, day) => sum + day.unread, 0);

export interface Comment {
  event: ProjectEvent;
  seconds: number | null; // moment in the capture
  unread: boolean;
}

const inThread = new Set(['note', 'progress', 'message', 'pin']);

// What people and devices said and pointed at on a capture, oldest first; not what stands in the feed by itself.
export function threadOf(
  events: readonly ProjectEvent[],
  stated: ReadonlySet<string>,
  sinceUs: number,
): Comment[] {
  return events
    .filter((event) => inThread.has(event.kind) && !stated.has(event.id))
    .filter((event) => event.text !== '' || event.kind === 'pin') // a pin may go without words
    .sort((a, b) => a.stated_at_us - b.stated_at_us)
    .map((event) => ({
      event,
      seconds: event.media_time_us === null ? null : event.media_time_us / 1e6,
      unread: isNew(Math.max(event.received_at_us, event.stated_at_us), sinceUs) > 0,
    }));
}

// The names of those who spoke, each once.
export function speakersOf(events: readonly ProjectEvent[]): string[] {
  return [...new Set(events.flatMap((event) => event.actor?.display_name || []))];
}

// The names of a project's people as far as its feed shows them; what was said on a capture is read with its thread.
export function namesIn(
  items: readonly Item[],
  plan: Plan | null,
  requests: readonly FootageRequest[] = [],
): string[] {
  const said = [
    ...speakersOf(items.filter(isRemark).map((item) => item.event)),
    ...statementsOf(plan).map((one) => one.statement.by),
    ...requests.flatMap((request) => [request.by, ...request.steps.map((step) => step.by)]),
  ];
  return [...new Set(said.flatMap((name) => name || []))];
}

// Whether a text speaks to somebody by name. A longer name that begins the same is somebody else only where one of
// `others` is it.
export function mentions(text: string, name: string, others: readonly string[] = []): boolean {
  const own = name.trim();
  if (own === '') return false;
  for (let at = text.indexOf(`@${own}`); at >= 0; at = text.indexOf(`@${own}`, at + 1)) {
    const longer = others.some((other) => other.length > own.length && text.startsWith(other, at + 1));
    if (!longer) return true;
  }
  return false;
}
