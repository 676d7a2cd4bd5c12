// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/event_bodies.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <set>

#include "proto/codec/field_checks.h"
#include "proto/codec/limits.h"

namespace sitecast {
namespace {

constexpr std::uint32_t kLongestPhotoSidePx = 1'000'000;
constexpr std::size_t kExifTextBytes = 32;

Status check_one_of(std::string_view value, std::initializer_list<std::string_view> allowed,
                    std::string_view field) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return Ok{};
  return invalid_argument(fmt::format("{} is none of {}", field, fmt::join(allowed, ", ")));
}

Status check_within(double value, double lowest, double highest, std::string_view field) {
  // Written so that NaN fails.
  if (value >= lowest && value <= highest) return Ok{};
  return invalid_argument(fmt::format("{} is not within {} to {}", field, lowest, highest));
}

Status require_capture(const v1::Event& event) {
  return event.capture_id().empty() ? Status(invalid_argument("capture_id is missing"))
                                    : Status(Ok{});
}

template <typename Names>
Status check_names(const Names& names, std::string_view field) {
  if (static_cast<std::size_t>(names.size()) > limits::kListEntries) {
    return invalid_argument(
        fmt::format("{} has more than {} entries", field, limits::kListEntries));
  }
  std::set<std::string_view> seen;
  for (const auto& name : names) {
    SC_TRY(check_required_name(name, field));
    if (!seen.insert(name).second) return invalid_argument(fmt::format("{} repeats itself", field));
  }
  return Ok{};
}

// Track names that do not repeat, at most kTracksPerCapture.
template <typename Items, typename Name>
Status check_tracks(const Items& items, Name name) {
  if (static_cast<std::size_t>(items.size()) > limits::kTracksPerCapture) {
    return invalid_argument(fmt::format("more than {} tracks", limits::kTracksPerCapture));
  }
  std::set<std::string_view> seen;
  for (const auto& item : items) {
    SC_TRY(check_track(name(item), "tracks"));
    if (!seen.insert(name(item)).second) return invalid_argument("tracks repeats itself");
  }
  return Ok{};
}

Status check_photo(const v1::PhotoMetadata& photo) {
  if (photo.width() > kLongestPhotoSidePx || photo.height() > kLongestPhotoSidePx) {
    return invalid_argument("photo is larger than a million pixels a side");
  }
  if (photo.orientation() > 8) return invalid_argument("photo.orientation is not 0 to 8");
  for (const auto* text : {&photo.exif_time(), &photo.exif_offset()}) {
    if (text->size() > kExifTextBytes) return invalid_argument("photo.exif_time is too long");
    SC_TRY(check_name(*text, "photo.exif_time"));
  }
  SC_TRY(check_within(photo.latitude_deg(), -90, 90, "photo.latitude_deg"));
  SC_TRY(check_within(photo.longitude_deg(), -180, 180, "photo.longitude_deg"));
  return check_name(photo.camera(), "photo.camera");
}

Status check_opened(const v1::Event& event) {
  const v1::CaptureOpened& opened = event.capture_opened();
  SC_TRY(require_capture(event));
  SC_TRY(check_one_of(opened.capture_kind(),
                      {"walkthrough", "photo", "timelapse", "document", "meeting"},
                      "capture_kind"));
  SC_TRY(check_time(opened.captured_at_us(), "captured_at_us"));
  if (opened.tracks().empty()) return invalid_argument("tracks is empty");
  SC_TRY(check_tracks(opened.tracks(),
                      [](const std::string& track) { return std::string_view(track); }));
  SC_TRY(check_name(opened.title(), "title"));
  SC_TRY(check_optional_id(opened.continues(), "continues"));
  if (opened.continues() == event.capture_id()) {
    return invalid_argument("a capture does not continue itself");
  }
  SC_TRY(check_word(opened.source(), "source"));
  if (!opened.has_photo()) return Ok{};
  if (opened.capture_kind() != "photo") return invalid_argument("photo on another kind of capture");
  return check_photo(opened.photo());
}

Status check_track_end(const v1::TrackEnd& end) {
  if (end.part_count() > limits::kSequence) return invalid_argument("part_count is beyond 2^40");
  if (end.part_count() == 0) {
    return end.running_hash().empty() && !end.has_head()
               ? Status(Ok{})
               : Status(invalid_argument("hash or head of a track without parts"));
  }
  SC_TRY(check_hash(end.running_hash(), "running_hash"));
  if (end.has_head() && (end.head().sequence() != end.part_count() - 1 ||
                         end.head().running_hash() != end.running_hash() ||
                         end.head().signature().size() != limits::kSignatureBytes)) {
    return invalid_argument("the signed head is not that of the track's last part");
  }
  return Ok{};
}

Status check_closed(const v1::Event& event) {
  const v1::CaptureClosed& closed = event.capture_closed();
  SC_TRY(require_capture(event));
  SC_TRY(check_tracks(closed.tracks(),
                      [](const v1::TrackEnd& end) { return std::string_view(end.track()); }));
  for (const v1::TrackEnd& end : closed.tracks()) {
    const Status status = check_track_end(end);
    if (!status.ok()) return status.error().within(end.track());
  }
  SC_TRY(check_one_of(closed.reason(),
                      {"stopped", "source_ended", "restarted", "damaged", "error", "disk_full"},
                      "reason"));
  return check_text(closed.detail(), "detail");
}

Status check_note(const v1::Note& note) {
  if (note.text().empty()) return invalid_argument("text is missing");
  return check_text(note.text(), "text");
}

Status check_progress(const v1::Progress& progress) {
  if (progress.stage().empty() && !progress.has_percentage() && progress.text().empty()) {
    return invalid_argument("progress without stage, percentage and text");
  }
  SC_TRY(check_name(progress.stage(), "stage"));
  SC_TRY(check_within(progress.percentage(), 0, progress.has_percentage() ? 100 : 0, "percentage"));
  SC_TRY(check_optional_id(progress.plan_item(), "plan_item"));
  return check_text(progress.text(), "text");
}

Status check_quality(const v1::Event& event) {
  SC_TRY(require_capture(event));
  SC_TRY(
      check_one_of(event.quality().warning(), {"too_dark", "blurred", "lens_covered"}, "warning"));
  if (!std::isfinite(event.quality().value())) return invalid_argument("value is not finite");
  return Ok{};
}

Status check_gap(const v1::Event& event) {
  const v1::Gap& gap = event.gap();
  SC_TRY(require_capture(event));
  SC_TRY(check_track(gap.track(), "track"));
  SC_TRY(check_media_time_us(gap.from_us(), "from_us"));
  SC_TRY(check_media_time_us(gap.until_us(), "until_us"));
  if (gap.until_us() <= gap.from_us()) return invalid_argument("until_us is not after from_us");
  return check_word(gap.reason(), "reason");
}

Status check_project(const v1::ProjectStated& project) {
  SC_TRY(check_required_name(project.name(), "name"));
  SC_TRY(check_name(project.name_en(), "name_en"));
  SC_TRY(check_name(project.place(), "place"));
  SC_TRY(check_name(project.time_zone(), "time_zone"));
  SC_TRY(check_names(project.areas(), "areas"));
  return check_names(project.stages(), "stages");
}

Status check_member(const v1::Event& event) {
  SC_TRY(check_required_name(event.member().user(), "user"));
  if (event.member().role().empty() && event.kind() != "member.added") return Ok{};
  return check_one_of(event.member().role(), {"centre", "agent", "owner"}, "role");
}

// 1950-01-01 to 2149-12-31, as the readers of sheets take dates.
Status check_day(std::int32_t day, std::string_view field) {
  return check_within(day, -7305, 65744, field);
}

Status check_line(const v1::PlanLine& line) {
  constexpr double kLongestDays = 100'000;
  constexpr double kLargestWeight = 1e12;
  SC_TRY(check_id(line.item_id(), "item_id"));
  SC_TRY(check_required_name(line.name(), "name"));
  for (const auto* text : {&line.number(), &line.wbs(), &line.area(), &line.responsible()}) {
    SC_TRY(check_name(*text, "text"));
  }
  SC_TRY(check_text(line.remark(), "remark"));
  if (line.source_row() == 0) return invalid_argument("source_row is 0");
  SC_TRY(check_within(line.level(), 1, limits::kPlanLevels, "level"));
  if (line.has_start_day()) SC_TRY(check_day(line.start_day(), "start_day"));
  if (line.has_finish_day()) SC_TRY(check_day(line.finish_day(), "finish_day"));
  if (line.has_start_day() && line.has_finish_day() && line.finish_day() < line.start_day()) {
    return invalid_argument("finish_day is before start_day");
  }
  SC_TRY(check_within(line.duration_days(), 0, kLongestDays, "duration_days"));
  SC_TRY(check_within(line.weight(), 0, kLargestWeight, "weight"));
  SC_TRY(check_within(line.sheet_percent(), 0, 100, "sheet_percent"));
  SC_TRY(check_day(line.sheet_actual_start_day(), "sheet_actual_start_day"));
  SC_TRY(check_day(line.sheet_actual_finish_day(), "sheet_actual_finish_day"));
  for (const v1::PlanLineLink& link : line.predecessors()) {
    SC_TRY(check_id(link.item_id(), "predecessors.item_id"));
    SC_TRY(check_one_of(link.type(), {"FS", "SS", "FF", "SF"}, "predecessors.type"));
    SC_TRY(check_within(link.lag_days(), -kLongestDays, kLongestDays, "predecessors.lag_days"));
  }
  return Ok{};
}

Status check_plan_part(const v1::PlanPart& part) {
  if (part.lines().empty()) return invalid_argument("lines is empty");
  for (const v1::PlanLine& line : part.lines()) {
    const Status status = check_line(line);
    if (!status.ok()) return status.error().within("lines");
  }
  return Ok{};
}

Status check_baselined(const v1::PlanBaselined& plan) {
  SC_TRY(check_within(plan.number(), 1, limits::kPlanBaselines, "number"));
  if (plan.part_events().empty()) return invalid_argument("part_events is empty");
  if (static_cast<std::size_t>(plan.part_events().size()) > limits::kPlanParts) {
    return invalid_argument(fmt::format("more than {} part_events", limits::kPlanParts));
  }
  std::set<std::string_view> seen;
  for (const std::string& part : plan.part_events()) {
    SC_TRY(check_id(part, "part_events"));
    if (!seen.insert(part).second) return invalid_argument("part_events repeats itself");
  }
  SC_TRY(check_within(plan.line_count(), 1, limits::kPlanLines, "line_count"));
  SC_TRY(check_hash(plan.sheet_sha256(), "sheet_sha256"));
  SC_TRY(check_name(plan.file_name(), "file_name"));
  SC_TRY(check_word(plan.format(), "format"));
  SC_TRY(check_name(plan.title(), "title"));
  if (static_cast<std::size_t>(plan.ignored().size()) > limits::kListEntries) {
    return invalid_argument(fmt::format("ignored has more than {} entries", limits::kListEntries));
  }
  for (const v1::PlanIgnored& ignored : plan.ignored()) {
    SC_TRY(check_word(ignored.code(), "ignored.code"));
    SC_TRY(check_name(ignored.text(), "ignored.text"));
  }
  return Ok{};
}

// A decision stands on something that can be looked at, or says why not.
Status check_milestone(const v1::Event& event) {
  SC_TRY(check_id(event.milestone().plan_item(), "plan_item"));
  SC_TRY(check_text(event.milestone().text(), "text"));
  if (event.kind() == "milestone.confirmed") SC_TRY(require_capture(event));
  if (event.kind() == "milestone.returned" && event.milestone().text().empty()) {
    return invalid_argument("text is missing: the reason");
  }
  return Ok{};
}

Status check_message_text(std::string_view text, std::string_view field) {
  if (text.size() > limits::kMessageBytes) {
    return invalid_argument(
        fmt::format("{} is longer than {} bytes", field, limits::kMessageBytes));
  }
  return check_text(text, field);
}

Status check_pin(const v1::Event& event) {
  SC_TRY(require_capture(event));
  if (!event.has_media_time()) return invalid_argument("media_time_us is missing");
  SC_TRY(check_within(event.pin().x(), 0, 1, "x"));
  SC_TRY(check_within(event.pin().y(), 0, 1, "y"));
  return check_message_text(event.pin().text(), "text");
}

Status check_message(const v1::TextMessage& message) {
  if (message.text().empty()) return invalid_argument("text is missing");
  return check_message_text(message.text(), "text");
}

Status check_request(const v1::ShotRequest& request) {
  if (request.text().empty()) return invalid_argument("text is missing");
  SC_TRY(check_message_text(request.text(), "text"));
  if (request.has_due_day()) SC_TRY(check_day(request.due_day(), "due_day"));
  SC_TRY(check_optional_id(request.device_id(), "device_id"));
  if (static_cast<std::size_t>(request.shots_size()) > limits::kShots) {
    return invalid_argument(fmt::format("shots has more than {} entries", limits::kShots));
  }
  return check_names(request.shots(), "shots");
}

Status check_request_step(const v1::Event& event) {
  const v1::RequestStep& step = event.request_step();
  SC_TRY(check_id(step.request_id(), "request_id"));
  SC_TRY(check_message_text(step.text(), "text"));
  if (step.shot() > limits::kShots) return invalid_argument("shot is beyond the last one");
  return event.kind() == "request.answered" ? require_capture(event) : Status(Ok{});
}

}  // namespace

