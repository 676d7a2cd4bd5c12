// SPDX-License-Identifier: Apache-2.0
// Addresses hold the whole state of a page, so that a link can be pasted into a chat. Pure.
//   /                         projects (or the only one)
//   /sign-in?next=…
//   /p/{project}?area=&kind=&date=     timeline
//   /p/{project}/feed         all of it as one stream
//   /p/{project}/search?q=&area=&kind=&stage=&person=&from=&until=     what was said and filmed, by its words
//   /search?…                 the same in all projects
//   /p/{project}/plan         the plan against what was seen
//   /p/{project}/review?item=          milestones that wait for the centre
//   /p/{project}/requests     what is asked to be filmed
//   /p/{project}/devices      what devices hold that is not at the centre
//   /c/{capture}?t=                    recording, live or archived, or photo; t: seconds
// `lang` may stand on each of them.
import { isId } from '../codec/id';

export interface SearchRoute extends Record<(typeof searchFields)[number], string> {
  page: 'search';
  id: string; // '': all projects
}

const searchFields = ['q', 'area', 'kind', 'stage', 'person', 'from', 'until'] as const;

export type Route =
  | { page: 'home' }
  | { page: 'sign_in'; next: string }
  | { page: 'project'; id: string; area: string; kind: string; date: string }
  | { page: 'feed'; id: string }
  | SearchRoute
  | { page: 'devices'; id: string }
  | { page: 'plan'; id: string }
  | { page: 'review'; id: string; item: string }
  | { page: 'requests'; id: string }
  | { page: 'capture'; id: string; at: number | null }
  | { page: 'unknown' };

export function parseRoute(path: string, search: string): Route {
  const query = new URLSearchParams(search);
  const [first = '', id = '', ...rest] = path.split('/').slice(1);
  if (first === '' && id === '') return { page: 'home' };
  if (first === 'sign-in' && id === '') {
    const next = query.get('next') ?? '/';
    // Only a path of this site, or a link could send people elsewhere after they signed in.
    return { page: 'sign_in', next: /^\/(?![/\\])/.test(next) ? next : '/' };
  }
  if (first === 'search' && id === '') return searchRoute('', query);
  if (first === 'p' && isId(id) && rest.length === 1 && rest[0] === 'search') return searchRoute(id, query);
  if (first === 'p' && isId(id) && rest.length === 1 && rest[0] !== undefined) {
    if (rest[0] === 'feed') return { page: 'feed', id };
    if (rest[0] === 'devices') return { page: 'devices', id };
    if (rest[0] === 'plan') return { page: 'plan', id };
    if (rest[0] === 'review') return { page: 'review', id, item: query.get('item') ?? '' };
    if (rest[0] === 'requests') return { page: 'requests', id };
  }
  if (rest.length > 0 || !isId(id)) return { page: 'unknown' };
  if (first === 'p') {
    const [area, kind, date] = ['area', 'kind', 'date'].map((name) => query.get(name) ?? '');
    return { page: 'project', id, area: area!, kind: kind!, date: date! };
  }
  if (first === 'c') {
    const at = Number.parseFloat(query.get('t') ?? '');
    return { page: 'capture', id, at: Number.isFinite(at) && at >= 0 ? at : null };
  }
  return { page: 'unknown' };
}

// `lang`: kept on every address of a visit that began with it.
export function routeUrl(route: Route, lang: string | null): string {
  const query = new URLSearchParams();
  let path = '/';
  if (route.page === 'sign_in') {
    path = '/sign-in';
    if (route.next !== '/') query.set('next', route.next);
  } else if (route.page === 'project') {
    path = `/p/${route.id}`;
    if (route.area !== '') query.set('area', route.area);
    if (route.kind !== '') query.set('kind', route.kind);
    if (route.date !== '') query.set('date', route.date);
  } else if (route.page === 'feed') {
    path = `/p/${route.id}/feed`;
  } else if (route.page === 'search') {
    path = route.id === '' ? '/search' : `/p/${route.id}/search`;
    for (const name of searchFields) if (route[name] !== '') query.set(name, route[name]);
  } else if (route.page === 'devices') {
    path = `/p/${route.id}/devices`;
  } else if (route.page === 'plan') {
    path = `/p/${route.id}/plan`;
  } else if (route.page === 'review') {
    path = `/p/${route.id}/review`;
    if (route.item !== '') query.set('item', route.item);
  } else if (route.page === 'requests') {
    path = `/p/${route.id}/requests`;
  } else if (route.page === 'capture') {
    path = `/c/${route.id}`;
    if (route.at !== null) query.set('t', String(Math.round(route.at * 10) / 10));
  }
  if (lang !== null) query.set('lang', lang);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function searchRoute(id: string, query: URLSearchParams = new URLSearchParams()): SearchRoute {
  const [q, area, kind, stage, person, from, until] = searchFields.map((name) => query.get(name) ?? '');
  return { page: 'search', id, q: q!, area: area!, kind: kind!, stage: stage!, person: person!, from: from!, until: until! };
}

export const projectRoute = (id: string): Route => ({
  page: 'project',
  id,
  area: '',
  kind: '',
  date: '',
});

export const captureRoute = (id: string, at: number | null = null): Route => ({
  page: 'capture',
  id,
  at,
});
