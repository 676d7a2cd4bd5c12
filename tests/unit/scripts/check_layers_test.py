#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checker of the tree's rules finds each kind of violation and nothing in a clean tree."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).resolve().parents[3] / "scripts" / "check_layers.py"
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
CLEAN = {
    "hub/README.md": "the hub\n",
    "hub/archive/README.md": "archive\n",
    "hub/ingest/README.md": "ingest\n",
    "viewer/gateway/README.md": "gateway\n",
    "hub/archive/layout.h": SPDX + "#pragma once\n",
    "hub/archive/writer.h": SPDX + '#include "hub/archive/layout.h"\n',
    "viewer/gateway/serve.cpp": SPDX + '#include "hub/archive/layout.h"\n#include <vector>\n',
}


class CheckLayersTest(unittest.TestCase):
    def check(self, changes):
        """Exit code and output for the clean tree with `changes` (name -> text) laid over it."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**CLEAN, **changes}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            result = subprocess.run([sys.executable, CHECKER, folder], capture_output=True,
                                    text=True, check=False)
            return result.returncode, result.stdout

    def assert_found(self, changes, expected):
        code, output = self.check(changes)
        self.assertEqual(code, 1, output)
        self.assertIn(expected, output)
        self.assertEqual(len(output.strip().splitlines()), 2, output)  # this one and the summary

    def test_clean_tree_passes(self):
        self.assertEqual(self.check({}), (0, "check_layers: clean\n"))

    def test_include_against_the_arrows_is_found(self):
        self.assert_found({"hub/archive/writer.h": SPDX + '#include "hub/ingest/queue.h"\n'},
                          "hub/archive/writer.h:2: hub/archive may not include hub/ingest/queue.h")

    def test_gateway_reads_the_hub_through_its_read_headers_only(self):
        self.assert_found({"viewer/gateway/serve.cpp": SPDX + '#include "hub/archive/writer.h"\n'},
                          "viewer/gateway may not include hub/archive/writer.h")

    def test_shared_code_depends_on_nobody(self):
        self.assert_found({"proto/README.md": "wire\n",
                           "proto/codec/part.h": SPDX + '#include "agent/spool/spool.h"\n'},
                          "proto/codec may not include agent/spool/spool.h")

    def test_third_party_outside_its_adapter_is_found(self):
        self.assert_found({"hub/archive/writer.h": SPDX + "#include <mqtt/async_client.h>\n"},
                          "<mqtt/async_client.h> is used only in")

    def test_folder_without_a_rule_is_found(self):
        self.assert_found({"hub/README.md": "the hub\n", "templates/one/README.md": "t\n",
                           "templates/one/x.cpp": SPDX + '#include "proto/base/id.h"\n'},
                          "templates/ has no include rule")

    def test_missing_licence_line_is_found(self):
        self.assert_found({"hub/archive/layout.h": "#pragma once\n"},
                          "hub/archive/layout.h:1: begin with the line")

    def test_folder_without_readme_is_found(self):
        self.assert_found({"agent/spool/spool.h": SPDX}, "agent/spool: has no README.md")

    def test_path_of_one_machine_is_found(self):
        self.assert_found({"hub/README.md": "see /ho" + "me/someone/notes\n"},
                          "hub/README.md:1: '/ho" + "me/someone/' belongs to one machine")

    def test_lock_file_with_addresses_is_found(self):
        lock = '{"packages": {"node_modules/a": {"resolved": "https://example.invalid/a.tgz"}}}'
        self.assert_found({"viewer/web/package-lock.json": lock}, "records download addresses")


if __name__ == "__main__":
    unittest.main()
