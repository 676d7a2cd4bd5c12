# SPDX-License-Identifier: Apache-2.0
"""Numbers that several benchmarks make in the same way."""
import os
import pathlib
import random
import statistics

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
