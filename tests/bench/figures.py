# SPDX-License-Identifier: Apache-2.0
"""Numbers that several benchmarks make in the same way."""
import os
import pathlib
import random
import statistics
import time

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def percentile(values, share):
    """Nearest rank: the smallest value that at least `share` of all are not above."""
    values = sorted(values)
    rank = -(-len(values) * share // 1)  # ceiling
    return values[min(len(values), max(1, int(rank))) - 1]


def ratio_interval(pairs):
    """Median of a/b over pairs of one run, and its bootstrap 95 % interval."""
    ratios = [a / b for a, b in pairs]
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios)))
                     for _ in range(2000))
    return statistics.median(ratios), medians[50], medians[1949]


def cpu_seconds(pid):
    """User and system time of a process with all its threads; children that ended are not in it."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def resident_mb(pid):
    """(resident, of it not backed by files, highest so far), in MB of 10^6 bytes."""
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key in ("VmRSS", "RssAnon", "VmHWM"):
            found[key] = int(value.split()[0]) * 1024 / 1e6
    return found["VmRSS"], found["RssAnon"], found["VmHWM"]


class Others:
    """Cores that processes not started by this one kept busy since this was made."""

    def __init__(self):
        self.busy = self._busy_seconds()
        self.ours = self._our_seconds()
        self.at = time.monotonic()

    def cores(self):
        busy, ours = self._busy_seconds() - self.busy, self._our_seconds() - self.ours
        return max(0.0, busy - ours) / max(0.01, time.monotonic() - self.at)

    @staticmethod
    def _busy_seconds():
        fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        user, nice, system, _, _, irq, softirq, steal = map(int, fields)
        return (user + nice + system + irq + softirq + steal) / CLOCK_TICKS

    @staticmethod
    def _our_seconds():
        """Of this process, all below it, and those that have ended and been waited for."""
        parents, seconds = {}, {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                except OSError:
                    continue
                parents[int(entry.name)] = int(fields[1])
                seconds[int(entry.name)] = sum(map(int, fields[11:15])) / CLOCK_TICKS
        total = 0.0
        for pid in seconds:
            ancestor = pid
            while ancestor > 1 and ancestor != os.getpid():
                ancestor = parents.get(ancestor, 0)
            if ancestor == os.getpid():
                total += seconds[pid]
        return total
