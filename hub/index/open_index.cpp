// SPDX-License-Identifier: Apache-2.0
#include "hub/index/open_index.h"

#include <fmt/format.h>

#include "hub/index/current.h"
#include "hub/index/version.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {"", "-wal", "-shm"};

// An index that has read more than its journals give now may hold the last copy of something: it is
// put aside under a name that no index has, and stays.
Status keep_if_it_knows_more(const Layout& layout, const fs::path& older, const fs::path& built,
                             bool damaged, const Log& log) {
  SC_TRY_ASSIGN(const auto less, read_less_than_current(layout, built));
  for (const ReadLess& journal : less) {
    log.error("{} gives {} bytes, the index before has read {}", journal.journal.string(),
              journal.now_read, journal.once_read);
  }
  if (less.empty() && !damaged) return Ok{};
  const fs::path kept = older.parent_path() / ("kept-" + older.filename().string());
  for (const char* suffix : kFiles) {
    std::error_code ignored;
    fs::rename(older.string() + suffix, kept.string() + suffix, ignored);
  }
  log.error("the index before is kept as {}: it may hold what these files have lost",
            kept.string());
  return Ok{};
}

}  // namespace

Result<std::unique_ptr<IndexWriter>> open_index(const Layout& layout, const Log& log) {
  const Log index_log = log.child("index");
  const auto current = current_index(layout);
  std::error_code ignored;
  bool older = false;
  if (current.ok() && fs::exists(*current, ignored)) {
    const auto version = index_version(*current);
    older = version.ok() && *version < kIndexVersion;
    if (older) {
      log.warn(
          "the index is of version {}, this program writes version {}: it is built anew from the "
          "archive, which is not touched",
          *version, kIndexVersion);
    } else {
      auto writer = IndexWriter::open(*current, layout, index_log);
      if (writer.ok() || writer.error().kind() != ErrorKind::kDataLoss) return writer;
      log.error("the index is damaged and is built again: {}", writer.error().message());
    }
  } else if (fs::exists(layout.archive_root(), ignored)) {
    log.warn("there is no index; it is built from the archive");
  }
  SC_TRY_ASSIGN(const auto path, new_index_path(layout));
  SC_TRY_ASSIGN(const auto counts, build_index(layout, path, index_log));
  for (const std::string& damage : counts.damaged) log.error("{}", damage);
  if (older) {
    SC_TRY(keep_if_it_knows_more(layout, *current, path, !counts.damaged.empty(), log));
  }
  SC_TRY(switch_index(layout, path));
  if (older) {
    log.info("the index is built anew from {} event logs and {} tracks", counts.logs,
             counts.tracks);
  }
  return IndexWriter::open(path, layout, index_log);
}

}  // namespace sitecast::hub
