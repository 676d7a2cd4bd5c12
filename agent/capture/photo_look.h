// SPDX-License-Identifier: Apache-2.0
// Has a photo file looked at by a worker process (look/), because decoders of untrusted pictures
// run in no process that films, keeps or sends. Thread-safe: each call starts its own. Blocking:
// until the worker is gone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "agent/vision/quality.h"
#include "proto/base/file.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

struct PhotoLookSettings {
  std::filesystem::path program;    // empty: sitecast-photo-look beside this program
  std::uint32_t wall_limit_s = 60;  // a device that films at the same time gives it little CPU
};

struct LookedAt {
  v1::PhotoMetadata metadata;
  QualityMeasure quality;
};

// `media_type` as media_type_of said. kInvalidArgument: no usable picture, and why; every other
// kind: nothing is known of it, because the worker crashed, took too long or could not be started.
Result<LookedAt> look_at_photo(const File& file, const std::string& media_type,
                               const PhotoLookSettings& settings);

}  // namespace sitecast::agent
