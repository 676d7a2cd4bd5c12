// SPDX-License-Identifier: Apache-2.0
// How an original of unknown origin is given to a browser. Thread-safe: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace sitecast::gateway {

struct ServedType {
  std::string_view media_type;
  bool shown = false;  // the browser may show it; otherwise it is saved
};
// Pictures that browsers decode are shown; PDF keeps its type; everything else is
// application/octet-stream, whatever the device called it.
ServedType served_type(std::string_view stated_media_type);

// Content-Disposition (RFC 6266) with an ASCII name and, where that differs, filename* (RFC 8187).
// Path separators, quotes and control characters are replaced.
std::string content_disposition(std::string_view disposition, std::string_view file_name);

}  // namespace sitecast::gateway
