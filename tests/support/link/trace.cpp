// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/trace.h"

#include <charconv>
#include <string>

namespace sitecast::link {

Result<Trace> parse_trace(std::string_view text) {
  Trace trace;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    number += 1;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    std::int64_t at_ms = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), at_ms);
    const std::int64_t last_ms = trace.at_ms.empty() ? 0 : trace.at_ms.back();
    if (error != std::errc() || stop != line.data() + line.size() || at_ms < last_ms) {
      return invalid_argument("line " + std::to_string(number) +
                              " of the trace is no ascending number of milliseconds");
    }
    trace.at_ms.push_back(at_ms);
  }
  if (trace.at_ms.empty() || trace.length_ms() == 0) {
    return invalid_argument("the trace lasts no time");
  }
  return trace;
}

}  // namespace sitecast::link
