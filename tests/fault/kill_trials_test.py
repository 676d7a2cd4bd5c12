#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The long run kills more often than the usual one, and ctest does not overrule it."""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import kill_test  # noqa: E402


class KillTrialsTest(unittest.TestCase):
    def test_long_run_kills_ten_times(self):
        self.assertEqual(kill_test.usual_trials({}), 2)
        self.assertEqual(kill_test.usual_trials({"SITECAST_TEST_LONG": "1"}), 10)

    def test_ctest_leaves_the_number_to_the_environment(self):
        self.assertNotIn("--trials", (HERE / "CMakeLists.txt").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
