// SPDX-License-Identifier: Apache-2.0
// Where a person stands to take a picture, and the ways they walk with the camera running.
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>

#include "scripts/scenery/renderer.h"

namespace sitecast::scenery {

// A photo's viewpoint: gate, hall1, hall1_inside, hall1_gable, hall2, hall2_inside, annex,
// overview. `seed` moves the hand a little, as between two days. nullopt: no such name.
std::optional<Camera> viewpoint(const std::string& name, std::uint32_t seed);

// A walk: walk_gate, walk_hall1, walk_inside, walk_annex, walk_hall2, at share 0..1 of its way.
std::optional<Camera> walk(const std::string& name, float share, float time_s);

}  // namespace sitecast::scenery
