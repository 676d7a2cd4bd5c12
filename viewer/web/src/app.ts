// SPDX-License-Identifier: Apache-2.0
import { flushSync, mount } from 'svelte';
import { language, localeNow } from './i18n/i18n.svelte';
import App from './ui/App.svelte';

export async function start(): Promise<void> {
  await language.use(localeNow());
  const target = document.getElementById('app')!;
  // A picture that already plays is taken over by the page's own frame; the rest of what was put there
  // before the page goes.
  const early = target.querySelector('.early-picture');
  mount(App, { target });
  flushSync();
  early?.remove();
}
