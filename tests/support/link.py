# SPDX-License-Identifier: Apache-2.0
"""A link between a device and the hub's side, each in a network namespace of its own (link/README.md).

    with Link(build, seed, "uplink rate 6M", "delay 30") as link:
        subprocess.run([*link.device, "sitecast-agent", ...])   # runs on the device's side
        link.do("down")
        link.stats()["uplink"]["bytes_out"]

Nothing is left behind: the namespaces end with the emulator and with what was started in them, and the
emulator ends when its stdin closes, so also when this process is killed."""
import json
import os
import pathlib
import shutil
import subprocess
import threading


def why_not():
    """What a link needs and this machine does not give; empty when all is there."""
    if os.geteuid() != 0:
        return "a link between network namespaces needs root"
    if not pathlib.Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    if not shutil.which("nsenter"):
        return "there is no nsenter (Debian package util-linux)"
    return ""


class Link:
    def __init__(self, build, seed, *settings, schedule=None):
        self.command = [str(pathlib.Path(build) / "bin" / "sitecast-linkemu"), "--seed", str(seed)]
        for setting in settings:
            self.command += ["--set", setting]
        if schedule:
            self.command += ["--schedule", str(schedule)]
        self.process = None
        self.lock = threading.Lock()

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"sitecast-linkemu ended with {self.process.wait()}")
        ready = json.loads(line)
        self.device = ["nsenter", f"--net={ready['device_netns']}", "--"]
        self.hub = ["nsenter", f"--net={ready['hub_netns']}", "--"]
        self.device_address = ready["device_address"]
        self.hub_address = ready["hub_address"]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
        return False

    def do(self, command):
        """One command; its answer. AssertionError when the emulator does not take it."""
        with self.lock:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer

    def stats(self):
        return self.do("stats")
