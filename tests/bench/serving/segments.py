# SPDX-License-Identifier: Apache-2.0
"""Serving archived segments beside nginx with sendfile on identical bytes, wrk for both."""
import json
import os
import pathlib
import shutil
import subprocess

from figures import cpu_seconds, ratio_interval
from serving.gateway import Client
from stack import wait_until

CONNECTIONS = 16
WRK_SCRIPT = pathlib.Path(__file__).with_name("segments.lua")


class Nginx:
    """One worker, sendfile, no logs."""

    def __init__(self, folder, root, port, connections=256):
        self.port = port
        self.conf = folder / "nginx.conf"
        user = "user root;\n" if os.geteuid() == 0 else ""  # may read a private folder
        self.conf.write_text(
            f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\n"
            f"error_log {folder}/nginx.log;\nevents {{ worker_connections {connections}; }}\n"
            "http {\n  access_log off;\n  sendfile on;\n  tcp_nopush on;\n  tcp_nodelay on;\n"
            "  keepalive_requests 1000000000;\n  default_type video/mp4;\n"
            f"  client_body_temp_path {folder}/body;\n  proxy_temp_path {folder}/proxy;\n"
            f"  fastcgi_temp_path {folder}/fastcgi;\n  uwsgi_temp_path {folder}/uwsgi;\n"
            f"  scgi_temp_path {folder}/scgi;\n"
            f"  server {{ listen 127.0.0.1:{port}; root {root}; }}\n}}\n")

    def __enter__(self):
        binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if binary is None:
            raise RuntimeError("nginx is not installed; run scripts/setup bench")
        self.process = subprocess.Popen([binary, "-c", str(self.conf)], stderr=subprocess.DEVNULL)
        wait_until("nginx has its worker and accepts", 10, self._accepts)
        return self

    def _accepts(self):
        try:
            Client(self.port).close()
            return bool(self.worker_pid())
        except OSError:
            return False

    def worker_pid(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = children.read_text().split()
        return int(pids[0]) if pids else None

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


def wrk(port, cookie, paths_file, seconds):
    """(MB/s, requests/s)"""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed; run scripts/setup bench")
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(WRK_SCRIPT),
                           f"http://127.0.0.1:{port}", "--", str(paths_file), cookie or "none=0"],
                          capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    if figures["errors"]:
        raise RuntimeError(f"wrk: {figures['errors']} answers were errors")
    return figures["bytes"] / figures["us"], figures["requests"] / figures["us"] * 1e6


def serve(context, scratch, made, gateway, port):
    pairs = 1 if context.quick else 7
    seconds = 1 if context.quick else 4
    capture = made["served"]["capture"]
    for track in ("video", "audio"):
        root = scratch / f"nginx-{track}"
        (root / "segments").mkdir(parents=True)
        client = gateway.client()
        playlist = json.loads(client.get(f"/api/v1/captures/{capture}/tracks/{track}/playlist")[1])
        names, total = [], 0
        for segment in playlist["segments"]:
            body = client.get(f"/segments/{capture}/{track}/{segment['n']}")[1]
            if len(body) != segment["size"]:
                raise RuntimeError(f"segment {segment['n']} has {len(body)} bytes, not {segment['size']}")
            total += len(body)
            names.append(segment["n"])
            (root / "segments" / f"{segment['n']}").write_bytes(body)
        client.close()
        ours, theirs = scratch / f"{track}-gateway.txt", scratch / f"{track}-nginx.txt"
        ours.write_text("".join(f"/segments/{capture}/{track}/{name}\n" for name in names))
        theirs.write_text("".join(f"/segments/{name}\n" for name in names))
        with Nginx(root, root, port) as nginx:
            compare(context, track, pairs, seconds, total / len(names),
                    (gateway.port, gateway.cookie, ours, gateway.process.pid),
                    (nginx.port, None, theirs, nginx.worker_pid()))


def compare(context, track, pairs, seconds, segment_bytes, ours, theirs):
    found, cpu = {"ours": [], "theirs": []}, {"ours": [], "theirs": []}
    for port, cookie, paths, _ in (ours, theirs):
        wrk(port, cookie, paths, 1)
    for number in range(pairs):
        order = ("ours", "theirs") if number % 2 == 0 else ("theirs", "ours")
        for who in order:
            context.progress(f"archive: serving {track}, pair {number + 1}/{pairs}: {who}")
            port, cookie, paths, pid = ours if who == "ours" else theirs
            before = cpu_seconds(pid)
            rate, requests = wrk(port, cookie, paths, seconds)
            found[who].append((rate, requests))
            cpu[who].append((cpu_seconds(pid) - before) * 1000 / (rate * seconds))
    middle = pairs // 2
    rate, requests = sorted(found["ours"])[middle]
    peer_rate, peer_requests = sorted(found["theirs"])[middle]
    ratio, low, high = ratio_interval([(a[0], b[0]) for a, b in zip(found["ours"], found["theirs"])])
    context.result("archive.serve", rate, "MB/s", "nginx with sendfile, the same bytes", peer_rate,
                   track=track, segment_kb=round(segment_bytes / 1000), connections=CONNECTIONS,
                   requests_per_s=round(requests), peer_requests_per_s=round(peer_requests),
                   median_ratio=round(ratio, 3), ratio_95=[round(low, 3), round(high, 3)],
                   cpu_ms_per_mb=round(sorted(cpu["ours"])[middle], 2),
                   peer_cpu_ms_per_mb=round(sorted(cpu["theirs"])[middle], 2), pairs=pairs)
