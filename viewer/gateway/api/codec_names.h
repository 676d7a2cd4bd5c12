// SPDX-License-Identifier: Apache-2.0
// RFC 6381 codec names by init segment hash, remembered: an init segment never changes under its
// hash. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "hub/index/reader.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"

namespace sitecast::gateway {

class CodecNames {
 public:
  // Blocking: reads the init segment when the name is not known yet.
  Result<std::string> find(hub::IndexReader& reader, CaptureId capture, std::string_view track,
                           const std::string& init_hash8);

 private:
  static constexpr std::size_t kEntries = 10'000;
  Mutex mutex_;
  std::unordered_map<std::string, std::string> names_ SC_GUARDED_BY(mutex_);
};

}  // namespace sitecast::gateway
