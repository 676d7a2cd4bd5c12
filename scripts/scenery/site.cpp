// SPDX-License-Identifier: Apache-2.0
#include "scripts/scenery/site.h"

namespace sitecast::scenery {

const HallPlace kHall1{{-46, 4, 0}, 72, 30, 9, 11.6F, 10, {0.05F, 0.20F, 0.50F}};
const HallPlace kHall2{{-46, 48, 0}, 72, 30, 9, 11.6F, 10, {0.50F, 0.16F, 0.05F}};

namespace {

void add_ground(Mesh& mesh, const SiteState& state) {
  const Material grass{{0.13F, 0.19F, 0.06F}, Pattern::kGrass};
  const Material soil{{0.36F, 0.25F, 0.155F}, Pattern::kSoil};
  const Material gravel{{0.38F, 0.32F, 0.25F}, Pattern::kSoil};
  const Material asphalt{{0.105F, 0.108F, 0.115F}, Pattern::kAsphalt};
  const Material lawn{{0.11F, 0.24F, 0.05F}, Pattern::kGrass};
  const auto slab = [&](float x0, float y0, float x1, float y1, float z, Material material) {
    mesh.add_quad({x0, y0, z}, {x1, y0, z}, {x1, y1, z}, {x0, y1, z}, material, false);
  };
  slab(-900, -900, 900, 900, -0.02F, grass);
  slab(-66, -42, 78, 96, 0, soil);
  slab(4, -900, 16, -42, 0.01F, asphalt);  // road to the gate
  if (state.yard < 0.5F) {
    slab(4, -42, 16, -8, 0.01F, gravel);
    slab(-62, -12, 74, -4, 0.012F, gravel);
    slab(30, -4, 36, 90, 0.012F, gravel);
  }
  if (state.yard > 0) {  // the surface comes from the gate inwards
    const float west = 10 - 72 * state.yard;
    const float east = 10 + 64 * state.yard;
    slab(4, -42, 16, -8, 0.02F, asphalt);
    slab(west, -14, east, 0, 0.022F, asphalt);
    if (state.yard > 0.4F)
      slab(29, -14, 37, -14 + 106 * phase(state.yard, 0.4F, 0.9F), 0.021F, asphalt);
    if (state.yard > 0.6F) {
      slab(-62, -40, 2, -16, 0.02F, lawn);
      slab(18, -40, 74, -16, 0.02F, lawn);
      const Material paint{{0.75F, 0.75F, 0.70F}, Pattern::kPlain};
      for (float x = 40; x < 72; x += 2.8F) slab(x, -13.5F, x + 0.12F, -8.5F, 0.03F, paint);
    }
    if (state.yard > 0.7F) {
      const Material trunk{{0.16F, 0.10F, 0.06F}, Pattern::kPlain};
      const Material leaves{{0.10F, 0.21F, 0.05F}, Pattern::kLeaves};
      for (std::uint32_t i = 0; i < 12; ++i) {
        const float x = -58 + 11 * static_cast<float>(i);
        if (x > 0 && x < 20) continue;
        mesh.add_box({x, -19, 0}, {0.18F, 0.18F, 2}, trunk);
        mesh.add_blob({x, -19, 3}, {1.2F, 1.2F, 1.5F}, i, leaves);
      }
    }
  }
}

void add_fence(Mesh& mesh, float x0, float y0, float x1, float y1) {
  const Vec3 along{x1 - x0, y1 - y0, 0};
  const int panels = static_cast<int>(length(along) / 3);
  const Material blue{{0.045F, 0.20F, 0.34F}, Pattern::kCorrugated};
  const Material white{{0.66F, 0.68F, 0.68F}, Pattern::kCorrugated};
  for (int i = 0; i < panels; ++i) {
    const Vec3 a = Vec3{x0, y0, 0} + along * (static_cast<float>(i) / static_cast<float>(panels));
    const Vec3 b =
        Vec3{x0, y0, 0} + along * (static_cast<float>(i + 1) / static_cast<float>(panels));
    mesh.add_quad(a, b, b + Vec3{0, 0, 2}, a + Vec3{0, 0, 2}, i % 5 == 0 ? white : blue);
  }
}

void add_surroundings(Mesh& mesh) {
  const Material leaves{{0.085F, 0.15F, 0.05F}, Pattern::kLeaves};
  for (std::uint32_t i = 0; i < 90; ++i) {  // trees beyond the fence
    const float x = -190 + 4.4F * static_cast<float>(i) + 3 * random01(3, i);
    const float y = 112 + 26 * random01(4, i);
    const float size = 3.2F + 3 * random01(5, i);
    mesh.add_blob({x, y, size * 0.9F}, {size, size, size * 1.15F}, i, leaves);
  }
  for (std::uint32_t i = 0; i < 26; ++i) {
    const float y = -60 + 8 * static_cast<float>(i);
    const float size = 3 + 2.5F * random01(6, i);
    mesh.add_blob({-84 - 8 * random01(7, i), y, size}, {size, size, size * 1.2F}, i + 200, leaves);
    mesh.add_blob({97 + 9 * random01(8, i), y, size}, {size, size, size * 1.2F}, i + 300, leaves);
  }
  for (std::uint32_t i = 0; i < 46; ++i) {  // the town, in the haze
    const float x = -620 + 28 * static_cast<float>(i) + 14 * random01(9, i);
    const float y = 430 + 240 * random01(10, i);
    const float height = 18 + 62 * random01(11, i) * random01(12, i);
    const float shade = 0.42F + 0.22F * random01(13, i);
    mesh.add_box({x, y, 0}, {14 + 16 * random01(14, i), 16, height},
                 {{shade, shade * 0.98F, shade * 0.94F}, Pattern::kPlain});
  }
  for (std::uint32_t i = 0; i < 9; ++i) {  // finished works next door
    const float x = -330 + 78 * static_cast<float>(i);
    mesh.add_box({x, 200 + 40 * random01(15, i), 0}, {58, 36, 10 + 4 * random01(16, i)},
                 {{0.62F, 0.64F, 0.66F}, Pattern::kCorrugated});
  }
  for (std::uint32_t i = 0; i < 16; ++i) {  // hills
    const float x = -1300 + 170 * static_cast<float>(i);
    mesh.add_blob({x, 1500, 0}, {230, 120, 90 + 120 * random01(18, i)}, i + 40,
                  {{0.16F, 0.21F, 0.15F}, Pattern::kPlain});
  }
}

void add_site_office(Mesh& mesh, const SiteState& state) {
  if (state.yard > 0.95F) return;  // cleared at the end
  const Material white{{0.70F, 0.71F, 0.71F}, Pattern::kCorrugated};
  const Material blue{{0.05F, 0.17F, 0.36F}, Pattern::kPlain};
  const Material glass{{0.05F, 0.07F, 0.09F}, Pattern::kGlass};
  for (int floor = 0; floor < 2; ++floor) {
    for (int i = 0; i < 5; ++i) {
      const Vec3 at{46 + 6.1F * static_cast<float>(i), -36, 2.8F * static_cast<float>(floor)};
      mesh.add_box(at, {6, 3, 2.7F}, white);
      mesh.add_box(at + Vec3{-0.03F, -0.03F, 2.62F}, {6.06F, 3.06F, 0.16F}, blue);
      const Vec3 window = at + Vec3{1, 3.02F, 1};
      mesh.add_quad(window, window + Vec3{1.6F, 0, 0}, window + Vec3{1.6F, 0, 1},
                    window + Vec3{0, 0, 1}, glass);
    }
  }
}

}  // namespace

Mesh build_site(const SiteState& state) {
  Mesh mesh;
  add_ground(mesh, state);
  add_surroundings(mesh);
  add_fence(mesh, -66, -42, 3, -42);
  add_fence(mesh, 17, -42, 78, -42);
  add_fence(mesh, 78, -42, 78, 96);
  add_fence(mesh, 78, 96, -66, 96);
  add_fence(mesh, -66, 96, -66, -42);
  add_site_office(mesh, state);
  add_hall(mesh, kHall1, state.hall1, state.seed);
  add_hall(mesh, kHall2, state.hall2, state.seed + 1);
  add_annex(mesh, state.annex);
  add_machines(mesh, state);
  return mesh;
}

}  // namespace sitecast::scenery
