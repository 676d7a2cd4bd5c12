# SPDX-License-Identifier: Apache-2.0
"""Fills a stack's archive with the demonstration's history, through the real agent and hub.

The renderer draws while the agent takes in what is ready. What was taken in is written down, so that
a seeding that was interrupted goes on where it stopped, and one that is done is not done again.
"""
import datetime
import json
import shutil
import subprocess

from demo_plan import hold
from demo_story import PROJECT, ZONE, visits
from stack_processes import Child, StackError, say

__all__ = ["PROJECT", "seed"]

AGENT_READY_LIMIT_S = 30
DELIVERY_LIMIT_S = 300
SAID = "plan and what was said of it"  # in the journal, when all of it is at the hub


class Seeding:
    def __init__(self, files, stopping):
        self.files = files
        self.stopping = stopping
        self.folder = files.dir / "scenery"
        self.agent_command = [str(files.bin / "sitecast-agent"), "--config", str(files.device / "agent.toml")]
        self.journal = files.dir / "seeded.txt"  # first line: the day of the story; then file names

    def agent(self, *arguments):
        return json.loads(self.files.run([*self.agent_command, "--json", *arguments]).splitlines()[0])

    def read_journal(self):
        """(day, names of what is in the archive)."""
        if not self.journal.exists():
            day = datetime.datetime.now(ZONE).date()
            self.journal.write_text(f"{day.isoformat()}\n", encoding="utf-8")
            return day, set()
        first, *names = self.journal.read_text(encoding="utf-8").splitlines()
        return datetime.date.fromisoformat(first), set(names)

    def run(self, info):
        day, done = self.read_journal()
        if SAID in done:
            return
        waiting = [visit for visit in visits(day) if visit.file_name not in done]
        if waiting:
            self.film(waiting)
        if self.stopping.is_set():
            return
        # What an earlier start left on the device too: nobody speaks of footage that is not there.
        self.files.run(["timeout", str(DELIVERY_LIMIT_S), *self.agent_command, "send", "--until-delivered"])
        say("the plan, and what was said of it")
        hold(info, day)
        with open(self.journal, "a", encoding="utf-8") as journal:
            journal.write(SAID + "\n")

    def film(self, waiting):
        say(f"rendering and archiving {len(waiting)} captures of demonstration history "
            "(once; about a minute)")
        self.folder.mkdir(exist_ok=True)
        jobs = self.folder / "jobs.json"
        jobs.write_text(json.dumps([{**visit.job, "out": str(self.folder / visit.file_name)}
                                    for visit in waiting], ensure_ascii=False), encoding="utf-8")
        carrier = Child("agent", [*self.agent_command, "run"], self.files.log / "agent.log")
        carrier.start()
        try:
            carrier.wait_ready(AGENT_READY_LIMIT_S)
            self.take_in(waiting, jobs)
        finally:
            carrier.stop()
        if not self.stopping.is_set():
            shutil.rmtree(self.folder)

    def take_in(self, waiting, jobs):
        with open(self.files.log / "scenery.log", "ab") as log, \
                open(self.journal, "a", encoding="utf-8") as journal, \
                subprocess.Popen([str(self.files.bin / "sitecast-scenery"), str(jobs)],
                                 stdout=subprocess.PIPE, stderr=log, text=True) as renderer:
            try:
                for number, visit in enumerate(waiting, 1):
                    if not renderer.stdout.readline():
                        raise StackError("sitecast-scenery ended early; see log/scenery.log")
                    if self.stopping.is_set():
                        return
                    self.archive(visit)
                    journal.write(visit.file_name + "\n")
                    journal.flush()
                    if number % 20 == 0:
                        say(f"{number} of {len(waiting)} captures")
            finally:
                renderer.terminate()

    def archive(self, visit):
        path = self.folder / visit.file_name
        options = ["--area", visit.area, "--title", visit.title, "--demonstration",
                   "--captured-at", visit.at.isoformat()]
        source = ["photo", "--file", str(path)] if visit.kind == "photo" else \
            ["record", "--source", f"file:{path}"]
        capture = self.agent(*source, *options)["capture_id"]
        for remark in visit.remarks:
            stated_at = visit.at + datetime.timedelta(seconds=remark.at_s or 0)
            note = ["note", "--capture", capture, "--text", remark.text, "--area", visit.area,
                    "--demonstration", "--captured-at", stated_at.isoformat()]
            if remark.stage:
                note += ["--stage", remark.stage]
            if remark.percentage is not None:
                note += ["--percentage", str(remark.percentage)]
            if remark.at_s is not None:
                note += ["--at", str(remark.at_s)]
            self.agent(*note)
        path.unlink()


def seed(files, info, stopping):
    """Blocks until everything is at the hub. `info`: what the stack prints. `stopping`: an event that ends it early."""
    Seeding(files, stopping).run(info)
