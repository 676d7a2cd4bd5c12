#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The live rendition follows the link: an agent films with sound while the link's rate falls to where only
smaller pictures, then only voice fit, and comes back. On each link the newest voice is at the hub; afterwards
the picture is at its best again and the archive is byte for byte what was captured. Prints its seed. Skips
(77) without root or /dev/net/tun."""
import argparse
import os
import random
import sys

import archive_checker
from field import Field, wait_until, why_not

# Best first: agent/publish/rate_ladder.cpp.
RUNGS = ["full", "540p", "360p", "360p15", "240p10", "stills", "voice", "record_only"]
# Link, kbit/s; the rungs that fit into it; within how many seconds.
STEPS = [(6000, RUNGS[:1], 30), (450, RUNGS[3:5], 30), (75, RUNGS[6:7], 40), (6000, RUNGS[:1], 90)]
VOICE_BEHIND = 25  # parts of 40 to 100 ms by which the newest at the hub may be behind


def voice_behind(field):
    """How many parts newer than the newest at the hub there are. Gaps that fill in later do not count."""
    captured = [key[2] for key in archive_checker.read_ledger(field.ledger) if key[1] == "audio"]
    sidecars = (field.stack.hub_state_dir / "archive").glob("*/*/*/audio.sidecar")
    archived = [number for path in sidecars for number in archive_checker.sequences_in(path)]
    return max(captured, default=0) - max(archived, default=-1)


def quality(field):
    return field.status()["link"]["live_quality"]


def follow(field, kbps, rungs, seconds):
    field.link.do("uplink queue 600ms")  # as mobile links have; 100 ms of 75 kbit/s is not a packet
    field.link.do(f"uplink rate {kbps}k")
    wait_until(f"live is {' or '.join(rungs)} at {kbps} kbit/s", seconds,
               lambda: quality(field) in rungs)
    for _ in range(5):  # not for a moment only
        wait_until(f"the newest voice is at the hub at {kbps} kbit/s", 30,
                   lambda: voice_behind(field) < VOICE_BEHIND)
        wanted = field.captured() + 30
        wait_until("more is captured", 30, lambda: field.captured() > wanted)
    print(f"  {kbps} kbit/s: {quality(field)}, {field.status()['link']['delivered_kbps']} kbit/s "
          f"delivered, voice {voice_behind(field)} parts behind", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    default_seed = os.environ.get("SITECAST_TEST_SEED")
    parser.add_argument("--seed", type=int, default=default_seed and int(default_seed))
    options = parser.parse_args()
    if why_not():
        print(f"skipped: {why_not()}")
        return 77
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    with Field(options.build, seed, options=[("publish", "adapt", "on"),
                                             ("encode", "video_bitrate_kbps", 2500),
                                             ("encode", "width", 1280),
                                             ("encode", "height", 720)]) as field:
        for step in STEPS:
            follow(field, *step)
        problems = field.finish()
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
