// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/topics.h"

#include <array>
#include <utility>

#include "proto/codec/limits.h"

namespace sitecast {
namespace {

constexpr std::string_view kRoot = "sitecast/1/";
constexpr std::string_view kFeed = "feed";

constexpr std::array<std::pair<std::string_view, TrackKind>, 6> kTrackKinds{{
    {"video", TrackKind::kVideo},
    {"master", TrackKind::kMaster},
    {"audio", TrackKind::kAudio},
    {"image", TrackKind::kImage},
    {"file", TrackKind::kFile},
    {"talk", TrackKind::kTalk},
}};

constexpr std::array<std::pair<std::string_view, TopicKind>, 8> kTopicKinds{{
    {"live", TopicKind::kLive},
    {"fill", TopicKind::kFill},
    {"event", TopicKind::kEvent},
    {"hello", TopicKind::kHello},
    {"receipt", TopicKind::kReceipt},
    {"down", TopicKind::kDown},
    {"talk", TopicKind::kTalk},
    {"status", TopicKind::kStatus},
}};

template <typename Value, std::size_t N>
std::optional<Value> find_name(const std::array<std::pair<std::string_view, Value>, N>& table,
                               std::string_view name) {
  for (const auto& [text, value] : table) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::string_view name_of_kind(TopicKind kind) {
  for (const auto& [text, value] : kTopicKinds) {
    if (value == kind) return text;
  }
  return {};
}

// The n of `kind.n`: decimal without leading zeros, so that every track has one name.
bool is_track_number(std::string_view text) {
  if (text.empty() || text.size() > 4) return false;
  if (text.size() > 1 && text.front() == '0') return false;
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Removes and returns what precedes the next '/', or everything when there is none.
std::string_view take_level(std::string_view& rest) {
  const auto slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return level;
}

// nullopt for the nil id too: it means "none" everywhere else.
template <typename AnyId>
std::optional<AnyId> take_id(std::string_view& rest) {
  const auto id = AnyId::parse(take_level(rest));
  return id && !id->is_nil() ? id : std::nullopt;
}

bool is_part_topic(TopicKind kind) { return kind == TopicKind::kLive || kind == TopicKind::kFill; }

}  // namespace

std::optional<TrackKind> track_kind(std::string_view track) {
  if (track.size() > limits::kTrackNameBytes) return std::nullopt;
  const auto dot = track.find('.');
  if (dot != std::string_view::npos && !is_track_number(track.substr(dot + 1))) {
    return std::nullopt;
  }
  return find_name(kTrackKinds, track.substr(0, dot));
}

bool is_file_track(TrackKind kind) { return kind == TrackKind::kImage || kind == TrackKind::kFile; }

std::string format_topic(const Topic& topic) {
  std::string text = device_prefix(topic.project, topic.device);
  text += name_of_kind(topic.kind);
  if (is_part_topic(topic.kind)) {
    text += '/';
    text += topic.capture.text();
    text += '/';
    text += topic.track;
  }
  return text;
}

std::optional<Topic> parse_topic(std::string_view topic) {
  // A trailing '/' is an empty last level, which take_level would not show.
  if (!topic.starts_with(kRoot) || topic.ends_with('/')) return std::nullopt;
  std::string_view rest = topic.substr(kRoot.size());
  const auto project = take_id<ProjectId>(rest);
  if (!project) return std::nullopt;
  const auto device = take_id<DeviceId>(rest);
  if (!device) return std::nullopt;
  const auto kind = find_name(kTopicKinds, take_level(rest));
  if (!kind) return std::nullopt;

  Topic parsed{*kind, *project, *device, CaptureId(), {}};
  if (is_part_topic(*kind)) {
    const auto capture = take_id<CaptureId>(rest);
    const std::string_view track = take_level(rest);
    if (!capture || !track_kind(track)) return std::nullopt;
    parsed.capture = *capture;
    parsed.track = track;
  }
  if (!rest.empty()) return std::nullopt;
  return parsed;
}

std::string feed_topic(ProjectId project) {
  return std::string(kRoot) + project.text() + "/" + std::string(kFeed);
}

std::optional<ProjectId> parse_feed_topic(std::string_view topic) {
  if (!topic.starts_with(kRoot)) return std::nullopt;
  std::string_view rest = topic.substr(kRoot.size());
  const auto project = take_id<ProjectId>(rest);
  return project && rest == kFeed ? project : std::nullopt;
}

std::string device_prefix(ProjectId project, DeviceId device) {
  return std::string(kRoot) + project.text() + "/" + device.text() + "/";
}

}  // namespace sitecast
