// SPDX-License-Identifier: Apache-2.0
// Which index file is in use: STATE/index/CURRENT holds one line, its name (index-N.db). A new
// index is built beside the old one and switched to by replacing that line durably, so that a
// reader always finds a whole index. Thread-safety: one switcher at a time; reading is thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hub/archive/layout.h"
#include "proto/base/log.h"
#include "proto/base/result.h"

namespace sitecast::hub {

// kUnavailable when there is no index yet, kDataLoss when CURRENT names none of ours.
Result<std::filesystem::path> current_index(const Layout& layout);

// The same for somebody who asks often: reads CURRENT again only when it is another file. Owner
// thread: one at a time.
class CurrentIndex {
 public:
  explicit CurrentIndex(Layout layout) : layout_(std::move(layout)) {}
  Result<std::filesystem::path> get();

 private:
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;  // an inode's number may be given out again
    bool operator==(const Identity&) const = default;
  };
  Layout layout_;
  std::optional<Identity> seen_;
  std::filesystem::path path_;
};

// A name that no index of this state has. Creates the folder.
Result<std::filesystem::path> new_index_path(const Layout& layout);

// Makes `index` (of the index folder) the current one; removes the others. Readers that have one of
// those open keep it until they look at CURRENT again.
Status switch_index(const Layout& layout, const std::filesystem::path& index);

struct BuildCounts {
  std::uint64_t logs = 0;
  std::uint64_t tracks = 0;
  std::uint64_t passed_over = 0;  // events that the tables refused
  // Journals with more behind a damaged place, each a sentence with what to do: what lies there is
  // not in this index and may be in the one before.
  std::vector<std::string> damaged;
};
// Builds an index from the archive's files alone into `index` and leaves it ready to be switched
// to. Blocking, in proportion to the archive's sidecars; the log says every few seconds how far it
// is. REQUIRES: no hub runs on this state.
Result<BuildCounts> build_index(const Layout& layout, const std::filesystem::path& index, Log log);

// A journal that the index in use has read further than another one could.
struct ReadLess {
  std::filesystem::path journal;
  std::uint64_t once_read = 0;  // bytes
  std::uint64_t now_read = 0;
};
// Those of which the index in use may have the last copy of something. None when there is no index
// in use that can be read. REQUIRES: no hub runs on this state.
Result<std::vector<ReadLess>> read_less_than_current(const Layout& layout,
                                                     const std::filesystem::path& index);

}  // namespace sitecast::hub
