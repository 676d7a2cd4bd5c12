// SPDX-License-Identifier: Apache-2.0
// Entry. Small on purpose: it stands between navigation and the first live picture. Connects at once;
// the page's framework and texts come after the picture.
import { startEarly } from './early';
import { parseRoute } from './state/route';

// Without the framework there are no language files either, so this one says it in both.
function sayNotLoaded(): void {
  const words = document.createElement('p');
  words.setAttribute('role', 'alert');
  words.className = 'not-loaded';
  words.textContent =
    '页面没有打开，请检查网络后刷新。已经采集的内容不会丢失。 ' +
    'The page could not be loaded. Check your connection and reload; nothing that was filmed is lost.';
  document.getElementById('app')?.append(words);
}

startEarly(parseRoute(location.pathname, location.search))
  .then(() => import('./app'))
  .then(({ start }) => start())
  .catch((error: unknown) => {
    sayNotLoaded();
    throw error;
  });
