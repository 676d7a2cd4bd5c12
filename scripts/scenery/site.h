// SPDX-License-Identifier: Apache-2.0
// The building site as it stands on one day: two halls, an office building, the yard, machines and
// people. Layout (metres, x east, y north): hall 1 lies x -46..26, y 4..34; hall 2 north of it,
// y 48..78; the office building x 38..62, y 8..22; the gate is in the south at x 10, y -42.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>

#include "scripts/scenery/geometry.h"

namespace sitecast::scenery {

struct SiteState {
  float hall1 = 0;  // 0 bare ground … 1 handed over
  float hall2 = 0;
  float annex = 0;         // office and ancillary building
  float yard = 0;          // 0 soil … 1 asphalt and lawn
  std::uint32_t seed = 1;  // where people and material stand
};

struct HallPlace {
  Vec3 corner;  // south-west
  float length = 72, width = 30, eave = 9, ridge = 11.6F;
  int bays = 10;
  Vec3 accent;  // colour of the band
};
extern const HallPlace kHall1;
extern const HallPlace kHall2;

// What stands still within a clip.
Mesh build_site(const SiteState& state);
// What moves: people, trucks, the crane's hook at `time_s` seconds.
void add_movers(Mesh& mesh, const SiteState& state, float time_s);

// Parts of build_site, each in its own file.
void add_hall(Mesh& mesh, const HallPlace& place, float progress, std::uint32_t seed);
void add_annex(Mesh& mesh, float progress);
void add_machines(Mesh& mesh, const SiteState& state);

// How far a phase from `begin` to `end` is within the whole, 0..1.
inline float phase(float progress, float begin, float end) {
  return clamp01((progress - begin) / (end - begin));
}

}  // namespace sitecast::scenery
