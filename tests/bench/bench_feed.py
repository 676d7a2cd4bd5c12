# SPDX-License-Identifier: Apache-2.0
"""feed: the first page of a project's feed, a search for a two-character Chinese word, and the plan page, out
of 1,000,000 events in 200 projects, beside 10,000 events in 20 projects: enough of each that both answer with
full pages.

Both indexes are made with the hub's own projection (sitecast-bench-archive make-feed); a real gateway serves
each, and one signed-in person, an owner of all projects, asks both in turn, at random projects.
"""
import hashlib
import json
import pathlib
import random
import statistics
import subprocess
from urllib.parse import quote

from figures import percentile
from serving.gateway import USER, Gateway

PORT_BASE = 26700
LIMIT_MS = 50
GROWTH_LIMIT = 1.5
SMALL, SMALL_PROJECTS, PROJECTS = 10_000, 20, 200


def made_feed(context, folder, events, projects):
    """State folder of a hub with an index of so many events; made, or found in a kept folder."""
    maker = pathlib.Path(context.binary("sitecast-bench-archive"))
    made_by = hashlib.sha256(maker.read_bytes()).hexdigest()
    note = folder / "made.json"
    if note.exists():
        made = json.loads(note.read_text())
        if made["made_by"] == made_by:
            context.progress(f"feed: {events} events found in {folder}")
            return made
    context.progress(f"feed: making {events} events")
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir(parents=True)
    done = subprocess.run([str(maker), "make-feed", "--state-dir", str(folder / "hub"), "--events", str(events),
                           "--projects", str(projects), "--member", USER], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError("sitecast-bench-archive failed")
    made = json.loads(done.stdout)
    made.update(state_dir=str(folder / "hub"), made_by=made_by)
    note.write_text(json.dumps(made))
    return made


def page(made, generator):
    return f"/api/v1/projects/{generator.choice(made['projects'])}/timeline?limit=40"


def search(made, generator):
    word = quote(generator.choice(made["words"]))
    return f"/api/v1/projects/{generator.choice(made['projects'])}/search?q={word}"


def search_narrowed(made, generator):
    word, area = quote(generator.choice(made["words"])), quote("办公楼")
    return f"/api/v1/projects/{generator.choice(made['projects'])}/search?q={word}&area={area}&kind=note&person=Anna"


def search_all(made, generator):
    return f"/api/v1/search?q={quote(generator.choice(made['words']))}"


def plan(made, generator):
    return f"/api/v1/projects/{generator.choice(made['projects'])}/plan"


def run(context):
    events = 50_000 if context.quick else 1_000_000
    with context.folder("feed") as kept, context.folder(None) as scratch:
        made = [made_feed(context, kept / str(count), count, projects)
                for count, projects in ((SMALL, SMALL_PROJECTS), (events, PROJECTS))]
        context.result("feed.index_size", made[1]["size_bytes"] / 1e6, "MB", events=events,
                       bytes_per_event=round(made[1]["size_bytes"] / events), projects=len(made[1]["projects"]),
                       made_in_s=round(made[1]["seconds"]))
        with Gateway(context, scratch / "small", made[0]["state_dir"], PORT_BASE) as small, \
                Gateway(context, scratch / "large", made[1]["state_dir"], PORT_BASE + 10) as large:
            clients = [small.client(), large.client()]
            for name, question in (("page", page), ("search", search), ("search.narrowed", search_narrowed),
                                   ("search.all_projects", search_all), ("plan", plan)):
                measure(context, clients, made, name, question, events)


def measure(context, clients, made, name, question, events):
    count = 2000 // (20 if context.quick else 1)
    context.progress(f"feed: {name}")
    found = [[], []]
    sizes = [0, 0]
    generators = [random.Random(11), random.Random(11)]
    for number in range(-50, count):  # the first ones warm caches and programs
        for which in ((0, 1) if number % 2 == 0 else (1, 0)):
            seconds, body = clients[which].get(question(made[which], generators[which]))
            if number >= 0:
                found[which].append(seconds * 1000)
                sizes[which] += len(body)
    small, large = (statistics.median(times) for times in found)
    common = {"events": events, "samples": count, "answer_bytes": round(sizes[1] / count)}
    context.result(f"feed.{name}.p99", percentile(found[1], 0.99), "ms", "limit", LIMIT_MS,
                   median_ms=round(large, 3), **common)
    context.result("feed.growth", large, "ms", f"median with {SMALL} events", small, of=name, limit=GROWTH_LIMIT,
                   p99_small_ms=round(percentile(found[0], 0.99), 3),
                   answer_bytes_small=round(sizes[0] / count), **common)
