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

LoadPartMaker::LoadPartMaker(const LoadPartOptions& options, Bytes init)
    : options_(options),
      init_(std::move(init)),
      init_hash_(init_hash8(init_)),
      started_at_us_(SystemClock().wall_us()),
      random_(options.seed) {
  constexpr std::size_t kMoofBytes = 120;
  sample_bytes_.resize(std::max<std::size_t>(options.media_bytes, kMoofBytes + 64) - kMoofBytes);
  for (auto& byte : sample_bytes_) byte = static_cast<std::uint8_t>(random_());
}

Result<LoadPartMaker> LoadPartMaker::create(const LoadPartOptions& options) {
  SC_TRY_ASSIGN(Bytes init, load_init());
  return LoadPartMaker(options, std::move(init));
}

Result<LoadPart> LoadPartMaker::next(ByteView tail) {
  const std::size_t n = next_++;
  const std::uint32_t duration = kVideoTimescale / options_.parts_per_second;
  const bool key = n % (std::size_t{options_.parts_per_second} * kKeyFrameIntervalS) == 0;
  // Every part has other bytes throughout: each 256-byte stretch is stamped.
  for (std::size_t at = 0; at + sizeof n <= sample_bytes_.size(); at += 256) {
    const std::uint64_t stamp = random_();
    std::memcpy(&sample_bytes_[at], &stamp, sizeof stamp);
  }
  std::copy(tail.begin(), tail.end(), sample_bytes_.end() - std::ptrdiff_t(tail.size()));
  SC_TRY_ASSIGN(const Bytes chunk, make_chunk(static_cast<std::uint32_t>(n + 1), n * duration,
                                              {{sample_bytes_, duration, key}}));
  v1::PartEnvelope envelope;
  envelope.set_sequence(n);
  envelope.set_media_time(n * duration);
  envelope.set_duration(duration);
  envelope.set_key_frame(key);
  envelope.set_init_hash8(init_hash_);
  if (key) {
    envelope.set_init_segment(to_string(ByteView(init_)));
    envelope.set_captured_at_us(
        started_at_us_ + static_cast<std::int64_t>(n * 1'000'000 / options_.parts_per_second));
  }
  const std::string envelope_bytes = envelope.SerializeAsString();
  LoadPart part;
  part.hash = part_hash(as_bytes(envelope_bytes), chunk);
  v1::PartProof proof;
  proof.set_part_hash16(part.hash.data(), 16);
  part.frame =
      make_part_frame(as_bytes(envelope_bytes), as_bytes(proof.SerializeAsString()), chunk);
  return part;
}

Result<std::vector<LoadPart>> make_load_parts(const LoadPartOptions& options) {
  SC_TRY_ASSIGN(auto maker, LoadPartMaker::create(options));
  std::vector<LoadPart> parts;
  parts.reserve(options.count);
  for (std::size_t n = 0; n < options.count; ++n) {
    SC_TRY_ASSIGN(auto part, maker.next());
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
