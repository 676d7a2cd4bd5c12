// SPDX-License-Identifier: Apache-2.0
#include "hub/index/capture_row.h"

#include <algorithm>

namespace sitecast::hub {
namespace {

template <typename Id>
std::optional<Id> optional_id(const Statement& statement, int column) {
  return statement.is_null(column) ? std::nullopt : Id::from_bytes(statement.blob(column));
}

StatedAt stated_at(const Statement& statement, int column) {
  if (statement.is_null(column)) return {};
  return {statement.integer(column),
          EventId::from_bytes(statement.blob(column + 1)).value_or(EventId())};
}

std::optional<std::int64_t> stated_time(const StatedAt& stated) {
  return stated.stated() ? std::optional(stated.at_us) : std::nullopt;
}
std::optional<EventId> stated_event(const StatedAt& stated) {
  return stated.stated() ? std::optional(stated.event) : std::nullopt;
}

std::optional<ByteView> null_if_empty(const Bytes& bytes) {
  return bytes.empty() ? std::nullopt : std::optional<ByteView>(bytes);
}

Bytes bytes_of(ByteView view) { return {view.begin(), view.end()}; }

// Places (README): project, second, and some bits against a crowd. Taken from the ids' random ends:
// two projects that share bits only lie among each other.
constexpr unsigned kProjectBits = 19;
constexpr unsigned kSecondBits = 33;  // until the year 2242
constexpr unsigned kCrowdBits = 10;
constexpr int kTries = 8;
constexpr std::int64_t kUsPerSecond = 1'000'000;

template <typename AnyId>
std::uint64_t random_bits(AnyId id) {
  return std::hash<AnyId>()(id);
}

// nullopt: everything near is taken, so any other place (SQLite's next one) does as well.
Result<std::optional<std::int64_t>> free_place(Database& database, const CaptureRow& row) {
  const std::uint64_t project = random_bits(row.project) % (1ULL << kProjectBits);
  const auto second = static_cast<std::uint64_t>(std::clamp<std::int64_t>(
      row.captured_at_us / kUsPerSecond, 1, (std::int64_t{1} << kSecondBits) - 1));
  const std::uint64_t near = (project << kSecondBits | second) << kCrowdBits;
  std::uint64_t crowd = random_bits(row.id);
  SC_TRY_ASSIGN(Statement * taken, database.cached("select 1 from capture where place = ?"));
  for (int i = 0; i < kTries; ++i, crowd >>= kCrowdBits - 4) {
    const auto place = static_cast<std::int64_t>(near | crowd % (1ULL << kCrowdBits));
    SC_TRY_ASSIGN(const bool found, taken->bind(place).step());
    taken->reset();
    if (!found) return std::optional(place);
  }
  return std::optional<std::int64_t>();
}

}  // namespace

constexpr int kColumnCount = 25;
const std::string kCaptureColumns =
    "capture_id, project_id, device_id, captured_at_us, received_at_us, opened_stated_at_us,"
    " opened_event, kind, title, area, continues, demonstration, photo, closed_stated_at_us,"
    " closed_event, closing, complete, duration_ms, tracks, progress_stated_at_us, progress_event,"
    " stage, percentage, note_count, warnings";

CaptureRow capture_from(const Statement& statement) {
  CaptureRow row;
  row.id = CaptureId::from_bytes(statement.blob(0)).value_or(CaptureId());
  row.project = ProjectId::from_bytes(statement.blob(1)).value_or(ProjectId());
  row.device = optional_id<DeviceId>(statement, 2);
  row.captured_at_us = statement.integer(3);
  row.received_at_us = statement.integer(4);
  row.opened = stated_at(statement, 5);
  row.kind = statement.text(7);
  row.title = statement.text(8);
  row.area = statement.text(9);
  row.continues = optional_id<CaptureId>(statement, 10);
  row.demonstration = statement.integer(11) != 0;
  row.photo = bytes_of(statement.blob(12));
  row.closed = stated_at(statement, 13);
  row.closing = bytes_of(statement.blob(15));
  row.complete = statement.integer(16) != 0;
  row.duration_ms = statement.integer(17);
  row.tracks = statement.text(18);
  row.progress = stated_at(statement, 19);
  row.stage = statement.text(21);
  if (!statement.is_null(22)) row.percentage = statement.real(22);
  row.note_count = statement.integer(23);
  row.warnings = statement.text(24);
  return row;
}

Result<std::optional<CaptureRow>> load_capture(Database& database, CaptureId id) {
  static const std::string kSelect =
      "select " + kCaptureColumns + ", place from capture where capture_id = ?";
  SC_TRY_ASSIGN(Statement * select, database.cached(kSelect));
  SC_TRY_ASSIGN(const bool found, select->bind(id.bytes()).step());
  if (!found) return std::optional<CaptureRow>();
  std::optional<CaptureRow> row = capture_from(*select);
  row->place = select->integer(kColumnCount);
  select->reset();
  return row;
}

Status save_capture(Database& database, const CaptureRow& row) {
  static const std::string kInsert =
      "insert into capture (" + kCaptureColumns +
      ", place) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
      " ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)";
  static const std::string kUpdate =
      "update capture set (" + kCaptureColumns +
      ") = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
      " ?20, ?21, ?22, ?23, ?24, ?25) where place = ?26";
  std::optional<std::int64_t> place = row.place;
  if (row.place == 0) {
    SC_TRY_ASSIGN(place, free_place(database, row));
  }
  SC_TRY_ASSIGN(Statement * save, database.cached(row.place == 0 ? kInsert : kUpdate));
  save->bind(row.id.bytes(), row.project.bytes(), row.device, row.captured_at_us,
             row.received_at_us, stated_time(row.opened), stated_event(row.opened), row.kind,
             row.title, row.area, row.continues, row.demonstration, null_if_empty(row.photo),
             stated_time(row.closed), stated_event(row.closed), null_if_empty(row.closing),
             row.complete, row.duration_ms, row.tracks, stated_time(row.progress),
             stated_event(row.progress), row.stage, row.percentage, row.note_count, row.warnings,
             place);
  SC_TRY(save->run());
  // What it is the evidence of was seen when it was filmed.
  SC_TRY_ASSIGN(Statement * date,
                database.cached("update plan_statement set filmed = 1, seen_at_us = ?2"
                                " where capture_id = ?1 and project_id = ?3"
                                " and (filmed = 0 or seen_at_us <> ?2)"));
  return date->bind(row.id, row.captured_at_us, row.project).run();
}

}  // namespace sitecast::hub
