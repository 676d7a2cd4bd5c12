#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of agent, hub, broker and gateway at random moments during a walk-through.

Afterwards everything that was captured must be in the archive, byte for byte, once, and
`sitecast-hub check --read-data` must be clean. Prints its seed; the same seed kills at the same
moments. `--trials N` kills of each process: 2, and 10 in the long run (SITECAST_TEST_LONG).
"""
import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import archive_checker  # noqa: E402
from stack import Stack, wait_until  # noqa: E402
from walkthrough import Walkthrough, lines_in  # noqa: E402


def usual_trials(environment):
    """Kills of each process, when nobody says how many."""
    return 10 if environment.get("SITECAST_TEST_LONG") else 2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--port-base", type=int, default=24100)
    parser.add_argument("--trials", type=int, default=usual_trials(os.environ))
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--source", default="test:")
    parser.add_argument("--audio", default="")
    parser.add_argument("--keep", action="store_true", help="keep the folder for looking at it")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)

    plan = [name for name in ("agent", "hub", "broker", "gateway") for _ in range(options.trials)]
    chance.shuffle(plan)

    with tempfile.TemporaryDirectory(prefix="sitecast-kill-") as folder:
        folder = pathlib.Path(folder)
        ledger = folder / "ledger.txt"
        with Stack(options.build, folder / "stack", options.port_base, supervise=True) as stack:
            stack.set_agent_option("spool", "ledger", str(ledger))
            walk = Walkthrough(stack, options.source, options.audio)
            try:
                wait_until("the first parts are captured", 30, lambda: lines_in(ledger) > 60)
                for number, name in enumerate(plan):
                    captured = lines_in(ledger)
                    pause_s = chance.uniform(0.2, 2.5)
                    deadline = time.monotonic() + pause_s
                    wait_until("the moment", pause_s + 5, lambda: time.monotonic() >= deadline)
                    pid = walk.pid() if name == "agent" else stack.child_pid(name)
                    if pid is None:
                        wait_until(f"{name} runs", 20,
                                   lambda: (walk.pid() if name == "agent" else stack.child_pid(name)))
                        pid = walk.pid() if name == "agent" else stack.child_pid(name)
                    os.kill(pid, signal.SIGKILL)
                    print(f"kill {number + 1}/{len(plan)}: {name} after {pause_s:.2f} s, "
                          f"{lines_in(ledger)} parts captured", flush=True)
                    wait_until(f"{name} is back", 30, lambda: (
                        walk.pid() if name == "agent" else stack.child_pid(name)) not in (None, pid))
                    wait_until("capture goes on", 30, lambda: lines_in(ledger) > captured + 30)
            finally:
                walk.stop()
            stack.wait_ready(60)
            delivered = subprocess.run(
                [stack.agent, "--config", str(stack.device_config), "send", "--until-delivered"],
                timeout=120, capture_output=True, text=True)
            if delivered.returncode != 0:
                raise AssertionError(f"send failed: {delivered.stdout}{delivered.stderr}")
        # The stack is stopped: what the files hold is all there is.
        captured = archive_checker.read_ledger(ledger)
        tracks = archive_checker.read_archive(stack.hub_state_dir)
        problems = archive_checker.compare(captured, tracks)
        check = subprocess.run([stack.hub, "--config", str(stack.hub_config), "check", "--read-data"],
                               capture_output=True, text=True)
        if check.returncode != 0:
            problems.append(f"check: {check.stdout}{check.stderr}")
        print(f"{len(captured)} parts captured in {len({k[0] for k in captured})} captures, "
              f"{sum(len(t.hashes) for t in tracks)} archived, {walk.starts} agent starts, "
              f"{len(plan)} kills, {len(problems)} problems")
        for problem in problems[:20]:
            print("  " + problem)
        if problems and options.keep:
            kept = pathlib.Path(tempfile.mkdtemp(prefix="sitecast-kill-kept-"))
            subprocess.run(["cp", "-a", str(folder), str(kept)], check=True)
            print(f"kept in {kept}")
        return 1 if problems or not captured else 0


if __name__ == "__main__":
    sys.exit(main())
