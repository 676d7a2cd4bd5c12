#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk, at the device and at the hub, while an agent films: each on a file system of its own that is
filled until a few bytes are left, then emptied again. It is said within 5 s, nothing stored is lost, filming
and delivery go on by themselves when there is room, and what was not filmed is stated as a gap. Afterwards
the archive is byte for byte what was captured.

Prints its seed. `--trials N`: N times at the device and N times at the hub, with other sizes each time.
Skips (77) where no file system can be mounted."""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import archive_checker  # noqa: E402
from stack import Stack, wait_until  # noqa: E402
from walkthrough import Walkthrough, lines_in  # noqa: E402

ALARM_S = 5
RECOVER_S = 30
MB = 1 << 20
DEVICE_RESERVE = 8 * MB
HUB_RESERVE = 1024 * MB  # its default
# What stays free. From nothing at all, where not even SQLite can write, to just under the reserve.
SIZES = [0, 4096, 65536, 0.1, 0.3, 0.6, 0.9, 0.99]


class SmallDisk:
    """A file system in a sparse file: ext4 without room kept for root."""

    def __init__(self, folder, size_bytes):
        self.image = folder.with_suffix(".img")
        self.folder = folder
        self.filler = folder / "filler"
        folder.mkdir(parents=True)
        subprocess.run(["truncate", "-s", str(size_bytes), self.image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", self.image], check=True)
        done = subprocess.run(["mount", "-o", "loop", self.image, folder], check=False,
                              capture_output=True, text=True)
        self.mounted = done.returncode == 0
        self.why_not = done.stderr

    def free(self):
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def fill(self, left_bytes):
        """Again and again, since others write meanwhile; what they free is taken as well."""
        with open(self.filler, "ab") as filler:
            for _ in range(50):
                more = self.free() - int(left_bytes)
                if more < 4096:
                    return
                size = os.fstat(filler.fileno()).st_size
                try:
                    os.posix_fallocate(filler.fileno(), size, more)
                except OSError:
                    try:
                        os.posix_fallocate(filler.fileno(), size, max(4096, more // 2))
                    except OSError:
                        return

    def make_room(self):
        self.filler.unlink()

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], check=False)


def status_of(stack, prefix=()):
    done = subprocess.run([*prefix, stack.agent, "--config", str(stack.device_config), "--json",
                           "status"], capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


class Site:
    def __init__(self, build, folder):
        self.folder = folder
        self.ledger = folder / "ledger.txt"
        self.disks = {"device": SmallDisk(folder / "device-disk", 256 * MB),
                      "hub": SmallDisk(folder / "stack", 3072 * MB)}
        self.stack = Stack(build, folder / "stack", PORT_BASE)
        self.walk = None
        self.pauses = 0

    def why_not(self):
        return next((disk.why_not for disk in self.disks.values() if not disk.mounted), None)

    def start(self):
        self.stack.__enter__()
        for section, key, value in [("spool", "dir", str(self.folder / "device-disk" / "spool")),
                                    ("spool", "ledger", str(self.ledger)),
                                    ("spool", "reserve_bytes", DEVICE_RESERVE),
                                    ("encode", "width", 320), ("encode", "height", 240),
                                    ("encode", "video_bitrate_kbps", 600),
                                    ("encode", "master", "off")]:
            self.stack.set_agent_option(section, key, value)
        self.walk = Walkthrough(self.stack, "test:")
        self.more_is_captured()
        wait_until("the first parts are at the hub", 30, lambda: self.at_hub() > 30)

    def more_is_captured(self):
        before = lines_in(self.ledger)
        wait_until("filming goes on", RECOVER_S, lambda: lines_in(self.ledger) > before + 10)

    def agent(self, *arguments):
        return subprocess.run([self.stack.agent, "--config", str(self.stack.device_config),
                               *arguments], capture_output=True, text=True, timeout=120,
                              check=True).stdout

    def status(self):
        return status_of(self.stack)

    def newest_capture(self):
        """Of those that are listed, which are not all: of the delivered ones the newest 50."""
        return max(self.status()["captures"], key=lambda capture: capture["captured_at_us"])["capture_id"]

    def at_hub(self):
        return sum(track["parts_at_hub"] for capture in self.status()["captures"]
                   for track in capture["tracks"])

    def said_pauses(self):
        """What the person who films has read, in either language."""
        said = self.walk.log_path.read_text(errors="replace")
        return said.count("filming is paused") + said.count("拍摄暂停")

    def waiting(self):
        status = self.status()
        return status["waiting_bytes"], status["cause"]

    def stop(self):
        if self.walk:
            self.walk.stop()
            self.walk = None
        self.stack.__exit__()

    def close(self):
        self.stop()
        for disk in self.disks.values():
            disk.close()


def fill_device(site, left):
    """The device's disk is full: filming stops visibly and goes on by itself."""
    disk = site.disks["device"]
    recording = site.newest_capture()
    disk.fill(left)
    wait_until("the device says that its disk is full", ALARM_S,
               lambda: site.status()["spool"]["trouble"] == "disk_full")
    wait_until("filming has stopped visibly", ALARM_S, lambda: site.said_pauses() > site.pauses)
    site.pauses += 1
    disk.make_room()
    wait_until("filming goes on as another capture", RECOVER_S,
               lambda: site.newest_capture() != recording)
    site.more_is_captured()
    if site.walk.starts != 1:
        raise AssertionError("the recording ended instead of going on")


