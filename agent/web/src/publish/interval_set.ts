// SPDX-License-Identifier: Apache-2.0
// A set of sequences as disjoint ranges; costs are in ranges, not in members. agent/publish/interval_set.h.

export class IntervalSet {
  private ranges: [number, number][] = []; // first, end; ascending

  // Adds [first, end).
  add(first: number, end: number): void {
    if (first >= end) return;
    const from = this.ranges.findIndex((range) => range[1] >= first);
    if (from < 0) {
      this.ranges.push([first, end]);
      return;
    }
    let until = from;
    while (until < this.ranges.length && this.ranges[until]![0] <= end) until += 1;
    if (until > from) {
      first = Math.min(first, this.ranges[from]![0]);
      end = Math.max(end, this.ranges[until - 1]![1]);
    }
    this.ranges.splice(from, until - from, [first, end]);
  }

  // The first member of no range that is at or after `from`.
  nextOutside(from: number): number {
    const range = this.ranges.findLast(([first]) => first <= from);
    return range === undefined ? from : Math.max(from, range[1]);
  }

  has(value: number): boolean {
    return this.nextOutside(value) !== value;
  }

  // Members below `end`.
  countBelow(end: number): number {
    let count = 0;
    for (const [first, rangeEnd] of this.ranges) {
      if (first >= end) break;
      count += Math.min(rangeEnd, end) - first;
    }
    return count;
  }
}