Status check_media_time_us(std::int64_t us, std::string_view field) {
  if (us < 0 || static_cast<std::uint64_t>(us) >= limits::kMediaTime) {
    return invalid_argument(fmt::format("{} is not within 0 to 2^53", field));
  }
  return Ok{};
}

Status check_body(const v1::Event& event) {
  switch (event.body_case()) {
    case v1::Event::kCaptureOpened: return check_opened(event);
    case v1::Event::kCaptureClosed: return check_closed(event);
    case v1::Event::kNote: return check_note(event.note());
    case v1::Event::kProgress: return check_progress(event.progress());
    case v1::Event::kQuality: return check_quality(event);
    case v1::Event::kProject: return check_project(event.project());
    case v1::Event::kMember: return check_member(event);
    case v1::Event::kGap: return check_gap(event);
    case v1::Event::kPlanPart: return check_plan_part(event.plan_part());
    case v1::Event::kPlanBaselined: return check_baselined(event.plan_baselined());
    case v1::Event::kMilestone: return check_milestone(event);
    case v1::Event::kPin: return check_pin(event);
    case v1::Event::kMessage: return check_message(event.message());
    case v1::Event::kRequest: return check_request(event.request());
    case v1::Event::kRequestStep: return check_request_step(event);
    case v1::Event::BODY_NOT_SET: return Ok{};
  }
  return Ok{};
}

}  // namespace sitecast
