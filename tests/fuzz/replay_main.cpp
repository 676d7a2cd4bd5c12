// SPDX-License-Identifier: Apache-2.0
// NAME_replay FOLDER: gives each file of the corpus to the target, and each of its truncations.
// Fails when the folder has no file, so that a moved corpus does not pass for a good one.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "proto/base/file.h"
#include "tests/fuzz/fuzz.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} FOLDER\n", argv[0]);
    return 2;
  }
  constexpr std::size_t kTruncations = 2'048;
  std::error_code error;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1], error)) {
    const auto bytes = sitecast::read_file(entry.path(), 16 << 20);
    if (!bytes.ok()) {
      fmt::print(stderr, "{}\n", bytes.error().message());
      return 1;
    }
    sitecast::fuzz_one(*bytes);
    for (std::size_t size = 0; size < bytes->size() && size < kTruncations; ++size) {
      // A copy of exactly that size, so that AddressSanitizer sees a read beyond it.
      sitecast::fuzz_one(
          sitecast::Bytes(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(size)));
    }
    ++count;
  }
  if (error || count == 0) {
    fmt::print(stderr, "no corpus in {}\n", argv[1]);
    return 1;
  }
  fmt::print("{} inputs and their truncations\n", count);
  return 0;
}
