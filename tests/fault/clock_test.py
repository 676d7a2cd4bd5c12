#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wall clock of every process steps by an hour or ten years, forwards and backwards, while an agent
films; now and then the recording is begun anew at that time. Nothing is lost, each track's order is that of
its sequence, what is delivered goes on, and nobody's session or rights have expired. Afterwards the archive is
byte for byte what was captured.

Prints its seed. `--trials N`: steps; 20 in the usual run, 200 in the full one."""
import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import archive_checker  # noqa: E402
from full_disk_test import status_of  # noqa: E402
from stack import Stack, wait_until  # noqa: E402
from walkthrough import Walkthrough, lines_in  # noqa: E402

PORT_BASE = 24380
HOUR = 3600
TEN_YEARS = 10 * 365 * 24 * HOUR
RECOVER_S = 30


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--preload", required=True, help="the library that shifts the clock")
    parser.add_argument("--trials", type=int,
                        default=200 if os.environ.get("SITECAST_TEST_LONG") else 20)
    parser.add_argument("--minutes", type=float, help="no new trial after this")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    deadline = time.monotonic() + 60 * (options.minutes or 1e6)
    chance = random.Random(seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sitecast-clock-"))
    offset_file, ledger = folder / "offset", folder / "ledger.txt"

    def set_clock(seconds):
        new = folder / "offset.new"
        new.write_text(f"{seconds}\n")
        os.replace(new, offset_file)

    set_clock(0)
    os.environ["SITECAST_CLOCK_OFFSET"] = str(offset_file)
    prefix = ["env", f"LD_PRELOAD={options.preload}"]
    stack = Stack(options.build, folder / "stack", PORT_BASE, prefix=prefix)
    walk, offset, problems = None, 0, None
    try:
        stack.__enter__()
        for section, key, value in [("spool", "ledger", str(ledger)), ("encode", "width", 320),
                                    ("encode", "height", 240),
                                    ("encode", "video_bitrate_kbps", 400),
                                    ("encode", "master", "off")]:
            stack.set_agent_option(section, key, value)
        walk = Walkthrough(stack, "test:", prefix=prefix)
        wait_until("the first parts are captured", 30, lambda: lines_in(ledger) > 30)
        for number in range(options.trials):
            if time.monotonic() > deadline:
                print(f"{number} trials in the time given")
                break
            # Years around now that a wall clock can say: one step of ten years at most from the truth.
            steps = [step for step in (HOUR, -HOUR, TEN_YEARS, -TEN_YEARS)
                     if abs(offset + step) <= TEN_YEARS + 24 * HOUR]
            offset += chance.choice(steps)
            set_clock(offset)
            if number % 5 == 4:
                walk.stop()
                walk = Walkthrough(stack, "test:", prefix=prefix)
            captured = lines_in(ledger)
            wait_until("filming goes on", RECOVER_S, lambda: lines_in(ledger) > captured + 20)
            wait_until("what was filmed is at the hub", RECOVER_S,
                       lambda: status_of(stack, prefix)["waiting_bytes"] < 200_000)
            if number % 5 == 4:  # the step has reached the processes
                newest = status_of(stack, prefix)["captures"][-1]["captured_at_us"] / 1e6
                if abs(newest - time.time() - offset) > HOUR / 2:
                    raise AssertionError(f"the clock did not step: {newest}")
            print(f"{number + 1}/{options.trials}: clock off by {offset / HOUR:+.0f} h", flush=True)
        walk.stop()
        walk = None
        subprocess.run([*prefix, stack.agent, "--config", str(stack.device_config), "send",
                        "--until-delivered"], check=True, timeout=60, capture_output=True)
        stack.__exit__()
        written = archive_checker.read_ledger(ledger)
        tracks = archive_checker.read_archive(stack.hub_state_dir)
        problems = archive_checker.compare(written, tracks)
        check = subprocess.run([stack.hub, "--config", str(stack.hub_config), "check",
                                "--read-data"], capture_output=True, text=True, check=False)
        if check.returncode != 0:
            problems.append(f"check: {check.stdout}{check.stderr}")
        print(f"{len(written)} parts captured, {sum(len(t.hashes) for t in tracks)} archived, "
              f"{len(problems)} problems")
        for problem in problems[:20]:
            print("  " + problem)
        return 1 if problems else 0
    finally:
        if walk:
            walk.stop()
        stack.__exit__()
        if problems == []:
            shutil.rmtree(folder)
        else:
            print(f"kept: {folder}")


if __name__ == "__main__":
    sys.exit(main())
