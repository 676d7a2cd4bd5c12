// SPDX-License-Identifier: Apache-2.0
// Writes captures straight into an archive, as the hub would have written them, for tests of what
// reads archives: parts with envelopes, hashes, running hash and signed heads, in any order and
// with any of them missing. Owner thread: the test's. Aborts on errors, which in a test are bugs of
// the test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hub/archive/layout.h"
#include "proto/codec/running_hash.h"
#include "sitecast.pb.h"
#include "tests/support/encoded_media.h"

namespace sitecast {

struct TestPart {
  v1::PartEnvelope envelope;  // without sequence and last
  Bytes media;
};

// One part per `frames_per_part` frames; media_time from the frames' own times plus `offset_us`.
// `init_every` parts carry the init segment where they start with a key frame (sound: every n-th).
std::vector<TestPart> video_parts(const EncodedStream& stream, std::uint32_t width_px,
                                  std::uint32_t height_px, std::size_t frames_per_part = 1,
                                  std::int64_t offset_us = 0);
std::vector<TestPart> opus_parts(const EncodedStream& stream, std::int64_t offset_us = 0,
                                 std::uint16_t pre_skip = 0);
std::vector<TestPart> aac_parts(const EncodedStream& stream, std::int64_t offset_us = 0);
std::vector<TestPart> file_parts(std::string_view name, std::string_view media_type,
                                 ByteView bytes);

class TestCapture {
 public:
  TestCapture(hub::Layout layout, ProjectId project, DeviceId device, const SigningKey& key);

  [[nodiscard]] CaptureId id() const { return id_; }
  [[nodiscard]] ProjectId project() const { return project_; }

  // Archives the parts named by `order` in that order (empty: all, in sequence). Parts left out are
  // still hashed and signed over, as on the device.
  void add_track(std::string_view name, std::vector<TestPart> parts,
                 const std::vector<std::uint64_t>& order = {});

  // As when a walk-through is stopped: that its last part was the last, capture.closed alone says.
  void do_not_mark_last() { marks_last_ = false; }

  void state(v1::Event event);
  void state_opened(std::string_view kind, std::string_view title = "");
  void state_note(std::string_view text, std::int64_t media_time_us);
  // Ends every track added so far, signed.
  void state_closed();

 private:
  hub::Layout layout_;
  ProjectId project_;
  DeviceId device_;
  SigningKey key_;
  CaptureId id_ = CaptureId::make();
  bool marks_last_ = true;
  std::vector<std::string> tracks_;
  std::vector<v1::TrackEnd> ends_;
};

}  // namespace sitecast
