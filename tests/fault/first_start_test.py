#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stack that is killed: its parts end with it, and the next start takes up what it finds, at whatever
step of the first start it happened."""
import argparse
import fcntl
import pathlib
import signal
import subprocess
import sys
import tempfile
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "scripts" / "lib")]
import mqtt_probe  # noqa: E402
from stack import Stack, wait_until  # noqa: E402

OPTIONS = None
# What a first start makes, in this order.
STEPS = ["hub.toml", "hub/enrolment.db", "device/device.key", "device/broker.password",
         "device/agent.toml", "project.json", "accounts.json", "secrets/hub.password"]


class FirstStartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sitecast-first-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def kill_at(self, stack, step):
        process = subprocess.Popen(stack.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            wait_until(step, 60, (stack.dir / step).exists)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        wait_until("nothing of it writes any more", 60, lambda: self.is_free(stack.dir / "hub"))

    @staticmethod
    def is_free(state):
        if not (state / "hub.lock").exists():
            return True
        with open(state / "hub.lock", "ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except OSError:
                return False

    def test_killed_at_any_step_it_is_taken_up_by_the_next_start(self):
        for step in STEPS:
            with self.subTest(step):
                stack = Stack(OPTIONS.build, self.dir / step.replace("/", "-"), OPTIONS.port_base)
                self.kill_at(stack, step)
                with stack:
                    device = stack.info["device_id"]
                    config = tomllib.loads(stack.device_config.read_text())
                    self.assertEqual(config["device_id"], device)
                    self.assertEqual(config["project_id"], stack.info["project_id"])
                    password = (stack.device_config.parent / "broker.password").read_text().strip()
                    self.assertEqual(mqtt_probe.connect_reason(OPTIONS.port_base, device, password),
                                     mqtt_probe.SUCCESS)


    def test_killed_stack_leaves_no_process_behind(self):
        stack = Stack(OPTIONS.build, self.dir / "stack", OPTIONS.port_base, supervise=True)
        for _ in range(2):  # the second start finds port and state free
            with stack:
                pids = {name: stack.info[f"{name}_pid"] for name in ("broker", "hub", "gateway")}
                stack.process.kill()
                for name, pid in pids.items():
                    wait_until(f"{name} ends", 30, lambda p=pid: not self.runs(p))

    @staticmethod
    def runs(pid):
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return stat[stat.rindex(")") + 2] != "Z"  # nobody may reap an orphan in a container


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--port-base", type=int, default=24350)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
