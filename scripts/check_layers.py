#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the tree to its rules; a test in ctest runs it (style.layers).

1. Includes follow the arrows between folders (ALLOWED below, one line per folder).
2. Third-party libraries that one folder wraps are included only where OUTSIDE allows.
3. Every folder with source in it has a README.md that says what it is.
4. Every source file begins with its SPDX line.
5. No tracked text names a path of somebody's machine or a package host, and no npm lock file
   records download addresses.

Usage: check_layers.py [ROOT]. Prints one line per violation and exits 1 if there is any.
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

# Folder -> what its files may include besides themselves and their own sub-folders: folders (all of
# their headers) or single headers. The longest matching folder counts. `proto` is open to everyone.
ALLOWED = {
    "proto/base": [],
    "proto/codec": ["proto/base"],
    "proto/sqlite": ["proto/base"],
    "proto/worker": ["proto/base"],
    "agent/gst": ["proto"],
    "agent/vision": ["proto"],
    "agent/spool": ["proto"],
    "agent/encode": ["proto", "agent/gst", "agent/spool/capture_writer.h"],
    "agent/capture": ["proto", "agent/gst", "agent/encode", "agent/vision",
                      "agent/spool/capture_writer.h"],
    "agent/publish": ["proto", "agent/spool"],
    "agent/direction": ["proto"],
    "agent/screen": ["proto"],
    "agent/talk": ["proto", "agent/gst"],
    "agent": ["proto", "agent"],
    "hub/ingest": ["proto"],
    "hub/verify": ["proto", "hub/archive", "hub/enrol", "hub/index/work.h"],
    "hub/enrol": ["proto", "hub/archive/layout.h"],
    "hub/broker": ["proto", "hub/enrol"],
    "hub/archive": ["proto", "hub/index"],
    # The index reads the archive's journals, by the headers of their formats.
    "hub/index": ["proto", "hub/archive/layout.h", "hub/archive/sidecar.h",
                  "hub/archive/event_log.h", "hub/archive/journal_rest.h"],
    "hub/receipt": ["proto"],
    "hub/down": ["proto", "hub/enrol/devices.h", "hub/index/reader.h", "hub/index/segment.h",
                 "hub/index/work.h"],
    "hub/derive": ["proto", "hub/archive/layout.h", "hub/archive/sidecar.h", "hub/index/reader.h",
                   "hub/index/segment.h"],
    "hub/check": ["proto", "hub/archive", "hub/index", "hub/enrol"],
    # Reads a file of people and knows nothing of the archive.
    "hub/plan": ["proto"],
    "hub": ["proto", "hub"],
    # The gateway reads what the hub wrote, through these headers only.
    "viewer/gateway": ["proto", "hub/archive/layout.h", "hub/archive/sidecar.h",
                       "hub/control_socket.h",  # asks the hub to enrol
                       "hub/index/reader.h", "hub/index/segment.h",
                       # A plan as the wire carries it; no parser of files.
                       "hub/plan/plan_changes.h", "hub/plan/plan_figures.h",
                       "hub/plan/plan_lines.h", "hub/plan/plan_sheet.h"],
    "scripts": ["proto"],
    "tests": ["proto", "agent", "hub", "viewer", "tests"],
}

# Third parties with one adapter: include prefix -> folders that may use it.
OUTSIDE = {
    "mqtt/": ["agent/publish", "viewer/gateway", "tests"],
    "MQTTAsync.h": ["agent/publish", "hub/ingest", "viewer/gateway", "tests"],
    "boost/": ["agent/screen", "viewer/gateway", "tests"],
    "expat.h": ["hub/plan"],
    "zip.h": ["hub/plan"],
    "sqlite3.h": ["proto/sqlite", "tests"],
    "gst/": ["agent", "tests", "scripts", "hub/derive"],
    "opencv2/": ["agent/vision", "tests", "scripts"],
    # Pictures from outside are decoded in worker processes only.
    "libheif/": ["agent/capture/look", "hub/derive/worker", "tests"],
    "exiv2/": ["agent/capture/look", "tests"],
    "jpeglib.h": ["agent/capture/look", "hub/derive/worker", "tests"],
    "png.h": ["agent/capture/look", "tests"],
}

