// SPDX-License-Identifier: Apache-2.0
// The halls (portal frames of steel) and the office building (concrete frame), each from its first
// pit to the last window.
#include <algorithm>
#include <array>

#include "scripts/scenery/site.h"

namespace sitecast::scenery {
namespace {

const Material kSteel{{0.30F, 0.085F, 0.055F}, Pattern::kPlain};  // red primer
const Material kPurlin{{0.52F, 0.54F, 0.55F}, Pattern::kPlain};   // galvanised
const Material kConcreteGrey{{0.50F, 0.49F, 0.46F}, Pattern::kConcrete};
const Material kFreshConcrete{{0.38F, 0.38F, 0.37F}, Pattern::kConcrete};
const Material kRebar{{0.22F, 0.12F, 0.07F}, Pattern::kPlain};
const Material kDugSoil{{0.27F, 0.17F, 0.10F}, Pattern::kSoil};
const Material kGlass{{0.05F, 0.07F, 0.09F}, Pattern::kGlass};
const Material kScaffold{{0.50F, 0.45F, 0.30F}, Pattern::kPlain};

int portion(float share, int whole) {
  return std::clamp(static_cast<int>(share * static_cast<float>(whole) + 0.5F), 0, whole);
}

// A hall's frame lines, bay by bay along x.
class HallBuilder {
 public:
  HallBuilder(Mesh& mesh, const HallPlace& place) : mesh_(mesh), place_(place) {}

  void earthworks(float done, float covered, std::uint32_t seed) {
    if (done <= 0) return;
    const float reach = place_.length * done + 4;
    const Vec3 c = place_.corner + Vec3{-4, -4, 0.015F};
    mesh_.add_quad(c, c + Vec3{reach, 0, 0}, c + Vec3{reach, place_.width + 8, 0},
                   c + Vec3{0, place_.width + 8, 0}, kDugSoil, false);
    if (covered >= 1) return;
    for (std::uint32_t i = 0; i < 9; ++i) {  // heaps beside the pits
      const float size = (1 - covered) * (1.3F + 1.6F * random01(seed, i));
      const Vec3 at = place_.corner + Vec3{reach * (0.1F + 0.095F * static_cast<float>(i)),
                                           i % 2 == 0 ? -2.5F : place_.width + 2.5F, 0};
      mesh_.add_blob(at, {size * 2.1F, size * 1.7F, size}, i, kDugSoil);
    }
    for (int i = 0; i <= portion(done, place_.bays); ++i) {
      for (const float y : {0.0F, place_.width}) pit(frame(i) + Vec3{0, y, 0});
    }
  }

  void foundations(float done) {
    const int lines = portion(done, place_.bays + 1);
    for (int i = 0; i < lines; ++i) {
      for (const float y : {0.0F, place_.width}) {
        const Vec3 at = frame(i) + Vec3{0, y, 0};
        mesh_.add_box(at + Vec3{-1, -1, 0}, {2, 2, 0.35F}, kFreshConcrete);
        mesh_.add_box(at + Vec3{-0.4F, -0.4F, 0.35F}, {0.8F, 0.8F, 0.35F}, kConcreteGrey);
        for (const float dx : {-0.25F, 0.25F}) {
          for (const float dy : {-0.25F, 0.25F}) {
            mesh_.add_box(at + Vec3{dx, dy, 0.7F}, {0.05F, 0.05F, 0.8F}, kRebar);
          }
        }
      }
      if (i > 0) {
        for (const float y : {0.0F, place_.width}) {
          mesh_.add_beam(frame(i - 1) + Vec3{0, y, 0.25F}, frame(i) + Vec3{0, y, 0.25F}, 0.35F,
                         0.4F, kConcreteGrey);
        }
      }
    }
    const float slab = phase(done, 0.55F, 1);
    if (slab > 0) {  // cast in strips
      mesh_.add_box(place_.corner + Vec3{0.3F, 0.3F, 0},
                    {(place_.length - 0.6F) * slab, place_.width - 0.6F, 0.12F}, kConcreteGrey);
    }
  }

