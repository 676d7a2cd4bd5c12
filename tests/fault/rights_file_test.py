#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker's rights file emptied, cut, lost or exchanged: the next start writes it anew from the
enrolment records. And a stack whose broker does not let in and refuse as it should never says ready."""
import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "scripts" / "lib")]
import mqtt_probe  # noqa: E402
from stack import Stack, wait_until  # noqa: E402
from stack_files import mosquitto_path  # noqa: E402

OPTIONS = None
RIGHTS = "dynamic-security.json"


def cut(fraction):
    return lambda path: os.truncate(path, int(path.stat().st_size * fraction))


def without_devices(path):
    """Whole JSON, but nobody is in it."""
    rights = json.loads(path.read_text())
    path.write_text(json.dumps({**rights, "clients": [], "roles": []}))


def open_to_all(path):
    rights = json.loads(path.read_text())
    rights["defaultACLAccess"] = {kind: True for kind in rights["defaultACLAccess"]}
    path.write_text(json.dumps(rights))


DAMAGE = {
    "emptied": cut(0),
    "cut in the middle": cut(0.5),
    "cut by its last byte but one": lambda path: os.truncate(path, path.stat().st_size - 2),
    "zeros in place of its end": lambda path: (cut(0.5)(path), os.truncate(path, 8000)),
    "gone": lambda path: path.unlink(),
    "nobody in it": without_devices,
    "open to all": open_to_all,
}


class RightsFileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sitecast-rights-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rights = self.folder / "stack" / "broker" / RIGHTS

    def stack(self, **options):
        return Stack(OPTIONS.build, self.folder / "stack", OPTIONS.port_base, **options)

    def reason(self, user, password):
        return mqtt_probe.connect_reason(OPTIONS.port_base, user, password)

    def password(self, stack):
        return (stack.device_config.parent / "broker.password").read_text().strip()

    def assert_guarded(self, stack):
        """The device is let in under its password, under another and without one nobody is."""
        device, password = stack.info["device_id"], self.password(stack)
        self.assertEqual(self.reason(device, password), mqtt_probe.SUCCESS)
        for user, wrong in [(device, password + "x"), ("hub", password), (None, None)]:
            self.assertGreaterEqual(self.reason(user, wrong), mqtt_probe.NOT_REFUSED_BELOW, user)
        with mqtt_probe.Connection(OPTIONS.port_base, device, password) as connection:
            self.assertGreaterEqual(connection.subscribe("#"), mqtt_probe.NOT_REFUSED_BELOW)

    def deliver(self, stack):
        """The real agent brings a document to the hub: it is let in, may publish, gets its receipt."""
        document = self.folder / "plan.txt"
        document.write_text("plan")
        done = subprocess.run(
            [stack.agent, "--config", str(stack.device_config), "document", "--file",
             str(document), "--until-delivered"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_whatever_happened_to_it_the_next_start_writes_it_anew(self):
        with self.stack() as stack:
            self.assert_guarded(stack)
        written = json.loads(self.rights.read_text())
        self.assertIn(stack.info["device_id"], [client["username"] for client in written["clients"]])
        for name, damage in DAMAGE.items():
            with self.subTest(name):
                damage(self.rights)
                with self.stack() as stack:
                    self.assertEqual(json.loads(self.rights.read_text()), written)
                    self.assert_guarded(stack)
        with self.stack() as stack:
            self.deliver(stack)

    def test_broker_killed_while_it_is_emptied_comes_back_with_its_rights(self):
        with self.stack(supervise=True) as stack:
            for names in (["broker"], ["broker", "hub"], ["hub", "broker"]):
                with self.subTest(names):
                    os.truncate(self.rights, 0)
                    killed = {name: stack.child_pid(name) for name in names}
                    for pid in killed.values():
                        os.kill(pid, signal.SIGKILL)
                    for name, pid in killed.items():
                        wait_until(f"{name} is back", 30,
                                   lambda n=name, p=pid: stack.child_pid(n) not in (None, p))
                    device, password = stack.info["device_id"], self.password(stack)
                    wait_until("the device is let in", 30,
                               lambda d=device, p=password: self.let_in(d, p))
                    self.assert_guarded(stack)
                    self.deliver(stack)

    def test_broker_waits_for_its_rights_while_the_records_cannot_be_read(self):
        """Another process holds the hub's state, so that neither hub nor broker can be started."""
        with self.stack(supervise=True) as stack, \
                open(stack.hub_state_dir / "hub.lock", "ab") as lock:
            wait_until("the state is ours", 60, lambda: self.take_from_hub(stack, lock))
            os.truncate(self.rights, 0)
            os.kill(stack.child_pid("broker"), signal.SIGKILL)
            log = stack.dir / "stack.log"
            wait_until("the stack says why", 30, lambda: "broker cannot be started" in log.read_text())
            self.assertIsNone(stack.process.poll(), "the stack gave up")
            fcntl.flock(lock, fcntl.LOCK_UN)
            stack.wait_ready(60)
            device, password = stack.info["device_id"], self.password(stack)
            wait_until("the device is let in", 30, lambda: self.let_in(device, password))
            self.assert_guarded(stack)
            self.deliver(stack)

    @staticmethod
    def take_from_hub(stack, lock):
        pid = stack.child_pid("hub")
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            return False

    def let_in(self, user, password):
        try:
            return self.reason(user, password) == mqtt_probe.SUCCESS
        except mqtt_probe.ProbeError:
            return False  # nobody listens yet

    def run_with_broker(self, before_start):
        """A stack whose broker's files are changed by shell commands after they were written."""
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        self.folder.chmod(0o755)  # the broker's user must find it
        stand_in = tools / "mosquitto"
        stand_in.write_text(f'#!/bin/sh\nset -e\n{before_start}\nexec {mosquitto_path()} "$@"\n')
        stand_in.chmod(0o755)
        return subprocess.run(
            self.stack().command, capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})

    def test_ready_is_never_said_before_the_broker_lets_in_and_refuses_as_it_should(self):
        port = OPTIONS.port_base
        for what, before_start, said in [
                ("refuses everybody", f": > {RIGHTS}", "the broker"),
                ("knows nobody", f"sed -i 's/\"username\": \"/\"username\": \"x/' {RIGHTS}",
                 "the broker refuses hub"),
                ("lets in everybody",
                 f"printf 'listener {port} 127.0.0.1\\nallow_anonymous true\\n' > mosquitto.conf",
                 "the broker lets in a wrong password"),
                ("shows everything to everybody", f"sed -i 's/: false/: true/' {RIGHTS}",
                 "the broker lets a device subscribe to #"),
                ("listens on every address", f"echo 'listener {port + 4}' >> mosquitto.conf",
                 "the broker also listens on"),
                ("is no broker", "exit 3", "the broker ended with code 3")]:
            with self.subTest(what):
                done = self.run_with_broker(before_start)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(done.stdout, "", "said ready")
                self.assertIn(said, done.stderr)
        with self.stack() as stack:  # nothing of it is left
            self.assert_guarded(stack)


    def test_another_broker_on_the_port_does_not_pass_for_ours(self):
        with self.stack() as stack:
            device, password = stack.info["device_id"], self.password(stack)
        # Ours of before, as it would go on if it outlived its stack.
        foreign = subprocess.Popen([mosquitto_path(), "-c", "mosquitto.conf"], cwd=self.rights.parent,
                                   stderr=subprocess.DEVNULL)
        try:
            wait_until("it answers", 30, lambda: self.let_in(device, password))
            done = subprocess.run(self.stack().command, capture_output=True, text=True, timeout=120,
                                  check=False)
        finally:
            foreign.kill()
            foreign.wait()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, "", "said ready")
        self.assertIn("the broker ended with code", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--port-base", type=int, default=24340)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
