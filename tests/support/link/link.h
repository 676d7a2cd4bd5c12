// SPDX-License-Identifier: Apache-2.0
// Both directions of the link and the box on the way, told what to do by lines of text (README.md
// lists them). Pure but for reading trace files. Thread-safety: one owner. Times are nanoseconds of
// one clock that never goes back.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/result.h"
#include "tests/support/link/meddler.h"
#include "tests/support/link/one_way.h"

namespace sitecast::link {

class Link {
 public:
  explicit Link(std::uint64_t seed);

  // A packet that a side sends. The answer, if any, is for that side, at once.
  std::optional<Packet> take(Side from, Packet packet, std::int64_t now_ns);
  // What has arrived at a side.
  std::optional<Packet> pop(Side at, std::int64_t now_ns);
  [[nodiscard]] std::int64_t due_ns() const;

  // One line. kInvalidArgument says what is wrong with it; then nothing has changed.
  Status apply(std::string_view line, std::int64_t now_ns);
  [[nodiscard]] nlohmann::json counters() const;

 private:
  using Words = std::vector<std::string>;
  Status apply_one_way(OneWay& way, const Words& words, std::int64_t now_ns);
  OneWay& way(Side from) { return from == Side::kDevice ? uplink_ : downlink_; }

  const std::uint64_t seed_;
  OneWay uplink_, downlink_;
  Meddler meddler_;
};

// "64k", "1.5M", "1000": with decimal prefixes.
Result<std::uint64_t> parse_amount(const std::string& text);

}  // namespace sitecast::link
