// SPDX-License-Identifier: Apache-2.0
// Checks that events and control messages share. Each returns kInvalidArgument naming the field.
// Beside proto/codec for those who take text from people, to say at once what would be refused
// later. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/base/result.h"

namespace sitecast {

// 16 bytes and not nil.
Status check_id(std::string_view bytes, std::string_view field);
// As check_id, or absent.
Status check_optional_id(std::string_view bytes, std::string_view field);
// One line: at most kNameBytes of valid UTF-8, no control characters (they would break lines and
// columns).
Status check_name(std::string_view text, std::string_view field);
Status check_required_name(std::string_view text, std::string_view field);
// Several lines: at most kTextBytes of valid UTF-8, no control characters but tab and line feed.
Status check_text(std::string_view text, std::string_view field);
// A word of ours such as a cause: a-z, 0-9, '_' and '.', at most kWordBytes; may be empty.
Status check_word(std::string_view text, std::string_view field);
Status check_track(std::string_view track, std::string_view field);
// Unix microseconds in 1970 to 9999.
Status check_time(std::int64_t us, std::string_view field);
Status check_hash(std::string_view bytes, std::string_view field);

}  // namespace sitecast
