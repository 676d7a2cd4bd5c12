#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`export`, `verify`, `check` and `rebuild-index` on what a real agent filmed and a real hub archived,
looked at with ffmpeg and with SQLite's own reader."""
import argparse
import hashlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from agent_chain import Chain

OPTIONS = None
# Numbers by which rows of one index file find each other; another file numbers anew.
LOCAL = {("capture", "place"), ("track_row", "row_key")}


def index_rows(state):
    """{table: sorted rows} of the index in use, with the local numbers replaced by what they stand
    for. Every table and column that the file has, whatever they are called."""
    name = (state / "index" / "CURRENT").read_text().strip()
    database = sqlite3.connect(f"file:{state / 'index' / name}?mode=ro", uri=True)
    stands_for = {
        "track_id": {row[0]: (row[1], row[2]) for row in database.execute(
            "select track_id, capture_id, name from track")},
        "content_id": dict(database.execute("select content_id, sha256 from init_content")),
        "event_row": dict(database.execute("select event_row, event_id from event")),
        "place": dict(database.execute("select place, event_id from search_doc join event using (event_row)")),
    }
    stands_for["doc"] = stands_for["place"]
    tables = {}
    for (table,) in database.execute("select name from sqlite_schema where type = 'table'"
                                     " and name not like 'sqlite_%'").fetchall():
        # How FTS5 keeps its lists; what they hold is in search_term.
        if table in ("search", "search_data", "search_idx", "search_config"):
            continue
        columns = [row[1] for row in database.execute(f"pragma table_xinfo({table})")]
        rows = []
        for row in database.execute(f"select {', '.join(columns)} from {table}"):
            rows.append(tuple((column, stands_for.get(column, {}).get(value, value))
                              for column, value in zip(columns, row)
                              if (table, column) not in LOCAL))
        tables[table] = sorted(rows, key=repr)
    database.close()
    return tables


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def frames(movie, stream):
    done = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", stream,
                           "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", str(movie)],
                          capture_output=True, text=True, check=True)
    return int(done.stdout.strip().strip(","))


class ArchiveCommandsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sitecast-commands-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.chain = Chain(OPTIONS.build, self.folder / "chain", OPTIONS.port_base)
        self.addCleanup(self.chain.__exit__)
        self.state = self.chain.files.hub_state
        self.chain.start()
        self.document = self.folder / "plan.pdf"
        self.document.write_bytes(bytes(range(256)) * 1000)
        self.walk = self.film("record", "--source", "test:", "--audio",
                              "gst:audiotestsrc is-live=true", "--duration", "4", "--area", "1号厂房")
        self.chain.run_agent("note", "--capture", self.walk, "--text", "屋面已完成", "--at", "1.5")
        self.plan = self.film("document", "--file", str(self.document), "--note", "竣工图")
        self.chain.run_agent("send", "--until-delivered")

    def tearDown(self):
        outcome = self._outcome.result
        if outcome.failures or outcome.errors:
            print(self.chain.logs(), file=sys.stderr)

    def film(self, *arguments):
        lines = self.chain.agent_json(*arguments, "--until-delivered")
        return next(line["capture_id"] for line in lines if "capture_id" in line)

    def hub(self, *arguments, config=True):
        command = self.chain.files.command("sitecast-hub", *arguments)
        if not config:
            command = [command[0], *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def export(self, capture, name):
        done = self.hub("export", capture, "--out", str(self.folder / name))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return self.folder / name

    def assert_verified(self, folder):
        done = self.hub("verify", str(folder), config=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("已验证", done.stdout)

    def assert_clean(self):
        done = self.hub("check", "--read-data")
        self.assertEqual((done.returncode, done.stdout.count("\n")), (0, 1), done.stdout)
        self.assertTrue(done.stdout.endswith(": clean\n"), done.stdout)

    def test_export_plays_and_is_verified_without_the_hub(self):
        chain = self.chain
        folder = self.export(self.walk, "walk")  # beside the running hub
        movie = folder / "movie.mp4"
        decoded = subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", str(movie), "-f", "null",
                                  "-"], capture_output=True, text=True, check=False)
        self.assertEqual((decoded.returncode, decoded.stderr), (0, ""))
        video = [line for line in chain.ledger.read_text().splitlines() if " video " in f" {line} "]
        self.assertGreater(len(video), 30)
        self.assertGreaterEqual(frames(movie, "v:0"), len(video))  # a frame or more in each part
        self.assertGreater(frames(movie, "a:0"), 100)
        texts = [event["body"].get("text") for event in json.loads(
            (folder / "events.json").read_text())]
        self.assertIn("屋面已完成", texts)
        plan = self.export(self.plan, "plan")
        self.assertIn(sha256(self.document), [sha256(path) for path in plan.glob("file.*")])

        for name in ("hub", "broker"):
            chain.stop(name)
        shutil.move(self.state, self.folder / "away")
        self.assert_verified(folder)
        self.assert_verified(plan)
        summed = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, check=False)
        self.assertEqual(summed.returncode, 0)

        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            whole = path.read_bytes()
            changed = bytearray(whole)
            changed[len(changed) // 2] ^= 1
            path.write_bytes(changed)
            done = self.hub("verify", str(folder), config=False)
            self.assertEqual(done.returncode, 1, f"{path} was altered")
            path.write_bytes(whole)
        self.assert_verified(folder)

    def test_rebuilt_index_is_the_grown_one(self):
        refused = self.hub("rebuild-index")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("a hub runs on this state", refused.stderr)
        before = self.export(self.walk, "before")
        self.chain.stop("hub")
        self.assert_clean()
        grown = index_rows(self.state)
        for table in ("project", "capture", "event", "track", "track_row", "init_segment",
                      "init_content", "log_position", "search_doc", "search_term"):
            self.assertTrue(grown[table], f"no row in {table}")
        current = (self.state / "index" / "CURRENT").read_text()

        done = self.hub("rebuild-index")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual((self.state / "index" / "CURRENT").read_text(), current)
        self.assertEqual(index_rows(self.state), grown)
        self.assert_clean()
        after = self.export(self.walk, "after")
        for name in ("movie.mp4", "events.json", "proof/video.media", "proof/video.sidecar"):
            self.assertEqual(sha256(after / name), sha256(before / name), name)

        shutil.rmtree(self.state / "index")  # a hub without one makes it
        self.chain.start_hub()
        self.chain.stop("hub")
        self.assertEqual(index_rows(self.state), grown)
        self.assert_clean()

    def test_check_says_what_is_wrong_and_its_exit_code_says_so_too(self):
        self.chain.stop("hub")
        self.assert_clean()
        sidecar = next(self.state.glob("archive/*/*/*/video.sidecar"))
        whole = sidecar.read_bytes()
        damaged = bytearray(whole)
        damaged[len(damaged) // 2] ^= 1
        sidecar.write_bytes(damaged)
        done = self.hub("check")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"problem: .*video\.sidecar: is damaged at byte \d+; \d+ whole "
                                      r"records .*\n  to do: stop the hub and copy the file")
        sidecar.write_bytes(whole)
        self.assert_clean()
        self.chain.files.hub_config.write_text(
            self.chain.files.hub_config.read_text().replace('"hub"', '"elsewhere"', 1))
        done = self.hub("check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no archive here", done.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--port-base", type=int, default=24360)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
