// SPDX-License-Identifier: Apache-2.0
// Where the person is, kept equal to the address bar.
import { tick } from 'svelte';
import { parseRoute, routeUrl, type Route } from './route';

// What an entry of the history remembers beside its address.
interface Entry {
  scrollY: number; // where the person left the page
  from: string; // path of the page before it, in this visit
}

const entry = (): Partial<Entry> => (history.state as Partial<Entry> | null) ?? {};

const langOfUrl = (): string | null => new URLSearchParams(location.search).get('lang');

class Navigation {
  route = $state.raw<Route>(parseRoute(location.pathname, location.search));

  constructor() {
    // The browser would scroll before the page is there.
    history.scrollRestoration = 'manual';
    addEventListener('popstate', () => {
      this.route = parseRoute(location.pathname, location.search);
      const { scrollY = 0 } = entry();
      void tick().then(() => requestAnimationFrame(() => scrollTo(0, scrollY)));
    });
  }

  url(route: Route): string {
    return routeUrl(route, langOfUrl());
  }

  go(route: Route, how: 'push' | 'replace' = 'push'): void {
    if (how === 'push') {
      const from = location.pathname;
      history.replaceState({ ...entry(), scrollY }, '');
      history.pushState({ from }, '', this.url(route));
    } else {
      history.replaceState(entry(), '', this.url(route));
    }
    this.route = route;
    scrollTo(0, 0);
  }

  // Up one level: back to where the person came from when that is it, with its filters and place.
  up(route: Route): void {
    const path = new URL(this.url(route), location.href).pathname;
    if (entry().from === path) history.back();
    else this.go(route);
  }

  // The same page in another state (a filter, a moment): no new entry in the history.
  amend(route: Route): void {
    history.replaceState(entry(), '', this.url(route));
    this.route = route;
  }

  setLanguage(lang: string): void {
    history.replaceState(entry(), '', routeUrl(this.route, lang));
  }

  signIn(): void {
    if (this.route.page === 'sign_in') return;
    this.go({ page: 'sign_in', next: location.pathname + location.search }, 'replace');
  }

  // For onclick on an <a>: the browser's own ways of opening a link stay as they are.
  readonly follow = (event: MouseEvent & { currentTarget: HTMLAnchorElement }): void => {
    const target = this.#plainClick(event);
    if (target !== null) this.go(target);
  };

  readonly followUp = (event: MouseEvent & { currentTarget: HTMLAnchorElement }): void => {
    const target = this.#plainClick(event);
    if (target !== null) this.up(target);
  };

  #plainClick(event: MouseEvent & { currentTarget: HTMLAnchorElement }): Route | null {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
    event.preventDefault();
    const target = new URL(event.currentTarget.href);
    return parseRoute(target.pathname, target.search);
  }
}

export const navigation = new Navigation();
