// SPDX-License-Identifier: Apache-2.0
// What the agent says to people, in Chinese and English. Short and spoken; no words of the machine.
// Thread-safe: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace sitecast::agent {

enum class Language { kChinese, kEnglish };

// "zh…" is Chinese, everything else English.
Language language_of(std::string_view locale);

// The text for `key`; the key itself when there is none.
std::string_view say(Language language, std::string_view key);

// 1:05 or 1:02:03, and 12.3 MB.
std::string say_duration(std::int64_t duration_ms);
std::string say_size(std::uint64_t size_bytes);

}  // namespace sitecast::agent
