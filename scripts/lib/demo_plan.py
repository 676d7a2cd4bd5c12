# SPDX-License-Identifier: Apache-2.0
"""The demonstration's plan, and what its people said of it: through the gateway, as they would.

The sheet follows the story of demo_story.py: hall 1 goes as planned, hall 2 and the ancillary building
were planned earlier than they come. What was said names the footage of the day on which it was to
be seen. Every id is made of the project's and of what it is for, so that seeding that was interrupted
and begins anew stores nothing twice.
"""
import base64
import csv
import datetime
import hashlib
import io
import json
import time

from demo_story import (ANNEX, ANNEX_STAGES, HALL1, HALL2, HALL_STAGES, OUTDOOR, WEEKS, ZONE, progress)
from page_api import Page
from stack_processes import StackError

DAYS = WEEKS * 7
AHEAD_DAYS = 120  # how far the plan looks
TOLD_LIMIT_S = 20
TASKS = {
    HALL1: ["土方开挖与换填", "独立基础与地坪", "钢结构制作安装", "屋面板与采光带", "围护墙板与门窗", "机电安装与调试"],
    HALL2: ["土方开挖与换填", "独立基础与地坪", "钢结构制作安装", "屋面板与采光带", "围护墙板与门窗", "机电安装与调试"],
    ANNEX: ["基础施工", "主体结构（三层）", "砌体与外墙", "装修与设备"],
    OUTDOOR: ["厂区道路与管网"],
}
BUILDINGS = {HALL1: ("hall1", HALL_STAGES, 0), HALL2: ("hall2", HALL_STAGES, 12), ANNEX: ("annex", ANNEX_STAGES, 8),
             OUTDOOR: ("yard", [(1.01, 0)], 0)}  # key of progress(), stages, planned earlier by days
MILESTONES = [  # name, area, the task after which it comes
    ("★1号厂房钢结构验收（里程碑）", HALL1, 2), ("★2号厂房基础验收（里程碑）", HALL2, 1),
    ("★配套用房主体封顶（里程碑）", ANNEX, 1), ("★竣工验收（里程碑）", OUTDOOR, 0)]


def share_of(area, value):
    """The share of the weeks at which a building is so far; beyond 1: still to come, at the pace of before."""
    key = BUILDINGS[area][0]
    low, high = 0.0, 1.0
    if progress(1.0)[key] <= value:
        begin = next(step / 1000 for step in range(1000) if progress(step / 1000)[key] > 0)
        return begin + (1.0 - begin) * value / progress(1.0)[key]
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if progress(middle)[key] < value else (low, middle)
    return high


class Task:
    def __init__(self, area, number, start_of_story):
        _, stages, earlier = BUILDINGS[area]
        begins = stages[number - 1][0] if number else 0.0
        self.area, self.name = area, TASKS[area][number]
        self.begins, self.ends = begins, min(stages[number][0], 1.0)
        self.begin_share, self.end_share = share_of(area, begins + 1e-3), share_of(area, self.ends)
        self.start = self._day(start_of_story, self.begin_share, earlier)
        self.finish = max(self._day(start_of_story, self.end_share, earlier), self.start + datetime.timedelta(days=6))

    @staticmethod
    def _day(start_of_story, share, earlier):
        return start_of_story + datetime.timedelta(days=round(min(share * DAYS, DAYS + AHEAD_DAYS)) - earlier)

    def percentage_at(self, share):
        value = progress(share)[BUILDINGS[self.area][0]]
        done = (value - self.begins) / (self.ends - self.begins)
        return max(0, min(100, round(done * 20) * 5))


def tasks_of(start_of_story):
    return {area: [Task(area, number, start_of_story) for number in range(len(names))]
            for area, names in TASKS.items()}


