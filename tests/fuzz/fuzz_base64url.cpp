// SPDX-License-Identifier: Apache-2.0
// One text per value: what decodes encodes to the same text again.
#include "proto/base/id.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {

void fuzz_one(ByteView input) {
  const std::string_view text = as_text(input);
  if (const auto bytes = base64url_decode(text)) FUZZ_REQUIRE(base64url_encode(*bytes) == text);
  if (const auto id = CaptureId::parse(text)) FUZZ_REQUIRE(id->text() == text);
  if (const auto bytes = hex_decode(text)) FUZZ_REQUIRE(bytes->size() * 2 == text.size());
  FUZZ_REQUIRE(base64url_decode(base64url_encode(input)) == Bytes(input.begin(), input.end()));
}

}  // namespace sitecast