def fill_hub(site, left):
    """The hub's disk is full: it refuses with the cause, nothing is receipted, all comes later."""
    disk = site.disks["hub"]
    disk.fill(left)
    wait_until("the device says that the hub is full", ALARM_S,
               lambda: site.status()["cause"] == "hub_full")
    at_hub = site.at_hub()
    site.more_is_captured()
    if site.at_hub() > at_hub + 60:  # what was on its way into the last group
        raise AssertionError("a full hub receipts parts")
    disk.make_room()
    wait_until("what was filmed meanwhile is at the hub", RECOVER_S,
               lambda: site.waiting()[0] < 200_000)


def stated_gaps(site):
    """Events of kind `gap` in the archive's event logs, by their bytes (field 2 of v1::Event)."""
    return sum(file.read_bytes().count(b"\x12\x03gap")
               for file in site.stack.hub_state_dir.joinpath("events").glob("*.log"))


def judge(site):
    site.agent("send", "--until-delivered")
    tracks = archive_checker.read_archive(site.stack.hub_state_dir)
    captured = archive_checker.read_ledger(site.ledger)
    problems = archive_checker.compare(captured, tracks)
    check = subprocess.run([site.stack.hub, "--config", str(site.stack.hub_config), "check",
                            "--read-data"], capture_output=True, text=True, check=False)
    if check.returncode != 0:
        problems.append(f"check: {check.stdout}{check.stderr}")
    if stated_gaps(site) != site.pauses:
        problems.append(f"{site.pauses} pauses, but {stated_gaps(site)} gaps are stated")
    print(f"{len(captured)} parts captured, {sum(len(t.hashes) for t in tracks)} archived, "
          f"{site.pauses} pauses, {len(problems)} problems")
    return problems


PORT_BASE = 24370


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--trials", type=int,
                        default=80 if os.environ.get("SITECAST_TEST_LONG") else len(SIZES))
    parser.add_argument("--minutes", type=float, help="no new trial after this")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("skipped: needs root, to mount file systems of its own")
        return 77
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    deadline = time.monotonic() + 60 * (options.minutes or 1e6)
    chance = random.Random(seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sitecast-full-"))
    site = Site(options.build, folder)
    problems = None
    try:
        if site.why_not():
            print(f"skipped: {site.why_not()}")
            problems = []
            return 77
        site.start()
        plan = [(kind, SIZES[n % len(SIZES)] * (1 if n < len(SIZES) else chance.uniform(0.1, 1)))
                for n in range(options.trials) for kind in ("device", "hub")]
        chance.shuffle(plan)
        for number, (kind, share) in enumerate(plan):
            if time.monotonic() > deadline:
                print(f"{number} trials in the time given")
                break
            reserve = DEVICE_RESERVE if kind == "device" else HUB_RESERVE
            left = share if share >= 1 or share == 0 else share * reserve
            print(f"{number + 1}/{len(plan)}: {int(left)} bytes left at the {kind}", flush=True)
            (fill_device if kind == "device" else fill_hub)(site, left)
        site.walk.stop()
        site.walk = None
        problems = judge(site)
        for problem in problems[:20]:
            print("  " + problem)
        return 1 if problems else 0
    finally:
        if problems != []:
            print(f"kept: {folder}; {site.walk.log_path if site.walk else ''}")
            subprocess.run(["cp", "-r", folder / "stack" / "log", folder / "kept-log"], check=False)
            subprocess.run(["cp", folder / "stack" / "agent.log", folder / "kept-log"], check=False)
        site.close()
        if problems == []:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
