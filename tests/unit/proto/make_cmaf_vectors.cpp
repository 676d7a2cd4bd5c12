// SPDX-License-Identifier: Apache-2.0
// Prints proto/vectors/cmaf.json: what the muxer makes today. Its bytes are trusted because ffmpeg
// (CmafPlaybackTest) and Chromium (mse_test) play them; pinned so that they change only on purpose
// and the same in every language.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/support/media_samples.h"

namespace sitecast {
namespace {

using Json = nlohmann::ordered_json;

Json init_case(const char* name, const char* codec, Json parameters, const Bytes& init) {
  Json json{{"name", name}, {"codec", codec}, {"codec_string", *codec_string(init)}};
  json.update(parameters);
  json["bytes"] = hex_encode(init);
  return json;
}

Json video_case(const char* name, std::uint32_t width_px, std::uint32_t height_px) {
  return init_case(name, "avc",
                   {{"width_px", width_px},
                    {"height_px", height_px},
                    {"timescale", kVideoTimescale},
                    {"codec_config", hex_encode(example_avcc())}},
                   *make_video_init({width_px, height_px, example_avcc()}));
}

Json opus_case(const char* name, const OpusInit& init) {
  return init_case(name, "opus",
                   {{"channel_count", init.channel_count},
                    {"pre_skip", init.pre_skip},
                    {"input_sample_rate_hz", init.input_sample_rate_hz},
                    {"timescale", kOpusTimescale}},
                   *make_opus_init(init));
}

Json aac_case(const char* name, const AacInit& init) {
  return init_case(name, "aac",
                   {{"channel_count", init.channel_count},
                    {"sample_rate_hz", init.sample_rate_hz},
                    {"timescale", init.sample_rate_hz},
                    {"codec_config", hex_encode(init.audio_specific_config)}},
                   *make_aac_init(init));
}

Json chunk_case(const char* name, std::uint32_t number, std::uint64_t time,
                const std::vector<Sample>& samples) {
  Json json{{"name", name}, {"fragment_number", number}, {"decode_time", time}};
  for (const Sample& sample : samples) {
    json["samples"].push_back({{"data", hex_encode(sample.data)},
                               {"duration", sample.duration},
                               {"key_frame", sample.key_frame}});
  }
  json["bytes"] = hex_encode(*make_chunk(number, time, samples));
  return json;
}

// `good` with the byte at `at` (from the start of the four characters `box`) replaced.
Json damaged(const char* name, const Bytes& good, std::string_view box, std::size_t at,
             std::uint8_t value) {
  Bytes bytes = good;
  bytes.at(as_text(good).find(box) + at) = value;
  return {{"name", name}, {"bytes", hex_encode(bytes)}};
}

Json vectors() {
  const Bytes frame(40, 0xab);
  const Bytes other(3, 0xcd);
  const Bytes chunk = *make_chunk(8, 21'000, {{frame, 3'000, true}, {other, 3'000, false}});
  const Bytes video = example_video_init();
  const Bytes opus = example_opus_init();
  Json json;
  json["init_valid"] = {video_case("video 320x240", 320, 240),
                        video_case("video 1920x1080", 1'920, 1'080),
                        opus_case("Opus stereo", {2, 0, 48'000}),
                        opus_case("Opus mono with pre-skip", {1, 312, 16'000}),
                        aac_case("AAC stereo", {2, 48'000, {0x11, 0x90}}),
                        aac_case("AAC mono at 44.1 kHz", {1, 44'100, {0x12, 0x08}})};
  json["init_invalid"] = {
      {{"name", "empty"}, {"bytes", ""}},
      {{"name", "cut off"}, {"bytes", hex_encode(ByteView(video).first(video.size() - 1))}},
      {{"name", "trailing byte"}, {"bytes", hex_encode(video) + "00"}},
      damaged("brand cmfc is missing", video, "cmfc", 3, 'x'),
      damaged("edit list", opus, "mdia", 0, 'e'),
      damaged("track 2", video, "tkhd", 19, 2),
      damaged("timescale 0", video, "mdhd", 17, 0xff),
      damaged("sound as video", opus, "soun", 0, 'x'),
      damaged("dOps with mapping family 1", opus, "dOps", 14, 1),
      damaged("dOps with three channels", opus, "dOps", 5, 3),
      damaged("avcC version 2", video, "avcC", 4, 2),
      damaged("avcC with NAL lengths of 2 bytes", video, "avcC", 8, 0xfd),
      damaged("samples in the init segment", video, "stts", 11, 1),
      damaged("two sample entries", video, "stsd", 11, 2),
  };
  json["chunk_valid"] = {
      chunk_case("one key frame", 1, 0, {{frame, 3'000, true}}),
      chunk_case("one other frame", 8, 21'000, {{frame, 3'000, false}}),
      chunk_case("key frame and others", 0xffff'ffff, (1ULL << 53) - 1,
                 {{frame, 3'000, true}, {other, 3'003, false}, {other, 2'997, false}}),
      chunk_case("two Opus frames", 26, 48'000, {{frame, 960, true}, {other, 960, true}})};
  json["chunk_invalid"] = {
      {{"name", "empty"}, {"bytes", ""}},
      {{"name", "cut off"}, {"bytes", hex_encode(ByteView(chunk).first(chunk.size() - 1))}},
      {{"name", "trailing byte"}, {"bytes", hex_encode(chunk) + "00"}},
      {{"name", "two chunks"}, {"bytes", hex_encode(chunk) + hex_encode(chunk)}},
      damaged("track 2", chunk, "tfhd", 11, 2),
      damaged("offsets not from the moof", chunk, "tfhd", 5, 0),
      damaged("decode time 2^53", chunk, "tfdt", 9, 0x20),
      damaged("data offset beside the mdat", chunk, "trun", 15, 0),
      damaged("composition offsets", chunk, "trun", 6, 0x0f),
      damaged("one sample too many", chunk, "trun", 11, 3),
      damaged("no samples", chunk, "trun", 11, 0),
      damaged("sample size does not add up", chunk, "trun", 23, 41),
      damaged("mdat of another type", chunk, "mdat", 0, 'x'),
      damaged("no mfhd", chunk, "mfhd", 3, 'x'),
  };
  return json;
}

}  // namespace
}  // namespace sitecast

int main() {
  fmt::print("{}\n", sitecast::vectors().dump(1));
  return std::fflush(stdout) == 0 ? 0 : 1;
}