SOURCE_ENDINGS = {".cpp", ".h", ".ts", ".svelte", ".py", ".sh", ".cmake", ".css", ".js", ".mjs"}
CODE_ENDINGS = {".cpp", ".h"}
SCRIPTS_WITHOUT_ENDING = re.compile(r"^(scripts/[a-z_]+|\.ci/run|.*CMakeLists\.txt)$")
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)
# Spelled in pieces so that this file does not match itself.
FOREIGN = re.compile("|".join([
    r"(?<![\w.$}/])/(?:wo" + r"rk|root|home/[a-z][\w-]*)/",
    r"/tmp/s" + r"c/",
    r"://(?:deb|security|regi" + r"stry)\.",
]))


def tracked_files(root):
    """Tracked and new files; a tree without git is walked."""
    try:
        listing = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"], capture_output=True, check=True).stdout
        names = [name for name in listing.decode().split("\0") if name]
        if names:
            return sorted(name for name in set(names) if (root / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        pass
    skipped = {".git", "build", "node_modules", ".tools", "dist"}
    found = []
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if name not in skipped]
        found += [str((Path(folder) / name).relative_to(root)) for name in files]
    return sorted(found)


def rule_folder(name, table):
    """The longest folder of `table` that holds file `name`, or None."""
    folder = str(Path(name).parent)
    while folder not in (".", ""):
        if folder in table:
            return folder
        folder = str(Path(folder).parent)
    return None


def lies_in(name, folder_or_file):
    return name == folder_or_file or name.startswith(folder_or_file + "/")


def include_violations(name, text):
    home = rule_folder(name, ALLOWED)
    own_top = name.split("/", 1)[0]
    for match in INCLUDE.finditer(text):
        included = match.group(1)
        line = text.count("\n", 0, match.start()) + 1
        top = included.split("/", 1)[0]
        if top in ("proto", "agent", "hub", "viewer", "tests", "scripts") and "/" in included:
            if home is None:
                yield f"{name}:{line}: {own_top}/ has no include rule; add one to scripts/check_layers.py"
                continue
            if lies_in(included, home) or any(lies_in(included, ok) for ok in ALLOWED[home]):
                continue
            yield f"{name}:{line}: {home} may not include {included}"
        for prefix, folders in OUTSIDE.items():
            if included.startswith(prefix) and not any(lies_in(name, ok) for ok in folders):
                yield f"{name}:{line}: <{included}> is used only in {', '.join(folders)}"


def is_source(name):
    return Path(name).suffix in SOURCE_ENDINGS or SCRIPTS_WITHOUT_ENDING.match(name)


def spdx_violations(name, text):
    if is_source(name) and "SPDX-License-Identifier: Apache-2.0" not in "\n".join(
            text.splitlines()[:3]):
        yield f"{name}:1: begin with the line 'SPDX-License-Identifier: Apache-2.0' (as a comment)"


def foreign_violations(name, text):
    for match in FOREIGN.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield f"{name}:{line}: '{match.group(0)}' belongs to one machine or host, not to the product"
    if name.endswith("package-lock.json"):
        packages = json.loads(text).get("packages", {})
        if any("resolved" in package and not package.get("link") for package in packages.values()):
            yield (f"{name}:1: records download addresses; write it with "
                   "`npm install --omit-lockfile-registry-resolved`")


def readme_violations(names):
    folders = {str(Path(name).parent) for name in names
               if Path(name).suffix in (".cpp", ".h", ".ts", ".svelte", ".proto")}
    present = set(names)
    for folder in sorted(folders - {"."}):
        # A README speaks for the folders below it; each stage (second level) has its own.
        parts = folder.split("/")
        depth = 1 if parts[0] in ("tests", "proto") else 2
        own = "/".join(parts[:depth])
        if f"{own}/README.md" not in present:
            yield f"{own}: has no README.md (its design: goals, invariants, threads, trade-offs)"


def violations(root):
    names = tracked_files(root)
    for name in names:
        path = root / name
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # media and other binary test data
        if Path(name).suffix in CODE_ENDINGS:
            yield from include_violations(name, text)
        yield from spdx_violations(name, text)
        if name != "LICENSE":
            yield from foreign_violations(name, text)
    yield from sorted(set(readme_violations(names)))


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    found = list(violations(root))
    for violation in found:
        print(violation)
    print(f"check_layers: {len(found)} violations" if found else "check_layers: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
