// SPDX-License-Identifier: Apache-2.0
// The built page (agent/web, `npm run build:screen`), read once at start: a request can reach no
// other file. Thread-safety: immutable.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "proto/base/result.h"

namespace sitecast::agent {

struct ScreenFile {
  std::string content_type;
  std::string bytes;
};

class ScreenFiles {
 public:
  // kNotFound: `folder` has no index.html. kResourceExhausted: it holds more than a page does.
  static Result<ScreenFiles> load(const std::filesystem::path& folder);

  // By the path below the folder; null: no such file.
  [[nodiscard]] std::shared_ptr<const ScreenFile> find(std::string_view path) const;

 private:
  std::map<std::string, std::shared_ptr<const ScreenFile>, std::less<>> files_;
};

}  // namespace sitecast::agent
