# SPDX-License-Identifier: Apache-2.0
"""What people state, through broker and hub. A plan from the sheet to the figures: preview, confirm, what was
seen with its evidence, a milestone from claim to confirmation, and a newer sheet. Direction: what is pointed
at, said and asked reaches the device, and what it answers is there to be read."""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
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


class World:
    """One stack for all of this file, and somebody of each role signed in."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sitecast-plan-")
        self.stack = Stack(BIN.parent, self.folder.name, PORT_BASE)
        self.stack.__enter__()
        port = urllib.parse.urlsplit(self.stack.info["http"]).port
        self.clients = {}
        for user, password in self.stack.info["accounts"].items():
            client = Client(port, None)
            answer = client.sign_in(user, password)
            assert answer.status == 200, answer.body
            self.clients[answer.json()["role"]] = client
        self.project = self.clients["centre"].get("/api/v1/projects").json()["projects"][0]["id"]

    def close(self):
        for client in self.clients.values():
            client.close()
        self.stack.__exit__(None, None, None)
        self.folder.cleanup()


WORLD = None


def setUpModule():
    global WORLD
    WORLD = World()
    unittest.addModuleCleanup(WORLD.close)


class PlanTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = WORLD.stack
        cls.clients = WORLD.clients
        cls.base = f"/api/v1/projects/{WORLD.project}/plan"

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
        brief = self.plan("?items=none")
        self.assertEqual((brief["items"], brief["attention"]["review"]), ([], 1))
        self.assertEqual(brief["figures"], self.plan()["figures"])
        due = [one for one in self.plan()["items"] if one["milestone"] and one["finish"] and not one["actual_finish"]]
        first = min(due, key=lambda one: one["finish"])
        self.assertEqual(brief["attention"]["next_milestone"], {"name": first["name"], "finish": first["finish"]})
        late = [one for one in self.plan()["items"] if one["counted"] and not one["actual_finish"] and
                (one["variance_days"] or 0) > 0]
        self.assertEqual(brief["attention"]["late"], len(late))
        # Both have seen the claim and nothing after it: also where one comes so late that the other's step is there.
        claim = self.milestone(goal)["statements"][-1]["event_id"]
        with ThreadPoolExecutor(8) as people:
            answers = list(people.map(lambda step: self.say(step, goal, capture_id=capture, text="seen",
                                                            after=claim).status, [
                "milestone.confirmed", "milestone.returned"] * 4))
        self.assertEqual(sorted(answers), [201] + [409] * 7)
        wait_until("the decision", 20, lambda: self.milestone(goal)["statement_count"] == before + 1)
        moments = [one["media_time_us"] for line in self.plan()["items"] if line["id"] == item["id"]
                   for one in line["statements"]]
        self.assertEqual(moments, [None, 500_000])

        # The plan holds the newest of a line, the line alone has all of them.
        for percentage in range(61, 73):
            self.assertEqual(self.say("progress", item["id"], capture_id=capture, percentage=percentage).status, 201)
        wait_until("all of it", 20, lambda: self.milestone(item["id"])["statement_count"] == 14)
        newest = self.milestone(item["id"])["statements"]
        alone = self.plan("?item=" + item["id"])["items"]
        self.assertEqual([one["percentage"] for one in newest], list(range(61, 73)))
        self.assertEqual((len(alone), len(alone[0]["statements"])), (1, 14))
        self.assertEqual(alone[0]["statements"][-12:], newest)
        self.assertEqual(self.plan("?item=" + new_id())["items"], [])
        self.assertEqual(self.clients["owner"].get(self.base + "?item=x").status, 400)

        # Many observations later every step is still there: a feed has them from here.
        steps = [one["event_id"] for one in self.milestone(goal)["statements"] if one["kind"].startswith("milestone.")]
        self.assertGreaterEqual(len(steps), 8)
        lines = [one["id"] for one in plan["items"] if one["counted"]]
        said = [(line, round_of) for round_of in range(12) for line in lines[:20]] + [(goal, 0)] * 13
        with ThreadPoolExecutor(8) as people:
            answers = list(people.map(lambda one: self.say("progress", one[0], capture_id=capture,
                                                           percentage=72).status, said))
        self.assertEqual(set(answers), {201})
        count = before + 1 + 13
        wait_until("all of them", 30, lambda: self.milestone(goal)["statement_count"] == count and all(
            self.milestone(line)["statement_count"] >= 12 for line in lines[:20]))
        kept = [one for line in self.plan()["items"] for one in line["statements"]]
        self.assertLessEqual(len([one for one in kept if not one["kind"].startswith("milestone.")]),
                             200 + len(plan["items"]))
        self.assertEqual([one["event_id"] for one in self.milestone(goal)["statements"]
                          if one["kind"].startswith("milestone.")], steps)

        # A newer sheet: lines keep what was seen of them, and what moved is shown.
        newer = sheet.decode().replace("华东智能制造产业园一期", "华东智能制造产业园二期").encode()
        moved = self.take_over(newer, 1)
        self.assertEqual(moved["changes"]["unchanged"], len(meant.items))
        plan = self.plan()
        kept = next(one for one in plan["items"] if one["id"] == item["id"])
        self.assertEqual((kept["actual"], kept["finish_before"]), (72, item["finish"]))
        self.assertEqual(self.plan("?baseline=1")["baseline"]["number"], 1)
        stale = self.post(f"/baselines?id={new_id()}&sha256={moved['sha256']}&after=1", newer)
        self.assertEqual(stale.status, 409, stale.body)


class DirectionTest(unittest.TestCase):
    """An owner directs, an agent films and answers."""

    def setUp(self):
        self.project = f"/api/v1/projects/{WORLD.project}"

    def post(self, path, role="owner", **body):
        body = {"id": new_id(), **body}
        answer = WORLD.clients[role].send("POST", path, HEADERS, json.dumps(body).encode())
        return answer, body["id"]

    def agent(self, *words, check=True):
        done = subprocess.run([str(BIN / "sitecast-agent"), "--config", WORLD.stack.info["device_config"], "--json",
                               *words], capture_output=True, timeout=60, text=True)
        if check:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start_agent(self, *words):
        process = subprocess.Popen([str(BIN / "sitecast-agent"), "--config", WORLD.stack.info["device_config"],
                                    "--json", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = []

        def read():
            for line in process.stdout:
                lines.append(json.loads(line))

        reader = threading.Thread(target=read)
        reader.start()

        def end():
            if process.poll() is None:
                process.terminate()
            process.wait(60)
            reader.join()
            process.stdout.close()

        self.addCleanup(end)
        return lines, end

    def request(self, which, role="owner"):
        answer = WORLD.clients[role].get(self.project + "/requests")
        self.assertEqual(answer.status, 200, answer.body)
        return next((one for one in answer.json()["requests"] if one["id"] == which), None)

    def test_what_the_owner_asks_is_filmed_and_answered(self):
        directions = self.project + "/directions"
        # Nobody is there: it waits for whoever comes.
        answer, asked = self.post(directions, kind="request", text="请拍一下水泵房", area="辅助用房", due="2030-03-05",
                                  shots=["阀门", "2号泵"])
        self.assertEqual(answer.status, 201, answer.body)
        again, _ = self.post(directions, id=asked, kind="request", text="请拍一下水泵房", area="辅助用房",
                             due="2030-03-05", shots=["阀门", "2号泵"])
        self.assertEqual(again.status, 201, again.body)
        for role, body, status in (("agent", {"kind": "request", "text": "x"}, 403),
                                   ("owner", {"kind": "request.accepted", "request_id": asked}, 403),
                                   ("owner", {"kind": "request.closed", "request_id": new_id()}, 404),
                                   ("owner", {"kind": "request", "text": ""}, 400),
                                   ("owner", {"kind": "request", "text": "x", "due": "2030-02-30"}, 400),
                                   ("owner", {"kind": "note", "text": "x"}, 400),
                                   ("owner", {"kind": "pin", "x": 0.5, "y": 0.5}, 400),
                                   ("owner", {"kind": "message", "text": "t" * 2049}, 400)):
            self.assertEqual(self.post(directions, role, **body)[0].status, status, (role, body))
        # Who is asked must be there to be asked.
        named = WORLD.stack.info["device_id"]
        refused, nobody = self.post(directions, kind="request", text="拍一下门卫室", device_id=new_id())
        self.assertEqual(refused.status, 409, refused.body)
        self.assertEqual(refused.json()["error"]["code"], "no_device")
        answer, of_one = self.post(directions, kind="request", text="拍一下门卫室", device_id=named)
        self.assertEqual(answer.status, 201, answer.body)
        wait_until("it is in the index", 20, lambda: self.request(of_one))
        self.assertEqual(self.request(of_one)["asked_device_id"], named)
        self.assertIsNone(self.request(nobody))
        self.assertEqual(self.post(directions, kind="request.closed", request_id=of_one)[0].status, 201)
        wait_until("the request is in the index", 20, lambda: self.request(asked))
        self.assertEqual((self.request(asked)["state"], self.request(asked)["due"]), ("open", "2030-03-05"))

        lines, end = self.start_agent("record", "--source", "test:")
        capture = wait_until("it films", 30, lambda: lines)[0]["capture_id"]
        wait_until("the request has come down", 30, lambda: [one for one in lines if one.get("type") == "request"])
        shown, stop_watching = self.start_agent("watch")
        wait_until("who watches sees what is open", 30,
                   lambda: [one for one in shown if one.get("request_id") == asked])
        self.assertIn("请拍一下水泵房", [one["text"] for one in self.agent("requests")[0]["requests"]])

        path = f"/api/v1/captures/{capture}/directions"
        wait_until("the capture is known", 30, lambda: WORLD.clients["owner"].get(
            f"/api/v1/captures/{capture}").status == 200)
        answer, pin = self.post(path, kind="pin", media_time_us=1_000_000, x=0.9, y=0.1, text="这里是什么？")
        self.assertEqual(answer.status, 201, answer.body)
        self.assertEqual(self.post(path, kind="message", text="请往左一点")[0].status, 201)
        self.assertEqual(self.post(path, kind="pin", x=0.9, y=0.1)[0].status, 400)  # of which moment?
        for lines_of in (lines, shown):
            said = wait_until("pin and message are shown", 30, lambda seen=lines_of: [
                one for one in seen if one.get("type") in ("pin", "message")][:2] if len(
                    [one for one in seen if one.get("type") in ("pin", "message")]) >= 2 else None)
            self.assertEqual({one["text"] for one in said}, {"这里是什么？", "请往左一点"})
        self.assertEqual(next(one for one in shown if one.get("event_id") == pin)["x"], 0.9)

        short = asked[-4:]
        self.agent("accept", short, "--text", "马上")
        wait_until("accepted", 30, lambda: self.request(asked)["state"] == "accepted")
        self.assertEqual(self.agent("answer", short, "--shot", "2")[0]["state"], "accepted")
        self.assertEqual(self.agent("answer", short, "--shot", "3", check=False)[0]["type"], "error")
        self.assertEqual(self.agent("say", "--text", "好的")[0].keys(), {"event_id"})
        self.assertEqual(self.agent("answer", short)[0]["state"], "answered")
        done = wait_until("answered", 30, lambda: [
            one for one in [self.request(asked)] if one["state"] == "answered"])[0]
        self.assertEqual([shot["answered"] for shot in done["shots"]], [False, True])
        footage = [step for step in done["steps"] if step["kind"] == "request.answered"]
        self.assertEqual({step["capture_id"] for step in footage}, {capture})
        self.assertTrue(all(step["media_time_us"] > 0 for step in footage))
        kinds = {event["kind"] for event in WORLD.clients["owner"].get(f"/api/v1/captures/{capture}").json()["events"]}
        self.assertLessEqual({"pin", "message", "request.answered"}, kinds)

        answer, _ = self.post(directions, kind="request.closed", request_id=asked)
        self.assertEqual(answer.status, 201, answer.body)
        wait_until("it is over on the device", 30, lambda: [
            one for one in shown if one.get("request_id") == asked and one["state"] == "closed"])
        self.assertEqual(self.request(asked)["state"], "closed")
        stop_watching()
        end()
        self.assertNotIn(asked, [one["request_id"] for one in self.agent("requests")[0]["requests"]])

    def test_a_request_waits_on_the_device_through_a_restart_and_is_answered_with_a_photo(self):
        answer, asked = self.post(self.project + "/directions", "centre", kind="request", text="拍一张门牌")
        self.assertEqual(answer.status, 201, answer.body)
        lines, end = self.start_agent("watch")
        wait_until("it has come down", 30, lambda: [one for one in lines if one.get("request_id") == asked])
        end()
        # Without any connection from here on: it is on the device.
        kept = self.agent("status")[0]["requests"]
        self.assertIn("拍一张门牌", [one["text"] for one in kept])
        self.assertEqual(self.agent("answer", asked, check=False)[0]["type"], "error")  # nothing is recorded
        photo = pathlib.Path(WORLD.folder.name) / "door.jpg"
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240", "-frames:v",
                        "1", str(photo)], check=True, timeout=60)
        report = self.agent("answer", asked, "--file", str(photo), "--text", "给您")[0]
        self.assertEqual(report["state"], "answered")
        self.agent("send", "--until-delivered")
        done = wait_until("answered", 30, lambda: [
            one for one in [self.request(asked)] if one["state"] == "answered"])[0]
        self.assertEqual(done["steps"][0]["capture_id"], report["capture_id"])
        self.assertEqual(done["steps"][0]["text"], "给您")


if __name__ == "__main__":
    unittest.main(verbosity=2)
