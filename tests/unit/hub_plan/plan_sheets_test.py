#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sitecast-hub plan preview --json` against an independent reading.

1. The factory's sheet (factory_plan.py) in every encoding and as a workbook: each row right or named.
2. Real files of SITECAST_TEST_DATA/schedules, read here by Python's own csv and XML and by splitting at
   tabs. A file that is absent is skipped and named.
"""
import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import factory_plan

OPTIONS = None
# Notes that say how a value was read and that do not depend on what is tested here.
QUIET = {"area_guessed", "carried_down", "from_merge"}


def preview(path, *arguments, code=0):
    result = subprocess.run([OPTIONS.hub, "plan", "preview", str(path), "--json", *arguments],
                            capture_output=True, timeout=60)
    if result.returncode != code:
        raise AssertionError(f"exit {result.returncode}: {result.stderr.decode()}")
    return json.loads(result.stdout)


def codes(item):
    return {note["code"] for note in item.get("notes", [])}


class FactoryPlanTest(unittest.TestCase):
    maxDiff = None

    def check(self, content, workbook=False):
        plan = factory_plan.make()
        self.assertGreaterEqual(len(plan.rows), 300)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "计划表"
            path.write_bytes(content(plan))
            shown = preview(path)
        rows = {row["row"]: row["reason"]["code"] for row in shown["skipped"]}
        expected = dict(plan.skipped)
        if workbook:  # rows with nothing in them are not in the file
            expected = {row: code for row, code in expected.items() if code != "row_blank"}
            rows = {row: code for row, code in rows.items() if code != "row_blank"}
        self.assertEqual(rows, expected)
        self.assertEqual([item["row"] for item in shown["items"]], [item["row"] for item in plan.items])
        by_row = {item["row"]: item for item in shown["items"]}
        for item in plan.items:
            self.check_item(item, by_row[item["row"]], by_row, workbook)
        return shown

    def check_item(self, expected, shown, by_row, workbook):
        where = f"row {expected['row']}: {shown}"
        for key in ("level", "name", "planned_start", "planned_finish", "duration_days", "percent",
                    "responsible", "milestone"):
            self.assertEqual(shown.get(key), expected.get(key), f"{key}, {where}")
        if expected.get("number"):
            self.assertEqual(shown.get("number"), expected["number"], where)
        if expected.get("area"):
            self.assertEqual(shown.get("area"), expected["area"], where)
        notes = codes(shown) - QUIET
        wanted = set(expected["notes"])
        self.assertEqual(notes, wanted, where)
        links = [(by_row[link["row"]]["number"], link["type"], link["lag_days"])
                 for link in shown.get("predecessors", [])]
        self.assertEqual(links, expected.get("links", []), where)
        for note in shown.get("notes", []):
            self.assertTrue(note["zh"] and note["en"])

    def test_utf8(self):
        shown = self.check(lambda plan: factory_plan.csv_text(plan).encode())
        self.assertEqual(shown["encoding"], "UTF-8")
        self.assertIn("year_from_title", {note["code"] for note in shown["notes"]})

    def test_utf8_with_byte_order_mark_and_tabs(self):
        self.check(lambda plan: factory_plan.csv_text(plan, "\t").encode("utf-8-sig"))

    def test_gb18030_with_semicolons(self):
        shown = self.check(lambda plan: factory_plan.csv_text(plan, ";").encode("gb18030"))
        self.assertEqual(shown["encoding"], "GB18030")

    def test_utf16(self):
        self.check(lambda plan: factory_plan.csv_text(plan).encode("utf-16"))
        shown = self.check(lambda plan: factory_plan.csv_text(plan, "\t").encode("utf-16-be"))
        self.assertEqual(shown["encoding"], "UTF-16BE")

    def test_workbook(self):
        shown = self.check(factory_plan.xlsx_bytes, workbook=True)
        notes = {note["code"]: note["en"] for note in shown["notes"]}
        self.assertIn("总进度计划", notes["sheet_read"])
        self.assertIn("说明", notes["sheets_not_read"])

    def test_workbook_that_counts_from_1904(self):
        self.check(lambda plan: factory_plan.xlsx_bytes(plan, from_1904=True), workbook=True)

    def test_each_column_says_how_it_was_understood(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "计划表.csv"
            path.write_text(factory_plan.csv_text(factory_plan.make()), encoding="utf-8")
            fields = [column["field"] for column in preview(path)["columns"]]
            self.assertEqual(fields, ["number", "area", "name", "duration", "planned_start",
                                      "planned_finish", "percent", "predecessors", "responsible", "remark"])
            for language, word in (("zh-CN", "未保存任何内容"), ("en", "Nothing was stored")):
                text = subprocess.run([OPTIONS.hub, "plan", "preview", str(path), "--language", language],
                                      capture_output=True, timeout=60, check=True).stdout.decode()
                self.assertIn(word, text)
                self.assertIn("土方开挖", text)
            self.assertEqual(os.listdir(folder), ["计划表.csv"], "nothing is stored")


    def test_the_same_plan_as_text_and_as_workbook_changes_nothing(self):
        plan = factory_plan.make()
        with tempfile.TemporaryDirectory() as folder:
            older, newer = Path(folder) / "older", Path(folder) / "newer"
            older.write_bytes(factory_plan.csv_text(plan).encode("gb18030"))
            newer.write_bytes(factory_plan.xlsx_bytes(plan))
            result = subprocess.run([OPTIONS.hub, "plan", "compare", older, newer, "--json"],
                                    capture_output=True, timeout=60, check=True)
        self.assertEqual(json.loads(result.stdout),
                         {"changes": [], "unchanged": len(plan.items), "ambiguous": 0})


class HostileFileTest(unittest.TestCase):
    def refused(self, content):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x"
            path.write_bytes(content)
            return preview(path, code=1)["refused"]["code"]

    def test_a_decompression_bomb_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bomb.xlsx"
            whole = factory_plan.xlsx_bytes(factory_plan.make())
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
                with zipfile.ZipFile(__import__("io").BytesIO(whole)) as good:
                    for name in good.namelist():
                        if name != "xl/sharedStrings.xml":
                            bomb.writestr(name, good.read(name))
                with bomb.open("xl/sharedStrings.xml", "w") as member:
                    for _ in range(70):
                        member.write(b" " * (1 << 20))
            self.assertLess(path.stat().st_size, 1 << 20)
            self.assertEqual(preview(path, code=1)["refused"]["code"], "zip_too_large")

    def test_what_is_no_sheet_is_refused(self):
        self.assertEqual(self.refused(b""), "file_empty")
        self.assertEqual(self.refused(os.urandom(16) + b"\0" * 4096), "file_binary")
        self.assertEqual(self.refused(b"a" * (20 * 1024 * 1024 + 1)), "file_too_large")


class RealFileTest(unittest.TestCase):
    maxDiff = None

    def file(self, name):
        path = Path(OPTIONS.data) / "schedules" / name
        if not path.is_file():
            self.skipTest(f"test data is absent: {path}")
        return path

    def test_ifc4d_csv(self):
        path = self.file("ifc4d_construction_schedule.csv")
        shown = preview(path)
        items = {item["row"]: item for item in shown["items"]}
        wbs = {}
        links = {}
        with open(path, newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                if not row["Name"]:
                    self.assertNotIn(number, items)
                    self.assertIn({"row": number, "code": "row_no_name"},
                                  [{"row": r["row"], "code": r["reason"]["code"]} for r in shown["skipped"]])
                    continue
                item = items.pop(number)
                wbs[row["Identification"].replace(".", "")] = number
                self.assertEqual(item["name"], row["Name"])
                self.assertEqual(item["level"], int(float(row["Hierarchy"])))
                self.assertEqual(item["wbs"], row["Identification"])
                self.assertEqual(item["percent"], float(row["Completion"]) * 100)
                days = 0.0
                for amount, unit in re.findall(r"(\d+)([dh])", row["ScheduleDuration"]):
                    days += int(amount) / (8 if unit == "h" else 1)  # its writer counts 8 hours to the day
                self.assertEqual(item.get("duration_days", 0.0), days)
                # 01/01/23 has one meaning; 07/01/23 has two, and nothing in the file says which.
                self.assertEqual(item.get("planned_start"), "2023-01-01" if row["ScheduleStart"] else None)
                ambiguous = [note["field"] for note in item["notes"] if note["code"] == "date_ambiguous"] \
                    if "notes" in item else []
                self.assertEqual(ambiguous, ["actual_start", "actual_finish"] if row["ActualStart"] else [])
                if row["Relationships"]:
                    before, kind, after = re.fullmatch(r"(\d+)([A-Z]+)(\d+)", row["Relationships"]).groups()
                    links.setdefault(after, []).append((before, kind))
        self.assertEqual(items, {})
        found = {item["wbs"].replace(".", ""): [(link["row"], link["type"]) for link in item["predecessors"]]
                 for item in shown["items"] if "predecessors" in item}
        self.assertEqual(found, {after: [(wbs[before], kind) for before, kind in all_before]
                                 for after, all_before in links.items()})
        # With the order stated, the dates are as its writer meant them.
        stated = {item["wbs"]: item for item in preview(path, "--date-order", "dmy")["items"]
                  if "actual_start" in item}
        self.assertEqual({key: (item["actual_start"], item["actual_finish"]) for key, item in stated.items()},
                         {"1.1.1": ("2023-01-07", "2023-01-10")})

    def project(self, name):
        path = self.file(name)
        space = "{http://schemas.microsoft.com/project}"
        root = ElementTree.parse(path).getroot()
        minutes = int(root.findtext(space + "MinutesPerDay"))
        shown = preview(path)
        items = {item["number"]: item for item in shown["items"]}
        ids = {task.findtext(space + "UID"): task.findtext(space + "ID") for task in root.iter(space + "Task")}
        for task in root.iter(space + "Task"):
            get = lambda tag, of=task: of.findtext(space + tag)
            if get("OutlineLevel") == "0":
                self.assertNotIn(get("ID"), items)
                continue
            item = items.pop(get("ID"))
            self.assertEqual(item["name"], get("Name"))
            self.assertEqual(item["level"], int(get("OutlineLevel")))
            self.assertEqual(item["planned_start"], get("Start")[:10])
            self.assertEqual(item["planned_finish"], get("Finish")[:10])
            hours, mins, _ = re.fullmatch(r"PT(\d+)H(\d+)M(\d+)S", get("Duration")).groups()
            self.assertEqual(item["duration_days"], (int(hours) * 60 + int(mins)) / minutes)
            self.assertEqual(item["percent"], int(get("PercentComplete")))
            self.assertEqual(item.get("milestone", False), get("Milestone") == "1")
            wanted = []
            for link in task.findall(space + "PredecessorLink"):
                of = lambda tag, link=link: link.findtext(space + tag)
                lag = int(of("LinkLag")) / 10
                elapsed = of("LagFormat") in ("4", "6", "8", "10", "12")
                percent = of("LagFormat") in ("19", "20")
                wanted.append((ids[of("PredecessorUID")], ["FF", "FS", "SF", "SS"][int(of("Type"))],
                               0 if percent else lag / (1440 if elapsed else minutes)))
                self.assertEqual("lag_percent" in codes(item), percent)
            self.assertEqual([(link["text"], link["type"], link["lag_days"])
                              for link in item.get("predecessors", [])], wanted)
        self.assertEqual(items, {})

    def test_project_relations(self):
        self.project("mspdirelations.xml")

    def test_project_2019_links(self):
        self.project("task-links-project2019-mspdi.xml")

    def test_primavera(self):
        path = self.file("percent-complete-8.4.xer")
        tables, name, fields = {}, None, []
        for line in path.read_text(encoding="cp1252").splitlines():
            kind, *rest = line.split("\t")
            if kind == "%T":
                name = rest[0]
            elif kind == "%F":
                fields = rest
            elif kind == "%R":
                tables.setdefault(name, []).append(dict(zip(fields, rest)))
        hours = {row["clndr_id"]: float(row["day_hr_cnt"]) for row in tables["CALENDAR"]}
        shown = preview(path)
        items = {item["number"]: item for item in shown["items"] if "number" in item}
        self.assertEqual(len(shown["items"]), len(tables["TASK"]) + len(tables["PROJWBS"]))
        self.assertEqual(shown["items"][0]["name"], tables["PROJWBS"][0]["wbs_name"])
        for task in tables["TASK"]:
            item = items.pop(task["task_code"])
            self.assertEqual(item["name"], task["task_name"])
            self.assertEqual(item["planned_start"], task["target_start_date"][:10])
            self.assertEqual(item["planned_finish"], task["target_end_date"][:10])
            self.assertEqual(item.get("actual_start", ""), task["act_start_date"][:10])
            self.assertEqual(item["duration_days"], float(task["target_drtn_hr_cnt"]) / hours[task["clndr_id"]])
            # Each activity is named after the percentage that P6 showed for it.
            self.assertEqual(item["percent"], float(re.search(r"(\d+)%", task["task_name"]).group(1)))
        self.assertEqual(items, {})
        self.assertEqual(shown["skipped"], [])

    def test_mpx_is_refused_with_what_to_do(self):
        refused = preview(self.file("sample.mpx"), code=1)["refused"]
        self.assertEqual(refused["code"], "file_mpx")
        self.assertTrue(refused["zh"] and refused["en"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hub", required=True)
    parser.add_argument("--data", required=True, help="SITECAST_TEST_DATA of the environment goes before it")
    OPTIONS, rest = parser.parse_known_args()
    OPTIONS.data = os.environ.get("SITECAST_TEST_DATA", OPTIONS.data)
    unittest.main(argv=[sys.argv[0]] + rest)
