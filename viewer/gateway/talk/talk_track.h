// SPDX-License-Identifier: Apache-2.0
// Makes the parts of one `talk.n` track from the Opus packets of whoever has the floor: two packets
// of 20 ms to a part, an init segment at the start of what somebody says and every 2 s, the running
// hash. The gateway's device has no key, so nothing is signed. Owner thread: one at a time. Pure:
// no I/O, no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/running_hash.h"

namespace sitecast::gateway {

struct TalkPart {
  std::uint64_t sequence = 0;
  Hash running_hash{};  // after this part
  std::shared_ptr<const std::string> frame;
};

class TalkTrack {
 public:
  static constexpr std::uint32_t kPacketUnits = kOpusTimescale / 50;  // 20 ms

  TalkTrack(CaptureId capture, std::string track);

  // The first packet after end() begins at `media_time_us` of the capture's clock; those after it
  // follow each other, unless they have come away from that clock by more than 200 ms. Never
  // backwards. A part comes with every second packet.
  Result<std::optional<TalkPart>> add(std::string_view opus, std::int64_t media_time_us,
                                      std::int64_t captured_at_us);
  // Nobody speaks any more: what is left.
  Result<std::optional<TalkPart>> end();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t next_sequence() const { return running_.count(); }

 private:
  Result<std::optional<TalkPart>> flush();

  const std::string name_;
  RunningHash running_;
  Bytes init_;
  std::string init_hash8_;
  std::vector<std::string> pending_;
  std::uint64_t pending_time_ = 0;   // of the first that is pending
  std::uint64_t next_time_ = 0;      // where what was made ends
  std::uint64_t init_due_time_ = 0;  // the first part from here on carries the init segment
  std::int64_t captured_at_us_ = 0;  // of the first that is pending
  bool speaking_ = false;
};

}  // namespace sitecast::gateway
