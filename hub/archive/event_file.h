// SPDX-License-Identifier: Apache-2.0
// The event log of one project as the hub appends to it. Grouped and settled like TrackFile; torn
// ends are cut when it is opened. Owner thread: the commit thread.
#pragma once

#include <memory>

#include "hub/archive/event_log.h"
#include "hub/archive/layout.h"
#include "proto/base/file.h"
#include "proto/base/id.h"
#include "proto/base/result.h"

namespace sitecast::hub {

class EventFile {
 public:
  // Makes the log if there is none (`made` is set: the owner syncs the folder). Reads from
  // `known_good_bytes` on (what the index has applied) to find a torn end; cuts and syncs.
  // kDataLoss: damaged before the end (events lie behind it, or more than a crash leaves); nothing
  // is touched.
  static Result<std::unique_ptr<EventFile>> open(const Layout& layout, ProjectId project,
                                                 std::uint64_t known_good_bytes);

  [[nodiscard]] ProjectId project() const { return project_; }
  [[nodiscard]] std::uint64_t durable_bytes() const { return durable_bytes_; }
  [[nodiscard]] File& file() { return file_; }
  [[nodiscard]] bool made() const { return durable_bytes_ == 0; }

  void append(const EventRecord& record) { append_event_record(waiting_, record); }
  Status write_records();
  void settle() { durable_bytes_ = bytes_; }
  Status roll_back();

 private:
  EventFile(ProjectId project, File file) : project_(project), file_(std::move(file)) {}
  ProjectId project_;
  File file_;
  Bytes waiting_;
  std::uint64_t bytes_ = 0;
  std::uint64_t durable_bytes_ = 0;
};

}  // namespace sitecast::hub
