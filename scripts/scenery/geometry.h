// SPDX-License-Identifier: Apache-2.0
// Triangles of the scene and the few shapes they are built from. World: x east, y north, z up,
// metres. Thread-safety: value types; a Mesh is built by one thread and then only read.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace sitecast::scenery {

struct Vec3 {
  float x = 0, y = 0, z = 0;
  friend Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend Vec3 operator*(Vec3 a, float s) { return {a.x * s, a.y * s, a.z * s}; }
  friend Vec3 operator*(Vec3 a, Vec3 b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
};
inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float length(Vec3 a) { return std::sqrt(dot(a, a)); }
inline Vec3 normalized(Vec3 a) {
  const float size = length(a);
  return size > 0 ? a * (1 / size) : a;
}
inline Vec3 mix(Vec3 a, Vec3 b, float t) { return a * (1 - t) + b * t; }
inline float clamp01(float value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

// How a surface is varied over its area; the numbers are in renderer.cpp.
enum class Pattern : std::uint8_t {
  kPlain,
  kSoil,
  kGrass,
  kConcrete,
  kAsphalt,
  kCorrugated,  // upright ribs
  kRoof,        // ribs down the slope
  kBrick,
  kGlass,
  kLeaves,
};

struct Material {
  Vec3 albedo;  // linear
  Pattern pattern = Pattern::kPlain;
};

struct Triangle {
  Vec3 a, b, c;
  Vec3 normal;
  Material material;
  bool casts_shadow = true;
};

class Mesh {
 public:
  [[nodiscard]] const std::vector<Triangle>& triangles() const { return triangles_; }

  void add_triangle(Vec3 a, Vec3 b, Vec3 c, Material material, bool casts_shadow = true);
  // Corners in order around the face.
  void add_quad(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Material material, bool casts_shadow = true);
  // Box by its lowest corner and its size along the axes.
  void add_box(Vec3 corner, Vec3 size, Material material);
  // Box standing at `base`, turned by `heading` (radians, 0 = along x).
  void add_turned_box(Vec3 base, float length_m, float width_m, float height_m, float heading,
                      Material material);
  // Square bar from one point to another.
  void add_beam(Vec3 from, Vec3 to, float width_m, float height_m, Material material);
  // Rough ball: crowns of trees, heaps (flattened, half below ground).
  void add_blob(Vec3 centre, Vec3 radius, std::uint32_t seed, Material material);

 private:
  std::vector<Triangle> triangles_;
};

// Repeatable randomness: 0..1 from two numbers.
inline float random01(std::uint32_t seed, std::uint32_t index) {
  std::uint32_t h = seed * 0x9E3779B1U ^ (index + 0x7F4A7C15U) * 0x85EBCA77U;
  h ^= h >> 15;
  h *= 0x2C1B3C6DU;
  h ^= h >> 12;
  h *= 0x297A2D39U;
  h ^= h >> 15;
  return static_cast<float>(h & 0xFFFFFFU) / 16777216.0F;
}

}  // namespace sitecast::scenery