def sheet(tasks):
    """A schedule as people write it, as bytes of a CSV file."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(["云桥新能源部件工厂施工进度计划表"])
    write(["序号", "区域", "任务名称", "计划开始", "计划完成", "备注"])
    number = 0
    for area, lines in tasks.items():
        for task in lines:
            number += 1
            write([number, area, task.name, task.start, task.finish, ""])
            for name, where, after in MILESTONES:
                if where == area and lines[after] is task:
                    number += 1
                    day = task.finish + datetime.timedelta(days=3)
                    if area == OUTDOOR:
                        day = max(line.finish for of in tasks.values() for line in of) + datetime.timedelta(days=14)
                    write([number, area, name, day, day, "招商中心确认"])
    return out.getvalue().encode()


class Conversation:
    """What owner, agent and centre said, each with their own session."""

    def __init__(self, info, today):
        self.project = info["project_id"]
        self.path = f"/api/v1/projects/{self.project}"
        self.people = {user: Page(info, user) for user in ("owner", "agent", "centre")}
        self.start = today - datetime.timedelta(weeks=WEEKS)
        self.footage = {}  # by area, oldest first: (day, capture)

    def id_of(self, *what):
        digest = hashlib.sha256("/".join([self.project, *map(str, what)]).encode()).digest()
        return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()

    def hold(self):
        self._look_at_footage()
        tasks = tasks_of(self.start)
        items = self._plan(sheet(tasks))
        for area, lines in tasks.items():
            for task in lines:
                self._progress(items[area, task.name], task)
        self._milestones(items, tasks)
        self._requests()
        self._walk()

    def _look_at_footage(self):
        before = {}
        while True:
            page = self.people["centre"].get(f"{self.path}/timeline", limit=200, **before)
            for item in page["items"]:
                at = datetime.datetime.fromtimestamp(item["captured_at_us"] / 1e6, ZONE)
                self.footage.setdefault(item["area"], []).append((at.date(), item))
            if page["next"] is None:
                break
            before = {"before": page["next"]}
        for seen in self.footage.values():
            seen.reverse()

    def _plan(self, file):
        """The lines of the plan by area and name."""
        centre = self.people["centre"]
        if centre.get(f"{self.path}/plan", items="none")["baseline"] is None:
            preview = centre.post(f"{self.path}/plan/preview", file)
            centre.post(f"{self.path}/plan/baselines", file, id=self.id_of("plan"), sha256=preview["sha256"],
                        after=preview["after"], name="施工进度计划表.csv")
        return {(item["area"], item["name"]): item for item in centre.get(f"{self.path}/plan")["items"]}

    def _seen(self, area, first, last):
        """(day, id) of each footage of an area in these days."""
        return [(day, item["id"]) for day, item in self.footage.get(area, []) if first <= day <= last]

    def _say(self, who, item, kind, *what, **more):
        said = {"id": self.id_of(kind, item["id"], *what), "kind": kind, "plan_item": item["id"], **more}
        self.people[who].post(f"{self.path}/plan/statements", said)
        return said["id"]

    def _progress(self, item, task):
        """Half-way and at the end, or as far as it is."""
        end = self._day(task.end_share)
        halfway = self._seen(task.area, self._day(task.begin_share), self._day((task.begin_share + task.end_share) / 2))
        finished = self._seen(task.area, end, end + datetime.timedelta(days=21))
        if not finished and task.begin_share < 1:  # goes on: as it was seen last
            finished = self._seen(task.area, self.start, end)[-1:]
        for day, capture in dict.fromkeys([*halfway[-1:], *finished[:1]]):
            percentage = task.percentage_at((day - self.start).days / (DAYS - 1))
            if percentage > 0:
                self._say("agent", item, "progress", day, capture_id=capture, percentage=percentage)

    def _day(self, share):
        return self.start + datetime.timedelta(days=round(share * DAYS))

    def _milestones(self, items, tasks):
        """One is confirmed, one waits for the centre, one was sent back."""
        for (name, area, after), ends in zip(MILESTONES, ("confirmed", "claimed", "returned")):
            item, task = items[area, name], tasks[area][after]
            done = self._day(task.end_share)
            _, evidence = self._seen(area, done, self._day(1))[0]
            claim = self._say("agent", item, "milestone.claimed", capture_id=evidence, text="已完成，资料齐全，申请确认。")
            self._wait_until_told("/plan", claim)
            if ends == "confirmed":
                self._say("centre", item, "milestone.confirmed", capture_id=evidence, after=claim, text="与影像和验收记录一致。")
            elif ends == "returned":
                self._say("centre", item, "milestone.returned", capture_id=evidence, after=claim,
                          text="画面看不清屋面板，请补拍楼顶。")

    def _wait_until_told(self, path, event):
        """It is durable; who speaks next sees it a moment later."""
        deadline = time.monotonic() + TOLD_LIMIT_S
        while event not in json.dumps(self.people["centre"].get(self.path + path)):
            if time.monotonic() > deadline:
                raise StackError(f"{event} is not in {path} after {TOLD_LIMIT_S} s")
            time.sleep(0.1)

    def _requests(self):
        due = (datetime.datetime.now(ZONE).date() + datetime.timedelta(days=3)).isoformat()
        ask, answer = self.people["owner"].post, self.people["agent"].post
        path = f"{self.path}/directions"
        ask(path, {"id": self.id_of("request north"), "kind": "request", "text": "想看一下2号厂房北墙和屋面。", "area": HALL2,
                   "due": due, "shots": ["北墙整体", "屋面板接缝近景"]})
        inside = self.id_of("request inside")
        ask(path, {"id": inside, "kind": "request", "text": "配套用房现在到几层了？", "area": ANNEX})
        self._wait_until_told("/requests", inside)
        answer(path, {"id": self.id_of("accepted inside"), "kind": "request.accepted", "request_id": inside})
        answer(path, {"id": self.id_of("answered inside"), "kind": "request.answered", "request_id": inside,
                      "capture_id": self.footage[ANNEX][-1][1]["id"], "text": "三层，外墙正在施工。"})

    def _walk(self):
        """What was pointed at and said on the newest walk-through."""
        walks = [(day, item) for seen in self.footage.values() for day, item in seen if item["kind"] == "walkthrough"]
        capture = max(walks, key=lambda each: each[1]["captured_at_us"])[1]["id"]
        path = f"/api/v1/captures/{capture}/directions"
        self.people["owner"].post(path, {"id": self.id_of("pin"), "kind": "pin", "media_time_us": 2_000_000, "x": 0.62,
                                         "y": 0.4, "text": "这里的檐口收边好了吗？"})
        self.people["agent"].post(path, {"id": self.id_of("message"), "kind": "message", "media_time_us": 3_500_000,
                                         "text": "还差东侧两米，明天完成。"})


def hold(info, today):
    """Blocks until all of it is durable. `today`: the day of the story."""
    Conversation(info, today).hold()
