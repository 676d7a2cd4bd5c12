// SPDX-License-Identifier: Apache-2.0
#include "scripts/scenery/views.h"

#include <array>
#include <map>

namespace sitecast::scenery {
namespace {

struct Look {
  Vec3 from, to;
  float fov;
};

const std::map<std::string, Look>& photo_looks() {
  static const std::map<std::string, Look> looks{
      {"gate", {{17, -40, 1.7F}, {-14, 18, 5}, 0.86F}},
      {"hall1", {{-54, -15, 1.7F}, {-12, 14, 4.2F}, 0.84F}},
      {"hall1_gable", {{40, -11, 1.7F}, {8, 18, 4.2F}, 0.88F}},
      {"hall1_inside", {{-42, 12, 1.7F}, {10, 21, 4.6F}, 1.0F}},
      {"hall2", {{34, 41, 1.7F}, {-10, 62, 4.4F}, 0.86F}},
      {"hall2_inside", {{-42, 56, 1.7F}, {10, 65, 4.6F}, 1.0F}},
      {"annex", {{31, -9, 1.7F}, {50, 13, 4.8F}, 0.88F}},
      {"overview", {{76, -40, 27}, {-8, 34, 2}, 0.72F}},
  };
  return looks;
}

const std::map<std::string, std::array<Look, 3>>& walks() {
  static const std::map<std::string, std::array<Look, 3>> ways{
      {"walk_gate",
       {Look{{12, -38, 1.65F}, {-6, 16, 4}, 0.86F},
        {{6, -28, 1.65F}, {-18, 16, 4}, 0.86F},
        {{-4, -17, 1.65F}, {-34, 18, 4.4F}, 0.86F}}},
      {"walk_hall1",
       {Look{{-50, -13, 1.65F}, {-16, 14, 4}, 0.84F},
        {{-34, -12, 1.65F}, {-6, 16, 4.2F}, 0.84F},
        {{-16, -12, 1.65F}, {14, 16, 4.4F}, 0.84F}}},
      {"walk_inside",
       {Look{{-43, 13, 1.65F}, {0, 18, 4.2F}, 0.98F},
        {{-33, 15, 1.65F}, {10, 24, 5}, 0.98F},
        {{-22, 18, 1.65F}, {20, 12, 4.4F}, 0.98F}}},
      {"walk_annex",
       {Look{{30, -11, 1.65F}, {50, 13, 4.6F}, 0.88F},
        {{35, -9, 1.65F}, {54, 13, 5}, 0.88F},
        {{43, -10, 1.65F}, {58, 14, 5}, 0.88F}}},
      {"walk_hall2",
       {Look{{35, 38, 1.65F}, {-4, 62, 4.2F}, 0.86F},
        {{22, 41, 1.65F}, {-16, 62, 4.4F}, 0.86F},
        {{8, 41.5F, 1.65F}, {-30, 62, 4.6F}, 0.86F}}},
  };
  return ways;
}

}  // namespace

std::optional<Camera> viewpoint(const std::string& name, std::uint32_t seed) {
  const auto found = photo_looks().find(name);
  if (found == photo_looks().end()) return std::nullopt;
  const Look& look = found->second;
  const auto hand = [&](std::uint32_t i) { return random01(seed, i + 500) - 0.5F; };
  Camera camera = look_at(look.from + Vec3{hand(0), hand(1), hand(2) * 0.12F},
                          look.to + Vec3{hand(3) * 1.6F, hand(4) * 1.6F, hand(5) * 0.8F}, look.fov);
  camera.roll = hand(6) * 0.02F;
  return camera;
}

std::optional<Camera> walk(const std::string& name, float share, float time_s) {
  const auto found = walks().find(name);
  if (found == walks().end()) return std::nullopt;
  const auto& way = found->second;
  const auto bend = [&](Vec3 a, Vec3 b, Vec3 c) {  // quadratic curve through a, towards b, to c
    return mix(mix(a, b, share), mix(b, c, share), share);
  };
  Vec3 from = bend(way[0].from, way[1].from, way[2].from);
  // The walker's step and the hand that holds the phone.
  from.z += 0.035F * std::sin(time_s * 11.2F);
  Camera camera = look_at(from, bend(way[0].to, way[1].to, way[2].to), way[0].fov);
  camera.yaw += 0.011F * std::sin(time_s * 1.7F) + 0.0035F * std::sin(time_s * 5.6F);
  camera.pitch += 0.008F * std::sin(time_s * 2.3F) + 0.003F * std::sin(time_s * 11.2F + 0.6F);
  camera.roll = 0.008F * std::sin(time_s * 1.3F);
  return camera;
}

}  // namespace sitecast::scenery
