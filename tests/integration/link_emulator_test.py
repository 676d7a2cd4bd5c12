#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures that the emulated link does what it is told (tests/support/link): real kernels' packets through
two network namespaces, judged by the emulator's own counters. Skips (77) without root or /dev/net/tun."""
import argparse
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from link import Link, why_not  # noqa: E402
from stack import wait_until  # noqa: E402

OPTIONS = None
PORT = 9000
DATAGRAM = 1372  # 1,400 bytes with UDP's and IP's headers
PACKET = DATAGRAM + 28

# Programs that run on one side of the link.
UDP_SEND = """
import socket, sys, time
address, count, size, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(count):
    out.sendto(bytes(size), (address, 9000))
    time.sleep(pause)
"""
TCP_SEND = """
import socket, sys, time
with socket.create_connection((sys.argv[1], 9000)) as out:
    end = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end:
        out.sendall(bytes(1 << 16))
"""
TCP_SINK = """
import socket
with socket.create_server(("0.0.0.0", 9000)) as server:
    print("ready", flush=True)
    while True:
        connection, _ = server.accept()
        while connection.recv(1 << 20):
            pass
"""
TCP_KNOCK = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], 9000), timeout=10) as out:
        print("connected", flush=True)
        sys.stdin.readline()
        out.settimeout(10)
        out.sendall(b"hello")
        print("answer", out.recv(100), flush=True)
except OSError as problem:
    print(type(problem).__name__, flush=True)
"""
# Accepts on the portal's port and says something that nobody asked for.
PORTAL = """
import socket
with socket.create_server(("0.0.0.0", 8080)) as server:
    print("ready", flush=True)
    while True:
        connection, _ = server.accept()
        connection.sendall(b"302 sign in first")
