// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { captureRoute, parseRoute, projectRoute, routeUrl, searchRoute, type Route } from '../src/state/route';

const id = 'AZNafIABcAGAAQIDBAUGCg';
const parse = (url: string): Route => {
  const { pathname, search } = new URL(url, 'http://site');
  return parseRoute(pathname, search);
};

describe('addresses', () => {
  const routes: [string, Route][] = [
    ['/', { page: 'home' }],
    ['/sign-in', { page: 'sign_in', next: '/' }],
    [`/p/${id}`, projectRoute(id)],
    [
      `/p/${id}?area=%E4%B8%80%E5%8F%B7%E8%BD%A6%E9%97%B4&kind=photo&date=2026-04-13`,
      { page: 'project', id, area: '一号车间', kind: 'photo', date: '2026-04-13' },
    ],
    [`/p/${id}/feed`, { page: 'feed', id }],
    [`/p/${id}/search?q=%E5%B1%8B%E9%9D%A2&kind=note`, { ...searchRoute(id), q: '屋面', kind: 'note' }],
    ['/search?q=roof&from=2026-04-13', { ...searchRoute(''), q: 'roof', from: '2026-04-13' }],
    [`/p/${id}/devices`, { page: 'devices', id }],
    [`/p/${id}/plan`, { page: 'plan', id }],
    [`/p/${id}/requests`, { page: 'requests', id }],
    [`/c/${id}`, captureRoute(id)],
    [`/c/${id}?t=12.5`, captureRoute(id, 12.5)],
  ];
  it.each(routes)('%s holds its state', (url, route) => {
    expect(parse(url)).toEqual(route);
    expect(routeUrl(route, null)).toBe(url);
  });
  it('keep the language', () => {
    expect(routeUrl(captureRoute(id, 3), 'en')).toBe(`/c/${id}?t=3&lang=en`);
  });
  it.each(['/c/short', `/c/${id}/more`, `/p/${id}/else`, '/p/short/devices', `/x/${id}`, '/sign-in/now'])('%s is no page', (url) => {
    expect(parse(url)).toEqual({ page: 'unknown' });
  });
  it.each(['t=-3', 't=soon', 't='])('a moment like %s is none', (query) => {
    expect(parse(`/c/${id}?${query}`)).toEqual(captureRoute(id));
  });
  it.each(['https://elsewhere.example/', '//elsewhere.example', '/\\elsewhere.example', 'javascript:1'])(
    'never lead elsewhere after signing in: %s',
    (next) => {
      expect(parse(`/sign-in?next=${encodeURIComponent(next)}`)).toEqual({ page: 'sign_in', next: '/' });
    },
  );
});
