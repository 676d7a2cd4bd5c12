# SPDX-License-Identifier: Apache-2.0
"""agent: what sitecast-agent costs beyond its encoder, and its memory.

A live source of 1280x720 at 30 fps with sound (sitecast-testmedia timecode: busy, moving pictures)
is filmed through the stack as scripts/demo configures it, without a master: spool, receipts, frame
checks. In turn with it, the same source goes into the agent's own choice of encoders and nowhere. Both
processes' CPU is counted over equal windows; the difference is the agent's.
"""
import contextlib
import json
import signal
import statistics
import subprocess
import time

from figures import cpu_seconds, ratio_interval, resident_mb
from stack import Stack, wait_until

PORT_BASE = 25100
SOUND = "audiotestsrc is-live=true wave=pink-noise volume=0.1 ! audio/x-raw,rate=48000,channels=2"


def run(context):
    pairs = 1 if context.quick else 7
    seconds = 2 if context.quick else 10
    with context.folder(None) as folder, Stack(context.build, folder / "stack", PORT_BASE) as stack, \
            source(context, folder / "frames") as video:
        # Where it is recorded, a master is a second encoder, which the peer does not have.
        stack.set_agent_option("encode", "master", "off")
        ours, theirs, memory = [], [], []
        for number in range(pairs):
            for who in (("agent", "encoder") if number % 2 == 0 else ("encoder", "agent")):
                context.progress(f"agent: pair {number + 1}/{pairs}: {who}")
                if who == "agent":
                    share, megabytes = agent_alone(context, stack, video, seconds)
                    ours.append(share)
                    memory.append(megabytes)
                else:
                    theirs.append(encoder_alone(context, video, seconds))
    beyond = [a - b for a, b in zip(ours, theirs)]
    ratio, low, high = ratio_interval(list(zip(ours, theirs)))
    context.result("agent.cpu_beyond_encoder", statistics.median(beyond), "% of a core",
                   "the same encoders alone", statistics.median(theirs),
                   agent_percent=round(statistics.median(ours), 2), agent_over_encoder=round(ratio, 3),
                   agent_over_encoder_95=[round(low, 3), round(high, 3)], pairs=pairs,
                   window_s=seconds, picture="1280x720@30 and sound")
    resident, anonymous, highest = (statistics.median(column) for column in zip(*memory))
    context.result("agent.rss", resident, "MB", anonymous_mb=round(anonymous, 1),
                   highest_mb=round(highest, 1), picture="1280x720@30 and sound")


@contextlib.contextmanager
def source(context, socket):
    """The GStreamer fragment that reads the test pictures, while they are made."""
    media = context.binary("sitecast-testmedia")
    feed = subprocess.Popen([media, "timecode", "--socket", str(socket)], stdout=subprocess.DEVNULL)
    try:
        wait_until("the source's socket is there", 10, socket.exists)
        shown = subprocess.run([media, "timecode", "--socket", str(socket), "--print-source"],
                               check=True, capture_output=True, text=True).stdout.strip()
        yield shown.removeprefix("gst:")
    finally:
        feed.terminate()
        feed.wait(10)


def percent_of_a_core(pid, seconds):
    """After two seconds of settling."""
    time.sleep(2)
    started, cpu = time.monotonic(), cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - cpu) / (time.monotonic() - started) * 100


def agent_alone(context, stack, video, seconds):
    agent = subprocess.Popen(
        [context.binary("sitecast-agent"), "--config", str(stack.device_config), "record", "--json",
         "--source", f"gst:{video}", "--audio", f"gst:{SOUND}"], stdout=subprocess.PIPE, text=True)
    try:
        json.loads(agent.stdout.readline())  # the capture has begun
        share = percent_of_a_core(agent.pid, seconds)
        memory = resident_mb(agent.pid)
    finally:
        agent.send_signal(signal.SIGINT)
        rest = agent.communicate(timeout=30)[0]
    end = next(line for line in map(json.loads, rest.splitlines()) if line.get("type") == "end")
    if end["video_frames_dropped"] > 0:
        context.progress(f"agent: {end['video_frames_dropped']} of {end['video_frames']} pictures "
                         "were dropped; the machine is too busy for this figure")
    return share, memory


def encoder_alone(context, video, seconds):
    encoder = subprocess.Popen(
        [context.binary("sitecast-bench-encode"), "--video", video, "--audio", SOUND],
        stdout=subprocess.PIPE, text=True)
    try:
        if not encoder.stdout.readline().startswith("ready"):
            raise RuntimeError("sitecast-bench-encode did not start")
        return percent_of_a_core(encoder.pid, seconds)
    finally:
        encoder.terminate()
        encoder.wait(10)
