# SPDX-License-Identifier: Apache-2.0
"""Who shows the same frames in Chromium: Sitecast as `scripts/stack` starts it, and its peers.

Each is a context manager that starts what it needs, sending included, and gives the page's address; only one
runs at a time. All take the frames from the same shared memory and encode them with the settings that our
agent uses (agent/encode/encoder_choice.cpp, 2.5 Mbit/s, a key frame every two seconds).
"""
import contextlib
import json
import os
import signal
import subprocess

from stack import wait_until

SOUND = "gst:audiotestsrc is-live=true wave=pink-noise volume=0.1 ! audio/x-raw,rate=48000,channels=2"
ENCODER = ("x264enc tune=zerolatency speed-preset=superfast threads=2 bitrate=2500 vbv-buf-capacity=200 "
           "key-int-max=60 bframes=0 option-string=\"scenecut=0\"")
# Debian's, for which Debian's packages of GStreamer's Python bindings are.
PYTHON = "/usr/bin/python3"


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def running(command, ready=None, **more):
    """A program for the length of a block; `ready`: what the line holds that it prints then."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more)
    try:
        line = ""
        while ready is not None and ready not in line:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{command[0]} did not start")
        yield line
    finally:
        end(process)


class Frames:
    """The source: frames that carry their number and the time when they were begun."""

    def __init__(self, context, folder):
        self.media = context.binary("sitecast-testmedia")
        self.socket = folder / "frames"

    @contextlib.contextmanager
    def made(self):
        with running([self.media, "timecode", "--socket", str(self.socket)]):
            wait_until("the source's socket is there", 10, self.socket.exists)
            self.source = subprocess.run(
                [self.media, "timecode", "--socket", str(self.socket), "--print-source"], check=True,
                capture_output=True, text=True).stdout.strip()
            yield self


@contextlib.contextmanager
def sitecast(context, stack, frames):
    command = [context.binary("sitecast-agent"), "--config", str(stack.device_config), "record", "--json",
               "--source", frames.source, "--audio", SOUND]
    with running(command, ready="capture_id") as line:
        yield f"{stack.info['http']}/c/{json.loads(line)['capture_id']}"


@contextlib.contextmanager
def webrtc(context, frames, port, query):
    script = context.root / "tests/bench/live/webrtc_peer.py"
    with running([PYTHON, str(script), frames.source.removeprefix("gst:"), ENCODER, str(port)], ready="ready"):
        yield f"http://127.0.0.1:{port}/{query}"


@contextlib.contextmanager
def http_flv(context, folder, frames, port, query):
    script = context.root / "tests/bench/live/flv_peer.mjs"
    node = context.root / ".tools/node/bin/node"
    ports = [str(port + i) for i in range(3)]
    send = ["gst-launch-1.0", "-q", *frames.source.removeprefix("gst:").split(), "!", "videoconvert", "!",
            "queue", "leaky=downstream", "max-size-buffers=1", "!", *ENCODER.replace('"', "").split(), "!",
            "video/x-h264,profile=constrained-baseline", "!", "h264parse", "!", "flvmux", "streamable=true",
            "latency=0", "!", "rtmp2sink", f"location=rtmp://127.0.0.1:{ports[0]}/live/site", "sync=false"]
    # The server keeps a folder of its own where it is started.
    with running([str(node), str(script), *ports], ready="ready", cwd=folder), \
            running(send, env={**os.environ, "GST_DEBUG": "0"}):
        yield f"http://127.0.0.1:{ports[2]}/{query}"
