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
  Presenter(std::string command, Language language, bool json, std::FILE* out, std::FILE* errors)
      : command_(std::move(command)),
        language_(language),
        json_(json),
        out_(out),
        errors_(errors) {}

  void show(const nlohmann::json& object);

 private:
  // Lines without their end.
  [[nodiscard]] std::string line_of(const nlohmann::json& object) const;
  [[nodiscard]] std::string progress_line(const nlohmann::json& progress) const;
  [[nodiscard]] std::string status_lines(const nlohmann::json& status) const;
  [[nodiscard]] std::string capture_line(const nlohmann::json& capture) const;
  [[nodiscard]] std::string cause_text(const nlohmann::json& object) const;
  [[nodiscard]] std::string word(std::string_view key) const {
    return std::string(say(language_, key));
  }

  const std::string command_;
  const Language language_;
  const bool json_;
  std::FILE* const out_;
  std::FILE* const errors_;
};

}  // namespace sitecast::agent
