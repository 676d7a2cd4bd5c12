// SPDX-License-Identifier: Apache-2.0
#include "agent/screen/files.h"

#include <array>
#include <system_error>
#include <utility>

#include "proto/base/file.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kAllBytes = 8ULL << 20;

std::string content_type_of(const std::filesystem::path& file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
  }};
  const std::string ending = file.extension().string();
  for (const auto& [known, type] : kTypes) {
    if (ending == known) return std::string(type);
  }
  return "application/octet-stream";
}

}  // namespace

Result<ScreenFiles> ScreenFiles::load(const std::filesystem::path& folder) {
  ScreenFiles result;
  std::error_code failed;
  std::uint64_t left = kAllBytes;
  auto entry = std::filesystem::recursive_directory_iterator(folder, failed);
  for (; !failed && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(failed)) {
    if (!entry->is_regular_file(failed) || entry->is_symlink(failed)) continue;
    SC_TRY_ASSIGN(const auto bytes, read_file(entry->path(), left));
    left -= bytes.size();
    auto file = std::make_shared<ScreenFile>();
    file->content_type = content_type_of(entry->path());
    file->bytes = to_string(ByteView(bytes));
    result.files_[entry->path().lexically_relative(folder).generic_string()] = std::move(file);
  }
  if (result.files_.count("index.html") == 0) {
    return not_found("screen.files: " + folder.string() +
                     " has no index.html: build the page (agent/screen/README.md) or correct it");
  }
  return result;
}

std::shared_ptr<const ScreenFile> ScreenFiles::find(std::string_view path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

}  // namespace sitecast::agent
