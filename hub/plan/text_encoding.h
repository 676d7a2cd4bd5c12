// SPDX-License-Identifier: Apache-2.0
// Bytes of a text file to UTF-8. Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string>

#include "hub/plan/plan_note.h"
#include "proto/base/bytes.h"

namespace sitecast::hub {

struct DecodedText {
  std::string text;      // UTF-8 without a byte order mark
  std::string encoding;  // "UTF-8", "UTF-16LE", "UTF-16BE", "GB18030", "Windows-1252"
};

// A byte order mark decides; else UTF-8 when it is that, UTF-16 by its zero bytes, GB18030 when
// every byte fits, and Windows-1252 otherwise. The caller shows the encoding, because the last two
// are guesses. A refusal when it is none of them, or binary.
std::optional<PlanNote> decode_text(ByteView bytes, DecodedText& decoded);

}  // namespace sitecast::hub
