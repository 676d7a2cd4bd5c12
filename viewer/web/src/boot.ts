// SPDX-License-Identifier: Apache-2.0
// Entry. Small on purpose: it stands between navigation and the first live picture. Connects at once,
// then loads the page's framework and texts.
import { startEarly } from './early';
import { parseRoute } from './state/route';

startEarly(parseRoute(location.pathname, location.search));
void import('./app').then(({ start }) => start());
