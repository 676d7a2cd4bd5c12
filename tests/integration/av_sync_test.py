#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flash and beep through agent, broker, hub and export: how far sound and picture are apart in what
people get, by ffmpeg's ears and eyes. Five minutes as fast as they can be filmed, and some seconds as
live as life; with SITECAST_TEST_LONG five minutes of that too."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from agent_chain import Chain

OPTIONS = None
MOST_APART_S = 0.040
LIVE_SECONDS = 300 if os.environ.get("SITECAST_TEST_LONG") else 15


def run(*command):
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()}")
    return done


def flashes(movie):
    """Seconds at which the picture turns white."""
    times = [float(line.strip(",")) for line in run(
        "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time",
        "-of", "csv=p=0", movie).stdout.decode().split()]
    luma = run("ffmpeg", "-nostdin", "-v", "error", "-i", movie, "-map", "0:v:0", "-vf",
               "scale=1:1,format=gray", "-fps_mode", "passthrough", "-f", "rawvideo", "-").stdout
    assert len(luma) == len(times), f"{len(luma)} pictures at {len(times)} times"
    return [time for time, before, now in zip(times[1:], luma, luma[1:]) if now > 128 >= before]


def beeps(movie):
    """Seconds at which a tone begins."""
    said = run("ffmpeg", "-nostdin", "-i", movie, "-map", "0:a:0", "-af",
               "silencedetect=noise=0.1:duration=0.3", "-f", "null", "-").stderr.decode()
    ends = [float(end) for end in re.findall(r"silence_end: ([\d.]+)", said)]
    length = float(re.findall(r"time=(\d+):(\d+):([\d.]+)", said)[-1][2])
    return ends[:-1] if ends and abs(ends[-1] % 60 - length) < 0.1 else ends  # silence at the end ends too


class AvSyncTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sitecast-sync-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.chain = Chain(OPTIONS.build, self.folder / "chain", OPTIONS.port_base).start()
        self.addCleanup(self.chain.__exit__)

    def filmed_and_exported(self, seconds, *options):
        clip = self.folder / "clip.mkv"
        run(str(self.chain.files.bin / "sitecast-testmedia"), "flashbeep", "--out", str(clip),
            "--seconds", str(seconds))
        lines = self.chain.agent_json("record", "--source", f"file:{clip}", "--until-delivered",
                                      *options, timeout=seconds + 120)
        out = self.folder / "export"
        run(*self.chain.files.command("sitecast-hub", "export", lines[0]["capture_id"], "--out",
                                      str(out)))
        return str(out / "movie.mp4"), lines[-1]

    def assert_together(self, what, movie, end, seconds):
        errors = run("ffmpeg", "-nostdin", "-v", "error", "-i", movie, "-f", "null", "-").stderr
        self.assertEqual(errors.decode(), "")
        seen, heard = flashes(movie), beeps(movie)
        # Each flash with the beep of its second; a machine that is too slow may lose a flash.
        apart = [(flash, beep - flash) for flash in seen for beep in heard
                 if round(flash) == round(beep)]
        self.assertEqual([round(beep) for beep in heard], list(range(1, seconds)))
        self.assertGreater(len(apart), 0.9 * (seconds - 1))
        worst = max(apart, key=lambda pair: abs(pair[1]))
        at = [apart[0], apart[len(apart) // 2], apart[-1]]
        print(f"{what}: {end['video_frames']} pictures, {end['video_frames_dropped']} left out, "
              f"{len(apart)} flashes; sound later than picture at " +
              ", ".join(f"{flash:.0f} s {offset * 1000:.1f} ms" for flash, offset in at) +
              f"; worst {worst[1] * 1000:.1f} ms", flush=True)
        self.assertLessEqual(abs(worst[1]), MOST_APART_S, worst)

    def test_five_minutes_as_fast_as_they_can_be_filmed(self):
        movie, end = self.filmed_and_exported(300, "--demonstration", "--captured-at",
                                              "2026-03-02T10:00:00+08:00")
        self.assertEqual(end["video_frames"], 9000)
        self.assert_together("history", movie, end, 300)

    def test_as_live_as_life(self):
        movie, end = self.filmed_and_exported(LIVE_SECONDS)
        self.assert_together("live", movie, end, LIVE_SECONDS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--port-base", type=int, default=24800)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], "-v", *rest])
