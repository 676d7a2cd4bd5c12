// SPDX-License-Identifier: Apache-2.0
// A strict reader of HLS media playlists that says which rules of RFC 8216bis a list, or the way
// from one list to the next, breaks (README.md names the rules). It follows a list as a client
// does, delta updates included. Owner thread: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sitecast::test {

struct HlsPartLine {
  std::string uri;
  double duration_s = 0;
  bool independent = false;
  bool gap = false;
  bool operator==(const HlsPartLine&) const = default;
};

struct HlsSegmentLine {
  std::uint64_t number = 0;
  std::string uri, map_uri, date;  // empty uri: still open, only its parts are listed
  double duration_s = 0;
  bool gap = false;
  std::vector<HlsPartLine> parts;
};

struct HlsList {
  std::uint64_t version = 0, target_s = 0, first_number = 0, skipped = 0;
  std::optional<double> part_target_s, part_hold_back_s, can_skip_until_s;
  bool can_block_reload = false, ended = false;
  std::string hinted_uri;
  std::vector<HlsSegmentLine> segments;  // those that are written; the open one last
};

class HlsRules {
 public:
  // One more answer of the same address. What it breaks, one line each; empty: nothing.
  std::vector<std::string> take(const std::string& text);
  // The list as a client knows it now, skipped segments put back.
  [[nodiscard]] const HlsList& list() const { return now_; }

 private:
  HlsList read(const std::string& text);
  void check(const HlsList& list);
  void check_parts(const HlsList& list, const HlsSegmentLine& segment, bool open);
  void check_update(const HlsList& before, HlsList& after);
  void broken(const std::string& rule) { broken_.push_back(rule); }

  std::optional<HlsList> last_;
  HlsList now_;
  std::vector<std::string> broken_;
};

}  // namespace sitecast::test