  void steel(float done, bool bracing) {
    const int lines = portion(done, place_.bays + 1);
    for (int i = 0; i < lines; ++i) {
      const Vec3 at = frame(i);
      const Vec3 south = at + Vec3{0, 0, place_.eave};
      const Vec3 north = at + Vec3{0, place_.width, place_.eave};
      const Vec3 top = at + Vec3{0, place_.width / 2, place_.ridge};
      mesh_.add_beam(at + Vec3{0, 0, 0.5F}, south, 0.42F, 0.26F, kSteel);
      mesh_.add_beam(at + Vec3{0, place_.width, 0.5F}, north, 0.42F, 0.26F, kSteel);
      mesh_.add_beam(south, top, 0.26F, 0.55F, kSteel);
      mesh_.add_beam(top, north, 0.26F, 0.55F, kSteel);
      if (i == 0) continue;
      for (int k = 0; k <= 6; ++k) {  // purlins lag one bay behind the frames
        if (i + 1 == lines && done < 1) break;
        for (const bool northern : {false, true}) {
          const float t = static_cast<float>(k) / 6;
          const auto on_slope = [&](int line) {
            const Vec3 foot =
                frame(line) + Vec3{0, northern ? place_.width : 0, place_.eave + 0.35F};
            const Vec3 head = frame(line) + Vec3{0, place_.width / 2, place_.ridge + 0.35F};
            return mix(foot, head, t);
          };
          mesh_.add_beam(on_slope(i - 1), on_slope(i), 0.09F, 0.2F, kPurlin);
        }
      }
      for (const float y : {0.0F, place_.width}) {  // rails of the walls
        for (const float z : {2.2F, 4.6F, 7.0F}) {
          mesh_.add_beam(frame(i - 1) + Vec3{0, y, z}, frame(i) + Vec3{0, y, z}, 0.08F, 0.18F,
                         kPurlin);
        }
      }
      if (bracing && (i == 1 || i == place_.bays)) {
        for (const float y : {0.0F, place_.width}) {
          mesh_.add_beam(frame(i - 1) + Vec3{0, y, 0.6F}, frame(i) + Vec3{0, y, place_.eave}, 0.09F,
                         0.09F, kSteel);
          mesh_.add_beam(frame(i) + Vec3{0, y, 0.6F}, frame(i - 1) + Vec3{0, y, place_.eave}, 0.09F,
                         0.09F, kSteel);
        }
      }
    }
  }

  void roof(float done) {
    const Material sheet{{0.50F, 0.55F, 0.60F}, Pattern::kRoof};
    const Material light{{0.74F, 0.78F, 0.78F}, Pattern::kRoof};  // translucent strips
    const int sheets = portion(done, place_.bays * 3);
    for (int i = 0; i < sheets; ++i) {
      const float x0 = place_.length * static_cast<float>(i) / static_cast<float>(place_.bays * 3);
      const float x1 =
          place_.length * static_cast<float>(i + 1) / static_cast<float>(place_.bays * 3);
      const Material& material = i % 6 == 4 ? light : sheet;
      for (const bool northern : {false, true}) {
        const float y = northern ? place_.width + 0.6F : -0.6F;
        const Vec3 c = place_.corner;
        mesh_.add_quad(c + Vec3{x0, y, place_.eave + 0.45F}, c + Vec3{x1, y, place_.eave + 0.45F},
                       c + Vec3{x1, place_.width / 2, place_.ridge + 0.52F},
                       c + Vec3{x0, place_.width / 2, place_.ridge + 0.52F}, material);
      }
    }
  }

  void cladding(float done, float windows) {
    const int south = portion(std::min(1.0F, done * 1.6F), place_.bays);
    const int north = portion(phase(done, 0.3F, 1), place_.bays);
    const int gables = portion(phase(done, 0.45F, 1), 4);
    for (int i = 0; i < south; ++i) wall(frame(i), frame(i + 1), -0.3F, windows);
    for (int i = 0; i < north; ++i) {
      wall(frame(i) + Vec3{0, place_.width, 0}, frame(i + 1) + Vec3{0, place_.width, 0}, 0.3F,
           windows);
    }
    for (int i = 0; i < gables; ++i) {
      gable(0, i, -0.3F);
      gable(place_.bays, i, 0.3F);
    }
    if (windows > 0.3F) doors();
  }

 private:
  [[nodiscard]] Vec3 frame(int line) const {
    return place_.corner +
           Vec3{place_.length * static_cast<float>(line) / static_cast<float>(place_.bays), 0, 0};
  }

