// SPDX-License-Identifier: Apache-2.0
// Text from outside (file names, EXIF) made fit for the wire: valid UTF-8 within a length.
// Thread-safe: pure function.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sitecast::agent {

// Bytes that are no UTF-8 (RFC 3629) become U+FFFD, control characters are left out, and the result
// is cut at a character's border to at most `limit_bytes`.
std::string clean_text(std::string_view text, std::size_t limit_bytes);

}  // namespace sitecast::agent
