// SPDX-License-Identifier: Apache-2.0
// make_track_files OUT_DIR: real encoders' output through the muxer, for players outside of C++.
// Writes video.mp4 and audio.mp4 and tracks.json: [{file, type, sizes: [init, chunk, …], start_s,
// end_s}].
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "proto/base/file.h"
#include "proto/codec/box_reader.h"
#include "tests/unit/proto/track_file.h"

namespace sitecast {
namespace {

nlohmann::json describe(const std::string& name, const TrackFile& file) {
  const auto init = read_init(file.init);
  const auto first = read_chunk(file.chunks.front());
  const auto last = read_chunk(file.chunks.back());
  assert(init.ok() && first.ok() && last.ok());
  nlohmann::json sizes{file.init.size()};
  for (const Bytes& chunk : file.chunks) sizes.push_back(chunk.size());
  const double timescale = init->timescale;
  return {{"file", name + ".mp4"},
          {"type", fmt::format("{}/mp4; codecs=\"{}\"", name, *codec_string(file.init))},
          {"sizes", sizes},
          {"start_s", static_cast<double>(first->decode_time) / timescale},
          {"end_s", static_cast<double>(last->decode_time + last->duration) / timescale}};
}

Status write_all(const std::filesystem::path& folder) {
  const TrackFile video = make_video_file(90);
  const TrackFile audio = make_opus_file(150);
  SC_TRY(write_file_durably(folder / "video.mp4", video.file_from(0)));
  SC_TRY(write_file_durably(folder / "audio.mp4", audio.file_from(0)));
  const nlohmann::json tracks{describe("video", video), describe("audio", audio)};
  return write_file_durably(folder / "tracks.json", as_bytes(tracks.dump()));
}

}  // namespace
}  // namespace sitecast

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: make_track_files OUT_DIR\n");
    return 2;
  }
  const sitecast::Status status = sitecast::write_all(argv[1]);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.error().message());
  return status.ok() ? 0 : 1;
}
