// SPDX-License-Identifier: Apache-2.0
#include "agent/encode/picture_size.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sitecast::agent {
namespace {

// Nobody sees pixels 2 % out of square, and scaling for it would cost a quarter of the encoder's
// work.
constexpr double kUnseenAspect = 0.02;

std::uint32_t even(double side_px) {
  const auto rounded = static_cast<std::uint32_t>(std::floor(side_px / 2 + 1e-6)) * 2;
  return std::max<std::uint32_t>(rounded, 16);
}

}  // namespace

PictureSize encoded_size(PictureSize source, std::uint32_t aspect_numerator,
                         std::uint32_t aspect_denominator, PictureSize limit) {
  double width = source.width_px;
  double height = source.height_px;
  if (aspect_numerator != 0 && aspect_denominator != 0) {
    const double aspect = double(aspect_numerator) / aspect_denominator;
    if (std::abs(aspect - 1) > kUnseenAspect) {
      if (aspect > 1) height /= aspect;  // shrink the other side rather than scale up
      if (aspect < 1) width *= aspect;
    }
  }
  if (height > width) std::swap(limit.width_px, limit.height_px);
  const double scale = std::min({1.0, limit.width_px / width, limit.height_px / height});
  return {even(width * scale), even(height * scale)};
}

}  // namespace sitecast::agent
