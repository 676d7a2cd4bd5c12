// SPDX-License-Identifier: Apache-2.0
// sitecast-scenery JOBS.json: draws the pictures that a list of jobs names, one line per finished
// file.
#include <fmt/format.h>
#include <gst/gst.h>

#include <cstdio>
#include <fstream>

#include "scripts/scenery/job.h"

int main(int argument_count, char** arguments) {
  gst_init(&argument_count, &arguments);
  if (argument_count != 2) {
    fmt::print(stderr, "usage: sitecast-scenery JOBS.json (scripts/scenery/README.md)\n");
    return 2;
  }
  std::ifstream file(arguments[1]);
  const auto jobs = sitecast::scenery::read_jobs(file);
  if (!jobs.ok()) {
    fmt::print(stderr, "sitecast-scenery: {}: {}\n", arguments[1], jobs.error().message());
    return 2;
  }
  for (const auto& job : *jobs) {
    if (const auto done = sitecast::scenery::run_job(job); !done.ok()) {
      fmt::print(stderr, "sitecast-scenery: {}: {}\n", job.out.string(), done.error().message());
      return 1;
    }
    fmt::print("{}\n", job.out.string());
    std::fflush(stdout);
  }
  return 0;
}
