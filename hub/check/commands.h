// SPDX-License-Identifier: Apache-2.0
// The hub's commands that look at files: what hub/main calls. Each prints its results to `out`,
// faults and progress to `err`, and returns the exit code: 0 done and clean, 1 not. Owner thread:
// the caller's; blocking, possibly for hours on a large archive.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string_view>

#include "hub/archive/layout.h"

namespace sitecast::hub {

struct CommandIo {
  std::ostream& out;
  std::ostream& err;
  bool progress = false;  // one line every few seconds of long work on `err`
};

// `check [--read-data]`: the index, the event logs and the files against each other; with read_data
// every part's hash, every track's running hash and signed heads. Beside a running hub it is sound
// for what was durable when it began.
int check_command(const Layout& layout, bool read_data, CommandIo io);

// `rebuild-index`: a new index from the archive's files alone, then the switch of CURRENT. Refuses
// while a hub runs on this state, and where a journal is damaged and an index is there that may
// hold what lies behind the damage.
int rebuild_index_command(const Layout& layout, CommandIo io);

// `export CAPTURE --out DIR`: playable files, events and proof of one capture.
int export_command(const Layout& layout, std::string_view capture, const std::filesystem::path& dir,
                   CommandIo io);

// `verify DIR`: checks an export with nothing but the export.
int verify_command(const std::filesystem::path& dir, CommandIo io);

}  // namespace sitecast::hub
