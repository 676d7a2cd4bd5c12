// SPDX-License-Identifier: Apache-2.0
// A row of table `capture`, read, changed and written as a whole. Owner thread: the index writer's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {

// When something was stated; the greatest wins. Default: never.
struct StatedAt {
  std::int64_t at_us = 0;
  EventId event;
  [[nodiscard]] bool stated() const { return !event.is_nil(); }
  auto operator<=>(const StatedAt&) const = default;
};

struct CaptureRow {
  std::int64_t place = 0;  // 0: not in the table yet
  CaptureId id;
  ProjectId project;
  std::optional<DeviceId> device;
  std::int64_t captured_at_us = 0;
  std::int64_t received_at_us = 0;
  StatedAt opened;
  std::string kind = "unknown";
  std::string title;
  std::string area;
  std::optional<CaptureId> continues;
  bool demonstration = false;
  Bytes photo;
  StatedAt closed;
  Bytes closing;
  bool complete = false;
  std::int64_t duration_ms = 0;
  std::string tracks;
  StatedAt progress;
  std::string stage;
  std::optional<double> percentage;
  std::int64_t note_count = 0;
  std::string warnings;
};

Result<std::optional<CaptureRow>> load_capture(Database& database, CaptureId id);
// Inserts the row, or changes the one at its place. REQUIRES: a row without a place is in no table.
Status save_capture(Database& database, const CaptureRow& row);

// The row that `select …kCaptureColumns…` stands on, without its place.
extern const std::string kCaptureColumns;
CaptureRow capture_from(const Statement& statement);

}  // namespace sitecast::hub
