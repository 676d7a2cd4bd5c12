#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mse_test.py MAKE_TRACK_FILES: Chromium's Media Source Extensions take the muxer's chunks one by one,
under the codec strings that we state, without a gap, and play them to the end."""
import functools
import http.server
import json
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
MAKE_TRACK_FILES = None
DEADLINE_S = 90


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args, results, **kwargs):
        self.results = results
        super().__init__(*args, **kwargs)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.results.put(json.loads(body))

    def log_message(self, *args):
        pass


class MseTest(unittest.TestCase):
    def play(self, folder):
        results = queue.Queue()
        handler = functools.partial(Handler, directory=folder, results=results)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = subprocess.Popen(
                ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio",
                 "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
                 f"--user-data-dir={profile}",
                 f"http://127.0.0.1:{server.server_address[1]}/mse_page.html"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                return results.get(timeout=DEADLINE_S)
            except queue.Empty:
                self.fail("Chromium reported nothing")
            finally:
                browser.terminate()
                browser.wait()
                server.shutdown()
                server.server_close()

    def test_chunks_play_to_the_end_without_a_gap(self):
        if shutil.which("chromium") is None:
            self.skipTest("chromium is not installed (scripts/setup test)")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([MAKE_TRACK_FILES, folder], check=True)
            shutil.copy(HERE / "mse_page.html", folder)
            tracks = json.loads(pathlib.Path(folder, "tracks.json").read_text())
            self.assertEqual([track["type"].split('"')[1][:5] for track in tracks], ["avc1.", "opus"])
            result = self.play(folder)
        self.assertNotIn("error", result)
        self.assertEqual(result["supported"], [True, True])
        for track, ranges in zip(tracks, result["buffered"]):
            self.assertEqual(len(ranges), 1, f"{track['file']}: {ranges}")
            self.assertAlmostEqual(ranges[0][0], track["start_s"], delta=0.001)
            self.assertAlmostEqual(ranges[0][1], track["end_s"], delta=0.001)
        self.assertEqual(result["width"], 320)
        self.assertEqual(result["decoded"], 90)
        self.assertGreater(result["presented"], 0)
        self.assertAlmostEqual(result["current_time"], tracks[1]["end_s"], delta=0.1)


if __name__ == "__main__":
    MAKE_TRACK_FILES = sys.argv.pop(1)
    unittest.main()
