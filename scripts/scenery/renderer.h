// SPDX-License-Identifier: Apache-2.0
// Draws a mesh as a camera on the site would see it: depth buffer at twice the size, then per pixel
// sunlight with a shadow map, light of the sky, surface patterns and haze.
// Owner thread: one at a time; rows are shared out over the cores inside. Nothing here fails.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "scripts/scenery/geometry.h"

namespace sitecast::scenery {

enum class Weather { kClear, kHazy, kOvercast, kRain };

struct Light {
  float hour = 10;  // local time of day, 6..19
  Weather weather = Weather::kClear;
  std::uint32_t seed = 1;  // shape of the clouds, grain
};

struct Camera {
  Vec3 position;
  float yaw = 0;    // radians, 0 = north, clockwise
  float pitch = 0;  // radians, up is positive
  float roll = 0;
  float fov = 1.05F;  // upright, radians
};
// Looking from one point at another.
Camera look_at(Vec3 from, Vec3 to, float fov);

// What a scene has in common for many frames: the sun and its shadows.
class Renderer {
 public:
  // `shadow_mesh` is what stands still; `light` holds for every frame drawn.
  Renderer(const Mesh& shadow_mesh, Light light);

  // 8-bit BGR of `size`. `frame` varies the grain and the rain.
  [[nodiscard]] cv::Mat draw(const Mesh& mesh, const Camera& camera, cv::Size size,
                             std::uint32_t frame) const;

 private:
  struct Sun {
    Vec3 direction;  // towards the sun
    Vec3 light;
    Vec3 ambient;
    Vec3 zenith;
    Vec3 horizon;
    float haze = 0;     // per metre
    float cloud = 0;    // share of the sky, 0..1
    float wetness = 0;  // darkens the ground
    Vec3 right, up;     // of the shadow map
  };
  static Sun sun_of(Light light);
  void draw_shadow_map(const Mesh& mesh);
  [[nodiscard]] float sunlit(Vec3 point, Vec3 normal) const;
  [[nodiscard]] float noise(float u, float v) const;
  [[nodiscard]] Vec3 sky(Vec3 direction) const;
  [[nodiscard]] Vec3 surface(const Triangle& triangle, Vec3 point) const;
  [[nodiscard]] Vec3 shade(const Triangle& triangle, Vec3 point, Vec3 eye) const;
  void finish(cv::Mat& picture, std::uint32_t frame) const;

  Light light_;
  Sun sun_;
  cv::Mat1f noise_;           // tileable
  std::vector<float> depth_;  // shadow map: distance along the sun's direction
};

}  // namespace sitecast::scenery
