// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/codec_names.h"

#include "proto/codec/cmaf_muxer.h"

namespace sitecast::gateway {

Result<std::string> CodecNames::find(hub::IndexReader& reader, CaptureId capture,
                                     std::string_view track, const std::string& init_hash8) {
  {
    const MutexLock lock(mutex_);
    const auto known = names_.find(init_hash8);
    if (known != names_.end()) return known->second;
  }
  SC_TRY_ASSIGN(const auto init, reader.init_segment(capture, track, init_hash8));
  SC_TRY_ASSIGN(auto name, codec_string(init));
  const MutexLock lock(mutex_);
  if (names_.size() >= kEntries) names_.clear();
  names_.emplace(init_hash8, name);
  return name;
}

}  // namespace sitecast::gateway
