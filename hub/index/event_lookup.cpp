// SPDX-License-Identifier: Apache-2.0
#include "hub/index/event_lookup.h"

#include "hub/index/current.h"

namespace sitecast::hub {

Result<std::unique_ptr<EventLookup>> EventLookup::open(const Layout& layout) {
  SC_TRY_ASSIGN(const auto path, current_index(layout));
  SC_TRY_ASSIGN(auto database, Database::open_reader(path));
  return std::unique_ptr<EventLookup>(new EventLookup(std::move(database)));
}

Result<std::optional<Bytes>> EventLookup::event(EventId id) {
  SC_TRY_ASSIGN(Statement * select, database_.cached("select event from event where event_id = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(id).step());
  std::optional<Bytes> bytes;
  if (found) bytes.emplace(select->blob(0).begin(), select->blob(0).end());
  select->reset();
  return bytes;
}

Result<std::optional<EventLookup::CaptureOwner>> EventLookup::capture(CaptureId id) {
  SC_TRY_ASSIGN(Statement * select,
                database_.cached("select project_id, device_id from capture where capture_id = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(id).step());
  std::optional<CaptureOwner> owner;
  if (found) {
    owner.emplace();
    owner->project = *ProjectId::from_bytes(select->blob(0));
    if (!select->is_null(1)) owner->device = DeviceId::from_bytes(select->blob(1));
  }
  select->reset();
  return owner;
}

Result<std::uint64_t> EventLookup::log_position(ProjectId project) {
  SC_TRY_ASSIGN(Statement * select,
                database_.cached("select indexed_bytes from log_position where project_id = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(project).step());
  const std::uint64_t position = found ? select->unsigned_integer(0) : 0;
  select->reset();
  return position;
}

Result<std::uint64_t> EventLookup::track_position(const TrackKey& key) {
  SC_TRY_ASSIGN(
      Statement * select,
      database_.cached("select indexed_bytes from track where capture_id = ? and name = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(key.capture, key.track).step());
  const std::uint64_t position = found ? select->unsigned_integer(0) : 0;
  select->reset();
  return position;
}

}  // namespace sitecast::hub
