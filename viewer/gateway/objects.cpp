// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/objects.h"

#include "proto/base/day.h"
#include "sitecast.pb.h"

namespace sitecast::gateway {
namespace {

std::string_view state_of(const hub::CaptureInfo& capture, bool is_live) {
  if (capture.closed) return capture.complete ? "complete" : "incomplete";
  return is_live ? "live" : "open";
}

void write_photo(JsonWriter& json, const Bytes& serialised) {
  v1::PhotoMetadata photo;
  if (serialised.empty() ||
      !photo.ParseFromArray(serialised.data(), static_cast<int>(serialised.size()))) {
    json.value(nullptr);
    return;
  }
  json.begin_object();
  json.member("width", photo.width()).member("height", photo.height());
  json.member("orientation", photo.orientation());
  json.member("exif_time", photo.exif_time()).member("exif_offset", photo.exif_offset());
  json.member("has_gps", photo.has_gps());
  json.member("latitude_deg", photo.latitude_deg()).member("longitude_deg", photo.longitude_deg());
  json.member("camera", photo.camera());
  json.end_object();
}

void write_optional_id(JsonWriter& json, const std::string& raw) {
  const auto id = CaptureId::from_bytes(raw);
  if (id) {
    json.value(id->text());
  } else {
    json.value(nullptr);
  }
}

void write_texts(JsonWriter& json, const google::protobuf::RepeatedPtrField<std::string>& texts) {
  json.begin_array();
  for (const auto& text : texts) json.value(text);
  json.end_array();
}

const std::string& text_of(const v1::Event& event) {
  if (event.has_note()) return event.note().text();
  if (event.has_pin()) return event.pin().text();
  if (event.has_message()) return event.message().text();
  if (event.has_request()) return event.request().text();
  if (event.has_request_step()) return event.request_step().text();
  return event.progress().text();
}

// Everything of the body that a page may want beyond the fields that every event has. Proofs stay
// out.
void write_event_body(JsonWriter& json, const v1::Event& event) {
  json.begin_object();
  switch (event.body_case()) {
    case v1::Event::kCaptureOpened: {
      const auto& opened = event.capture_opened();
      json.member("capture_kind", opened.capture_kind());
      json.member("captured_at_us", opened.captured_at_us());
      json.key("tracks");
      write_texts(json, opened.tracks());
      json.member("title", opened.title());
      json.key("continues");
      write_optional_id(json, opened.continues());
      json.member("source", opened.source()).member("demonstration", opened.demonstration());
      break;
    }
    case v1::Event::kCaptureClosed: {
      const auto& closed = event.capture_closed();
      json.member("reason", closed.reason()).member("detail", closed.detail());
      json.key("tracks").begin_array();
      for (const auto& end : closed.tracks()) {
        json.begin_object();
        json.member("name", end.track()).member("part_count", end.part_count());
        json.end_object();
      }
      json.end_array();
      break;
    }
    case v1::Event::kQuality: json.member("value", event.quality().value()); break;
    case v1::Event::kProject: {
      const auto& project = event.project();
      json.member("name", project.name()).member("name_en", project.name_en());
      json.member("place", project.place()).member("time_zone", project.time_zone());
      json.key("areas");
      write_texts(json, project.areas());
      json.key("stages");
      write_texts(json, project.stages());
      break;
    }
    case v1::Event::kMember:
      json.member("user", event.member().user()).member("role", event.member().role());
      break;
    case v1::Event::kGap: {
      const auto& gap = event.gap();
      json.member("track", gap.track()).member("from_us", gap.from_us());
      json.member("until_us", gap.until_us()).member("reason", gap.reason());
      break;
    }
    case v1::Event::kProgress:
      if (const auto item = EventId::from_bytes(event.progress().plan_item())) {
        json.member("plan_item", item->text());
      }
      break;
    case v1::Event::kMilestone:
      if (const auto item = EventId::from_bytes(event.milestone().plan_item())) {
        json.member("plan_item", item->text());
      }
      json.member("text", event.milestone().text());
      break;
    case v1::Event::kPlanBaselined:
      json.member("number", event.plan_baselined().number());
      json.member("line_count", event.plan_baselined().line_count());
      break;
    case v1::Event::kPin: json.member("x", event.pin().x()).member("y", event.pin().y()); break;
    case v1::Event::kRequest: {
      const auto& request = event.request();
      std::optional<std::string> due;
      if (request.has_due_day()) due = day_text(request.due_day());
      json.member("due", due);
      json.key("device_id");
      write_optional_id(json, request.device_id());
      json.key("shots");
      write_texts(json, request.shots());
      break;
    }
    case v1::Event::kRequestStep:
      json.key("request_id");
      write_optional_id(json, event.request_step().request_id());
      json.member("shot", event.request_step().shot());
      break;
    case v1::Event::kMessage:
    case v1::Event::kPlanPart:  // its lines are read as a plan
    case v1::Event::kNote:
    case v1::Event::BODY_NOT_SET: break;
  }
  json.end_object();
}

}  // namespace

void write_project(JsonWriter& json, const hub::ProjectInfo& project,
                   const std::vector<CaptureId>* live) {
  json.begin_object();
  json.member("id", project.id.text()).member("name", project.name);
  json.member("name_en", project.name_en).member("place", project.place);
  json.member("time_zone", project.time_zone);
  json.member("areas", project.areas).member("stages", project.stages);
  json.member("capture_count", project.capture_count);
  json.member("last_captured_at_us", project.last_captured_at_us);
  json.key("live").begin_array();
  if (live != nullptr) {
    for (const auto& id : *live) json.value(id.text());
  }
  json.end_array().end_object();
}

void write_capture_members(JsonWriter& json, const hub::CaptureInfo& capture, bool is_live) {
  json.member("id", capture.id.text()).member("project_id", capture.project.text());
  json.member("device_id", capture.device.text()).member("kind", capture.capture_kind);
  json.member("title", capture.title).member("area", capture.area);
  json.member("captured_at_us", capture.captured_at_us);
  json.member("received_at_us", capture.received_at_us);
  json.member("duration_ms", capture.duration_ms);
  json.member("state", state_of(capture, is_live));
  json.member("demonstration", capture.demonstration);
  json.key("continues");
  if (capture.continues) {
    json.value(capture.continues->text());
  } else {
    json.value(nullptr);
  }
  json.member("tracks", capture.tracks);
  json.member("stage", capture.stage).member("percentage", capture.percentage);
  json.member("note_count", capture.note_count).member("warnings", capture.warnings);
  json.key("photo");
  write_photo(json, capture.photo_metadata);
}

void write_capture(JsonWriter& json, const hub::CaptureInfo& capture, bool is_live) {
  json.begin_object();
  write_capture_members(json, capture, is_live);
  json.end_object();
}

void write_track(JsonWriter& json, const hub::TrackInfo& track) {
  json.begin_object();
  json.member("name", track.name).member("timescale", track.timescale);
  json.member("codec", track.codec).member("part_count", track.part_count);
  json.member("part_count_total", track.part_count_total);
  json.member("size_bytes", track.size_bytes);
  json.member("first_media_time", track.first_media_time);
  json.member("end_media_time", track.end_media_time);
  json.member("file_name", track.file_name).member("media_type", track.media_type);
  json.member("file_size_bytes", track.file_size_bytes);
  json.end_object();
}

void write_event(JsonWriter& json, const hub::EventInfo& info) {
  v1::Event event;
  if (!event.ParseFromArray(info.event_bytes.data(), static_cast<int>(info.event_bytes.size()))) {
    event.Clear();
  }
  json.begin_object();
  json.member("id", info.id.text()).member("kind", info.kind);
  json.member("device_id", info.device.text());
  json.member("stated_at_us", info.stated_at_us).member("received_at_us", info.received_at_us);
  json.key("capture_id");
  if (info.capture) {
    json.value(info.capture->text());
  } else {
    json.value(nullptr);
  }
  json.member("media_time_us", info.media_time_us).member("area", event.area());
  json.key("actor");
  if (event.has_actor()) {
    json.begin_object();
    json.member("user", event.actor().user()).member("display_name", event.actor().display_name());
    json.end_object();
  } else {
    json.value(nullptr);
  }
  json.member("text", text_of(event));
  json.member("stage", event.progress().stage());
  json.key("percentage");
  if (event.progress().has_percentage()) {
    json.value(event.progress().percentage());
  } else {
    json.value(nullptr);
  }
  json.member("warning", event.quality().warning()).member("active", event.quality().active());
  json.key("body");
  write_event_body(json, event);
  json.end_object();
}

void write_playlist(JsonWriter& json, const hub::TrackInfo& track, bool complete,
                    const std::vector<hub::Segment>& segments,
                    const std::map<std::string, std::string>& codecs) {
  constexpr std::size_t kSegmentText = 140;  // about: one allocation instead of a dozen
  json.reserve(256 + segments.size() * kSegmentText);
  json.begin_object();
  json.member("timescale", track.timescale).member("complete", complete);
  json.key("inits").begin_object();
  for (const auto& [hash, codec] : codecs) json.member(hash, codec);
  json.end_object();
  json.key("segments").begin_array();
  for (const auto& segment : segments) {
    json.begin_object();
    json.member("n", segment.first_sequence).member("t", segment.media_time);
    json.member("d", segment.duration).member("size", segment.size_bytes());
    json.member("init", init_hash_text(segment.init_hash8));
    json.member("missing", segment.parts_missing).member("filled", segment.filled_later);
    json.member("closed", segment.closed);
    json.end_object();
  }
  json.end_array().end_object();
}

std::string init_hash_text(std::string_view init_hash8) { return hex_encode(as_bytes(init_hash8)); }

}  // namespace sitecast::gateway
