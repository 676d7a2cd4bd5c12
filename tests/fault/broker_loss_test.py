#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker is killed and loses everything it has, again and again, in the middle of an upload. It holds
nothing that is needed: a new one is started from the hub's enrolment records, the agent and the hub come
back, and afterwards the archive is byte for byte what was captured, each part once.

Prints its seed; the same seed kills at the same moments. `--trials N` (500 in the full run). Skips (77) without
root or /dev/net/tun."""
import argparse
import os
import random
import signal
import sys
import time

from field import Field, wait_until, why_not

RESUME_S = 20
DOCUMENT_BYTES = 3_000_000  # four seconds of the link


def lose_broker(field):
    """kill -9, and all its files gone; the new one's pid."""
    pid = field.stack.child_pid("broker")
    for path in (field.stack.dir / "broker").iterdir():
        path.unlink()
    os.kill(pid, signal.SIGKILL)
    return wait_until("another broker runs", RESUME_S, lambda: (
        lambda found: found if found not in (None, pid) else None)(field.stack.child_pid("broker")))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--trials", type=int,
                        default=100 if os.environ.get("SITECAST_TEST_LONG") else 20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--minutes", type=float, default=60, help="nothing is begun after that")
    options = parser.parse_args()
    if why_not():
        print(f"skipped: {why_not()}")
        return 77
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    with Field(options.build, seed, supervise=True) as field:
        document = field.folder / "plan.bin"
        longest = 0.0
        end = time.monotonic() + options.minutes * 60
        for number in range(options.trials):
            if time.monotonic() > end:
                break
            status = field.status()
            if status["waiting_bytes"] < DOCUMENT_BYTES / 3:
                document.write_bytes(chance.randbytes(DOCUMENT_BYTES))
                field.agent("document", "--file", str(document))
            time.sleep(chance.uniform(0, 0.5))
            waiting = field.status()["waiting_bytes"]
            if waiting == 0:
                raise AssertionError("nothing was being uploaded")
            lose_broker(field)
            lost = time.monotonic()
            at_hub = field.parts("parts_at_hub")
            wait_until("the hub gets something new", RESUME_S,
                       lambda: field.parts("parts_at_hub") > at_hub)
            longest = max(longest, time.monotonic() - lost)
            if (number + 1) % 10 == 0:
                print(f"{number + 1}/{options.trials} brokers lost, the last with {waiting} bytes "
                      f"still to send; resumed after at most {longest:.1f} s", flush=True)
        return 1 if field.finish() else 0


if __name__ == "__main__":
    sys.exit(main())
