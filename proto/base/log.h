// SPDX-License-Identifier: Apache-2.0
// Logging: one line per fact to stderr, "time level [component] text key=value". Levels: error =
// data at risk, warn = degraded and recovering, info = what a person running it wants to know.
// Never a secret, never a person's text. Thread-safe. Formatting only when the level is on.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace sitecast {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// Process-wide threshold; default kInfo. `name` is debug, info, warn or error; false if unknown.
bool set_log_level(std::string_view name);
bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view component, std::string_view text);

// Named source of lines, passed down by the parent: Log("agent").child("publish") ->
// [agent/publish].
class Log {
 public:
  explicit Log(std::string component) : component_(std::move(component)) {}
  [[nodiscard]] Log child(std::string_view name) const {
    return Log(component_ + "/" + std::string(name));
  }

  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kDebug, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kInfo, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kWarn, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kError, format, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
    if (log_enabled(level)) {
      log_line(level, component_, fmt::format(format, std::forward<Args>(args)...));
    }
  }
  std::string component_;
};

}  // namespace sitecast
