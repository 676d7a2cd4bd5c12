#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Broken and odd media files, each given to sitecast-agent: a correct capture or a message that says what
is wrong and what to do. Never a crash, never longer than 20 s, never half a film shown as whole.
`-v` prints what became of each file."""
import argparse
import base64
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

OPTIONS = None
LIMIT_S = 20
# What a message proposes: other commands, other files.
ADVICE = ("document --file", "photo --file", "copy it", "convert it")


def output_of(*command):
    return subprocess.run(command, capture_output=True, check=False, timeout=60).stdout


def pictures_in(path):
    """As ffprobe decodes them; 0 when it cannot say."""
    counts = output_of("ffprobe", "-v", "quiet", "-select_streams", "v:0", "-count_frames", "-show_entries",
                       "stream=nb_read_frames", "-of", "csv=p=0", str(path)).decode().split()
    number = counts[0].strip(",") if counts else ""
    return int(number) if number.isdigit() else 0


def sound_in(path):
    """Seconds of sound, as ffmpeg decodes it."""
    return len(output_of("ffmpeg", "-v", "quiet", "-i", str(path), "-map", "0:a:0", "-ac", "1", "-ar", "8000",
                         "-f", "s16le", "-")) / 16000


def duration_of(path):
    text = output_of("ffprobe", "-v", "quiet", "-show_entries", "format=duration", "-of", "csv=p=0",
                     str(path)).decode().strip()
    try:
        return min(float(text), LIMIT_S)
    except ValueError:
        return 0


class Device:
    """An agent of its own, which never reaches a broker."""

    def __init__(self, folder, key="device.key"):
        self.config = pathlib.Path(folder) / "agent.toml"
        ids = [base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=") for _ in range(2)]
        self.config.write_text(
            f'device_id = "{ids[0]}"\nproject_id = "{ids[1]}"\nkey_file = "{key}"\n'
            '[broker]\nurl = "mqtt://127.0.0.1:9"\n[spool]\nreserve_bytes = 4194304\n', encoding="utf-8")

    def run(self, *arguments):
        return subprocess.run([OPTIONS.build + "/bin/sitecast-agent", "--config", str(self.config), "--json",
                               *arguments], capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def status(self):
        return json.loads(self.run("status").stdout)


def require(condition, what):
    if not condition:
        raise AssertionError(what)


def check_refused(path, said, status):
    error = said[-1]
    require(error["type"] == "error", error)
    message = error["message"]
    require(len(message) > 20, message)
    capture = status["captures"][-1] if status["captures"] else None
    if capture is None:
        require(str(path) in message, f"names no file: {message}")
        require(any(advice in message for advice in ADVICE), f"says not what to do: {message}")
        return f"refused: {message.replace(str(path), path.name)}"
    # It began well: what was there is kept, and called what it is.
    require(capture["closed_reason"] == "error", capture)
    require([line["reason"] for line in said if line["type"] == "end"] == ["error"], said)
    return f"kept {capture['duration_ms']} ms as damaged: {message}"


def check_capture(path, end, status):
    require(end["type"] == "end" and end["reason"] == "source_ended", end)
    capture = status["captures"][-1]
    require(capture["closed_reason"] == "source_ended", capture)
    require(capture["on_device_ms"] == capture["duration_ms"] > 0, capture)
    for track in capture["tracks"]:
        require(track["parts"] == track["parts_synced"] > 0, track)
    pictures = end["video_frames"] + end["video_frames_dropped"]
    require(pictures >= pictures_in(path), f"{pictures} pictures of {pictures_in(path)}: {end}")
    sound_s = sound_in(path)
    require(end["audio_frames"] * 0.02 > sound_s - 0.1, f"{sound_s} s of sound are there: {end}")
    return f"{pictures} pictures, {end['audio_frames'] * 0.02:.1f} s of sound"


def check_photo(path, answer, status):
    require(answer["size_bytes"] == path.stat().st_size, answer)
    complaint = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-f", "null", "-"],
                               capture_output=True, text=True, check=False, timeout=60).stderr
    require(not complaint, f"another reader finds it damaged: {complaint}")
    capture = status["captures"][-1]
    require(capture["kind"] == "photo" and capture["closed_reason"] == "stopped", capture)
    return f"a photo of {answer['size_bytes']} bytes"


def give(path, command, key):
    """What became of the file, in words; AssertionError when it is not what it must be."""
    with tempfile.TemporaryDirectory(prefix="sitecast-media-") as folder:
        device = Device(folder, key)
        option = ("--source", f"file:{path}") if command == "record" else ("--file", str(path))
        try:
            done = device.run(command, *option)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"longer than {LIMIT_S} s") from None
        require(done.returncode in (0, 1), f"ended with {done.returncode}: {done.stderr}")
        said = [json.loads(line) for line in done.stdout.splitlines()]
        status = device.status()
        if done.returncode == 1:
            return check_refused(path, [line for line in said if "type" in line], status)
        return check_photo(path, said[-1], status) if command == "photo" else check_capture(path, said[-1], status)


class BrokenMediaTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sitecast-media-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.key = self.folder / "device.key"  # one for all: each start of the agent takes a while
        self.assertEqual(Device(folder.name).run("keygen").returncode, 0)

    def test_each_file_becomes_a_correct_capture_or_a_clear_message(self):
        root = pathlib.Path(OPTIONS.data) / "broken-media"
        files = sorted(path for path in root.glob("*/*") if not path.name.startswith("LICENSE"))
        if not files:
            self.skipTest(f"test data is absent: {root}")
        # The longest first, so that two at a time end together.
        files.sort(key=duration_of, reverse=True)
        jobs = [(path, command) for path in files
                for command in (("record", "photo") if path.suffix == ".jpg" else ("record",))]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            outcomes = [(path, command, pool.submit(give, path, command, self.key)) for path, command in jobs]
            for path, command, outcome in outcomes:
                name = f"{command} {path.relative_to(root)}"
                with self.subTest(name):
                    words = outcome.result()
                    if OPTIONS.verbose:
                        print(f"{name}: {words}")


    def test_half_a_film_is_kept_but_never_shown_as_whole(self):
        whole = pathlib.Path(OPTIONS.data) / "broken-media" / "androidx-media" / "sample.avi"
        if not whole.exists():
            self.skipTest(f"test data is absent: {whole}")
        half = self.folder / "half.avi"
        half.write_bytes(whole.read_bytes()[:whole.stat().st_size // 2])
        words = give(half, "record", self.key)
        self.assertRegex(words, "^kept [0-9]+ ms as damaged: .*its end is missing")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--data", required=True, help="SITECAST_TEST_DATA of the environment goes before it")
    parser.add_argument("-v", "--verbose", action="store_true")
    OPTIONS, rest = parser.parse_known_args()
    OPTIONS.data = os.environ.get("SITECAST_TEST_DATA", OPTIONS.data)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2 if OPTIONS.verbose else 1)
