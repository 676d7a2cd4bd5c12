#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stack that is killed: its parts end with it, and the next start takes up what it finds, at whatever
step of the first start it happened."""
import argparse
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
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

    def test_next_start_waits_for_what_a_killed_one_left_running(self):
        killed = Stack(OPTIONS.build, self.dir / "stack", OPTIONS.port_base)
        with killed:
            broker = killed.info["broker_pid"]
            os.kill(broker, signal.SIGSTOP)  # it cannot end yet
            self.addCleanup(self.let_go, broker)
            killed.process.kill()
            killed.process.wait()
        threading.Thread(target=self.let_go_once_waited_for, args=(killed, broker), daemon=True).start()
        with killed as following:
            self.assertNotEqual(following.info["broker_pid"], broker)

    def let_go_once_waited_for(self, stack, broker):
        wait_until("it is waited for", 60,
                   lambda: "left running" in (stack.dir / "stack.log").read_text())
        self.let_go(broker)

    @staticmethod
    def let_go(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def test_device_follows_the_stack_to_other_ports(self):
        with Stack(OPTIONS.build, self.dir / "stack", OPTIONS.port_base):
            pass
        with Stack(OPTIONS.build, self.dir / "stack", OPTIONS.port_base + 5) as moved:
            broker = tomllib.loads(moved.device_config.read_text())["broker"]
            self.assertEqual(broker["url"], moved.info["mqtt"])

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
