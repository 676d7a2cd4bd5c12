// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/static_files.h"

#include <algorithm>
#include <array>

#include "proto/base/file.h"
#include "proto/base/sha256.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint64_t kTotalBytes = 64ULL * 1024 * 1024;
constexpr std::size_t kEtagBytes = 12;

std::string content_type_of(const std::filesystem::path& file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  const std::string ending = file.extension().string();
  for (const auto& [known, type] : kTypes) {
    if (ending == known) return std::string(type);
  }
  return "application/octet-stream";
}

// The browser agent is an app of its own.
std::string_view app_of(std::string_view path) {
  constexpr std::string_view kAgent = "/agent";
  const bool agent = path.starts_with(kAgent) && path.substr(kAgent.size()).starts_with('/');
  return agent ? kAgent : std::string_view();
}

bool is_asset(std::string_view path) {
  return path.substr(app_of(path).size()).starts_with("/assets/");
}

// Vite's form: assets/name-HASH.ending.
bool has_hashed_name(const std::string& path) {
  constexpr std::size_t kHashText = 8;
  if (!is_asset(path)) return false;
  const std::string stem = std::filesystem::path(path).stem().string();
  const auto dash = stem.find('-');
  return dash != std::string::npos && stem.size() - dash - 1 >= kHashText;
}

}  // namespace

Result<StaticFiles> StaticFiles::load(const std::filesystem::path& web_dir) {
  StaticFiles result;
  if (web_dir.empty()) return result;
  std::error_code failed;
  if (!std::filesystem::is_regular_file(web_dir / "index.html", failed)) {
    return not_found("web_dir " + web_dir.string() +
                     " has no index.html: build the web app (viewer/web) or correct web_dir");
  }
  std::uint64_t total = 0;
  auto entry = std::filesystem::recursive_directory_iterator(web_dir, failed);
  for (; !failed && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(failed)) {
    if (!entry->is_regular_file(failed) || entry->is_symlink(failed)) continue;
    const auto& file = entry->path();
    SC_TRY_ASSIGN(const auto bytes, read_file(file, kTotalBytes - total));
    total += bytes.size();
    std::string path = "/" + file.lexically_relative(web_dir).generic_string();
    const auto hash = sha256(bytes);
    Form form{std::make_shared<const std::string>(to_string(ByteView(bytes))),
              '"' + hex_encode(ByteView(hash).first(kEtagBytes)) + '"'};
    const auto ending = file.extension();
    if (ending == ".gz" || ending == ".br") {
      path.resize(path.size() - ending.string().size());
      auto& target = result.files_[path];
      (ending == ".gz" ? target.gzip : target.brotli) = std::move(form);
    } else {
      auto& target = result.files_[path];
      target.content_type = content_type_of(file);
      target.hashed_name = has_hashed_name(path);
      target.plain = std::move(form);
    }
  }
  if (failed) return errno_error(failed.value(), "read web_dir " + web_dir.string());
  // A compressed form without the file it was made from is not served.
  std::erase_if(result.files_, [](const auto& named) { return !named.second.plain.bytes; });
  return result;
}

Response StaticFiles::answer(const Request& request) const {
  const std::string page = std::string(app_of(request.path)) + "/index.html";
  auto found = files_.find(request.path.ends_with('/') ? page : request.path);
  if (found == files_.end()) {
    // A missing asset is an error; any other path is a page that the app itself knows.
    found = is_asset(request.path) ? files_.end() : files_.find(page);
    if (found == files_.end()) return error_response(404, "not_found", "there is no such file");
  }
  const StaticFile& file = found->second;
  const Form* form = &file.plain;
  std::string_view coding;
  if (file.brotli.bytes && accepts_encoding(request.accept_encoding, "br")) {
    form = &file.brotli;
    coding = "br";
  } else if (file.gzip.bytes && accepts_encoding(request.accept_encoding, "gzip")) {
    form = &file.gzip;
    coding = "gzip";
  }
  Response response;
  response.add("ETag", form->etag);
  response.add("Cache-Control",
               file.hashed_name ? "public, max-age=31536000, immutable" : "no-cache");
  if (file.brotli.bytes || file.gzip.bytes) response.add("Vary", "Accept-Encoding");
  if (matches_etag(request.if_none_match, form->etag)) {
    response.status = 304;
    return response;
  }
  if (!coding.empty()) response.add("Content-Encoding", std::string(coding));
  response.content_type = file.content_type;
  response.body = form->bytes;
  return response;
}

}  // namespace sitecast::gateway
