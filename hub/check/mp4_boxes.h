// SPDX-License-Identifier: Apache-2.0
// The boxes of mp4_file.h. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "hub/check/mp4_file.h"
#include "proto/codec/box.h"

namespace sitecast::hub {

// ftyp and moov. `chunks` of all tracks in file order, with their offsets; `wide` chooses co64.
void write_movie_head(BoxWriter& w, const Movie& movie, const std::vector<MovieChunk>& chunks,
                      std::int64_t created_at_us, bool wide);

}  // namespace sitecast::hub
