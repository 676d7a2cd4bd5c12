// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/worker/picture.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>

namespace sitecast::derive {
namespace {

constexpr std::size_t kChannels = 3;

std::size_t pixel(const Picture& picture, std::uint32_t x, std::uint32_t y) {
  return (static_cast<std::size_t>(y) * picture.width + x) * kChannels;
}

// Fixed-point matrix of ITU-R BT.601-7 / BT.709-6 for video range (16..235), 16 fractional bits.
struct Matrix {
  int y, r_v, g_u, g_v, b_u;
};
constexpr Matrix kBt601{76309, 104597, 25675, 53279, 132201};
constexpr Matrix kBt709{76309, 117489, 13975, 34925, 138438};
constexpr std::uint32_t kFirstHdHeight = 720;

std::uint8_t clamp_fixed(int value) {
  return static_cast<std::uint8_t>(std::clamp((value + 32768) >> 16, 0, 255));
}

}  // namespace

Picture make_picture(std::uint32_t width, std::uint32_t height) {
  return {width, height, Bytes(static_cast<std::size_t>(width) * height * kChannels)};
}

Picture shrink(const Picture& picture, std::uint32_t max_width, std::uint32_t max_height) {
  if (picture.width <= max_width && picture.height <= max_height) return picture;
  const double scale = std::min(static_cast<double>(max_width) / picture.width,
                                static_cast<double>(max_height) / picture.height);
  const auto scaled = [scale](std::uint32_t size) {
    return std::max(1U, static_cast<std::uint32_t>(std::lround(size * scale)));
  };
  Picture small = make_picture(std::min(scaled(picture.width), max_width),
                               std::min(scaled(picture.height), max_height));
  // First and one past the last source row or column that make up destination index i.
  const auto edge = [](std::uint32_t i, std::uint32_t from, std::uint32_t to) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(i) * from / to);
  };
  std::vector<std::uint32_t> columns(small.width + 1);
  for (std::uint32_t x = 0; x <= small.width; ++x) columns[x] = edge(x, picture.width, small.width);
  for (std::uint32_t y = 0; y < small.height; ++y) {
    const std::uint32_t top = edge(y, picture.height, small.height);
    const std::uint32_t bottom = std::max(top + 1, edge(y + 1, picture.height, small.height));
    for (std::uint32_t x = 0; x < small.width; ++x) {
      const std::uint32_t left = columns[x];
      const std::uint32_t right = std::max(left + 1, columns[x + 1]);
      std::array<std::uint64_t, kChannels> sum{};
      for (std::uint32_t row = top; row < bottom; ++row) {
        const std::uint8_t* source = &picture.rgb[pixel(picture, left, row)];
        for (std::uint32_t column = left; column < right; ++column) {
          for (std::size_t c = 0; c < kChannels; ++c) sum[c] += *source++;
        }
      }
      const std::uint64_t area = static_cast<std::uint64_t>(bottom - top) * (right - left);
      std::uint8_t* out = &small.rgb[pixel(small, x, y)];
      for (std::size_t c = 0; c < kChannels; ++c) {
        out[c] = static_cast<std::uint8_t>((sum[c] + area / 2) / area);
      }
    }
  }
  return small;
}

Picture orient(Picture picture, unsigned orientation) {
  if (orientation < 2 || orientation > 8) return picture;
  const bool swapped = orientation >= 5;
  Picture upright = make_picture(swapped ? picture.height : picture.width,
                                 swapped ? picture.width : picture.height);
  for (std::uint32_t y = 0; y < upright.height; ++y) {
    for (std::uint32_t x = 0; x < upright.width; ++x) {
      const std::uint32_t mirrored_x = upright.width - 1 - x;
      const std::uint32_t mirrored_y = upright.height - 1 - y;
      std::uint32_t from_x = x;
      std::uint32_t from_y = y;
      switch (orientation) {
        case 2: from_x = mirrored_x; break;  // mirrored
        case 3:
          from_x = mirrored_x;
          from_y = mirrored_y;
          break;                             // turned by 180 degrees
        case 4: from_y = mirrored_y; break;  // upside down and mirrored
        case 5:
          from_x = y;
          from_y = x;
          break;  // transposed
        case 6:
          from_x = y;
          from_y = mirrored_x;
          break;  // needs 90 degrees clockwise
        case 7:
          from_x = mirrored_y;
          from_y = mirrored_x;
          break;  // transposed the other way
        case 8:
          from_x = mirrored_y;
          from_y = x;
          break;  // needs 90 degrees back
        default: break;
      }
      std::memcpy(&upright.rgb[pixel(upright, x, y)], &picture.rgb[pixel(picture, from_x, from_y)],
                  kChannels);
    }
  }
  return upright;
}

void paste(Picture& sheet, const Picture& tile, std::uint32_t x, std::uint32_t y) {
  assert(x + tile.width <= sheet.width && y + tile.height <= sheet.height);
  for (std::uint32_t row = 0; row < tile.height; ++row) {
    std::memcpy(&sheet.rgb[pixel(sheet, x, y + row)], &tile.rgb[pixel(tile, 0, row)],
                tile.width * kChannels);
  }
}

Picture from_i420(const YuvView& yuv, std::uint32_t wanted_width) {
  const Matrix& m = yuv.height >= kFirstHdHeight ? kBt709 : kBt601;
  const std::uint32_t step =
      std::clamp(yuv.width / (2 * wanted_width), 1U, std::min(yuv.width, yuv.height));
  Picture picture = make_picture(yuv.width / step, yuv.height / step);
  for (std::uint32_t row = 0; row < picture.height; ++row) {
    const std::size_t y = static_cast<std::size_t>(row) * step;
    const std::uint8_t* luma = yuv.planes[0] + y * yuv.strides[0];
    const std::uint8_t* cb = yuv.planes[1] + y / 2 * yuv.strides[1];
    const std::uint8_t* cr = yuv.planes[2] + y / 2 * yuv.strides[2];
    std::uint8_t* out = &picture.rgb[pixel(picture, 0, row)];
    for (std::uint32_t column = 0; column < picture.width; ++column) {
      const std::size_t x = static_cast<std::size_t>(column) * step;
      const int c = (luma[x] - 16) * m.y;
      const int d = cb[x / 2] - 128;
      const int e = cr[x / 2] - 128;
      *out++ = clamp_fixed(c + m.r_v * e);
      *out++ = clamp_fixed(c - m.g_u * d - m.g_v * e);
      *out++ = clamp_fixed(c + m.b_u * d);
    }
  }
  return picture;
}

}  // namespace sitecast::derive
