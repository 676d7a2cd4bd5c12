// SPDX-License-Identifier: Apache-2.0
// Parts of a track as a device makes them: valid chunks, envelopes, hashes and signed heads, with
// random media of a given size. Owner thread: one at a time.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/codec/running_hash.h"

namespace sitecast {

struct MadePart {
  std::uint64_t sequence = 0;
  std::uint64_t media_time = 0;
  std::uint32_t duration = 0;
  bool starts_segment = false;
  bool last = false;
  std::string init_hash8;
  Bytes envelope;
  Bytes proof;
  Bytes media;
  Hash hash{};

  [[nodiscard]] Bytes frame() const;
};

struct TrackOptions {
  std::uint64_t parts_per_segment = 5;
  std::uint32_t part_duration = 3000;  // track's timescale
  std::size_t part_bytes = 200;        // of the sample, or of a file block
  std::uint64_t parts_per_head = 30;
  std::uint64_t file_size_bytes = 0;  // file tracks
  std::uint64_t seed = 1;
};

class TrackMaker {
 public:
  TrackMaker(CaptureId capture, std::string track, SigningKey key, TrackOptions options = {});
  MadePart next(bool last = false);

  [[nodiscard]] CaptureId capture() const { return capture_; }
  [[nodiscard]] const std::string& track() const { return track_; }
  [[nodiscard]] const RunningHash& running() const { return running_; }
  [[nodiscard]] const SigningKey& key() const { return key_; }
  // A jump of the capture's clock before the next part.
  void skip_time(std::uint64_t media_time) { media_time_ += media_time; }

 private:
  CaptureId capture_;
  std::string track_;
  SigningKey key_;
  TrackOptions options_;
  bool file_;
  Bytes init_;
  std::string init_hash8_;
  std::uint64_t media_time_ = 0;
  std::mt19937_64 random_;
  RunningHash running_;
};

}  // namespace sitecast
