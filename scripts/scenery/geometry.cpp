// SPDX-License-Identifier: Apache-2.0
#include "scripts/scenery/geometry.h"

#include <array>

namespace sitecast::scenery {
namespace {

// The eight corners of a box spanned by three edges, as six quads facing outwards.
void add_parallelepiped(Mesh& mesh, Vec3 o, Vec3 u, Vec3 v, Vec3 w, Material material) {
  const std::array<Vec3, 8> p{o,     o + u,     o + u + v,     o + v,
                              o + w, o + u + w, o + u + v + w, o + v + w};
  mesh.add_quad(p[3], p[2], p[1], p[0], material);  // bottom
  mesh.add_quad(p[4], p[5], p[6], p[7], material);  // top
  mesh.add_quad(p[0], p[1], p[5], p[4], material);
  mesh.add_quad(p[1], p[2], p[6], p[5], material);
  mesh.add_quad(p[2], p[3], p[7], p[6], material);
  mesh.add_quad(p[3], p[0], p[4], p[7], material);
}

}  // namespace

void Mesh::add_triangle(Vec3 a, Vec3 b, Vec3 c, Material material, bool casts_shadow) {
  triangles_.push_back({a, b, c, normalized(cross(b - a, c - a)), material, casts_shadow});
}

void Mesh::add_quad(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Material material, bool casts_shadow) {
  add_triangle(a, b, c, material, casts_shadow);
  add_triangle(a, c, d, material, casts_shadow);
}

void Mesh::add_box(Vec3 corner, Vec3 size, Material material) {
  add_parallelepiped(*this, corner, {size.x, 0, 0}, {0, size.y, 0}, {0, 0, size.z}, material);
}

void Mesh::add_turned_box(Vec3 base, float length_m, float width_m, float height_m, float heading,
                          Material material) {
  const Vec3 along{std::cos(heading) * length_m, std::sin(heading) * length_m, 0};
  const Vec3 across{-std::sin(heading) * width_m, std::cos(heading) * width_m, 0};
  add_parallelepiped(*this, base - along * 0.5F - across * 0.5F, along, across, {0, 0, height_m},
                     material);
}

void Mesh::add_beam(Vec3 from, Vec3 to, float width_m, float height_m, Material material) {
  const Vec3 along = to - from;
  const Vec3 direction = normalized(along);
  const Vec3 up = std::abs(direction.z) > 0.95F ? Vec3{1, 0, 0} : Vec3{0, 0, 1};
  const Vec3 across = normalized(cross(along, up)) * width_m;
  const Vec3 high = normalized(cross(across, along)) * height_m;
  add_parallelepiped(*this, from - across * 0.5F - high * 0.5F, along, across, high, material);
}

void Mesh::add_blob(Vec3 centre, Vec3 radius, std::uint32_t seed, Material material) {
  constexpr std::uint32_t kRings = 4;
  constexpr std::uint32_t kSides = 7;
  constexpr float kPi = 3.14159265F;
  const auto point = [&](std::uint32_t ring, std::uint32_t side) {
    const float polar = kPi * static_cast<float>(ring) / kRings;
    const float turn = 2 * kPi * static_cast<float>(side % kSides) / kSides;
    const bool pole = ring == 0 || ring == kRings;
    const float rough = 0.82F + 0.36F * random01(seed, pole ? ring : ring * kSides + side % kSides);
    return centre + Vec3{radius.x * std::sin(polar) * std::cos(turn),
                         radius.y * std::sin(polar) * std::sin(turn), radius.z * std::cos(polar)} *
                        rough;
  };
  for (std::uint32_t ring = 0; ring < kRings; ++ring) {
    for (std::uint32_t side = 0; side < kSides; ++side) {
      const Vec3 a = point(ring, side);
      const Vec3 b = point(ring + 1, side);
      const Vec3 c = point(ring + 1, side + 1);
      const Vec3 d = point(ring, side + 1);
      if (ring + 1 < kRings) add_triangle(a, b, c, material);
      if (ring > 0) add_triangle(a, c, d, material);
    }
  }
}

}  // namespace sitecast::scenery
