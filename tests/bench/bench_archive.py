# SPDX-License-Identifier: Apache-2.0
"""archive: the first page of a timeline and a playlist out of 1,000,000 captures, beside 1,000; and
serving archived segments beside nginx.

Both indexes are made with the hub's own code (sitecast-bench-archive); a real gateway serves each,
and one signed-in person asks both in turn, at random places:
  warm  all of the index is in the page cache
  cold  before each question a commit empties SQLite's cache, as the hub's commits do, and the page
        cache is dropped (as root with drop_caches; else only the index's own pages are)
"""
import base64
import hashlib
import json
import os
import pathlib
import random
import sqlite3
import statistics
import subprocess
from urllib.parse import quote

from figures import percentile
from serving.gateway import USER, Gateway
from serving.segments import serve

PORT_BASE = 25000
LIMIT_MS = 20
GROWTH_LIMIT = 1.5
PAGE = 50
SMALL = 1000


def made_archive(context, folder, captures):
    """State folder of a hub with an index of so many captures; made, or found in a kept folder."""
    maker = pathlib.Path(context.binary("sitecast-bench-archive"))
    made_by = hashlib.sha256(maker.read_bytes()).hexdigest()
    note = folder / "made.json"
    if note.exists():
        made = json.loads(note.read_text())
        if made["made_by"] == made_by:
            context.progress(f"archive: {captures} captures found in {folder}")
            return made
    context.progress(f"archive: making {captures} captures")
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir(parents=True)
    done = subprocess.run([str(maker), "make", "--state-dir", str(folder / "hub"), "--captures",
                           str(captures), "--member", USER], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError("sitecast-bench-archive failed")
    made = json.loads(done.stdout)
    made.update(state_dir=str(folder / "hub"), made_by=made_by)
    note.write_text(json.dumps(made))
    return made


class Index:
    """What is asked of one archive, and how its index becomes cold."""

    def __init__(self, made):
        self.path = made["index"]
        self.database = sqlite3.connect(self.path, isolation_level=None)
        self.database.execute("pragma synchronous = normal")

    def timeline_paths(self, count, generator):
        """First pages: plain, or up to some day, by area, by area and kind. All are full."""
        projects = self.database.execute(
            "select project_id, min(captured_at_us), max(captured_at_us) from capture group by 1"
        ).fetchall()
        areas = sorted({row[0] for row in self.database.execute(
            "select area from capture limit 200")})
        paths = []
        for number in range(count):
            project, first, last = generator.choice(projects)
            query = f"limit={PAGE}"
            if number % 4 > 0:
                query += f"&until_us={generator.randint((first + last) // 2, last)}"
            if number % 4 > 1:
                query += f"&area={quote(generator.choice(areas))}"
            if number % 4 > 2:
                query += "&kind=walkthrough"
            paths.append(f"/api/v1/projects/{_text(project)}/timeline?{query}")
        generator.shuffle(paths)
        return paths

    def playlist_paths(self, count, generator):
        """Video tracks of captures of all lengths, in the same shares for every archive."""
        captures = self.database.execute(
            "select capture_id from capture order by duration_ms").fetchall()
        chosen = [captures[int((n + generator.random()) / count * len(captures))][0]
                  for n in range(count)]
        generator.shuffle(chosen)
        return [_playlist(capture) for capture in chosen]

    def longest_paths(self, count, generator):
        longest = self.database.execute(
            "select capture_id from capture where duration_ms ="
            " (select max(duration_ms) from capture)").fetchall()
        return [_playlist(generator.choice(longest)[0]) for _ in range(count)]

    def warm(self):
        with open(self.path, "rb") as file:
            while file.read(1 << 24):
                pass

    def commit(self):
        """As when the hub has stored something: readers' own caches are void."""
        self.database.execute("insert or replace into log_position (project_id, indexed_bytes)"
                              " values (zeroblob(16), random() & 1048575)")

    def evict(self):
        for suffix in ("", "-wal"):
            descriptor = os.open(self.path + suffix, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _text(identifier):
    return base64.urlsafe_b64encode(identifier).decode().rstrip("=")


def _playlist(capture):
    return f"/api/v1/captures/{_text(capture)}/tracks/video/playlist"


class Side:
    """One archive with its gateway and its client."""

    def __init__(self, name, made, gateway):
        self.name = name
        self.index = Index(made)
        self.client = gateway.client()

    def ask(self, path):
        return self.client.get(path)[0] * 1000


def run(context):
    captures = 20_000 if context.quick else 1_000_000
    with context.folder("archive") as kept, context.folder(None) as scratch:
        made = {count: made_archive(context, kept / str(count), count) for count in (SMALL, captures)}
        large = made[captures]
        context.result("archive.index_size", large["size_bytes"] / 1e6, "MB", captures=captures,
                       bytes_per_capture=round(large["size_bytes"] / captures),
                       projects=large["projects"], made_in_s=round(large["seconds"]))
        with Gateway(context, scratch / "small", made[SMALL]["state_dir"], PORT_BASE) as small_gateway, \
                Gateway(context, scratch / "large", large["state_dir"], PORT_BASE + 10) as large_gateway:
            sides = [Side("small", made[SMALL], small_gateway), Side("large", large, large_gateway)]
            floor = statistics.median(sides[1].ask("/healthz") for _ in range(300))
            for what, paths in (("timeline", Index.timeline_paths), ("playlist", Index.playlist_paths),
                                ("playlist.longest", Index.longest_paths)):
                for cache in ("warm", "cold"):
                    measure(context, sides, what, paths, cache, captures, floor)
            serve(context, scratch, large, large_gateway, PORT_BASE + 20)


def measure(context, sides, what, paths, cache, captures, floor):
    count = {"warm": 2000, "cold": 150}[cache] // (20 if context.quick else 1)
    if what == "playlist.longest":
        count //= 4 if cache == "warm" else 2
    context.progress(f"archive: {what}, {cache}")
    asked = [side_paths for side_paths in
             (paths(side.index, count, random.Random(7)) for side in sides)]
    if cache == "warm":
        for side in sides:
            side.index.warm()
    found = [[], []]
    for number in range(-3, count):  # the first ones also page the programs in again
        for which in ((0, 1) if number % 2 == 0 else (1, 0)):
            if cache == "cold":
                sides[which].index.commit()
                drop_caches(sides[which].index)
            milliseconds = sides[which].ask(asked[which][number])
            if number >= 0:
                found[which].append(milliseconds)
    small, large = (statistics.median(times) for times in found)
    common = {"cache": cache, "captures": captures, "samples": count}
    if cache == "cold":
        common["dropped"] = "all (drop_caches)" if os.geteuid() == 0 else "the index (fadvise)"
    context.result(f"archive.{what}.p99", percentile(found[1], 0.99), "ms", "limit", LIMIT_MS,
                   median_ms=round(large, 3), http_floor_ms=round(floor, 3), **common)
    context.result("archive.growth", large, "ms", f"median with {SMALL} captures", small,
                   of=what, limit=GROWTH_LIMIT, p99_small_ms=round(percentile(found[0], 0.99), 3),
                   **common)


def drop_caches(index):
    if os.geteuid() == 0:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3\n")
    else:
        index.evict()
