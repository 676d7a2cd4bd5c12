# SPDX-License-Identifier: Apache-2.0
"""Who brings one file over a bad link, each as its manual says to:
  sitecast  `document` of the file on the device already, then `send --until-delivered`: the hub has synced it
  tus       tus-js-client to @tus/server with its file store: the server has answered for the last byte
  paho      messages of 64 KiB with Paho's own file persistence: the broker has acknowledged the last one
Each raises RuntimeError when the file did not arrive whole."""
import contextlib
import json
import subprocess
import threading
import time

from meter import document
from stack import wait_until

TUS_PORT, PAHO_PORT = 25210, 25211
BLOCK_BYTES = 64 * 1024
LIMIT_S = 3600


@contextlib.contextmanager
def running(command, **options):
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


class Sitecast:
    name = "sitecast"

    def __init__(self, site):
        self.site = site
        self.capture = None

    def prepare(self, file):
        """The file is on the device before its sending begins; nothing connects."""
        said = json.loads(self.site.agent("--json", "document", "--file", str(file)))
        self.capture = said["capture_id"]

    def send(self, file):
        """What the agent counted."""
        seen = {}
        sender = subprocess.Popen([*self.site.command, "send", "--until-delivered"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        over = threading.Event()

        def watch():
            while not over.wait(2):
                with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
                    seen.update(self.site.status()["link"])

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            ended = sender.wait(LIMIT_S)
        finally:
            over.set()
            if sender.poll() is None:
                sender.kill()
        ended_at = time.monotonic()
        watcher.join()
        if ended != 0:
            raise RuntimeError(f"send ended with {ended}: {sender.stderr.read()}")
        if document(self.site.state_dir, self.capture) != file.read_bytes():
            raise RuntimeError("the archive holds something else")
        return ended_at, {"cuts_noticed": seen.get("cuts"),
                          "sent_again_bytes": seen.get("sent_again_bytes")}


class Tus:
    name = "tus"

    def __init__(self, context, link, folder):
        self.node = str(context.root / ".tools" / "node" / "bin" / "node")
        self.scripts = context.root / "tests" / "bench" / "uplink"
        self.link = link
        self.folder = folder / "tus"
        self.folder.mkdir()
        if not (self.scripts / "node_modules" / "tus-js-client").exists():
            raise RuntimeError("tus is not installed; `scripts/setup bench` installs it")

    def prepare(self, file):
        pass

    def send(self, file):
        address = self.link.hub_address
        with running([*self.link.hub, self.node, str(self.scripts / "tus_server.mjs"), address,
                      str(TUS_PORT), str(self.folder)], stdout=subprocess.PIPE, text=True) as server:
            server.stdout.readline()
            done = subprocess.run(
                [*self.link.device, self.node, str(self.scripts / "tus_sender.mjs"),
                 f"http://{address}:{TUS_PORT}/files", str(file)], capture_output=True, text=True,
                timeout=LIMIT_S, check=False)
            ended_at = time.monotonic()
        if done.returncode != 0:
            raise RuntimeError(f"tus-js-client gave up: {done.stderr.strip()}")
        report = json.loads(done.stdout)
        stored = self.folder / report["url"].rsplit("/", 1)[1]
        if stored.read_bytes() != file.read_bytes():
            raise RuntimeError("tus stored something else")
        return ended_at, {"retries": report["retries"]}


class Paho:
    name = "paho"

    def __init__(self, context, link, folder):
        self.binary = context.binary("sitecast-bench-paho")
        self.link = link
        self.folder = folder / "paho"
        self.folder.mkdir()
        self.conf = self.folder / "broker.conf"
        self.conf.write_text(
            f"listener {PAHO_PORT}\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
            "max_inflight_messages 65535\nmax_queued_messages 0\nlog_dest none\n")

    def prepare(self, file):
        pass

    def send(self, file):
        address, port = self.link.hub_address, str(PAHO_PORT)
        arrived = self.folder / "arrived.txt"
        persistence = self.folder / "persistence"
        persistence.mkdir(exist_ok=True)
        with running([*self.link.hub, "mosquitto", "-c", str(self.conf)],
                     stderr=subprocess.DEVNULL), open(arrived, "wb") as output:
            self._wait_for_broker(address, port)
            with running([*self.link.hub, "mosquitto_sub", "-V", "5", "-h", address, "-p", port,
                          "-q", "1", "-t", "bench/#", "-F", "%t %l"], stdout=output):
                time.sleep(1)  # it is subscribed
                done = subprocess.run(
                    [*self.link.device, self.binary, "--url", f"tcp://{address}:{port}", "--file",
                     str(file), "--persistence", str(persistence), "--topic", "bench"],
                    capture_output=True, text=True, timeout=LIMIT_S, check=False)
                ended_at = time.monotonic()
                time.sleep(1)
        messages = [line.split() for line in arrived.read_text().splitlines()]
        topics = {topic for topic, _ in messages}
        blocks = -(-file.stat().st_size // BLOCK_BYTES)
        if done.returncode != 0 or len(topics) != blocks:
            raise RuntimeError(f"Paho ended with {done.returncode}, {len(topics)} of {blocks} blocks "
                               f"arrived: {done.stderr.strip()}")
        return ended_at, {"came_twice": len(messages) - len(topics)}

    def _wait_for_broker(self, address, port):
        wait_until("the peer's broker accepts", 10, lambda: subprocess.run(
            [*self.link.hub, "mosquitto_pub", "-h", address, "-p", port, "-t", "x", "-m", "x"],
            capture_output=True, check=False).returncode == 0)
