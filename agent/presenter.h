// SPDX-License-Identifier: Apache-2.0
// Shows what a command says: as lines for people in their language, or as the JSON objects
// themselves. Owner thread: the one that runs the command.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/words.h"

namespace sitecast::agent {

class Presenter {
 public:
  // `terminal`: a person looks on, so bars are drawn and progress stays on one line.
  Presenter(std::string command, Language language, bool json, std::FILE* out, std::FILE* errors,
            bool terminal = false)
      : command_(std::move(command)),
        language_(language),
        json_(json),
        out_(out),
        errors_(errors),
        terminal_(terminal && !json) {}

  void show(const nlohmann::json& object);

 private:
  // Lines without their end.
  [[nodiscard]] std::string line_of(const nlohmann::json& object) const;
  [[nodiscard]] std::string trouble_line(const nlohmann::json& object) const;
  [[nodiscard]] std::string progress_line(const nlohmann::json& progress) const;
  [[nodiscard]] std::string status_lines(const nlohmann::json& status) const;
  [[nodiscard]] std::string capture_line(const nlohmann::json& capture) const;
  // What people direct to this device.
  [[nodiscard]] std::string direction_line(const nlohmann::json& said) const;
  [[nodiscard]] std::string request_line(const nlohmann::json& request) const;
  [[nodiscard]] std::string request_lines(const nlohmann::json& list) const;
  [[nodiscard]] std::string cause_text(const nlohmann::json& object) const;
  // The same with since when, where that is known and means something.
  [[nodiscard]] std::string cause_since(const nlohmann::json& status) const;
  [[nodiscard]] std::string time_left(const nlohmann::json& status) const;
  // 43 %, on a terminal with a bar before it.
  [[nodiscard]] std::string share_text(std::uint64_t done, std::uint64_t all) const;
  // How far a command has come: of the most that ever waited.
  [[nodiscard]] std::string progress_share(const nlohmann::json& progress);
  [[nodiscard]] std::string word(std::string_view key) const {
    return std::string(say(language_, key));
  }

  const std::string command_;
  const Language language_;
  const bool json_;
  std::FILE* const out_;
  std::FILE* const errors_;
  const bool terminal_;
  bool line_open_ = false;  // progress stands there, without an end of line
  std::int64_t most_waiting_bytes_ = 0;
};

}  // namespace sitecast::agent
