// SPDX-License-Identifier: Apache-2.0
#include "scripts/scenery/raster.h"

#include <array>
#include <cstddef>

namespace sitecast::scenery {

ScreenMesh project(const Mesh& mesh, const Projection& view) {
  ScreenMesh out;
  out.reserve(mesh.triangles().size());
  const auto in_camera = [&](Vec3 p) {
    const Vec3 d = p - view.position;
    return Vec3{dot(d, view.right), dot(d, view.up), dot(d, view.forward)};
  };
  const auto on_screen = [&](Vec3 p) {
    return ScreenPoint{view.middle_x + view.focal * p.x / p.z,
                       view.middle_y - view.focal * p.y / p.z, 1 / p.z};
  };
  std::int32_t index = -1;
  for (const Triangle& triangle : mesh.triangles()) {
    ++index;
    const std::array<Vec3, 3> corners{in_camera(triangle.a), in_camera(triangle.b),
                                      in_camera(triangle.c)};
    std::array<Vec3, 4> kept;
    std::size_t count = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const Vec3& from = corners[i];
      const Vec3& to = corners[(i + 1) % 3];
      const bool from_inside = from.z >= view.near;
      if (from_inside) kept[count++] = from;
      if (from_inside != (to.z >= view.near)) {
        kept[count++] = mix(from, to, (view.near - from.z) / (to.z - from.z));
      }
    }
    for (std::size_t i = 2; i < count; ++i) {
      const ScreenPoint a = on_screen(kept[0]);
      const ScreenPoint b = on_screen(kept[i - 1]);
      const ScreenPoint c = on_screen(kept[i]);
      const float left = std::min({a.x, b.x, c.x});
      const float right = std::max({a.x, b.x, c.x});
      const float top = std::min({a.y, b.y, c.y});
      const float bottom = std::max({a.y, b.y, c.y});
      if (right < 0 || left > static_cast<float>(view.width) || bottom < 0 ||
          top > static_cast<float>(view.height)) {
        continue;
      }
      out.push_back({a, b, c, top, bottom, index});
    }
  }
  return out;
}

}  // namespace sitecast::scenery
