#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Variance, S-curve and forecast of the factory's sheet with 400 observations, computed here from what
the sheet's writer meant, with exact fractions and day by day, against the product's figures: to the day
and to 0.01 %. The golden file holds the exact numbers, so that both cannot drift together.

`--write-golden` writes figures_golden.json anew.
"""
import argparse
import datetime
import json
import math
import random
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction
from pathlib import Path

import factory_plan

OPTIONS = None
GOLDEN = Path(__file__).with_name("figures_golden.json")
EPOCH = datetime.date(1970, 1, 1)
OBSERVATIONS = 400


def day(text):
    return (datetime.date.fromisoformat(text) - EPOCH).days


class Item:
    def __init__(self, meant):
        self.row = meant["row"]
        self.start, self.finish = day(meant["planned_start"]), day(meant["planned_finish"])
        self.days = self.finish - self.start + 1
        self.milestone = bool(meant.get("milestone"))
        self.seen = []  # (day, percentage), in the order in which it was stated

    def planned(self, at):
        """Per cent that is planned to be done at the end of the day."""
        done = min(max(at - self.start + 1, 0), self.days)
        return Fraction(100 * done, self.days)

    def known(self, at):
        return sorted((one for one in self.seen if one[0] <= at), key=lambda one: one[0])

    def actual(self, at):
        known = self.known(at)
        return Fraction(known[-1][1]) if known else Fraction(0)

    def actual_start(self, at):
        return next((when for when, percent in self.known(at) if percent > 0), None)

    def actual_finish(self, at):
        finished = None
        for when, percent in self.known(at):
            finished = (finished if finished is not None else when) if percent == 100 else None
        return finished

    def variance(self, as_of):
        finished = self.actual_finish(as_of)
        if finished is not None:
            return finished - self.finish
        actual = self.actual(as_of)
        if actual == 0 and as_of < self.start:
            return 0
        return math.floor(as_of - (self.start + actual * self.days / 100) + Fraction(1, 2))


def counted(plan):
    """Lines with both dates that have no lines of a deeper level below them."""
    found = []
    for meant, after in zip(plan.items, plan.items[1:] + [None]):
        is_summary = after is not None and after["level"] > meant["level"]
        if not is_summary and meant.get("planned_start") and meant.get("planned_finish"):
            found.append(Item(meant))
    return found


def observe(items, seed, as_of):
    """People look now and then; some work runs late, some early, and some is seen worse than before."""
    chance = random.Random(seed)
    begun = [item for item in items if item.start < as_of + 5]
    lines = []
    for _ in range(OBSERVATIONS):
        item = chance.choice(begun)
        when = chance.randint(item.start - 3, min(item.finish + 25, as_of + 2))
        ideal = 100 * (when - item.start + 1) / item.days - chance.choice([0, 5, 10, 25])
        percent = min(100, max(0, 5 * round(ideal / 5)))
        if chance.random() < 0.1:
            percent = min(100, percent + Fraction(chance.randint(1, 9), 4))
        item.seen.append((when, Fraction(percent)))
        lines.append(f"{item.row} {when} {float(percent)}")
    return lines


def figures(items, as_of):
    weights = {item.row: 0 if item.milestone else item.days for item in items}
    total = sum(weights.values())
    first, last = min(item.start for item in items), max(item.finish for item in items)

    def weighted(value):
        return sum(Fraction(weights[item.row]) * value(item) for item in items) / total

    planned = [weighted(lambda item: item.planned(at)) for at in range(first, last + 1)]
    actual = [weighted(lambda item: item.actual(at)) for at in range(first, as_of + 1)]
    now = weighted(lambda item: item.actual(as_of))
    elapsed, duration = as_of - first, last - first + 1
    # Earned schedule: whole days whose planned work is done, and the part of the next.
    whole = 0
    while whole < duration and planned[whole] <= now:
        whole += 1
    earned = Fraction(whole)
    if now == 0:
        earned = Fraction(0)
    elif whole < duration:
        before = planned[whole - 1] if whole else Fraction(0)
        earned += (now - before) / (planned[whole] - before)
    forecast = max(as_of, first + math.ceil(duration * Fraction(elapsed) / earned) - 1)
    return {"items": {str(item.row): {
                "planned": float(item.planned(as_of - 1)), "actual": float(item.actual(as_of)),
                "actual_start": item.actual_start(as_of), "actual_finish": item.actual_finish(as_of),
                "variance_days": item.variance(as_of)} for item in items},
            "first_day": first, "last_day": last,
            "planned": float(weighted(lambda item: item.planned(as_of - 1))), "actual": float(now),
            "variance_days": math.floor(elapsed - earned + Fraction(1, 2)),
            "basis": "earned_schedule", "forecast_day": forecast,
            "planned_curve": [float(one) for one in planned],
            "actual_curve": [float(one) for one in actual]}


def computed(seed, part):
    plan = factory_plan.make()
    items = counted(plan)
    first, last = min(item.start for item in items), max(item.finish for item in items)
    as_of = first + (last - first) * part // 10
    lines = observe(items, seed, as_of)
    return plan, lines, as_of, figures(items, as_of)


def product(plan, lines, as_of):
    with tempfile.TemporaryDirectory() as folder:
        sheet, seen = Path(folder) / "sheet", Path(folder) / "seen"
        sheet.write_bytes(factory_plan.csv_text(plan).encode())
        seen.write_text("\n".join(lines) + "\n", encoding="utf-8")
        result = subprocess.run([OPTIONS.figures, sheet, seen, str(as_of)], capture_output=True,
                                timeout=60, check=True)
    return json.loads(result.stdout)


class FiguresTest(unittest.TestCase):
    maxDiff = 2000

    def assert_same(self, shown, expected, where=""):
        if isinstance(expected, dict):
            self.assertEqual(sorted(shown), sorted(expected), where)
            for key, value in expected.items():
                self.assert_same(shown[key], value, f"{where}/{key}")
        elif isinstance(expected, list):
            self.assertEqual(len(shown), len(expected), where)
            for number, (one, other) in enumerate(zip(shown, expected)):
                self.assert_same(one, other, f"{where}[{number}]")
        elif isinstance(expected, float):
            self.assertAlmostEqual(shown, expected, delta=0.01, msg=where)
        else:
            self.assertEqual(shown, expected, where)

    def test_the_factory_s_sheet_with_400_observations(self):
        plan, lines, as_of, expected = computed(2026, 5)
        self.assertGreaterEqual(len(plan.rows), 300)
        self.assertEqual(len(lines), OBSERVATIONS)
        self.assertGreater(len({one["variance_days"] for one in expected["items"].values()}), 20)
        self.assert_same(product(plan, lines, as_of), expected)
        self.assert_same(expected, json.loads(GOLDEN.read_text(encoding="utf-8")))

    def test_other_observations_and_other_days(self):
        for seed in range(12):
            plan, lines, as_of, expected = computed(seed, 1 + seed % 9)
            with self.subTest(seed=seed, as_of=as_of):
                self.assert_same(product(plan, lines, as_of), expected)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--figures")
    parser.add_argument("--write-golden", action="store_true")
    OPTIONS, rest = parser.parse_known_args()
    if OPTIONS.write_golden:
        GOLDEN.write_text(json.dumps(computed(2026, 5)[3], indent=0) + "\n", encoding="utf-8")
    else:
        unittest.main(argv=[sys.argv[0], *rest])