  void pit(Vec3 at) {
    const Material dark{{0.13F, 0.085F, 0.05F}, Pattern::kSoil};
    mesh_.add_quad(at + Vec3{-1.5F, -1.5F, 0.02F}, at + Vec3{1.5F, -1.5F, 0.02F},
                   at + Vec3{1.5F, 1.5F, 0.02F}, at + Vec3{-1.5F, 1.5F, 0.02F}, dark, false);
  }

  // One bay of a long wall, `out` metres outside the frame: brick foot, sheets, colour band,
  // windows.
  void wall(Vec3 from, Vec3 to, float out, float windows) {
    const Vec3 shift{0, out, 0};
    const auto strip = [&](float z0, float z1, Material material, float proud) {
      const Vec3 push{0, out > 0 ? proud : -proud, 0};
      mesh_.add_quad(from + shift + push + Vec3{0, 0, z0}, to + shift + push + Vec3{0, 0, z0},
                     to + shift + push + Vec3{0, 0, z1}, from + shift + push + Vec3{0, 0, z1},
                     material);
    };
    const Material brick{{0.46F, 0.44F, 0.42F}, Pattern::kBrick};
    const Material sheet{{0.66F, 0.68F, 0.69F}, Pattern::kCorrugated};
    const Material band{place_.accent, Pattern::kCorrugated};
    strip(0, 1.2F, brick, 0);
    strip(1.2F, place_.eave - 1.3F, sheet, 0);
    strip(place_.eave - 1.3F, place_.eave + 0.5F, band, 0);
    if (windows > 0) {
      strip(2.4F, 3.9F, kGlass, 0.03F);
      strip(5.6F, 6.4F, kGlass, 0.03F);
    }
  }

  void gable(int line, int quarter, float out) {
    const float y0 = place_.width * static_cast<float>(quarter) / 4;
    const float y1 = place_.width * static_cast<float>(quarter + 1) / 4;
    const auto height = [&](float y) {
      const float t = 1 - std::abs(y - place_.width / 2) / (place_.width / 2);
      return place_.eave + 0.45F + (place_.ridge - place_.eave) * t;
    };
    const Vec3 c = frame(line) + Vec3{out, 0, 0};
    const Material sheet{{0.66F, 0.68F, 0.69F}, Pattern::kCorrugated};
    mesh_.add_quad(c + Vec3{0, y0, 0}, c + Vec3{0, y1, 0}, c + Vec3{0, y1, height(y1)},
                   c + Vec3{0, y0, height(y0)}, sheet);
    const Vec3 proud{out > 0 ? 0.03F : -0.03F, 0, 0};
    const Material band{place_.accent, Pattern::kCorrugated};
    mesh_.add_quad(c + proud + Vec3{0, y0, place_.eave - 1.3F},
                   c + proud + Vec3{0, y1, place_.eave - 1.3F},
                   c + proud + Vec3{0, y1, place_.eave + 0.4F},
                   c + proud + Vec3{0, y0, place_.eave + 0.4F}, band);
  }

  void doors() {
    const Material door{{0.22F, 0.25F, 0.28F}, Pattern::kCorrugated};
    const Material canopy{{0.55F, 0.57F, 0.58F}, Pattern::kPlain};
    for (const int line : {0, place_.bays}) {
      const float out = line == 0 ? -0.36F : 0.36F;
      const Vec3 c = frame(line) + Vec3{out, place_.width / 2 - 3, 0};
      mesh_.add_quad(c, c + Vec3{0, 6, 0}, c + Vec3{0, 6, 5}, c + Vec3{0, 0, 5}, door);
    }
    const Vec3 south = frame(place_.bays / 2) + Vec3{-2.5F, -0.36F, 0};
    mesh_.add_quad(south, south + Vec3{5, 0, 0}, south + Vec3{5, 0, 4.6F}, south + Vec3{0, 0, 4.6F},
                   door);
    mesh_.add_box(south + Vec3{-0.8F, -2.2F, 5}, {6.6F, 2.2F, 0.18F}, canopy);
  }

