// SPDX-License-Identifier: Apache-2.0
// Writes a made archive's rows into an index of the hub's own schema, as the hub's index writer
// would have left them (made_index_test.cpp compares the two), but without its journals: a million
// captures are six thousand million sidecar records. Not durable until finish(). Owner thread: one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>

#include "hub/archive/layout.h"
#include "proto/base/result.h"
#include "proto/sqlite/database.h"
#include "tests/bench/archive/made_archive.h"

namespace sitecast::bench {

class IndexFiller {
 public:
  // A new index file with the hub's schema.
  static Result<IndexFiller> open(const std::filesystem::path& index, const hub::Layout& layout);

  Status add(const MadeArchive::Project& project);
  Status add(const MadeArchive& archive, const MadeCapture& capture);
  // Rows in it are durable afterwards, and it is in the journal mode that readers expect.
  Status finish();

 private:
  IndexFiller(std::filesystem::path index, Database database)
      : index_(std::move(index)), database_(std::move(database)) {}
  Status add_event(ProjectId project, const MadeEvent& event);
  Status add_track(const MadeCapture& capture, std::string_view name, const MadeTrack& track,
                   const Bytes& init_segment);
  Result<std::int64_t> content_of(const Bytes& init_segment, const std::string& codec);

  std::filesystem::path index_;
  std::optional<Database> database_;  // until finish()
  std::map<ProjectId, std::uint64_t> capture_counts_;
  std::map<Bytes, std::int64_t> contents_;
  std::int64_t track_count_ = 0;
};

}  // namespace sitecast::bench
