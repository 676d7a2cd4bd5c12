// SPDX-License-Identifier: Apache-2.0
// A day's stream cut into runs: photos that follow each other are shown as a grid, anything else as a
// row of its own. Pure.
import type { Capture } from '../api/types';
import { isRemark, type Item } from './timeline';

export type Run = { photos: true; items: Capture[] } | { photos: false; items: [Item] };

export function runsOf(items: readonly Item[]): Run[] {
  const runs: Run[] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (isRemark(item) || item.kind !== 'photo') runs.push({ photos: false, items: [item] });
    else if (last?.photos === true) last.items.push(item);
    else runs.push({ photos: true, items: [item] });
  }
  return runs;
}
