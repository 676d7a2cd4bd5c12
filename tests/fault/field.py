# SPDX-License-Identifier: Apache-2.0
"""A device in the field: an agent films on one side of an emulated link (tests/support/link), the whole stack
runs on the other, and they speak TLS as they do outside. What was captured is known from the agent's ledger
and judged by archive_checker.py. Needs root and /dev/net/tun: see why_not()."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import archive_checker  # noqa: E402
from link import Link, why_not  # noqa: E402,F401
from stack import Stack, wait_until  # noqa: E402
from walkthrough import Walkthrough, lines_in  # noqa: E402

MQTT_TLS = 4  # beyond the port base
# The ports are those of the hub's own namespace, so that tests may run beside each other.
PORT_BASE = 24100
WINDOW_BYTES = 512 * 1024
LINK_BITS_PER_S = 6_000_000
# A link as it should be. Each line undoes one kind of fault.
WHOLE = ["up", "rate unlimited", f"uplink rate {LINK_BITS_PER_S}", "uplink queue 100ms", "delay 30",
         "loss 0", "reset off", "portal off"]
READ_METRICS = ("import urllib.request, sys; "
                "print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())")


class Field:
    def __init__(self, build, seed, supervise=False, options=()):
        """`options`: (section, key, value) of agent.toml, beside or instead of ours."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sitecast-field-"))
        self.ledger = self.folder / "ledger.txt"
        self.link = Link(build, seed, *WHOLE)
        self.build = build
        self.supervise = supervise
        self.options = options
        self.stack = self.walk = None

    def __enter__(self):
        self.link.__enter__()
        try:
            stack = Stack(self.build, self.folder / "stack", PORT_BASE, prefix=self.link.hub,
                          lan=self.link.hub_address, supervise=self.supervise)
            self.stack = stack.__enter__()
            options = [("broker", "url", f"mqtts://{self.link.hub_address}:{PORT_BASE + MQTT_TLS}"),
                       ("broker", "ca_file", stack.info["ca_file"]),
                       ("spool", "ledger", str(self.ledger)),
                       ("encode", "width", 640), ("encode", "height", 360),
                       ("encode", "video_bitrate_kbps", 1000),
                       ("publish", "window_bytes", WINDOW_BYTES)]
            for section, key, value in [*options, *self.options]:
                stack.set_agent_option(section, key, value)
            self.walk = Walkthrough(stack, "test:", prefix=self.link.device)
            wait_until("the first parts are captured", 30, lambda: self.captured() > 60)
            wait_until("the first parts are at the hub", 30,
                       lambda: self.parts("parts_at_hub") > 60)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, *_):
        if self.walk:
            self.walk.stop()
        if self.stack:
            self.stack.__exit__()
        self.link.__exit__()
        if kind is not None:
            print(f"kept: {self.folder}")
        return False

    def agent(self, *arguments, timeout=60):
        done = subprocess.run([*self.link.device, self.stack.agent, "--config",
                               str(self.stack.device_config), *arguments], capture_output=True,
                              text=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise AssertionError(f"agent {arguments} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout

    def captured(self):
        return lines_in(self.ledger)

    def status(self):
        return json.loads(self.agent("--json", "status"))

    def parts(self, which):
        return sum(track[which] for capture in self.status()["captures"]
                   for track in capture["tracks"])

    def metric(self, name):
        """Of the hub; 0 where it says nothing of it."""
        text = subprocess.run([*self.link.hub, sys.executable, "-c", READ_METRICS,
                               self.stack.info["hub_metrics"]], capture_output=True, text=True,
                              timeout=30, check=True).stdout
        for line in text.splitlines():
            if line.startswith(name + " "):
                return int(float(line.split()[-1]))
        return 0

    def finish(self, keep=False):
        """Ends filming, lets everything be delivered, stops the stack; the problems found, as sentences.
        Without any, the folder goes unless it is to be kept; then remove() is the caller's."""
        self.walk.stop()
        self.walk = None
        waiting_bits = self.status()["waiting_bytes"] * 8
        self.agent("send", "--until-delivered", timeout=120 + 3 * waiting_bits / LINK_BITS_PER_S)
        self.stack.__exit__()
        stack, self.stack = self.stack, None
        # Nothing runs any more: what the files hold is all there is.
        captured = archive_checker.read_ledger(self.ledger)
        tracks = archive_checker.read_archive(stack.hub_state_dir)
        problems = archive_checker.compare(captured, tracks)
        check = subprocess.run([stack.hub, "--config", str(stack.hub_config), "check",
                                "--read-data"], capture_output=True, text=True, check=False)
        if check.returncode != 0:
            problems.append(f"check: {check.stdout}{check.stderr}")
        if not captured:
            problems.append("nothing was captured")
        print(f"{len(captured)} parts captured, {sum(len(t.hashes) for t in tracks)} archived, "
              f"{len(problems)} problems")
        for problem in problems[:20]:
            print("  " + problem)
        if problems:
            print(f"kept: {self.folder}")
        elif not keep:
            self.remove()
        return problems

    def remove(self):
        shutil.rmtree(self.folder)
