// SPDX-License-Identifier: Apache-2.0
// The web app's files, read into memory once at start with their precompressed forms (name.br,
// name.gz beside name). Only names that were there then are ever served, so no path can lead
// anywhere else. Any other path is a page of the app: it gets index.html (single-page fallback);
// below /agent/ lies the browser agent, an app of its own with its own index.html. Thread-safe
// after load: read-only.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "proto/base/result.h"
#include "viewer/gateway/http/message.h"

namespace sitecast::gateway {

class StaticFiles {
 public:
  // An empty `web_dir` serves nothing (404). kNotFound when it has no index.html;
  // kResourceExhausted over 64 MiB in all. Blocking.
  static Result<StaticFiles> load(const std::filesystem::path& web_dir);

  [[nodiscard]] Response answer(const Request& request) const;
  [[nodiscard]] std::size_t file_count() const { return files_.size(); }

 private:
  struct Form {
    std::shared_ptr<const std::string> bytes;
    std::string etag;
  };
  struct StaticFile {
    std::string content_type;
    bool hashed_name = false;  // its name changes with its content: may be kept for ever
    Form plain;
    Form gzip;
    Form brotli;
  };

  std::unordered_map<std::string, StaticFile> files_;  // by path, "/assets/app-1a2b3c4d.js"
};

}  // namespace sitecast::gateway
