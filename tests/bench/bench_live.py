# SPDX-License-Identifier: Apache-2.0
"""live: glass to glass in Chromium, and the time to the first picture.

The source draws frame number and time into each 1280x720 frame (sitecast-testmedia timecode) and goes
through the whole chain as `scripts/stack` starts it: agent with sound, spool and frame checks, broker,
hub with receipts, gateway, page. The browser reads the blocks back from what it presents. Both ends
use the same clock. The result carries a hash of the configuration files.
"""
import hashlib
import json
import pathlib
import re
import signal
import subprocess
import tempfile

from stack import Stack, wait_until

PORT_BASE = 24500
SOUND = "gst:audiotestsrc is-live=true wave=pink-noise volume=0.1 ! audio/x-raw,rate=48000,channels=2"


def configuration_hash(stack):
    """Over the three configuration files without what differs by machine: ids, paths, ports."""
    text = ""
    for path in (stack.hub_config, stack.device_config, pathlib.Path(stack.info["gateway_config"])):
        text += path.read_text(encoding="utf-8")
    text = re.sub(r"[A-Za-z0-9_-]{22}", "ID", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text)
    text = re.sub(r'"/[^"]*/', '"', text)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def run(context):
    with tempfile.TemporaryDirectory(prefix="sitecast-bench-") as folder:
        folder = pathlib.Path(folder)
        with Stack(context.build, folder / "stack", PORT_BASE) as stack:
            measure(context, stack, folder)


def measure(context, stack, folder):
    socket = folder / "frames"
    media = context.binary("sitecast-testmedia")
    feed = subprocess.Popen([media, "timecode", "--socket", str(socket)])
    agent = None
    try:
        wait_until("the source's socket is there", 10, socket.exists)
        source = subprocess.run([media, "timecode", "--socket", str(socket), "--print-source"],
                                check=True, capture_output=True, text=True).stdout.strip()
        agent = subprocess.Popen(
            [context.binary("sitecast-agent"), "--config", str(stack.device_config), "record",
             "--json", "--source", source, "--audio", SOUND],
            stdout=subprocess.PIPE, text=True)
        capture = json.loads(agent.stdout.readline())["capture_id"]
        context.progress("live: watching")
        options = {"web": str(context.root / "viewer" / "web"), "http": stack.info["http"],
                   "login": stack.info["login"], "capture": capture,
                   "warmUpSeconds": 3 if context.quick else 8,
                   "seconds": 5 if context.quick else 30, "loads": 3 if context.quick else 20}
        node = context.root / ".tools" / "node" / "bin" / "node"
        done = subprocess.run([str(node), str(context.root / "tests/bench/live/measure.mjs"),
                               json.dumps(options)], capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"the browser: {done.stderr.strip()[-2000:]}")
        figures = json.loads(done.stdout.strip().splitlines()[-1])
    finally:
        for process in (agent, feed):
            if process and process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in (agent, feed):
            if process:
                if process.stdout:
                    process.stdout.read()
                process.wait(30)
    latencies = [latency for _, latency in figures["frames"]]
    if len(latencies) < 30:
        raise RuntimeError(f"only {len(latencies)} frames could be read, "
                           f"{figures['unreadable']} could not")
    numbers = [number for number, _ in figures["frames"]]
    common = {"configuration": configuration_hash(stack), "frames": len(latencies),
              "frames_sent_meanwhile": numbers[-1] - numbers[0] + 1,
              "unreadable": figures["unreadable"], "picture": "1280x720@30"}
    context.result("live.glass_to_glass.p50", percentile(latencies, 0.5), "ms", "limit", 160, **common)
    context.result("live.glass_to_glass.p95", percentile(latencies, 0.95), "ms", "limit", 300, **common)
    context.result("live.first_picture.p95", percentile(figures["firstPictureMs"], 0.95), "ms",
                   "limit", 500, loads=len(figures["firstPictureMs"]),
                   median_ms=round(percentile(figures["firstPictureMs"], 0.5), 1),
                   configuration=common["configuration"])
