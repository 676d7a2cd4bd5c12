# SPDX-License-Identifier: Apache-2.0
"""fanout: how many viewers of one live capture of 2 Mbit/s one gateway core carries, beside nginx.

The gateway (its threads held on one core) pushes what the broker brings; nginx (one worker on the same core,
sendfile, kept connections) is asked by each viewer for each chunk as soon as its file is there: the same bytes as
HTTP chunks. Viewers, sender, broker and hub have the other cores. A number of viewers is carried when
every chunk came and the 95th percentile from the device's socket to the viewer's is under 50 ms. The numbers
double until one is not carried; then the gap is halved. One that takes nothing must change nothing for the others.
"""
import json
import os
import pathlib
import subprocess
import tempfile

from bench_ingest import account_of
from figures import cpu_seconds
from serving.gateway import Client
from serving.segments import Nginx
from stack import Stack

PORT_BASE = 24800
LIMIT_MS = 50
MOST = 8192


def pin(pid, core):
    subprocess.run(["taskset", "-a", "-c", "-p", str(core), str(pid)], check=True, capture_output=True)


def sign_in(stack):
    port = int(stack.info["http"].rsplit(":", 1)[1])
    client = Client(port)
    client.sign_in(stack.info["login"])
    client.close()
    return port, client.cookie


class Contender:
    """Something that viewers watch; `pid` does the work."""

    def __init__(self, context, command, pid, cores):
        self.context, self.command, self.pid, self.cores = context, command, pid, cores

    def run(self, viewers, seconds, *more):
        before = cpu_seconds(self.pid)
        done = subprocess.run(["taskset", "-c", self.cores, *self.command, "--viewers", str(viewers),
                               "--seconds", str(seconds), *more], capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            return {"viewers": viewers, "why": done.stderr.strip()[-300:], "carried": False}
        seen = json.loads(done.stdout)
        seen["cpu_ms_per_viewer_s"] = (cpu_seconds(self.pid) - before) * 1000 / viewers / (seconds + 3)
        seen["carried"] = seen["chunks"] >= seen["chunks_expected"] and seen["p95_ms"] < LIMIT_MS
        return seen

    def most(self, seconds):
        """The largest number that is carried, with what was seen, and the smallest that is not."""
        best, viewers, failed = None, 64, None
        while viewers <= MOST:
            self.context.progress(f"fanout: {self.command[1]}, {viewers} viewers")
            seen = self.run(viewers, seconds)
            if seen["carried"]:
                best = seen
            else:
                failed = seen
            low = best["viewers"] if best else 0
            if failed is None:
                viewers *= 2
            elif failed["viewers"] - low <= max(16, low // 8):
                break
            else:
                viewers = (low + failed["viewers"]) // 2
        return best or {"viewers": 0, **failed}, failed


def run(context):
    seconds = 2 if context.quick else 5
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise RuntimeError("one core for the server and one for its viewers are needed")
    others = ",".join(map(str, cores[1:]))
    with tempfile.TemporaryDirectory(prefix="sitecast-bench-", dir="/dev/shm") as folder:
        folder = pathlib.Path(folder)
        with Stack(context.build, folder / "stack", PORT_BASE) as stack:
            accounts = folder / "accounts.json"
            accounts.write_text(json.dumps([account_of(stack.device_config)]))
            port, cookie = sign_in(stack)
            gateway_pid = stack.child_pid("gateway")
            pin(gateway_pid, cores[0])
            for name in ("hub", "broker"):
                pin(stack.child_pid(name), others)
            program = context.binary("sitecast-bench-viewers")
            gateway = Contender(context, [program, "watch", "--port", str(port), "--broker-port", str(PORT_BASE),
                                          "--accounts", str(accounts), "--cookie", cookie], gateway_pid, others)
            root = folder / "chunks"
            root.mkdir()
            with Nginx(folder, root, PORT_BASE + 50, connections=MOST + 64) as nginx:
                pin(nginx.worker_pid(), cores[0])
                peer = Contender(context, [program, "ask", "--port", str(nginx.port), "--folder", str(root)],
                                 nginx.worker_pid(), others)
                measure(context, gateway, peer, seconds)


def rounded(seen):
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in seen.items()}


def measure(context, gateway, peer, seconds):
    ours, too_many = gateway.most(seconds)
    theirs, _ = peer.most(seconds)
    context.result("fanout.viewers", ours["viewers"], "viewers", "nginx, each chunk asked for",
                   theirs["viewers"], limit_ms=LIMIT_MS, ours=rounded(ours), peer_seen=rounded(theirs),
                   not_carried=rounded(too_many or {}))
    count = max(16, min(ours["viewers"], theirs["viewers"]) // 2)
    alone, beside, asked = gateway.run(count, seconds), gateway.run(count, seconds, "--stalled", "1"), \
        peer.run(count, seconds)
    context.result("fanout.cpu_per_viewer", alone["cpu_ms_per_viewer_s"], "ms/s", "nginx, each chunk asked for",
                   asked["cpu_ms_per_viewer_s"], viewers=count)
    context.result("fanout.p95_beside_a_stalled_viewer", beside["p95_ms"], "ms", "without one",
                   alone["p95_ms"], viewers=count, chunks_missing=beside["chunks_expected"] - beside["chunks"])
