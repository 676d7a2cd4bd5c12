// SPDX-License-Identifier: Apache-2.0
// The spool's SQLite index (schema.sql): one connection, one owner. Every change happens between
// begin and commit; commit returns when it survives a power cut (WAL, synchronous=FULL).
// Owner thread: the spool's sync thread (the opening thread until that starts). Blocking.
// Errors: as proto/sqlite/database.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/base/sha256.h"

namespace sitecast::agent {

struct CaptureRow {
  std::int64_t position = 0;
  CaptureId id;
  ProjectId project;
  std::string kind;
  std::string title;
  std::string area;
  std::string source;
  std::int64_t captured_at_us = 0;
  std::string state = "open";
  std::string reason;
  std::int64_t interrupted_at_us = 0;
  bool claimed = false;  // as evidence: an event on it states progress or a milestone
};

struct TrackRow {
  std::string name;
  std::uint64_t part_count = 0;
  std::uint64_t delivered = 0;
  std::uint64_t made_bytes = 0;
  std::int64_t duration_us = 0;
  std::string running_hash;
  std::uint64_t thinned = 0;
};

struct EventRow {
  std::int64_t position = 0;
  EventId id;
  ProjectId project;
  CaptureId capture;  // nil: speaks of no capture
  std::string bytes;
  std::string refused;
};

class Index {
 public:
  static Result<std::unique_ptr<Index>> open(const std::filesystem::path& path);
  ~Index();

  Status begin();
  Status commit();
  void roll_back() noexcept;

  // Each returns the position given to the row; an event that is already there gets 0.
  Result<std::int64_t> add_capture(const CaptureRow& row);
  Result<std::int64_t> add_event(const EventRow& row);
  Status put_track(std::int64_t capture_position, const TrackRow& row);  // insert or replace
  Status close_capture(std::int64_t position, std::string_view reason,
                       std::int64_t interrupted_at_us);
  Status forget_interruption(std::int64_t position);
  Status mark_claimed(CaptureId id);
  // State `delivered`; of these the newest `history` stay.
  Status mark_delivered(std::int64_t position, std::int64_t history);
  Status remove_event(EventId id);
  Status refuse_event(EventId id, std::string_view why);

  Result<std::vector<CaptureRow>> captures();  // by position
  Result<std::vector<TrackRow>> tracks(std::int64_t capture_position);
  Result<std::vector<EventRow>> events();  // by position
  // Empty when absent.
  Result<std::string> meta(std::string_view key);
  Status put_meta(std::string_view key, std::string_view value);

 private:
  struct State;
  explicit Index(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sitecast::agent
