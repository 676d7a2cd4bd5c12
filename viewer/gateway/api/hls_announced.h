// SPDX-License-Identifier: Apache-2.0
// What the followers of running captures have been told, per track: an EVENT playlist may only grow
// at its end (RFC 8216 section 6.2.1), while the archive also fills in the middle. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/base/mutex.h"
#include "viewer/gateway/api/hls_playlist.h"

namespace sitecast::gateway {

class HlsAnnounced {
 public:
  // Adds what is new and returns the whole list. A list that nobody asked for the longest is
  // forgotten when there are too many: its followers then begin again.
  std::vector<HlsEntry> announce(CaptureId capture, std::string_view track,
                                 const std::vector<hub::Segment>& segments, std::uint32_t timescale,
                                 bool take_open);

  // Where the list ends, so that only what follows needs to be read; 0: nothing announced.
  std::uint64_t end_of(CaptureId capture, std::string_view track);

 private:
  struct List {
    std::string key;
    std::vector<HlsEntry> entries;
  };
  static constexpr std::size_t kLists = 256;  // about 300 kB each for a capture of two hours
  std::vector<HlsEntry>& entries_of(const std::string& key) SC_REQUIRES(mutex_);

  Mutex mutex_;
  std::list<List> lists_ SC_GUARDED_BY(mutex_);  // asked for last first
  std::unordered_map<std::string, std::list<List>::iterator> by_key_ SC_GUARDED_BY(mutex_);
};

}  // namespace sitecast::gateway
