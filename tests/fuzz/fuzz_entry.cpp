// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry point.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sitecast::fuzz_one({data, size});
  return 0;
}
