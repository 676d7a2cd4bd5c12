// SPDX-License-Identifier: Apache-2.0
// MQTT topics, made and parsed in one place. Layout: proto/README.md, section "Topics".
// Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/base/id.h"

namespace sitecast {

// Name of a track: `kind` or `kind.n`, n from 0 to 9999 without leading zeros.
enum class TrackKind { kVideo, kMaster, kAudio, kImage, kFile, kTalk };
std::optional<TrackKind> track_kind(std::string_view track);  // nullopt: not a valid track name
bool is_file_track(TrackKind kind);                           // kImage, kFile: blocks, not CMAF

enum class TopicKind { kLive, kFill, kEvent, kHello, kReceipt, kDown, kTalk, kStatus };

struct Topic {
  TopicKind kind{};
  ProjectId project;
  DeviceId device;
  CaptureId capture;  // kLive and kFill only
  std::string track;  // kLive and kFill only
};

std::string format_topic(const Topic& topic);
// nullopt unless it is exactly one of ours with valid ids (not nil) and track name.
std::optional<Topic> parse_topic(std::string_view topic);

std::string feed_topic(ProjectId project);  // sitecast/1/{project}/feed
std::optional<ProjectId> parse_feed_topic(std::string_view topic);
// "sitecast/1/{project}/{device}/": what a device's role is scoped to.
std::string device_prefix(ProjectId project, DeviceId device);

}  // namespace sitecast
