// SPDX-License-Identifier: Apache-2.0
// What every fuzz target includes. A target defines fuzz_one(); it is built either with libFuzzer
// (preset fuzz) or, in every other build, with a main that replays the committed corpus.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "proto/base/bytes.h"

// What must hold whatever the input is. Not an assert, so that release builds check it too.
#define FUZZ_REQUIRE(condition)                                                       \
  do {                                                                                \
    if (!(condition)) {                                                               \
      std::fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                   \
    }                                                                                 \
  } while (false)

namespace sitecast {

void fuzz_one(ByteView input);

// True when `inner` lies within `outer`.
inline bool is_within(ByteView inner, ByteView outer) {
  return inner.empty() || (inner.data() >= outer.data() &&
                           inner.data() + inner.size() <= outer.data() + outer.size());
}

}  // namespace sitecast
