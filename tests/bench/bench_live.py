# SPDX-License-Identifier: Apache-2.0
"""live: glass to glass in Chromium beside WebRTC and HTTP-FLV, under load, and the time to the first picture.

The source draws frame number and time into each 1280x720 frame (sitecast-testmedia timecode). Ours goes
through the whole chain as `scripts/stack` starts it: agent with sound, spool and frame checks, broker, hub
with receipts, gateway, page; the peers send the same pictures without sound and without keeping them. The
browser reads the blocks back from what it presents. Both ends use the same clock. The lines of ours carry a
hash of the configuration files.
"""
import hashlib
import json
import multiprocessing
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import threading
import time

from bench_ingest import account_of
from figures import percentile
from live.contenders import Frames, http_flv, running, sitecast, webrtc
from stack import Stack

PORT_BASE = 24500
PEER_PORT = 24590
# Smooth enough to be compared with: at 0.25 and 0.1 s the player stands still again and again.
FLV_THRESHOLDS = "?chase=0.4,0.15"


def configuration_hash(stack):
    """Over the three configuration files without what differs by machine: ids, paths, ports."""
    text = ""
    for path in (stack.hub_config, stack.device_config, pathlib.Path(stack.info["gateway_config"])):
        text += path.read_text(encoding="utf-8")
    text = re.sub(r"[A-Za-z0-9_-]{22}", "ID", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text)
    text = re.sub(r'"/[^"]*/', '"', text)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def look(context, stack, address, **more):
    """What Chromium says of a page (live/measure.mjs); signed in where it is ours."""
    options = {"web": str(context.root / "viewer" / "web"), "address": address, **more}
    if address.startswith(stack.info["http"]):
        options |= {"http": stack.info["http"], "login": stack.info["login"]}
    done = subprocess.run(
        [str(context.root / ".tools/node/bin/node"), str(context.root / "tests/bench/live/measure.mjs"),
         json.dumps(options)], capture_output=True, text=True, timeout=400)
    if done.returncode != 0:
        raise RuntimeError(f"the browser: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Turns:
    """What one contender showed, over all its turns."""

    def __init__(self):
        self.medians, self.latencies = [], []
        self.counts = {"frames_sent_meanwhile": 0, "unreadable": 0, "dropped": 0, "waiting": 0}

    def add(self, seen):
        latencies = [latency for _, latency, _ in seen["frames"]]
        if len(latencies) < 30:
            raise RuntimeError(f"only {len(latencies)} frames could be read, {seen['unreadable']} could not")
        numbers = [number for number, *_ in seen["frames"]]
        self.latencies += latencies
        self.medians.append(statistics.median(latencies))
        self.counts["frames_sent_meanwhile"] += numbers[-1] - numbers[0] + 1
        for key in ("unreadable", "dropped", "waiting"):
            self.counts[key] += seen[key]

    def p(self, share):
        return percentile(self.latencies, share)

    def said(self):
        return {"frames": len(self.latencies), **self.counts, "p95_ms": round(self.p(0.95), 1),
                "turns_p50_ms": [round(median, 1) for median in self.medians]}


def run(context):
    with tempfile.TemporaryDirectory(prefix="sitecast-bench-") as folder:
        folder = pathlib.Path(folder)
        with Stack(context.build, folder / "stack", PORT_BASE) as stack, \
                Frames(context, folder).made() as frames:
            beside_peers(context, stack, frames, folder)
            under_load(context, stack, frames)
            first_picture(context, stack, frames)
            hls_delay(context, stack, frames)
        platform(context, folder)


def beside_peers(context, stack, frames, folder):
    contenders = {
        "sitecast": lambda: sitecast(context, stack, frames),
        "webrtc": lambda: webrtc(context, frames, PEER_PORT, ""),
        "webrtc jitter 0": lambda: webrtc(context, frames, PEER_PORT, "?jitter=0"),
        "http-flv": lambda: http_flv(context, folder, frames, PEER_PORT + 4, FLV_THRESHOLDS),
        "http-flv default": lambda: http_flv(context, folder, frames, PEER_PORT + 4, ""),
    }
    turns = {name: Turns() for name in contenders}
    rounds = 1 if context.quick else 4
    for turn in range(rounds):
        for name in (list(contenders) if turn % 2 == 0 else reversed(contenders)):
            context.progress(f"live: {name}, round {turn + 1} of {rounds}")
            try:
                with contenders[name]() as address:
                    turns[name].add(look(context, stack, address, warmUpSeconds=3 if context.quick else 8,
                                         seconds=5 if context.quick else 12))
            except RuntimeError as problem:
                if name == "sitecast":
                    raise
                context.progress(f"live: {name} does not run here: {problem}")
    turns = {name: seen for name, seen in turns.items() if seen.latencies}
    ours = turns["sitecast"]
    common = {"configuration": configuration_hash(stack), "picture": "1280x720@30"}
    context.result("live.glass_to_glass.p50", ours.p(0.5), "ms", "limit", 90, **ours.said(), **common)
    context.result("live.glass_to_glass.p95", ours.p(0.95), "ms", "limit", 150, **ours.said(), **common)
    better = min(("webrtc", "webrtc jitter 0"), key=lambda name: turns[name].p(0.5) if name in turns else 1e9)
    for result, peer, target in (("beside_webrtc", better, 1.25), ("beside_http_flv", "http-flv", 1.0)):
        if peer not in turns:
            continue
        context.result(f"live.glass_to_glass.{result}", ours.p(0.5), "ms", peer, turns[peer].p(0.5),
                       target_ratio=target,
                       all={name: {"p50_ms": round(seen.p(0.5), 1), **seen.said()}
                            for name, seen in turns.items()})


def burn(core):
    os.sched_setaffinity(0, {core})
    while True:
        pass


def under_load(context, stack, frames):
    """One core is taken by other work for a while: frames may be left out, the delay must not grow."""
    load_s, calm_s = (6, 6) if context.quick else (60, 15)
    began = {}

    def disturb():
        time.sleep(5 + calm_s)  # the browser's start, then what it shows undisturbed
        other = multiprocessing.Process(target=burn, args=(min(os.sched_getaffinity(0)),), daemon=True)
        began["from"] = time.time() * 1000
        other.start()
        time.sleep(load_s)
        other.kill()
        other.join()
        began["to"] = time.time() * 1000

    context.progress("live: with one core taken by other work")
    with sitecast(context, stack, frames) as address:
        disturbing = threading.Thread(target=disturb)
        disturbing.start()
        seen = look(context, stack, address, warmUpSeconds=1, seconds=2 * calm_s + load_s + 8)
        disturbing.join()
    shown = [(at, latency) for _, latency, at in seen["frames"]]
    before = [latency for at, latency in shown if at < began["from"]]
    during = [latency for at, latency in shown if began["from"] <= at <= began["to"]]
    after = [(at, latency) for at, latency in shown if at > began["to"]]
    if min(len(before), len(during), len(after)) < 30:
        raise RuntimeError("too few frames before, under or after the load")
    floor = percentile(before, 0.95)
    late = [at for at, latency in after if latency > floor + 20]
    # Single late frames are no delay that stays: the last moment with a tenth of a second above the floor.
    back = max((at - began["to"] for at in late
                if sum(1 for other in late if abs(other - at) < 200) >= 3), default=0) / 1000
    context.result("live.under_load.p95", percentile(during, 0.95), "ms", "limit", 500, frames=len(during),
                   before_p95_ms=round(floor, 1), worst_ms=round(max(during), 1), seconds=load_s)
    context.result("live.under_load.back_at_the_floor", back, "s", "limit", 2)


def first_picture(context, stack, frames):
    context.progress("live: first picture")
    with sitecast(context, stack, frames) as address:
        seen = look(context, stack, address, warmUpSeconds=1, seconds=1, loads=3 if context.quick else 20)
    times = seen["firstPictureMs"]
    context.result("live.first_picture.p95", percentile(times, 0.95), "ms", "limit", 300, loads=len(times),
                   median_ms=round(percentile(times, 0.5), 1), configuration=configuration_hash(stack))


def hls_delay(context, stack, frames):
    """What a player of Low-Latency HLS that is not ours shows of the same capture, and how late."""
    context.progress("live: hls.js in low-latency mode")
    turns = Turns()
    for _ in range(1 if context.quick else 3):
        with sitecast(context, stack, frames) as address:
            capture = address.rsplit("/", 1)[1]
            playlist = f"{stack.info['http']}/api/v1/captures/{capture}/hls.m3u8"
            turns.add(look(context, stack, f"{stack.info['http']}/healthz", hls=playlist, warmUpSeconds=5,
                           seconds=5 if context.quick else 12))
    context.result("live.hls_delay.p50", turns.p(0.5), "ms", "limit", 1500, **turns.said(),
                   configuration=configuration_hash(stack))


def hops(context, stack, accounts, captures, seconds):
    """Ages in ms of the chunks of so many captures when the page's JavaScript has them."""
    sender = [context.binary("sitecast-bench-viewers"), "send", "--broker-port", str(PORT_BASE),
              "--accounts", str(accounts), "--captures", str(captures), "--seconds", str(seconds + 20)]
    with running(sender, ready="captures") as line:
        options = {"web": str(context.root / "viewer" / "web"), "http": stack.info["http"],
                   "login": stack.info["login"], "seconds": seconds, **json.loads(line)}
        done = subprocess.run([str(context.root / ".tools/node/bin/node"),
                               str(context.root / "tests/bench/live/hops.mjs"), json.dumps(options)],
                              capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"the browser: {done.stderr.strip()[-2000:]}")
    ages = json.loads(done.stdout)["ages"]
    if len(ages) < captures * seconds * 30 / 2:
        raise RuntimeError(f"only {len(ages)} chunks of {captures} captures came in {seconds} s")
    return ages


def platform(context, folder):
    """From the bytes that the encoder gives to the bytes in the page, beside a TCP echo of the same bytes."""
    seconds = 3 if context.quick else 20
    with Stack(context.build, folder / "hops", PORT_BASE) as stack:
        accounts = folder / "accounts.json"
        accounts.write_text(json.dumps([account_of(stack.device_config)]))
        ages, echo_p50 = [], []
        for turn in range(1 if context.quick else 3):
            context.progress(f"live: hops, round {turn + 1}")
            ages += hops(context, stack, accounts, 1, seconds)
            echo = subprocess.run([context.binary("sitecast-bench-viewers"), "echo", "--seconds", str(seconds)],
                                  check=True, capture_output=True, text=True).stdout
            echo_p50.append(json.loads(echo)["p50_ms"])
        floor = statistics.median(echo_p50)
        context.result("live.platform.p50", percentile(ages, 0.5), "ms", "TCP echo and 3 ms", floor + 3,
                       echo_p50_ms=round(floor, 3), p99_ms=round(percentile(ages, 0.99), 2), chunks=len(ages))
        many = hops(context, stack, accounts, 50, seconds)
        context.result("live.platform.streams50.p99", percentile(many, 0.99), "ms", chunks=len(many), chunks_sent=50 * 30 * seconds,
                       p50_ms=round(percentile(many, 0.5), 2))
