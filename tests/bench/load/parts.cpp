// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/parts.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "proto/base/clock.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/part_frame.h"

namespace sitecast::bench {
namespace {

constexpr std::uint32_t kKeyFrameIntervalS = 2;

// x264, 320x240, High profile: only its form matters here.
Result<Bytes> load_init() {
  return make_video_init(
      {320, 240,
       *hex_decode("01640014ffe1001c67640014acb40a0fd80b5060606a50000003001000000303c8f142aa"
                   "01000468ef3cb0")});
}

}  // namespace

Result<std::vector<LoadPart>> make_load_parts(const LoadPartOptions& options) {
  SC_TRY_ASSIGN(const Bytes init, load_init());
  const std::string init_hash = init_hash8(init);
  const std::uint32_t duration = kVideoTimescale / options.parts_per_second;
  const std::size_t parts_per_key = std::size_t{options.parts_per_second} * kKeyFrameIntervalS;
  const std::int64_t started_at_us = SystemClock().wall_us();
  constexpr std::size_t kMoofBytes = 120;

  std::mt19937_64 random(options.seed);
  Bytes sample_bytes(std::max<std::size_t>(options.media_bytes, kMoofBytes + 16) - kMoofBytes);
  for (auto& byte : sample_bytes) byte = static_cast<std::uint8_t>(random());

  std::vector<LoadPart> parts;
  parts.reserve(options.count);
  for (std::size_t n = 0; n < options.count; ++n) {
    const bool key = n % parts_per_key == 0;
    // Every part has other bytes throughout: each 256-byte stretch is stamped.
    for (std::size_t at = 0; at + sizeof n <= sample_bytes.size(); at += 256) {
      const std::uint64_t stamp = random();
      std::memcpy(&sample_bytes[at], &stamp, sizeof stamp);
    }
    SC_TRY_ASSIGN(const Bytes chunk, make_chunk(static_cast<std::uint32_t>(n + 1), n * duration,
                                                {{sample_bytes, duration, key}}));
    v1::PartEnvelope envelope;
    envelope.set_sequence(n);
    envelope.set_media_time(n * duration);
    envelope.set_duration(duration);
    envelope.set_key_frame(key);
    envelope.set_init_hash8(init_hash);
    if (key) {
      envelope.set_init_segment(to_string(ByteView(init)));
      envelope.set_captured_at_us(
          started_at_us + static_cast<std::int64_t>(n * 1'000'000 / options.parts_per_second));
    }
    const std::string envelope_bytes = envelope.SerializeAsString();
    LoadPart part;
    part.hash = part_hash(as_bytes(envelope_bytes), chunk);
    v1::PartProof proof;
    proof.set_part_hash16(part.hash.data(), 16);
    part.frame =
        make_part_frame(as_bytes(envelope_bytes), as_bytes(proof.SerializeAsString()), chunk);
    parts.push_back(std::move(part));
  }
  return parts;
}

Bytes capture_opened_event(CaptureId capture) {
  v1::Event event;
  event.set_event_id(EventId::make().raw());
  event.set_kind("capture.opened");
  event.set_stated_at_us(SystemClock().wall_us());
  event.set_capture_id(capture.raw());
  auto* opened = event.mutable_capture_opened();
  opened->set_capture_kind("walkthrough");
  opened->set_captured_at_us(event.stated_at_us());
  opened->add_tracks("video");
  opened->set_source("load");
  const std::string bytes = event.SerializeAsString();
  const ByteView view = as_bytes(bytes);
  return {view.begin(), view.end()};
}

}  // namespace sitecast::bench
