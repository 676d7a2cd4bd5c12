# SPDX-License-Identifier: Apache-2.0
"""Starts scripts/stack for tests and benchmarks and knows where its parts are."""
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def wait_until(what, seconds, condition):
    """Returns the condition's first true value; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Stack:
    COMM = {"hub": "sitecast-hub", "broker": "mosquitto", "gateway": "sitecast-gatewa"}

    def __init__(self, build, folder, port_base, supervise=False, seed=None, prefix=(), lan=None):
        """`prefix`: words before the command, to run it in another network namespace (link.py).
        `lan`: an address of this machine for which TLS is served as well."""
        self.build = pathlib.Path(build)
        self.dir = pathlib.Path(folder)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.agent = str(self.build / "bin" / "sitecast-agent")
        self.hub = str(self.build / "bin" / "sitecast-hub")
        self.command = [*prefix, str(ROOT / "scripts" / "stack"), "--dir", str(self.dir),
                        "--port-base", str(port_base), "--build", str(self.build)]
        if supervise:
            self.command.append("--supervise")
        if lan:
            self.command += ["--lan", lan]
        if seed:
            self.command += ["--seed", seed]
        self.process = None
        self.info = {}

    def __enter__(self):
        with open(self.dir / "stack.log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log,
                                            text=True)
        line = []
        reader = threading.Thread(target=lambda: line.append(self.process.stdout.readline()),
                                  daemon=True)
        reader.start()
        reader.join(120)
        if not line or not line[0].strip():
            self.__exit__(None, None, None)
            raise AssertionError("scripts/stack did not get ready:\n" +
                                 (self.dir / "stack.log").read_text()[-4000:])
        self.info = json.loads(line[0])
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError("scripts/stack did not stop within 60 s of SIGTERM") from None
        return False

    @property
    def device_config(self):
        return pathlib.Path(self.info["device_config"])

    @property
    def hub_config(self):
        return pathlib.Path(self.info["hub_config"])

    @property
    def hub_state_dir(self):
        return pathlib.Path(self.info["hub_state_dir"])

    def set_agent_option(self, section, key, value):
        """Sets a text option in the device's configuration."""
        text = self.device_config.read_text()
        text = re.sub(rf"(?m)^{key} = .*\n", "", text)
        line = f"{key} = {json.dumps(value)}\n"
        if re.search(rf"(?m)^\[{section}\]", text):
            text = re.sub(rf"(?m)^\[{section}\]\n", lambda m: m.group(0) + line, text)
        else:
            text += f"\n[{section}]\n{line}"
        self.device_config.write_text(text)

    def child_pid(self, name):
        """Pid of the running hub, broker or gateway under this stack; None while it is away."""
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            comm = stat[stat.index("(") + 1 : stat.rindex(")")]
            state, parent = stat[stat.rindex(")") + 2 :].split()[:2]
            if comm == self.COMM[name] and int(parent) == self.process.pid and state != "Z":
                return int(entry.name)
        return None

    def wait_ready(self, seconds):
        wait_until("all parts of the stack run", seconds,
                   lambda: all(self.child_pid(name) for name in self.COMM))
