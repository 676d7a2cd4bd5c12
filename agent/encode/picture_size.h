// SPDX-License-Identifier: Apache-2.0
// The size in which a picture is encoded. Thread-safe: pure function.
#pragma once

#include <cstdint>

namespace sitecast::agent {

struct PictureSize {
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
  bool operator==(const PictureSize&) const = default;
};

// Square pixels (to 2 %), even sides (4:2:0), the picture's aspect kept, inside max_width x
// max_height for a landscape picture and max_height x max_width for a portrait one; never larger
// than the source. `aspect_numerator/denominator` is the source's pixel aspect ratio. Sides are at
// least 16.
PictureSize encoded_size(PictureSize source, std::uint32_t aspect_numerator,
                         std::uint32_t aspect_denominator, PictureSize limit);

}  // namespace sitecast::agent
