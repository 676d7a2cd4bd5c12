# SPDX-License-Identifier: Apache-2.0
"""A plan from the sheet to the figures, through broker and hub: preview, confirm, what was seen with its
evidence, a milestone from claim to confirmation, and a newer sheet."""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

BIN = pathlib.Path(sys.argv.pop(1))
ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "unit" / "hub_plan")]

import factory_plan  # noqa: E402
from client import Client  # noqa: E402
from stack import Stack, wait_until  # noqa: E402

PORT_BASE = 21536
HEADERS = {"X-Sitecast": "1"}


def new_id():
    return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")


class PlanTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sitecast-plan-")
        cls.stack = Stack(BIN.parent, cls.folder.name, PORT_BASE)
        cls.stack.__enter__()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)
        port = urllib.parse.urlsplit(cls.stack.info["http"]).port
        cls.clients = {}
        for user, password in cls.stack.info["accounts"].items():
            client = Client(port, None)
            answer = client.sign_in(user, password)
            assert answer.status == 200, answer.body
            cls.clients[answer.json()["role"]] = client
        cls.addClassCleanup(lambda: [client.close() for client in cls.clients.values()])
        project = cls.clients["centre"].get("/api/v1/projects").json()["projects"][0]["id"]
        cls.base = f"/api/v1/projects/{project}/plan"

    def post(self, path, body, role="centre"):
        return self.clients[role].send("POST", self.base + path, HEADERS, body)

    def plan(self, query="", role="owner"):
        answer = self.clients[role].get(self.base + query)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def take_over(self, sheet, after):
        shown = self.post("/preview", sheet).json()
        self.assertEqual(shown["after"], after)
        event = new_id()
        path = f"/baselines?id={event}&sha256={shown['sha256']}&after={after}&name=plan.csv"
        answer = self.post(path, sheet)
        self.assertEqual((answer.status, answer.json()["number"]), (201, after + 1), answer.body)
        wait_until("the plan is in the index", 20, lambda: len(self.plan()["baselines"]) == after + 1)
        again = self.post(path, sheet)
        self.assertEqual((again.status, again.json()["number"]), (200, after + 1), again.body)
        return shown

    def say(self, kind, item, role="centre", **more):
        body = json.dumps({"id": new_id(), "kind": kind, "plan_item": item, **more}).encode()
        return self.post("/statements", body, role)

    def milestone(self, item):
        return next(one for one in self.plan()["items"] if one["id"] == item)

    def film(self):
        filmed = subprocess.run([str(BIN / "sitecast-agent"), "--config", self.stack.info["device_config"],
                                 "record", "--source", "test:", "--duration", "1", "--until-delivered"],
                                capture_output=True, timeout=60, check=True, text=True)
        self.assertTrue(filmed.stdout, filmed.stderr)
        return self.clients["centre"].get(self.base.removesuffix("/plan") + "/timeline").json()["items"][0]["id"]

    def test_from_the_sheet_to_the_figures(self):
        meant = factory_plan.make()
        sheet = factory_plan.csv_text(meant).encode()
        self.assertIsNone(self.plan()["baseline"])
        shown = self.take_over(sheet, 0)
        self.assertEqual(shown["line_count"], len(meant.items))
        plan = self.plan()
        self.assertEqual([item["name"] for item in plan["items"]], [item["name"] for item in meant.items])
        self.assertEqual(plan["baseline"]["sheet_sha256"], shown["sha256"])
        self.assertGreater(plan["baseline"]["ignored_count"], 0)
        # Nothing that the sheet says of itself counts as seen.
        self.assertEqual(plan["figures"]["actual"], 0)

        item = next(one for one in plan["items"] if one["counted"])
        capture = self.film()
        self.assertEqual(self.say("progress", item["id"], percentage=60).status, 400)
        self.assertEqual(self.say("progress", item["id"], "owner", capture_id=capture, percentage=60).status, 404)
        self.assertEqual(self.say("progress", item["id"], capture_id=new_id(), percentage=60).status, 404)
        self.assertEqual(self.say("progress", new_id(), capture_id=capture, percentage=60).status, 409)
        self.assertEqual(self.say("progress", item["id"], capture_id=capture, percentage=60).status, 201)
        seen = wait_until("the observation is in the plan", 20, lambda: [
            one for one in self.plan()["items"] if one["id"] == item["id"] and one["actual"] == 60])[0]
        self.assertEqual(seen["statements"][0]["capture_id"], capture)

        goal = next(one for one in plan["items"] if one["milestone"])["id"]
        self.assertEqual(self.say("milestone.confirmed", goal, capture_id=capture).status, 409)
        for kind, more in (("claimed", {}), ("returned", {"text": "屋面未封闭"}), ("claimed", {}), ("reviewed", {}),
                           ("confirmed", {"capture_id": capture})):
            self.assertEqual(self.say("milestone." + kind, goal, **more).status, 201, kind)
            wait_until(kind, 20, lambda: next(one for one in self.plan()["items"]
                                              if one["id"] == goal)["milestone_state"] == kind)
        self.assertEqual(self.say("milestone.confirmed", goal, capture_id=capture).status, 409)
        # Sending back a confirmation is possible, but not for who has not seen it.
        seen = self.milestone(goal)["statements"][-2]["event_id"]
        self.assertEqual(self.say("milestone.returned", goal, text="no roof", after=seen).status, 409)
        self.assertEqual(self.say("milestone.returned", goal).status, 400)  # without a reason
        self.assertEqual(self.say("progress", item["id"], media_time_us=500_000, percentage=61).status, 400)
        self.assertEqual(self.say("progress", item["id"], capture_id=capture, media_time_us=-1).status, 400)
        self.assertEqual(self.say("progress", item["id"], capture_id=capture, media_time_us=500_000,
                                  percentage=60).status, 201)

        # Two people on the same claim at once: one decides, the other is told.
        for kind in ("returned", "claimed"):
            self.assertEqual(self.say("milestone." + kind, goal, text="again").status, 201)
            wait_until(kind, 20, lambda: self.milestone(goal)["milestone_state"] == kind)
        before = self.milestone(goal)["statement_count"]
        with ThreadPoolExecutor(8) as people:
            answers = list(people.map(lambda step: self.say(step, goal, capture_id=capture, text="seen").status, [
                "milestone.confirmed", "milestone.returned"] * 4))
        self.assertEqual(sorted(answers), [201] + [409] * 7)
        wait_until("the decision", 20, lambda: self.milestone(goal)["statement_count"] == before + 1)
        moments = [one["media_time_us"] for line in self.plan()["items"] if line["id"] == item["id"]
                   for one in line["statements"]]
        self.assertEqual(moments, [None, 500_000])

        # A newer sheet: lines keep what was seen of them, and what moved is shown.
        newer = sheet.decode().replace("华东智能制造产业园一期", "华东智能制造产业园二期").encode()
        moved = self.take_over(newer, 1)
        self.assertEqual(moved["changes"]["unchanged"], len(meant.items))
        plan = self.plan()
        kept = next(one for one in plan["items"] if one["id"] == item["id"])
        self.assertEqual((kept["actual"], kept["finish_before"]), (60, item["finish"]))
        self.assertEqual(self.plan("?baseline=1")["baseline"]["number"], 1)
        stale = self.post(f"/baselines?id={new_id()}&sha256={moved['sha256']}&after=1", newer)
        self.assertEqual(stale.status, 409, stale.body)


if __name__ == "__main__":
    unittest.main(verbosity=2)
