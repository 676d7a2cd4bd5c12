// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ostream>

#include "hub/check/commands.h"
#include "hub/index/current.h"
#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

Result<BuildCounts> rebuild(const Layout& layout) {
  const auto lock = FileLock::acquire(layout.lock_file());
  if (!lock.ok()) {
    return failed_precondition("a hub runs on this state; stop it first: " +
                               lock.error().message());
  }
  SC_TRY_ASSIGN(const auto path, new_index_path(layout));
  SC_TRY_ASSIGN(const auto counts, build_index(layout, path, Log("rebuild-index")));
  SC_TRY(switch_index(layout, path));
  return counts;
}

}  // namespace

int rebuild_index_command(const Layout& layout, CommandIo io) {
  const auto counts = rebuild(layout);
  if (!counts.ok()) {
    io.err << "sitecast-hub: rebuild-index: " << counts.error().message() << "\n";
    return 1;
  }
  io.out << fmt::format("index rebuilt from {} event logs and {} tracks\n", counts->logs,
                        counts->tracks);
  return 0;
}

}  // namespace sitecast::hub
