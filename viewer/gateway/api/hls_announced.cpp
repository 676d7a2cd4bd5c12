// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/hls_announced.h"

namespace sitecast::gateway {
namespace {

std::string key_of(CaptureId capture, std::string_view track) {
  return capture.text() + "/" + std::string(track);
}

}  // namespace

std::vector<HlsEntry>& HlsAnnounced::entries_of(const std::string& key) {
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) {
    lists_.splice(lists_.begin(), lists_, known->second);
    return lists_.front().entries;
  }
  if (lists_.size() >= kLists) {
    by_key_.erase(lists_.back().key);
    lists_.pop_back();
  }
  lists_.push_front({key, {}});
  by_key_[key] = lists_.begin();
  return lists_.front().entries;
}

std::vector<HlsEntry> HlsAnnounced::announce(CaptureId capture, std::string_view track,
                                             const std::vector<hub::Segment>& segments,
                                             std::uint32_t timescale, bool take_open) {
  const MutexLock lock(mutex_);
  auto& entries = entries_of(key_of(capture, track));
  append_entries(entries, segments, timescale, take_open);
  return entries;
}

std::uint64_t HlsAnnounced::end_of(CaptureId capture, std::string_view track) {
  const MutexLock lock(mutex_);
  const auto known = by_key_.find(key_of(capture, track));
  if (known == by_key_.end() || known->second->entries.empty()) return 0;
  const auto& last = known->second->entries.back();
  return last.media_time + last.duration;
}

}  // namespace sitecast::gateway
