// SPDX-License-Identifier: Apache-2.0
// One text per topic: what parses formats to the same text again.
#include "proto/codec/topics.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {

void fuzz_one(ByteView input) {
  const std::string_view text = as_text(input);
  if (const auto topic = parse_topic(text)) {
    FUZZ_REQUIRE(format_topic(*topic) == text);
    FUZZ_REQUIRE(!parse_feed_topic(text));
  }
  if (const auto project = parse_feed_topic(text)) FUZZ_REQUIRE(feed_topic(*project) == text);
}

}  // namespace sitecast
