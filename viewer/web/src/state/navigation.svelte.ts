// SPDX-License-Identifier: Apache-2.0
// Where the person is, kept equal to the address bar.
import { parseRoute, routeUrl, type Route } from './route';

const langOfUrl = (): string | null => new URLSearchParams(location.search).get('lang');

class Navigation {
  route = $state.raw<Route>(parseRoute(location.pathname, location.search));
  // Counts page changes; not raised when only the state within a page changes.
  visit = $state(0);

  constructor() {
    addEventListener('popstate', () => {
      this.route = parseRoute(location.pathname, location.search);
      this.visit++;
    });
  }

  url(route: Route): string {
    return routeUrl(route, langOfUrl());
  }

  go(route: Route, how: 'push' | 'replace' = 'push'): void {
    history[how === 'push' ? 'pushState' : 'replaceState'](null, '', this.url(route));
    this.route = route;
    this.visit++;
    scrollTo(0, 0);
  }

  // The same page in another state (a filter, a moment): no new entry in the history.
  amend(route: Route): void {
    history.replaceState(null, '', this.url(route));
    this.route = route;
  }

  setLanguage(lang: string): void {
    history.replaceState(null, '', routeUrl(this.route, lang));
  }

  signIn(): void {
    if (this.route.page === 'sign_in') return;
    this.go({ page: 'sign_in', next: location.pathname + location.search }, 'replace');
  }

  // For onclick on an <a>: the browser's own ways of opening a link stay as they are.
  readonly follow = (event: MouseEvent & { currentTarget: HTMLAnchorElement }): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const target = new URL(event.currentTarget.href);
    this.go(parseRoute(target.pathname, target.search));
  };
}

export const navigation = new Navigation();
