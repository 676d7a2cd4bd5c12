// SPDX-License-Identifier: Apache-2.0
// What the frame of a media file says about its wholeness, read before it is played. Thread-safe.
#pragma once

#include "proto/base/file.h"

namespace sitecast::agent {

struct FileLayout {
  // MP4 whose classic part (an `mdat` of its own) comes before the first movie fragment (`moof`):
  // GStreamer 1.22 starts such a file at its first fragment and loses what is before.
  bool half_fragmented = false;
  // The file's own frame (an MP4's top-level boxes, an AVI's RIFF chunk) says that there is more.
  bool cut_off = false;
};

// Reads box headers only (ISO/IEC 14496-12 section 4.2; RIFF: Microsoft Multimedia Programming
// Interface 1.0, chapter 2). Anything that is neither gives an empty answer.
FileLayout read_layout(const File& file);

}  // namespace sitecast::agent
