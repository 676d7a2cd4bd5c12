// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/products.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/derive/sprite_limits.h"
#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

constexpr std::uint64_t kFailuresBytes = 64 * 1024;

bool is_jpeg(ByteView bytes) {
  const std::size_t size = bytes.size();
  return size > 4 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[size - 2] == 0xff &&
         bytes[size - 1] == 0xd9;
}

// A whole number within 1..limit, or 0.
std::uint32_t number(const json& object, const char* key, std::uint32_t limit) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return 0;
  const auto value = found->get<std::uint64_t>();
  return value <= limit ? static_cast<std::uint32_t>(value) : 0;
}

Result<json> sprite_description(std::string_view line, const DeriveInput& input) {
  using namespace derive;
  const json stated = json::parse(line, nullptr, false);
  if (!stated.is_object()) return data_loss("the worker's description of a sprite is not JSON");
  const std::uint32_t columns = number(stated, "columns", kSpriteColumns);
  const std::uint32_t rows = number(stated, "rows", kSpriteMaxTiles);
  const std::uint32_t width = number(stated, "tile_width", kSpriteTileWidth);
  const std::uint32_t height = number(stated, "tile_height", kSpriteTileMaxHeight);
  if (columns == 0 || rows == 0 || width == 0 || height == 0 ||
      number(stated, "count", kSpriteMaxTiles) != input.count || columns * rows < input.count) {
    return data_loss("the worker's description of a sprite does not fit its job");
  }
  return json{{"interval_ms", input.interval_ms},
              {"columns", columns},
              {"rows", rows},
              {"tile_width", width},
              {"tile_height", height},
              {"count", input.count}};
}

Status store_sprite(const std::filesystem::path& dir, const DeriveInput& input, ByteView answer) {
  const auto newline = std::ranges::find(answer, std::uint8_t{'\n'});
  if (newline == answer.end()) return data_loss("the worker sent no description of the sprite");
  const auto line_bytes = static_cast<std::size_t>(newline - answer.begin());
  const ByteView jpeg = answer.subspan(line_bytes + 1);
  if (!is_jpeg(jpeg)) return data_loss("the worker's sprite is not a JPEG");
  SC_TRY_ASSIGN(const json description,
                sprite_description(as_text(answer.first(line_bytes)), input));
  SC_TRY(write_file_durably(dir / "sprite.jpg", jpeg));
  return write_file_durably(dir / "sprite.json", as_bytes(description.dump() + "\n"));
}

std::filesystem::path failures_path(const Layout& layout, const DeriveJob& job) {
  return layout.derived_dir(job.project, job.capture) / "failed.json";
}

json read_failures(const Layout& layout, const DeriveJob& job) {
  const auto bytes = read_file(failures_path(layout, job), kFailuresBytes);
  json failures = bytes.ok() ? json::parse(as_text(*bytes), nullptr, false) : json();
  return failures.is_object() ? failures : json::object();
}

}  // namespace

Status store_product(const Layout& layout, const DeriveJob& job, const DeriveInput& input,
                     ByteView answer) {
  const auto dir = layout.derived_dir(job.project, job.capture);
  SC_TRY(make_folders_durably(dir));
  if (job.kind == DeriveKind::kSprite) return store_sprite(dir, input, answer);
  if (!is_jpeg(answer)) return data_loss("the worker's thumbnail is not a JPEG");
  return write_file_durably(dir / "thumbnail.jpg", answer);
}

bool has_product(const Layout& layout, const DeriveJob& job) {
  const auto dir = layout.derived_dir(job.project, job.capture);
  std::error_code ignored;
  return std::filesystem::exists(
      dir / (job.kind == DeriveKind::kSprite ? "sprite.json" : "thumbnail.jpg"), ignored);
}

std::uint32_t failed_attempts(const Layout& layout, const DeriveJob& job) {
  const json failures = read_failures(layout, job);
  const auto entry = failures.find(product_of(job.kind));
  if (entry == failures.end() || !entry->is_object()) return 0;
  return number(*entry, "attempts", ~std::uint32_t{0});
}

Status record_failure(const Layout& layout, const DeriveJob& job, std::uint32_t attempts,
                      std::string_view cause) {
  json failures = read_failures(layout, job);
  failures[std::string(product_of(job.kind))] = {{"attempts", attempts},
                                                 {"cause", std::string(cause)}};
  SC_TRY(make_folders_durably(layout.derived_dir(job.project, job.capture)));
  const std::string text = failures.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  return write_file_durably(failures_path(layout, job), as_bytes(text));
}

void clear_failure(const Layout& layout, const DeriveJob& job) {
  json failures = read_failures(layout, job);
  if (failures.erase(std::string(product_of(job.kind))) == 0) return;
  std::error_code ignored;
  if (failures.empty()) {
    std::filesystem::remove(failures_path(layout, job), ignored);
  } else {
    (void)write_file_durably(failures_path(layout, job), as_bytes(failures.dump(2) + "\n")).ok();
  }
}

}  // namespace sitecast::hub
