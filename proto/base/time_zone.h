// SPDX-License-Identifier: Apache-2.0
// How far a place's clocks are from UTC (RFC 8536, the system's zoneinfo). The C library's own way
// is the process's one zone. Value type, thread-safe; load() blocks on a small file.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast {

class TimeZone {
 public:
  // By its IANA name. kInvalidArgument: no such name; kNotFound: this machine does not know it.
  static Result<TimeZone> load(std::string_view name);
  // The bytes of a zoneinfo file; kDataLoss when they are none.
  static Result<TimeZone> parse(ByteView file);
  TimeZone() = default;  // UTC

  // Seconds east of UTC. Beyond the last change that the file states, that one holds.
  [[nodiscard]] std::int64_t offset_s(std::int64_t unix_s) const;
  // The day there, counted from 1970-01-01.
  [[nodiscard]] int day_of(std::int64_t unix_us) const;

 private:
  struct Change {
    std::int64_t at_s;
    std::int64_t offset_s;
  };
  std::int64_t first_offset_s_ = 0;
  std::vector<Change> changes_;
};

}  // namespace sitecast
