// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "hub/check/commands.h"
#include "hub/index/current.h"
#include "hub/index/event_lookup.h"
#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

struct Rebuilt {
  BuildCounts counts;
  bool in_use = false;
};

// Whether there is an index that can be read.
bool has_index(const Layout& layout) {
  const auto lookup = EventLookup::open(layout);
  return lookup.ok() && (*lookup)->log_position(ProjectId()).ok();
}

// Journals that end earlier than they did, though whole: only the index there is can know of it.
Status note_lost_ends(const Layout& layout, const std::filesystem::path& index,
                      BuildCounts& counts) {
  SC_TRY_ASSIGN(const auto less, read_less_than_current(layout, index));
  for (const ReadLess& journal : less) {
    const std::string path = journal.journal.string();
    const bool named = std::ranges::any_of(
        counts.damaged, [&](const std::string& damage) { return damage.starts_with(path); });
    if (named) continue;
    counts.damaged.push_back(fmt::format(
        "{} has lost its end: it gives {} bytes, the index has read {}; to do: restore it from a "
        "backup (`sitecast-hub check` names all such files)",
        path, journal.now_read, journal.once_read));
  }
  return Ok{};
}

Result<Rebuilt> rebuild(const Layout& layout) {
  const auto lock = FileLock::acquire(layout.lock_file());
  if (!lock.ok()) {
    return failed_precondition("a hub runs on this state; stop it first: " +
                               lock.error().message());
  }
  SC_TRY_ASSIGN(const auto path, new_index_path(layout));
  Rebuilt rebuilt;
  SC_TRY_ASSIGN(rebuilt.counts, build_index(layout, path, Log("rebuild-index")));
  SC_TRY(note_lost_ends(layout, path, rebuilt.counts));
  // The index there is may hold what lies behind the damage, and knows how far a journal was whole.
  rebuilt.in_use = rebuilt.counts.damaged.empty() || !has_index(layout);
  if (rebuilt.in_use) {
    SC_TRY(switch_index(layout, path));
  } else {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;
      std::filesystem::remove(path.string() + suffix, ignored);
    }
  }
  return rebuilt;
}

}  // namespace

int rebuild_index_command(const Layout& layout, CommandIo io) {
  const auto rebuilt = rebuild(layout);
  if (!rebuilt.ok()) {
    io.err << "sitecast-hub: rebuild-index: " << rebuilt.error().message() << "\n";
    return 1;
  }
  for (const std::string& damage : rebuilt->counts.damaged) {
    io.err << "sitecast-hub: rebuild-index: " << damage << "\n";
  }
  if (!rebuilt->in_use) {
    io.err << "sitecast-hub: rebuild-index: the index is left as it was, because it may hold what "
              "these files have lost; to go on without that, move STATE/index away and run this "
              "again\n";
    return 1;
  }
  io.out << fmt::format("index rebuilt from {} event logs and {} tracks\n", rebuilt->counts.logs,
                        rebuilt->counts.tracks);
  return rebuilt->counts.damaged.empty() ? 0 : 1;
}

}  // namespace sitecast::hub
