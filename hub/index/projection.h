// SPDX-License-Identifier: Apache-2.0
// Events and tracks as rows. Every table about events but `member` is a function of the set of
// events: applying them in another order, or again, ends in the same rows (tests shuffle and repeat
// them). `member` is a function of their order in the log. REQUIRES: a log's events are applied in
// its order.
// Owner thread: the index writer's. All functions run inside the caller's transaction.
#pragma once

#include <optional>

#include "hub/archive/event_log.h"
#include "hub/index/capture_row.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/sqlite/database.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

// What readers of the feed and of derived media want to know about an applied record.
struct AppliedEvent {
  bool is_new = false;
  v1::Event event;
};

// The event's own row alone, nothing about what it says. false: an event with this id is there.
Result<bool> insert_event(Database& database, ProjectId project, const EventRecord& record,
                          const v1::Event& event);

// A record whose event cannot be parsed is skipped (is_new = false): the log is checked before it
// is written, so only damage that its CRC missed could do that, and one record must not stop the
// rest.
Result<AppliedEvent> apply_event(Database& database, ProjectId project, const EventRecord& record);

// Makes the capture's row if there is none, from its id and the events that spoke of it before.
// nullopt: the capture belongs to another project and the caller's claim is ignored.
Result<std::optional<CaptureRow>> ensure_capture(Database& database, ProjectId project,
                                                 CaptureId capture, std::int64_t received_at_us);

// Brings what the capture's row says about its tracks (names, duration, complete) up to date.
// Returns the row as saved.
Result<std::optional<CaptureRow>> refresh_capture(Database& database, CaptureId capture);

}  // namespace sitecast::hub
