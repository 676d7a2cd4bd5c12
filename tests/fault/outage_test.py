#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Outages of the link while an agent films: cuts, half-open links, a thin link, loss in bursts, resets, a
captive portal, another address. Outages delay, they never lose: afterwards the archive is byte for byte
what was captured, `sitecast-hub check --read-data` is clean, and after each outage the hub got something new
within 10 s. What was sent twice is counted: no more than was in flight at a cut, and that is no more than the
window; what the hub held does not come again.

Prints its seed; the same seed makes the same outages. `--rounds N`: each kind N times (20 in the full run).
Skips (77) without root or /dev/net/tun."""
import argparse
import os
import random
import subprocess
import sys
import time

from field import LINK_BITS_PER_S, WHOLE, WINDOW_BYTES, Field, wait_until, why_not

PORTAL_PORT = 8080
RESUME_S = 10

# Somebody who lets everybody connect, takes what is said, and answers in another protocol or not at all.
PORTAL = f"""
import contextlib, socket, threading
def serve(connection, answers):
    with connection, contextlib.suppress(OSError):
        while connection.recv(65536):
            if answers:
                connection.sendall(b"HTTP/1.1 302 Found\\r\\nLocation: http://portal/\\r\\n\\r\\n")
                answers = False
with socket.create_server(("0.0.0.0", {PORTAL_PORT})) as server:
    count = 0
    while True:
        count += 1
        threading.Thread(target=serve, args=(server.accept()[0], count % 2 == 0), daemon=True).start()
"""


class Outages:
    """What can happen to the link. Each kind returns when it has lasted long enough."""

    def __init__(self, link, chance, long_run):
        self.link = link
        self.chance = chance
        self.addresses = 1
        self.longest_s = 60 if long_run else 8

    def happen(self, kind):
        getattr(self, kind)()
        for setting in WHOLE:
            self.link.do(setting)

    def hold(self, low_s, high_s):
        time.sleep(self.chance.uniform(low_s, high_s))

    def short_cut(self):
        self.link.do("down")
        self.hold(0.5, 4)

    def long_cut(self):
        self.link.do("down")
        self.hold(self.longest_s * 0.8, self.longest_s)

    def half_open_uplink(self):
        self.link.do("half-open uplink")
        self.hold(3, 6)

    def half_open_downlink(self):
        self.link.do("half-open downlink")
        self.hold(3, 6)

    def dead_zone(self):
        """Nothing leaves, and the radio keeps what it was given."""
        self.link.do("rate 0")
        self.hold(2, 6)

    def thin_link(self):
        self.link.do("rate 64k")
        self.hold(4, 8)

    def loss_in_bursts(self):
        for _ in range(4):
            self.link.do("loss 30")
            self.hold(0.5, 1.5)
            self.link.do("loss 0")
            self.hold(0.2, 0.5)

    def reset_storm(self):
        for _ in range(6):
            self.link.do("reset on")
            self.hold(0.05, 0.5)
            self.link.do("reset off")
            self.hold(0.05, 0.8)

    def captive_portal(self):
        self.link.do(f"portal {PORTAL_PORT}")
        self.hold(3, 6)

    def another_address(self):
        self.addresses += 2
        self.link.do(f"address 10.77.0.{self.addresses % 200}")

    KINDS = ["short_cut", "long_cut", "half_open_uplink", "half_open_downlink", "dead_zone",
             "thin_link", "loss_in_bursts", "reset_storm", "captive_portal", "another_address"]


def happen_and_recover(kind, outages, field, left_before):
    """One outage; prints what it cost. `left_before`, and what is returned: bytes that were in flight at cuts
    of the outage before, or of this one, and may still have to be sent again: filming goes on, so there is
    no moment at which everything is at the hub. AssertionError when it was not overcome in time or cost too
    much."""
    before = field.status()["link"]
    twice_before = field.metric("sitecast_hub_parts_known_total")
    captured = field.captured()
    began = time.monotonic()
    outages.happen(kind)
    lasted = time.monotonic() - began
    if field.captured() <= captured and lasted > 2:
        raise AssertionError(f"{kind}: nothing was captured meanwhile")
    healed = time.monotonic()
    at_hub = field.parts("parts_at_hub")
    wait_until(f"{kind}: the hub gets something new", RESUME_S,
               lambda: field.parts("parts_at_hub") > at_hub)
    resumed = time.monotonic() - healed
    field.link.do("clear")
    wait_until(f"{kind}: the hub has what was captured meanwhile", 60,
               lambda: field.parts("parts") - field.parts("parts_at_hub") < 60)
    whole = time.monotonic() - healed
    used = field.link.stats()["uplink"]["bytes_out"] * 8 / max(whole - resumed, 0.001) / LINK_BITS_PER_S
    after = field.status()["link"]
    twice = field.metric("sitecast_hub_parts_known_total") - twice_before
    cost = {name: after[name] - before[name] for name in (
        "cuts", "cut_in_flight_bytes", "sent_again_parts", "sent_again_bytes")}
    print(f"  {kind}: {lasted:.1f} s, resumed after {resumed:.1f} s, whole after {whole:.1f} s "
          f"({100 * used:.0f} % of the link), "
          f"{cost['cuts']} cuts, {cost['cut_in_flight_bytes']} bytes in flight, "
          f"{cost['sent_again_bytes']} bytes ({cost['sent_again_parts']} parts) sent again, "
          f"{twice} parts came twice", flush=True)
    if after["cut_in_flight_most_bytes"] > WINDOW_BYTES:
        raise AssertionError(f"{kind}: more in flight than the window of {WINDOW_BYTES}: {after}")
    left = left_before + cost["cut_in_flight_bytes"] - cost["sent_again_bytes"]
    if left < 0:
        raise AssertionError(f"{kind}: sent again what was not in flight at a cut: {after}")
    # At most one part per track and cut may come twice; here one of all tracks together.
    if twice > cost["cuts"]:
        raise AssertionError(f"{kind}: {twice} parts came twice at {cost['cuts']} cuts")
    return min(left, cost["cut_in_flight_bytes"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--rounds", type=int,
                        default=5 if os.environ.get("SITECAST_TEST_LONG") else 1)
    parser.add_argument("--only", action="append", choices=Outages.KINDS)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--minutes", type=float, default=60, help="nothing is begun after that")
    options = parser.parse_args()
    if why_not():
        print(f"skipped: {why_not()}")
        return 77
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    plan = []
    for _ in range(options.rounds):
        kinds = list(options.only or Outages.KINDS)
        chance.shuffle(kinds)
        plan += kinds
    with Field(options.build, seed) as field:
        portal = subprocess.Popen([*field.link.hub, sys.executable, "-c", PORTAL])
        try:
            outages = Outages(field.link, chance, options.rounds > 1)
            end = time.monotonic() + options.minutes * 60
            left = 0
            for number, kind in enumerate(plan):
                if time.monotonic() > end:
                    break
                print(f"outage {number + 1}/{len(plan)}", flush=True)
                left = happen_and_recover(kind, outages, field, left)
        finally:
            portal.kill()
            portal.wait()
        return 1 if field.finish() else 0


if __name__ == "__main__":
    sys.exit(main())
