// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629): what is well formed, and text from outside (file names, EXIF, system messages)
// made fit for the wire. Thread-safe: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sitecast {

// Bytes of the well-formed character at the front; 0 when there is none (RFC 3629 section 4: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_sequence_size(std::string_view text);
bool is_utf8(std::string_view text);
// C0 and DEL.
bool is_control(char c);

// Bytes that are no UTF-8 become U+FFFD, control characters are left out, and the result is cut at
// a character's border to at most `limit_bytes`.
std::string clean_text(std::string_view text, std::size_t limit_bytes);

}  // namespace sitecast
