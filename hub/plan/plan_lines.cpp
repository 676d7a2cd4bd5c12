// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_lines.h"

#include <algorithm>
#include <unordered_map>

#include "hub/plan/plain_text.h"
#include "hub/plan/plan_changes.h"
#include "proto/base/sha256.h"
#include "proto/codec/limits.h"
#include "proto/codec/parse_message.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kPartBytes = 48 * limits::kKiB;  // leaves room for the rest of the event

std::int32_t day_of(PlanDate date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}
PlanDate date_of(std::int32_t day) { return PlanDate(std::chrono::days(day)); }

// One line without control characters.
std::string name_text(std::string_view text, std::size_t limit = limits::kNameBytes) {
  std::string line(beginning(text, limit));
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

std::string index_id(std::uint32_t index) {
  std::string id(kIdBytes, '\0');
  ++index;
  for (int i = 0; i < 4; ++i)
    id[15 - static_cast<std::size_t>(i)] = static_cast<char>(index >> 8 * i);
  return id;
}

v1::PlanLine line_of(const PlanItem& item, std::uint32_t index) {
  v1::PlanLine line;
  line.set_item_id(index_id(index));
  line.set_source_row(std::max(item.source_row, 1U));
  line.set_level(std::clamp(item.level, 1U, kPlanLevels));
  line.set_number(name_text(item.number));
  line.set_wbs(name_text(item.wbs));
  line.set_name(name_text(item.name));
  line.set_area(name_text(item.area));
  line.set_area_guessed(item.area_guessed);
  line.set_milestone(item.milestone);
  line.set_summary(item.summary);
  if (item.start) line.set_start_day(day_of(*item.start));
  if (item.finish) line.set_finish_day(day_of(*item.finish));
  if (item.duration_days) line.set_duration_days(std::clamp(*item.duration_days, 0.0, 100'000.0));
  if (item.weight) line.set_weight(std::clamp(*item.weight, 0.0, 1e12));
  line.set_responsible(name_text(item.responsible));
  line.set_remark(name_text(item.remark, 1024));
  if (item.percent) line.set_sheet_percent(std::clamp(*item.percent, 0.0, 100.0));
  if (item.actual_start) line.set_sheet_actual_start_day(day_of(*item.actual_start));
  if (item.actual_finish) line.set_sheet_actual_finish_day(day_of(*item.actual_finish));
  constexpr std::size_t kLinks = 64;  // of one line; more are named nowhere and matter to nobody
  for (std::size_t i = 0; i < std::min(item.predecessors.size(), kLinks); ++i) {
    const PlanLink& link = item.predecessors[i];
    v1::PlanLineLink* to = line.add_predecessors();
    to->set_item_id(index_id(link.item));
    to->set_type(link.type);
    to->set_lag_days(std::clamp(link.lag_days, -100'000.0, 100'000.0));
  }
  return line;
}

void add_ignored(v1::PlanBaselined& about, std::uint32_t row, PlanNoteCode code,
                 std::string_view text) {
  about.set_ignored_count(about.ignored_count() + 1);
  if (about.ignored().size() >= static_cast<int>(limits::kListEntries)) return;
  v1::PlanIgnored* ignored = about.add_ignored();
  ignored->set_source_row(row);
  ignored->set_code(std::string(name_of(code)));
  ignored->set_text(name_text(text, 96));
}

// `seed` is random, so this is as good as a fresh id.
std::string derived_id(EventId seed, std::string_view of, std::size_t number) {
  const std::string text = seed.raw() + std::string(of) + std::to_string(number);
  const Hash hash = sha256(as_bytes(text));
  return {hash.begin(), hash.begin() + kIdBytes};
}

void append_u32(Bytes& out, std::size_t size) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(size >> shift));
}

void append_text(Bytes& out, const std::string& text) {
  append_u32(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

std::optional<ByteView> take_text(ByteView& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8U | bytes[i];
  bytes = bytes.subspan(4);
  if (bytes.size() < size) return std::nullopt;
  const ByteView text = bytes.first(size);
  bytes = bytes.subspan(size);
  return text;
}

}  // namespace

PlanReading reading_of(const PlanSheet& sheet, std::string preview) {
  PlanReading reading;
  reading.preview = std::move(preview);
  for (std::uint32_t i = 0; i < sheet.items.size(); ++i) {
    *reading.lines.add_lines() = line_of(sheet.items[i], i);
  }
  v1::PlanBaselined& about = reading.about;
  about.set_format(sheet.format);
  about.set_title(name_text(sheet.title));
  about.set_line_count(static_cast<std::uint32_t>(sheet.items.size()));
  about.set_ignored_rows(static_cast<std::uint32_t>(sheet.skipped.size()));
  for (const SkippedRow& row : sheet.skipped) {
    if (row.reason.code == PlanNoteCode::kRowBlank) continue;
    add_ignored(about, row.source_row, row.reason.code, row.text);
  }
  for (const PlanItem& item : sheet.items) {
    for (const CellNote& note : item.notes) {
      if (kind_of(note.note.code) != PlanNoteKind::kLeftOut) continue;
      add_ignored(about, item.source_row, note.note.code, name_of(note.field));
    }
  }
  return reading;
}

Bytes encode_reading(const PlanReading& reading) {
  Bytes out;
  append_text(out, reading.preview);
  append_text(out, reading.lines.SerializeAsString());
  append_text(out, reading.about.SerializeAsString());
  return out;
}

Result<PlanReading> decode_reading(ByteView bytes) {
  const auto preview = take_text(bytes);
  const auto lines = preview ? take_text(bytes) : std::nullopt;
  const auto about = lines ? take_text(bytes) : std::nullopt;
  PlanReading reading;
  if (!about || !bytes.empty() || !parse_message(reading.lines, *lines) ||
      !parse_message(reading.about, *about)) {
    return invalid_argument("what the worker wrote is no reading of a plan");
  }
  if (reading.lines.lines().size() > static_cast<int>(limits::kPlanLines)) {
    return invalid_argument("what the worker read has too many lines");
  }
  reading.preview.assign(preview->begin(), preview->end());
  return reading;
}

PlanSheet sheet_of(const v1::PlanPart& lines, std::string_view format) {
  PlanSheet sheet;
  sheet.format = format;
  std::uint32_t level = 0;
  for (const v1::PlanLine& line : lines.lines()) {
    PlanItem item;
    item.source_row = line.source_row();
    // Without gaps, whatever it came from.
    level = std::clamp(line.level(), 1U, level + 1);
    item.level = level;
    item.number = line.number();
    item.wbs = line.wbs();
    item.name = line.name();
    item.area = line.area();
    if (line.has_start_day()) item.start = date_of(line.start_day());
    if (line.has_finish_day()) item.finish = date_of(line.finish_day());
    sheet.items.push_back(std::move(item));
  }
  return sheet;
}

void give_ids(v1::PlanPart& lines, const v1::PlanPart& before, std::string_view format,
              EventId seed) {
  const auto same = match_plans(sheet_of(before, format), sheet_of(lines, format));
  std::unordered_map<std::string, std::string> given;
  for (int i = 0; i < lines.lines().size(); ++i) {
    v1::PlanLine& line = *lines.mutable_lines(i);
    const auto& older = same[static_cast<std::size_t>(i)];
    std::string id = older ? before.lines(static_cast<int>(*older)).item_id()
                           : derived_id(seed, "item", static_cast<std::size_t>(i));
    given.emplace(line.item_id(), id);
    line.set_item_id(std::move(id));
  }
  for (v1::PlanLine& line : *lines.mutable_lines()) {
    for (v1::PlanLineLink& link : *line.mutable_predecessors()) {
      const auto id = given.find(link.item_id());
      if (id != given.end()) link.set_item_id(id->second);
    }
  }
}

std::vector<ScheduledItem> scheduled(const v1::PlanPart& lines) {
  std::vector<ScheduledItem> items;
  items.reserve(static_cast<std::size_t>(lines.lines().size()));
  for (const v1::PlanLine& line : lines.lines()) {
    ScheduledItem& item = items.emplace_back();
    if (line.has_start_day()) item.start_day = line.start_day();
    if (line.has_finish_day()) item.finish_day = line.finish_day();
    if (line.has_weight()) item.weight = line.weight();
    item.summary = line.summary();
    item.milestone = line.milestone();
  }
  return items;
}

std::vector<v1::Event> part_events(const v1::PlanPart& lines, EventId seed) {
  std::vector<v1::Event> events;
  std::size_t room = 0;
  for (const v1::PlanLine& line : lines.lines()) {
    const std::size_t size = line.ByteSizeLong() + 8;
    if (events.empty() || size > room) {
      v1::Event& event = events.emplace_back();
      event.set_event_id(derived_id(seed, "part", events.size()));
      event.set_kind("plan.part");
      room = kPartBytes;
    }
    room -= std::min(size, room);
    *events.back().mutable_plan_part()->add_lines() = line;
  }
  return events;
}

}  // namespace sitecast::hub