"""


class LinkEmulatorTest(unittest.TestCase):
    def link(self, *settings, **options):
        link = Link(OPTIONS.build, OPTIONS.seed, *settings, **options)
        link.__enter__()
        self.addCleanup(link.__exit__)
        return link

    def run_on(self, side, program, *arguments):
        subprocess.run([*side, sys.executable, "-c", program, *map(str, arguments)], check=True,
                       timeout=60)

    def start_on(self, side, program, *arguments):
        process = subprocess.Popen([*side, sys.executable, "-c", program, *map(str, arguments)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        def end():
            process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def flood(self, link, direction, seconds, bits_per_s):
        """More than the link can take for that long; the rate at which it came out, bits/s."""
        link.do("clear")
        packets = int(seconds * bits_per_s / 8 / PACKET * 1.5)
        side, to = (link.device, link.hub_address) if direction == "uplink" else \
            (link.hub, link.device_address)
        # A third more than the rate: fast enough, and without filling the TUN device's own queue.
        self.run_on(side, UDP_SEND, to, packets, DATAGRAM, PACKET * 8 / bits_per_s / 2)
        counted = link.stats()[direction]
        self.assertGreater(counted["dropped_queue"], 0, "the link was never full")
        return (counted["bytes_out"] - PACKET) * 8 / counted["out_span_ms"] * 1000

    def expect_rate(self, link, direction, seconds, rate):
        """Never more than told; and as much as told when the sender gets enough of this machine's time to
        keep the link full: the best of five floods shows what the emulator does."""
        for _ in range(5):
            measured = self.flood(link, direction, seconds, rate)
            print(f"{direction} told {rate / 1e6:.3f} Mbit/s, carried {measured / 1e6:.3f}")
            self.assertLessEqual(measured, rate * 1.05)
            if measured >= rate * 0.95:
                return
        self.fail(f"{direction}: less than told in each of five floods")

    def test_a_constant_rate_is_kept_within_five_percent(self):
        link = self.link("queue 20k")
        for direction, rate in (("uplink", 6_000_000), ("downlink", 2_000_000)):
            link.do(f"{direction} rate {rate}")
            self.expect_rate(link, direction, 2, rate)

    def test_a_trace_carries_what_its_lines_say(self):
        chance = random.Random(OPTIONS.seed)
        with tempfile.NamedTemporaryFile("w", suffix=".trace") as trace:
            moments = sorted(chance.choices(range(1, 500), k=200)) + [500]
            trace.writelines(f"{moment}\n" for moment in moments)
            trace.flush()
            link = self.link("queue 20k", f"uplink trace {trace.name}")
            # An opportunity is 1,500 bytes; nothing of it is lost while something waits.
            rate = len(moments) * 1500 * 8 / 0.5
            self.expect_rate(link, "uplink", 3, rate)

    def test_the_delay_is_there_and_little_more(self):
        link = self.link("delay 40")
        self.run_on(link.device, UDP_SEND, link.hub_address, 200, 100, 0.002)
        wait_until("all have arrived", 10,
                   lambda: link.stats()["uplink"]["packets_out"] == 200)
        counted = link.stats()["uplink"]
        print(f"told 40 ms: {counted['transit_ms']}")
        self.assertGreaterEqual(counted["transit_ms"]["min"], 40)
        # How late the rest comes is this machine's load; the best shows what the emulator does.
        self.assertLess(counted["transit_ms"]["min"], 42)

    def test_loss_reordering_and_duplication_have_their_shares(self):
        link = self.link("loss 30", "duplicate 10", "reorder 20 5")
        self.run_on(link.device, UDP_SEND, link.hub_address, 4000, 100, 0)
        counted = link.stats()["uplink"]
        print({name: counted[name] for name in ("packets_in", "dropped_loss", "duplicated",
                                                "held_back", "packets_out")})
        arrived = counted["packets_in"] - counted["dropped_loss"]
        self.assertGreater(counted["packets_in"], 3000)  # the TUN device's queue may drop some
        self.assertAlmostEqual(counted["dropped_loss"] / counted["packets_in"], 0.3, delta=0.035)
        self.assertAlmostEqual(counted["duplicated"] / arrived, 0.1, delta=0.025)
        self.assertAlmostEqual(counted["held_back"] / arrived, 0.2, delta=0.035)

    def test_it_carries_tcp_faster_than_any_uplink_under_test(self):
        link = self.link()
        sink = self.start_on(link.hub, TCP_SINK)
        sink.stdout.readline()
        self.run_on(link.device, TCP_SEND, link.hub_address, 2)
        counted = link.stats()["uplink"]
        rate = counted["bytes_out"] * 8 / counted["out_span_ms"] / 1000
        print(f"TCP without a limit: {rate:.0f} Mbit/s, late {counted['late_ms']}")
        self.assertGreater(counted["bytes_out"], 1_000_000)

    def test_a_schedule_is_followed(self):
        with tempfile.NamedTemporaryFile("w", suffix=".schedule") as schedule:
            schedule.write("# nothing passes from the start on\n0 down\n")
            schedule.flush()
            link = self.link(schedule=schedule.name)
            self.run_on(link.device, UDP_SEND, link.hub_address, 10, 100, 0)
            counted = link.stats()["uplink"]
        self.assertEqual((counted["packets_in"], counted["dropped_down"]), (10, 10))

    def test_a_reset_takes_connections_away_and_refuses_new_ones(self):
        link = self.link()
        self.start_on(link.hub, TCP_SINK).stdout.readline()
        caller = self.start_on(link.device, TCP_KNOCK, link.hub_address)
        self.assertEqual(caller.stdout.readline(), "connected\n")
        link.do("reset on")
        caller.stdin.write("\n")
        caller.stdin.flush()
        self.assertEqual(caller.stdout.readline(), "ConnectionResetError\n")
        refused = self.start_on(link.device, TCP_KNOCK, link.hub_address)
        self.assertEqual(refused.stdout.readline(), "ConnectionRefusedError\n")
        self.assertGreaterEqual(link.stats()["resets"], 2)
        link.do("reset off")
        again = self.start_on(link.device, TCP_KNOCK, link.hub_address)
        self.assertEqual(again.stdout.readline(), "connected\n")

    def test_a_portal_answers_in_place_of_whoever_was_called(self):
        link = self.link("portal 8080")
        self.start_on(link.hub, PORTAL).stdout.readline()
        caller = self.start_on(link.device, TCP_KNOCK, link.hub_address)
        self.assertEqual(caller.stdout.readline(), "connected\n")
        caller.stdin.write("\n")
        caller.stdin.flush()
        self.assertEqual(caller.stdout.readline(), "answer b'302 sign in first'\n")
        self.assertEqual(link.stats()["portal_connections"], 1)

    def test_the_device_can_move_to_another_address(self):
        link = self.link()
        self.start_on(link.hub, TCP_SINK).stdout.readline()
        link.do("address 10.77.0.9")
        caller = self.start_on(link.device, TCP_KNOCK, link.hub_address)
        self.assertEqual(caller.stdout.readline(), "connected\n")

    def test_nothing_is_left_when_it_ends(self):
        with Link(OPTIONS.build, OPTIONS.seed) as link:
            number = link.process.pid
            own = os.stat("/proc/self/ns/net").st_ino
            self.assertNotEqual(os.stat(f"/proc/{number}/ns/net").st_ino, own)
        self.assertFalse(pathlib.Path(f"/proc/{number}").exists())
        self.assertNotIn("link", [name for _, name in socket.if_nameindex()])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--seed", type=int, default=None)
    OPTIONS, rest = parser.parse_known_args()
    if why_not():
        print(f"skipped: {why_not()}")
        sys.exit(77)
    OPTIONS.seed = OPTIONS.seed if OPTIONS.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {OPTIONS.seed}", flush=True)
    unittest.main(argv=[sys.argv[0], "-v", *rest])
