// SPDX-License-Identifier: Apache-2.0
// What people and devices said in many projects over two years, put into an index by the hub's own
// projection, in the order in which it was stated: so neighbours in time, not of one project, are
// neighbours in the file, as in a hub that has been running. The same options give the same index.
// Owner thread: one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hub/archive/layout.h"
#include "proto/base/id.h"
#include "proto/base/result.h"

namespace sitecast::bench {

struct MadeFeedOptions {
  std::uint64_t events = 10'000;  // beside the plans and members, which do not grow
  std::uint64_t projects = 200;
  int plan_lines = 150;
  std::string member;  // owner of every project
};

struct MadeFeed {
  std::vector<ProjectId> projects;
  std::vector<std::string> words;  // two characters each; about one remark in twenty has a word
  std::uint64_t size_bytes = 0;
};

Result<MadeFeed> make_feed(const std::filesystem::path& index, const hub::Layout& layout,
                           const MadeFeedOptions& options);

}  // namespace sitecast::bench
