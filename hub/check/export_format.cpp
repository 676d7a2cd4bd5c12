// SPDX-License-Identifier: Apache-2.0
#include "hub/check/export_format.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/check/mp4_file.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

template <typename T, std::size_t N>
std::array<T, N> fixed(const std::string& hex) {
  const auto bytes = hex_decode(hex);
  if (!bytes || bytes->size() != N) throw std::invalid_argument("a hash of the wrong length");
  std::array<T, N> out{};
  std::ranges::copy(*bytes, out.begin());
  return out;
}

std::string safe_name(const json& value) {
  auto name = value.get<std::string>();
  const std::filesystem::path path(name);
  const bool leaves = std::ranges::any_of(path, [](const auto& step) { return step == ".."; });
  if (name.empty() || path.is_absolute() || leaves) {
    throw std::invalid_argument("a file name that leads out of the folder: " + name);
  }
  return name;
}

template <typename Id>
Id id_of(const json& value) {
  const auto id = Id::parse(value.get<std::string>());
  if (!id) throw std::invalid_argument("an id that is none");
  return *id;
}

// The signed head as sent in capture.closed, serialised; null when the capture is still open.
json closing_of(const ExportedTrack& track) {
  if (!track.closing) return nullptr;
  return base64url_encode(as_bytes(track.closing->SerializeAsString()));
}

std::optional<v1::SignedHead> parse_closing(const json& value) {
  if (value.is_null()) return std::nullopt;
  const auto bytes = base64url_decode(value.get<std::string>());
  v1::SignedHead head;
  if (!bytes || !head.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) {
    throw std::invalid_argument("a closing head that is none");
  }
  return head;
}

}  // namespace

std::string format_manifest(const ExportManifest& manifest) {
  json tracks = json::array();
  for (const auto& track : manifest.tracks) {
    tracks.push_back({{"name", track.name},
                      {"part_count", track.part_count},
                      {"contiguous", track.contiguous},
                      {"running_hash", hex_encode(track.running)},
                      {"closing_head", closing_of(track)}});
  }
  json movies = json::array();
  for (const auto& movie : manifest.movies) {
    movies.push_back({{"file", movie.file}, {"starts_at_us", movie.starts_at_us}});
  }
  json originals = json::array();
  for (const auto& original : manifest.originals) {
    originals.push_back({{"track", original.track},
                         {"file", original.file},
                         {"name", original.name},
                         {"media_type", original.media_type}});
  }
  json out = {{"export_format", kExportFormat},
              {"movie_format", kMovieFormat},
              {"project_id", manifest.project.text()},
              {"capture_id", manifest.capture.text()},
              {"device_id", manifest.device.text()},
              {"device_public_key", nullptr},
              {"captured_at_us", manifest.captured_at_us},
              {"tracks", std::move(tracks)},
              {"movies", std::move(movies)},
              {"originals", std::move(originals)}};
  if (manifest.device_key) out["device_public_key"] = base64url_encode(*manifest.device_key);
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<ExportManifest> parse_manifest(const std::string& text) {
  try {
    const json in = json::parse(text);
    if (in.at("export_format") != kExportFormat || in.at("movie_format") != kMovieFormat) {
      return invalid_argument(
          "proof.json is of another version of Sitecast; verify it with that one");
    }
    ExportManifest manifest;
    manifest.project = id_of<ProjectId>(in.at("project_id"));
    manifest.capture = id_of<CaptureId>(in.at("capture_id"));
    manifest.device = id_of<DeviceId>(in.at("device_id"));
    if (!in.at("device_public_key").is_null()) {
      const auto key = base64url_decode(in.at("device_public_key").get<std::string>());
      if (!key || key->size() != 32) return invalid_argument("proof.json: device_public_key");
      manifest.device_key.emplace();
      std::ranges::copy(*key, manifest.device_key->begin());
    }
    manifest.captured_at_us = in.at("captured_at_us").get<std::int64_t>();
    for (const auto& track : in.at("tracks")) {
      manifest.tracks.push_back({safe_name(track.at("name")), track.at("part_count"),
                                 track.at("contiguous"),
                                 fixed<std::uint8_t, 32>(track.at("running_hash")),
                                 parse_closing(track.at("closing_head"))});
    }
    for (const auto& movie : in.at("movies")) {
      manifest.movies.push_back(
          {safe_name(movie.at("file")), movie.at("starts_at_us").get<std::int64_t>()});
    }
    for (const auto& original : in.at("originals")) {
      manifest.originals.push_back({safe_name(original.at("track")), safe_name(original.at("file")),
                                    original.at("name").get<std::string>(),
                                    original.at("media_type").get<std::string>()});
    }
    return manifest;
  } catch (const std::exception& exception) {
    return invalid_argument(std::string("proof.json: ") + exception.what());
  }
}

}  // namespace sitecast::hub
