# SPDX-License-Identifier: Apache-2.0
"""The stages of scripts/test: build, then ctest label by label, cheapest and most telling first."""
import argparse
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What the fuzz targets together may take, seconds: (scripts/test, scripts/test --long).
FUZZ_TOTAL_S = 60
FUZZ_LONG_PER_TARGET_S = 60
# One after the other: a browser takes both cores. What else must run alone says so (RUN_SERIAL).
SERIAL_LABELS = {"browser"}
LABELS = ["unit", "vectors", "integration", "fault", "browser"]
CHECKED = {"sanitized": ("asan", "sanitized_tests"), "fuzz": ("fuzz", "fuzzers")}  # stage: preset, target
BUILD_AHEAD_FROM = "fault"  # from here on tests wait for links, clocks and browsers


class Stage:
    def __init__(self, name):
        self.name = name
        self.seconds = 0.0
        self.passed = 0
        self.failed = []
        self.skipped = []
        self.note = ""


class Run:
    def __init__(self, jobs, long_run, only):
        self.jobs = jobs
        self.only = only
        self.long_run = long_run
        self.stages = []
        self.environment = dict(os.environ)
        # Tests find our Node first, whatever node is on the PATH.
        self.environment["PATH"] = f"{ROOT}/.tools/node/bin:{self.environment['PATH']}"
        if long_run:
            self.environment["SITECAST_TEST_LONG"] = "1"

    def wanted(self, name):
        return not self.only or name in self.only

    def build(self, preset, targets=()):
        """A failed build counts as one failed test; the stages that need it are not run."""
        stage = Stage(f"build {preset}")
        self.stages.append(stage)
        print(f"== {stage.name}", flush=True)
        started = time.monotonic()
        commands = [["cmake", "--preset", preset], ["cmake", "--build", f"build/{preset}", "-j",
                                                   str(self.jobs)]]
        if targets:
            commands[1] += ["--target", *targets]
        for command in commands:
            if subprocess.run(command, cwd=ROOT, env=self.environment, check=False).returncode != 0:
                stage.failed.append(" ".join(command))
                break
        stage.seconds = time.monotonic() - started
        return not stage.failed

    @staticmethod
    def checked(stage):
        preset, target = CHECKED[stage]
        return preset, [target]

    def build_ahead(self):
        """The checked builds, with processor time that no test wants (SCHED_IDLE). Says nothing: what fails here
        fails again in its own stage."""
        def yield_to_everybody():
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        commands = [f"cmake --preset {preset} && cmake --build build/{preset} -j {self.jobs} --target {target}"
                    for stage, (preset, target) in CHECKED.items() if self.wanted(stage)]
        return subprocess.Popen(["sh", "-c", "; ".join(commands)], cwd=ROOT, env=self.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, preexec_fn=yield_to_everybody)

    def ctest(self, name, preset, selection, serial=False, extra_environment=None):
        stage = Stage(name)
        self.stages.append(stage)
        print(f"== {name}", flush=True)
        report = ROOT / "build" / preset / f"junit-{name.replace(' ', '-')}.xml"
        report.unlink(missing_ok=True)
        started = time.monotonic()
        result = subprocess.run(
            ["ctest", "--test-dir", f"build/{preset}", "--output-on-failure", "--no-tests=ignore",
             "-j", "1" if serial else str(self.jobs), "--output-junit", str(report), *selection],
            cwd=ROOT, env={**self.environment, **(extra_environment or {})}, check=False)
        stage.seconds = time.monotonic() - started
        self.read_report(stage, report)
        self.read_skips(stage, ROOT / "build" / preset / "Testing" / "Temporary" / "LastTest.log")
        if result.returncode != 0 and not stage.failed:
            stage.failed.append(f"ctest exit code {result.returncode}")

    @staticmethod
    def read_report(stage, report):
        if not report.exists():
            return
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            status = case.get("status")
            if status == "run":
                stage.passed += 1
            elif status in ("notrun", "disabled") and case.find("skipped") is not None and \
                    "SKIP" in (case.find("skipped").get("message") or ""):
                stage.skipped.append(case.get("name"))
            else:
                stage.failed.append(case.get("name"))

    @staticmethod
    def read_skips(stage, log):
        """Cases that a GoogleTest binary skipped inside a passed test (absent media, for example)."""
        if log.exists():
            text = log.read_text(encoding="utf-8", errors="replace")
            stage.skipped += sorted(set(re.findall(r"^\[  SKIPPED \] (\S+\.\S+)(?: \(|$)", text,
                                                   re.MULTILINE)))

    def fuzz_environment(self):
        listing = subprocess.run(["ctest", "--test-dir", "build/fuzz", "-N", "-L", "^fuzz$"],
                                 cwd=ROOT, capture_output=True, text=True, check=False).stdout
        count = max(1, len(re.findall(r"^ *Test +#", listing, re.MULTILINE)))
        # `jobs` of them run at the same time.
        seconds = FUZZ_LONG_PER_TARGET_S if self.long_run else \
            max(1, FUZZ_TOTAL_S * self.jobs // count)
        return {"SITECAST_FUZZ_SECONDS": str(seconds)}

    def run(self):
        if self.build("dev"):
            ahead = None
            for label in LABELS:
                if label == BUILD_AHEAD_FROM:
                    ahead = self.build_ahead()
                if self.wanted(label):
                    self.ctest(label, "dev", ["-L", f"^{label}$"], label in SERIAL_LABELS)
            if self.wanted("other"):
                self.ctest("other", "dev", ["-LE", f"^({'|'.join(LABELS)})$"])
            if ahead:
                ahead.wait()
        if self.wanted("sanitized") and self.build(*self.checked("sanitized")):
            self.ctest("sanitized", "asan", ["-L", "^sanitize$"])
        if self.wanted("fuzz") and self.build(*self.checked("fuzz")):
            self.ctest("fuzz", "fuzz", ["-L", "^fuzz$"], extra_environment=self.fuzz_environment())
        if self.long_run and self.wanted("tsan") and self.build("tsan", ["sanitized_tests"]):
            self.ctest("tsan", "tsan", ["-L", "^sanitize$"])
        return self.report()

    def report(self):
        print("\nstage            seconds  passed  failed  skipped")
        for stage in self.stages:
            print(f"{stage.name:<16} {stage.seconds:7.1f}  {stage.passed:6}  {len(stage.failed):6}"
                  f"  {len(stage.skipped):7}")
        print(f"{'total':<16} {sum(stage.seconds for stage in self.stages):7.1f}")
        for stage in self.stages:
            for name in stage.skipped:
                print(f"skipped: {name} ({stage.name})")
        for stage in self.stages:
            for name in stage.failed:
                print(f"FAILED: {name} ({stage.name})")
        passed = sum(stage.passed for stage in self.stages)
        failed = sum(len(stage.failed) for stage in self.stages)
        print(f"{passed} passed, {failed} failed", flush=True)
        return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/test", description="Builds and runs every test (about 20 minutes on 2 cores).")
    parser.add_argument("--long", action="store_true",
                        help="the long campaigns too: 60 s per fuzz target, all kill trials, TSan")
    parser.add_argument("--only", action="append", default=[], metavar="STAGE",
                        choices=[*LABELS, "other", "sanitized", "fuzz", "tsan"],
                        help="only this stage (repeatable)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 2)
    arguments = parser.parse_args()
    sys.exit(Run(arguments.jobs, arguments.long, set(arguments.only)).run())


if __name__ == "__main__":
    main()
