// SPDX-License-Identifier: Apache-2.0
// One picture or clip to draw. JSON: see read_jobs() for the names; unknown names are errors.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "proto/base/result.h"
#include "scripts/scenery/renderer.h"
#include "scripts/scenery/site.h"

namespace sitecast::scenery {

struct Job {
  bool clip = false;  // "kind": "photo" | "clip"
  std::filesystem::path out;
  std::string caption;
  std::string view;  // name of a viewpoint (photo) or of a walk (clip), views.h
  SiteState site;    // "hall1", "hall2", "annex", "yard", "seed"
  Light light;       // "hour", "weather": clear | hazy | overcast | rain
  int width = 1600;
  int height = 1200;
  int fps = 25;
  float seconds = 8;
};

Result<std::vector<Job>> read_jobs(std::istream& json);
// Draws and writes the file. Blocking.
Status run_job(const Job& job);

}  // namespace sitecast::scenery
