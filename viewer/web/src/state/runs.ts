// SPDX-License-Identifier: Apache-2.0
// A day's stream cut into runs: photos that follow each other are shown as a grid, anything else as a
// row of its own. Pure.
import type { Capture } from '../api/types';

export type Run = { photos: true; items: Capture[] } | { photos: false; items: [Capture] };

export function runsOf(items: readonly Capture[]): Run[] {
  const runs: Run[] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (item.kind !== 'photo') runs.push({ photos: false, items: [item] });
    else if (last?.photos === true) last.items.push(item);
    else runs.push({ photos: true, items: [item] });
  }
  return runs;
}