  Mesh& mesh_;
  const HallPlace& place_;
};

}  // namespace

void add_hall(Mesh& mesh, const HallPlace& place, float progress, std::uint32_t seed) {
  HallBuilder hall(mesh, place);
  hall.earthworks(phase(progress, 0, 0.12F), phase(progress, 0.12F, 0.30F), seed);
  hall.foundations(phase(progress, 0.12F, 0.28F));
  hall.steel(phase(progress, 0.28F, 0.50F), progress > 0.32F);
  hall.roof(phase(progress, 0.50F, 0.66F));
  hall.cladding(phase(progress, 0.66F, 0.86F), phase(progress, 0.82F, 1));
}

void add_annex(Mesh& mesh, float progress) {
  if (progress <= 0) return;
  const Vec3 corner{40, 8, 0};
  constexpr float kLength = 24;
  constexpr float kWidth = 13;
  constexpr float kStorey = 3.5F;
  constexpr int kStoreys = 3;
  const float frame = phase(progress, 0.10F, 0.60F) * kStoreys;
  const float walls = phase(progress, 0.55F, 0.85F);
  mesh.add_box(corner + Vec3{-1.5F, -1.5F, 0}, {kLength + 3, kWidth + 3, 0.2F}, kConcreteGrey);
  for (int storey = 0; storey < kStoreys; ++storey) {
    const float done = clamp01(frame - static_cast<float>(storey));
    if (done <= 0) break;
    const float z = 0.2F + kStorey * static_cast<float>(storey);
    for (int i = 0; i <= 4; ++i) {
      for (int k = 0; k <= 2; ++k) {
        const Vec3 at =
            corner + Vec3{6 * static_cast<float>(i) - 0.2F, 6.5F * static_cast<float>(k) - 0.2F, z};
        mesh.add_box(at, {0.4F, 0.4F, kStorey * std::min(1.0F, done * 1.6F)}, kConcreteGrey);
        if (done < 0.6F)
          mesh.add_box(at + Vec3{0.15F, 0.15F, 0}, {0.06F, 0.06F, kStorey + 0.9F}, kRebar);
      }
    }
    if (done > 0.6F) {
      mesh.add_box(corner + Vec3{-0.4F, -0.4F, z + kStorey - 0.25F},
                   {kLength + 0.8F, kWidth + 0.8F, 0.25F},
                   done < 0.95F ? kFreshConcrete : kConcreteGrey);
    }
    const float filled = clamp01(walls * kStoreys - static_cast<float>(storey));
    if (filled > 0) {
      const bool painted = progress > 0.88F;
      const Material wall = painted ? Material{{0.74F, 0.70F, 0.62F}, Pattern::kConcrete}
                                    : Material{{0.42F, 0.20F, 0.13F}, Pattern::kBrick};
      const float high = (kStorey - 0.25F) * filled;
      mesh.add_box(corner + Vec3{0, 0, z}, {kLength, kWidth, high}, wall);
      if (filled >= 1) {
        for (int i = 0; i < 8; ++i) {
          const Vec3 window = corner + Vec3{0.9F + 3 * static_cast<float>(i), -0.03F, z + 0.95F};
          const Material pane =
              progress > 0.8F ? kGlass : Material{{0.05F, 0.05F, 0.05F}, Pattern::kPlain};
          for (const float y : {0.0F, kWidth + 0.06F}) {
            const Vec3 at = window + Vec3{0, y, 0};
            mesh.add_quad(at, at + Vec3{1.6F, 0, 0}, at + Vec3{1.6F, 0, 1.7F},
                          at + Vec3{0, 0, 1.7F}, pane);
          }
        }
      }
    }
  }
  if (progress > 0.3F && progress < 0.93F) {  // scaffold up to the storey in work
    const float high = 0.2F + kStorey * std::min(3.0F, frame + 0.4F) + 1;
    for (int i = 0; i <= 12; ++i) {
      const float x = -1 + (kLength + 2) * static_cast<float>(i) / 12;
      for (const float y : {-1.5F, -0.8F}) {
        mesh.add_beam(corner + Vec3{x, y, 0}, corner + Vec3{x, y, high}, 0.07F, 0.07F, kScaffold);
      }
    }
    for (float z = 1.9F; z < high; z += 1.9F) {
      mesh.add_box(corner + Vec3{-1, -1.5F, z}, {kLength + 2, 0.75F, 0.06F}, kScaffold);
      mesh.add_beam(corner + Vec3{-1, -1.5F, z + 1}, corner + Vec3{kLength + 1, -1.5F, z + 1},
                    0.06F, 0.06F, kScaffold);
    }
  }
}

}  // namespace sitecast::scenery
