// SPDX-License-Identifier: Apache-2.0
// What is asked of a search, and where a result leads. Pure.
import type { SearchResult } from '../api/types';
import { dayKey, endOfDayUs } from '../i18n/dates';
import { captureRoute, type Route, type SearchRoute } from './route';

export const searchKinds = ['note', 'progress', 'message', 'pin', 'request', 'milestone', 'plan'] as const;

// Nothing is asked yet.
export const isBlank = (route: SearchRoute): boolean =>
  [route.q, route.area, route.kind, route.stage, route.person, route.from, route.until].every(
    (field) => field.trim() === '',
  );

// `zone`: days are the project's.
export function searchQuery(route: SearchRoute, zone: string, after: string | null): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of ['q', 'area', 'kind', 'stage', 'person'] as const) {
    if (route[name].trim() !== '') query.set(name, route[name].trim());
  }
  const dayBefore = new Date(Date.parse(route.from) - 86_400_000);
  const fromUs = Number.isNaN(dayBefore.valueOf()) ? null : endOfDayUs(dayBefore.toISOString().slice(0, 10), zone);
  const untilUs = endOfDayUs(route.until, zone);
  if (fromUs !== null) query.set('from_us', String(fromUs));
  if (untilUs !== null) query.set('until_us', String(untilUs));
  if (after !== null) query.set('after', after);
  return query;
}

// The very moment where there is one, else the page that speaks of it.
export function placeOf(result: SearchResult, zone: string): Route {
  const { event, project_id: id } = result;
  if (result.capture !== null) {
    return captureRoute(result.capture.id, event.media_time_us === null ? null : event.media_time_us / 1e6);
  }
  if (result.what === 'request') return { page: 'requests', id };
  if (result.what === 'plan' || result.what === 'milestone') return { page: 'plan', id };
  return { page: 'project', id, area: '', kind: 'remark', date: dayKey(event.stated_at_us, zone) };
}
