// SPDX-License-Identifier: Apache-2.0
// What the answers about media have in common. Thread-safe: pure.
#pragma once

#include <string_view>
#include <vector>

#include "hub/index/reader.h"
#include "viewer/gateway/http/message.h"

namespace sitecast::gateway {

// Everything behind the guard is one person's view: shared caches keep out, and what a browser
// keeps is for the session whose cookie asked for it. The next person at a shared browser has
// another cookie, or none, so that the guard is asked again.
inline constexpr const char* kForEver = "private, max-age=31536000, immutable";
inline constexpr const char* kAskAgain = "private, no-cache";

inline void add_caching(Response& response, const char* cache_control) {
  response.add("Cache-Control", cache_control);
  response.add("Vary", "Cookie");
}

inline const hub::TrackInfo* find_track(const std::vector<hub::TrackInfo>& tracks,
                                        std::string_view name) {
  for (const auto& track : tracks) {
    if (track.name == name) return &track;
  }
  return nullptr;
}

inline bool is_whole(const hub::TrackInfo& track) {
  return track.part_count_total && track.part_count >= *track.part_count_total;
}

}  // namespace sitecast::gateway
