// SPDX-License-Identifier: Apache-2.0
// The one layout of MP4 that the demuxer plays wrongly, recognised before playing. Thread-safe.
#pragma once

#include "proto/base/file.h"

namespace sitecast::agent {

// True when media of the classic kind (an `mdat` of its own) come before the first movie fragment
// (`moof`): GStreamer 1.22 starts such a file at its first fragment and loses what is before. Reads
// top-level box headers only (ISO/IEC 14496-12 section 4.2); anything that is no MP4 is false.
bool is_half_fragmented_mp4(const File& file);

}  // namespace sitecast::agent
