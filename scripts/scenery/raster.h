// SPDX-License-Identifier: Apache-2.0
// From triangles in space to pixels: projection with clipping at the near plane, and filling.
// Thread-safety: pure functions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "scripts/scenery/geometry.h"

namespace sitecast::scenery {

// Pixels, and a depth that is linear over the screen (1/z for a camera, distance for the sun).
struct ScreenPoint {
  float x = 0, y = 0, depth = 0;
};

struct ScreenTriangle {
  ScreenPoint a, b, c;
  float top = 0, bottom = 0;  // rows it touches
  std::int32_t index = 0;     // in the mesh
};
using ScreenMesh = std::vector<ScreenTriangle>;

struct Projection {
  Vec3 position, right, up, forward;
  float focal = 1, middle_x = 0, middle_y = 0, near = 0.1F;
  int width = 0, height = 0;
};
ScreenMesh project(const Mesh& mesh, const Projection& projection);

// Calls `pixel(x, y, depth)` for every pixel centre inside, rows [top, bottom).
template <typename Pixel>
void raster_triangle(ScreenPoint a, ScreenPoint b, ScreenPoint c, int width, int top, int bottom,
                     Pixel&& pixel) {
  float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  if (area == 0 || !std::isfinite(area)) return;
  if (area < 0) {
    std::swap(b, c);
    area = -area;
  }
  const float low = std::min({a.y, b.y, c.y}) - 0.5F;
  const float high = std::max({a.y, b.y, c.y}) - 0.5F;
  const float first_row = std::max(static_cast<float>(top), std::ceil(low));
  const float last_row = std::min(static_cast<float>(bottom - 1), std::floor(high));
  const float slope_x =
      ((b.depth - a.depth) * (c.y - a.y) - (c.depth - a.depth) * (b.y - a.y)) / area;
  const float slope_y =
      ((c.depth - a.depth) * (b.x - a.x) - (b.depth - a.depth) * (c.x - a.x)) / area;
  for (float row = first_row; row <= last_row; ++row) {
    const float y = row + 0.5F;
    float left = 0;
    float right = static_cast<float>(width);
    const auto cut = [&](const ScreenPoint& p, const ScreenPoint& q) {  // inside is on one side
      const float dy = q.y - p.y;
      if (dy == 0) return;
      const float x = p.x + (y - p.y) * (q.x - p.x) / dy;
      if (dy < 0) {
        left = std::max(left, x);
      } else {
        right = std::min(right, x);
      }
    };
    cut(a, b);
    cut(b, c);
    cut(c, a);
    const int first = static_cast<int>(std::ceil(left - 0.5F));
    const int last = static_cast<int>(std::ceil(right - 0.5F));
    float depth =
        a.depth + (y - a.y) * slope_y + (static_cast<float>(first) + 0.5F - a.x) * slope_x;
    for (int x = std::max(0, first); x < std::min(width, last); ++x, depth += slope_x) {
      pixel(x, static_cast<int>(row), depth);
    }
  }
}

}  // namespace sitecast::scenery
