# SPDX-License-Identifier: Apache-2.0
"""scripts/demo: builds the release preset, starts a stack with the demonstration's history and an
agent that films, and says where to look."""
import argparse
import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path

import demo_seed
from demo_story import HALL1
from page_api import Page
from stack_files import StackFiles
from stack_processes import Child, StackError, say, stop_on_signals
from stack_run import Stack

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ["sitecast-agent", "sitecast-hub", "sitecast-gateway", "sitecast-derive", "sitecast-plan-read",
           "sitecast-scenery", "web"]
LIVE_LIMIT_S = 60
CAMERA = "/dev/video0"
# People, cars and barrier tape at a building, 79 s, from a fixed camera. It has no sound.
DEFAULT_CLIP = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
MURMUR = "gst:audiotestsrc is-live=true wave=pink-noise volume=0.02 samplesperbuffer=480"


def build():
    """The release preset; one line of progress each tenth, or as it goes on a terminal."""
    started = time.monotonic()
    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    shown = -1
    with subprocess.Popen(["cmake", "--build", "build/release", "--target", *TARGETS], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        output = []
        for line in process.stdout:
            output.append(line)
            step = re.match(r"\[(\d+)/(\d+)\]", line)
            tenth = int(step.group(1)) * 10 // int(step.group(2)) if step else shown
            if sys.stderr.isatty() and step:
                print(f"\rbuilding {step.group(1)}/{step.group(2)} ", end="", file=sys.stderr)
            elif tenth > shown:
                print(f"building: {tenth * 10} %", file=sys.stderr, flush=True)
            shown = max(shown, tenth)
        if sys.stderr.isatty():
            print(file=sys.stderr)
    if process.returncode != 0:
        sys.stderr.writelines(output[-60:])
        raise StackError("the build failed")
    print(f"built in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def camera_works():
    """A camera that gives a picture within some seconds."""
    if not os.path.exists(CAMERA):
        return False
    probe = ["timeout", "5", "gst-launch-1.0", "-q", "v4l2src", f"device={CAMERA}", "num-buffers=1",
             "!", "fakesink"]
    return subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def live_source(footage):
    """(arguments of `record`, in words zh, in words en)."""
    if footage:
        return (["--source", f"file:{footage}", "--loop"], f"循环播放 {footage.name}",
                f"{footage.name} in a loop")
    if camera_works():
        return ["--source", f"v4l2:{CAMERA}"], f"摄像头 {CAMERA}", f"the camera {CAMERA}"
    if not DEFAULT_CLIP.exists():
        raise StackError(f"{DEFAULT_CLIP} is missing (Debian package opencv-doc); "
                         "name another clip with --footage")
    return (["--source", f"file:{DEFAULT_CLIP}", "--loop", "--audio", MURMUR],
            "循环播放真实视频片段 vtest.avi（声音为生成的环境音）",
            "the real clip vtest.avi in a loop (its sound is generated)")


def lan_address():
    """The address that other machines reach this one at; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: never a real host
            return probe.getsockname()[0]
        except OSError as problem:
            raise StackError(f"--lan: this machine has no network: {problem}") from problem


def wait_for_live(info, stopping):
    """Seconds until the page shows a live capture; StackError after LIVE_LIMIT_S."""
    started = time.monotonic()
    page = Page(info)
    path = f"/api/v1/projects/{info['project_id']}/live"
    while not page.get(path)["captures"]:
        if stopping.wait(0.2):
            return None
        if time.monotonic() - started > LIVE_LIMIT_S:
            raise StackError(f"nothing is live after {LIVE_LIMIT_S} s; see the agent's log")
    return time.monotonic() - started


def greet(info, words_zh, words_en):
    passwords = info["accounts"]
    lines = [
        "",
        f"  云现场 Sitecast    {info['http']}",
        "",
        "  账号 accounts      user      password",
        f"  招商中心 centre    centre    {passwords['centre']}",
        f"  服务专员 agent     agent     {passwords['agent']}",
        f"  业主 owner         owner     {passwords['owner']}",
        "",
        f"  直播 live          {words_zh}",
        f"                     {words_en}",
        "  历史 history       近 24 周的工程影像由程序绘制，画面上均标有“演示画面”",
        "                     24 weeks of site history, rendered; marked \"demonstration footage\"",
    ]
    if "ca_file" in info:
        lines += ["", f"  手机 phone         先安装证书 install this certificate first: {info['ca_file']}",
                  f"  设备 device        {info['mqtt_tls']}"]
    lines += ["", "  Ctrl-C 结束 ends the demonstration", ""]
    print("\n".join(lines), flush=True)


def run(arguments, files):
    stack = Stack(files, supervise=True, project=demo_seed.PROJECT)
    stopping = stack.supervisor.stopping
    stop_on_signals(stack.supervisor)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(stack.stop)
        info = stack.start()
        demo_seed.seed(files, info, stopping)
        if stopping.is_set():
            return 0
        source, words_zh, words_en = live_source(arguments.footage)
        agent = Child("agent", [str(files.bin / "sitecast-agent"), "--config",
                                str(files.device / "agent.toml"), "record", *source, "--area", HALL1,
                                "--title", "实时巡场 Live walk-through"],
                      files.log / "agent.log")
        stack.supervisor.add(agent)
        greet(info, words_zh, words_en)
        watcher = threading.Thread(target=follow_start, args=(arguments, info, stack.supervisor))
        watcher.start()
        clean = stack.supervisor.watch()
        watcher.join()
        return 0 if clean and not stack.supervisor.trouble else 1


def follow_start(arguments, info, supervisor):
    """Says when live is visible, opens the page, and ends the demo after --for seconds."""
    ready_at = time.monotonic()
    try:
        seconds = wait_for_live(info, supervisor.stopping)
        if seconds is not None:
            print(f"  直播已可见 live is visible ({seconds:.1f} s)\n", flush=True)
            if not arguments.no_open:
                webbrowser.open(info["http"])
    except (StackError, OSError) as problem:
        say(str(problem))
        supervisor.trouble = True
    if arguments.seconds is not None:
        supervisor.stopping.wait(max(0, ready_at + arguments.seconds - time.monotonic()))
        supervisor.stopping.set()


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Shows Sitecast on a "
                                     "demonstration project; everything is kept in .demo/.")
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS",
                        help="end this long after everything is ready")
    parser.add_argument("--footage", type=Path, metavar="FILE", help="film this clip, in a loop")
    parser.add_argument("--lan", action="store_true",
                        help="serve TLS to the local network, for a real phone")
    parser.add_argument("--dir", type=Path, default=ROOT / ".demo", help="where the demo lives")
    parser.add_argument("--port-base", type=int, default=8440)
    parser.add_argument("--no-build", action="store_true", help="use build/release as it is")
    arguments = parser.parse_args()
    if arguments.footage:
        arguments.footage = arguments.footage.resolve()
        if not arguments.footage.is_file():
            parser.error(f"--footage: no file {arguments.footage}")
    try:
        if not arguments.no_build:
            build()
        files = StackFiles(arguments.dir, ROOT / "build" / "release", arguments.port_base,
                           lan_address() if arguments.lan else None)
        return run(arguments, files)
    except StackError as problem:
        say(str(problem))
        return 1


if __name__ == "__main__":
    sys.exit(main())
