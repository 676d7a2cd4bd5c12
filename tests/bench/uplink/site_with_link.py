# SPDX-License-Identifier: Apache-2.0
"""A device on one side of an emulated link, the whole stack on the other, TLS between them. The ports are those
of a network namespace of its own."""
import json
import signal
import subprocess

from stack import Stack

PORT_BASE = 25200
MQTT_TLS = 4  # beyond the port base


class Site:
    def __init__(self, context, folder, link):
        self.link = link
        self.folder = folder
        self.stack = Stack(context.build, folder / "stack", PORT_BASE, prefix=link.hub,
                           lan=link.hub_address)
        self.command = [*link.device, context.binary("sitecast-agent"), "--config"]

    def __enter__(self):
        self.stack.__enter__()
        self.command.append(str(self.stack.device_config))
        self.set("broker", "url", f"mqtts://{self.link.hub_address}:{PORT_BASE + MQTT_TLS}")
        self.set("broker", "ca_file", self.stack.info["ca_file"])
        self.set("encode", "master", "off")
        self.set("publish", "adapt", "off")
        return self

    def __exit__(self, *_):
        return self.stack.__exit__()

    @property
    def state_dir(self):
        return self.stack.hub_state_dir

    def set(self, section, key, value):
        self.stack.set_agent_option(section, key, value)

    def agent(self, *arguments, timeout=600):
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True,
                              timeout=timeout, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"agent {arguments[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def status(self):
        return json.loads(self.agent("--json", "status"))

    def film(self, source, *options):
        return Filming([*self.command, "--json", "record", "--source", source, *options])

    def deliver(self):
        self.agent("send", "--until-delivered")


class Filming:
    """A recording that runs until it is stopped; `capture` is its id."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the agent does not film: exit {self.process.wait()}")
        self.capture = json.loads(line)["capture_id"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=120)
        return False
