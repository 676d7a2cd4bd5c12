#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory of agent and hub while an agent films and the network is down half of the time, cut about ten times as
often as a bad site does: five cuts a minute. Resident memory is read once a second; the slope (least squares)
after the first part of the run is printed, and in a run of 20 minutes or more may be at most 1 MB in 10
minutes. Afterwards the archive is what was captured.

Prints its seed. `--minutes N`: 0.4 in the usual run, which only prints the slope; 30 in the full one.
Skips (77) without root or /dev/net/tun."""
import argparse
import os
import random
import sys
import threading
import time

from field import Field, why_not

CUT_S = (2, 10)  # down and up alike: half of the time
WARM_UP_MINUTES = 5
JUDGED_FROM_MINUTES = 20
MOST_MB_PER_10_MINUTES = 1.0


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise AssertionError(f"process {pid} has ended")


def slope(samples):
    """Least squares of (seconds, kB): MB in ten minutes."""
    count = len(samples)
    mean_t = sum(t for t, _ in samples) / count
    mean_kb = sum(kb for _, kb in samples) / count
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    if spread == 0:
        return 0.0
    rise = sum((t - mean_t) * (kb - mean_kb) for t, kb in samples) / spread
    return rise * 600 / 1000


class Watch:
    """Reads resident memory once a second, by process."""

    def __init__(self, pids):
        self.pids = pids
        self.samples = {name: [] for name in pids}
        self.began = time.monotonic()
        self.over = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self):
        try:
            while not self.over.wait(1):
                for name, pid in self.pids.items():
                    self.samples[name].append((time.monotonic() - self.began, resident_kb(pid)))
        except (OSError, AssertionError) as error:  # one that was started anew is no one to measure
            self.error = error

    def stop(self):
        self.over.set()
        self.thread.join()
        if self.error:
            raise AssertionError(f"a process ended while it was measured: {self.error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--minutes", type=float,
                        default=30 if os.environ.get("SITECAST_TEST_LONG") else 0.4)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    if why_not():
        print(f"skipped: {why_not()}")
        return 77
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    length_s = options.minutes * 60
    judged = options.minutes >= JUDGED_FROM_MINUTES
    warm_up_s = WARM_UP_MINUTES * 60 if judged else length_s / 4
    with Field(options.build, seed) as field:
        watch = Watch({"agent": field.walk.pid(), "hub": field.stack.info["hub_pid"]})
        cuts, down_s = 0, 0.0
        try:
            end = time.monotonic() + length_s
            while time.monotonic() < end and watch.error is None:
                field.link.do("down")
                before = time.monotonic()
                time.sleep(chance.uniform(*CUT_S))
                field.link.do("up")
                down_s += time.monotonic() - before
                cuts += 1
                time.sleep(chance.uniform(*CUT_S))
        finally:
            watch.stop()
        print(f"{cuts} cuts, down {down_s / length_s * 100:.0f} % of {options.minutes:g} minutes")
        steep = []
        for name, samples in watch.samples.items():
            after = [sample for sample in samples if sample[0] >= warm_up_s]
            rise = slope(after)
            print(f"{name}: {after[0][1] / 1000:.1f} MB after {warm_up_s:.0f} s, "
                  f"{after[-1][1] / 1000:.1f} MB at the end, most {max(kb for _, kb in after) / 1000:.1f} MB, "
                  f"slope {rise:+.2f} MB per 10 minutes", flush=True)
            if judged and rise > MOST_MB_PER_10_MINUTES:
                steep.append(name)
        problems = field.finish()
        if steep:
            print(f"memory grows: {', '.join(steep)}")
        return 1 if problems or steep else 0


if __name__ == "__main__":
    sys.exit(main())
