# SPDX-License-Identifier: Apache-2.0
"""direct: how soon what one side points at or says is before the other.

An agent films (a test picture with sound) and `sitecast-agent watch` shows what comes down; an owner is
signed in at the gateway with a WebSocket open on the project, as the page has it. Pins: from the first
byte of the page's request to the line on the agent's side. Messages: from the start of
`sitecast-agent say` (a process of its own) to the WebSocket's text. In between both are synced into the
event log at the hub, so the limit is an append of the same size with fdatasync in the same file system.
"""
import base64
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.parse

from figures import percentile
from stack import ROOT, Stack, wait_until

sys.path.append(str(ROOT / "tests" / "integration" / "gateway"))
from client import Client  # noqa: E402

PORT_BASE = 25140
TARGET_MS = 300


def run(context):
    count = 10 if context.quick else 200
    with context.folder(None) as folder, Stack(context.build, folder / "stack", PORT_BASE) as stack:
        port = urllib.parse.urlsplit(stack.info["http"]).port
        owner = Client(port, None)
        assert owner.sign_in("owner", stack.info["accounts"]["owner"]).status == 200
        project = owner.get("/api/v1/projects").json()["projects"][0]["id"]
        command = [context.binary("sitecast-agent"), "--config", stack.info["device_config"], "--json"]
        filming = Lines([*command, "record", "--source", "test:"])
        watching = None
        try:
            capture = wait_until("it films", 60, lambda: filming.first("capture_id"))["capture_id"]
            path = f"/api/v1/captures/{capture}"
            wait_until("the capture is known", 60, lambda: owner.get(path).status == 200)
            watching = Lines([*command, "watch"])
            wait_until("it watches", 60, lambda: watching.seen)
            pins = [pin(owner, path, watching) for _ in range(count)]
            _, socket = owner.open(f"/api/v1/projects/{project}/updates")
            said = [message(command, socket, number) for number in range(count // 4)]
            socket.close()
            syncs = [synced_append(folder / "append") for _ in range(count)]
        finally:
            for lines in (watching, filming):
                if lines:
                    lines.end()
    limit = percentile(syncs, 0.95) * 1000
    for name, values in (("direct.pin", pins), ("direct.message", said)):
        context.result(f"{name}.p95", percentile(values, 0.95) * 1000, "ms",
                       "append of 512 bytes and fdatasync, p95", limit,
                       p50=round(percentile(values, 0.5) * 1000, 2), count=len(values), target_ms=TARGET_MS)


class Lines:
    """A program's JSON lines, each with the moment when it was read."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.seen = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            now = time.monotonic()
            with self.changed:
                self.seen.append((now, json.loads(line)))
                self.changed.notify_all()

    def first(self, key):
        return next((line for _, line in self.seen if key in line), None)

    def moment_of(self, event_id):
        with self.changed:
            for _ in range(100):
                for moment, line in reversed(self.seen):
                    if line.get("event_id") == event_id:
                        return moment
                self.changed.wait(0.1)
        raise RuntimeError("a pin did not arrive within 10 s")

    def end(self):
        self.process.terminate()
        self.process.wait(60)
        self.reader.join()
        self.process.stdout.close()


def pin(owner, path, watching):
    event = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
    body = json.dumps({"id": event, "kind": "pin", "media_time_us": 1_000_000, "x": 0.5, "y": 0.5}).encode()
    time.sleep(random.uniform(0, 0.1))  # at any moment of the hub's groups
    began = time.monotonic()
    answer = owner.send("POST", path + "/directions", {"X-Sitecast": "1"}, body)
    if answer.status != 201:
        raise RuntimeError(f"a pin was answered {answer.status}")
    return watching.moment_of(event) - began


def message(command, socket, number):
    words = f"message {number}"
    began = time.monotonic()
    process = subprocess.Popen([*command, "say", "--text", words], stdout=subprocess.DEVNULL)
    while True:
        update = socket.text(10)
        if update.get("type") == "event" and update["event"]["text"] == words:
            break
    arrived = time.monotonic()
    process.wait(30)
    return arrived - began


def synced_append(path):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        began = time.monotonic()
        os.write(descriptor, bytes(512))
        os.fdatasync(descriptor)
        return time.monotonic() - began
    finally:
        os.close(descriptor)
