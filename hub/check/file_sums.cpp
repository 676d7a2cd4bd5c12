// SPDX-License-Identifier: Apache-2.0
#include "hub/check/file_sums.h"

#include <algorithm>

#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 1 << 20;
constexpr std::size_t kHexBytes = 64;
constexpr std::uint64_t kSumsBytes = 1 << 20;
constexpr std::string_view kSeparator = "  ";

// Names of the regular files below `dir`, SHA256SUMS itself excepted. A link is no regular file: an
// export has none.
Result<std::vector<std::string>> list_files(const fs::path& dir) {
  std::vector<std::string> names;
  std::error_code error;
  auto it = fs::recursive_directory_iterator(dir, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const std::string name = it->path().lexically_relative(dir).generic_string();
    if (it->is_directory(error) && !it->is_symlink(error)) continue;
    if (name != kSumsName) names.push_back(name);
  }
  if (error) return errno_error(error.value(), "list " + dir.string());
  std::ranges::sort(names);
  return names;
}

std::string format_sums(const std::map<std::string, Hash>& sums) {
  std::string text;
  for (const auto& [name, hash] : sums) {
    text += hex_encode(hash);
    text += kSeparator;
    text += name;
    text += '\n';
  }
  return text;
}

Result<std::map<std::string, Hash>> parse_sums(const std::string& text) {
  std::map<std::string, Hash> sums;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    const auto bytes = hex_decode(line.substr(0, kHexBytes));
    if (end == std::string_view::npos || line.size() <= kHexBytes + kSeparator.size() || !bytes ||
        bytes->size() != sizeof(Hash)) {
      return data_loss("SHA256SUMS is damaged after " + std::to_string(sums.size()) + " lines");
    }
    Hash hash{};
    std::ranges::copy(*bytes, hash.begin());
    sums.emplace(line.substr(kHexBytes + kSeparator.size()), hash);
    rest.remove_prefix(end + 1);
  }
  // Written in exactly one way, so that no change of it goes unseen.
  if (format_sums(sums) != text) return data_loss("SHA256SUMS is not as it was written");
  return sums;
}

}  // namespace

Result<Hash> hash_file(const fs::path& path) {
  SC_TRY_ASSIGN(const File file, File::open_for_reading(path));
  SC_TRY_ASSIGN(const std::uint64_t size, file.size_bytes());
  Sha256 hasher;
  Bytes buffer;
  for (std::uint64_t at = 0; at < size; at += buffer.size()) {
    buffer.resize(std::min<std::uint64_t>(kReadBytes, size - at));
    SC_TRY(file.read_at(at, buffer));
    hasher.update(buffer);
  }
  return hasher.finish();
}

Status write_sums(const fs::path& dir) {
  SC_TRY_ASSIGN(const auto names, list_files(dir));
  std::map<std::string, Hash> sums;
  for (const std::string& name : names) {
    SC_TRY_ASSIGN(const Hash hash, hash_file(dir / name));
    sums.emplace(name, hash);
  }
  return write_file_durably(dir / kSumsName, as_bytes(format_sums(sums)), 0644);
}

Status check_sums(const fs::path& dir, const std::function<void(const std::string&)>& problem) {
  SC_TRY_ASSIGN(const auto bytes, read_file(dir / kSumsName, kSumsBytes));
  SC_TRY_ASSIGN(const auto sums, parse_sums(to_string(ByteView(bytes))));
  SC_TRY_ASSIGN(const auto names, list_files(dir));
  for (const std::string& name : names) {
    const auto expected = sums.find(name);
    if (expected == sums.end()) {
      problem(name + ": was not part of the export");
      continue;
    }
    const auto found = hash_file(dir / name);
    if (!found.ok()) {
      problem(name + ": " + found.error().message());
    } else if (*found != expected->second) {
      problem(name + ": is not the file that was exported");
    }
  }
  for (const auto& [name, hash] : sums) {
    if (!std::ranges::binary_search(names, name)) problem(name + ": is missing");
  }
  return Ok{};
}

}  // namespace sitecast::hub
