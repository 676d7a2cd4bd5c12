// SPDX-License-Identifier: Apache-2.0
// What the live rendition may cost on the link as it is now. Each rung says how live is encoded;
// the ladder goes down as soon as live parts wait, to the best rung that what was delivered of late
// can carry, and up a rung at a time after a while without waiting. A rung that failed is tried
// again after twice the while, so that a link between two rungs does not make the picture swing.
// Owner thread: delivery thread. No I/O, no clock of its own. Times are monotonic microseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sitecast::agent {

struct Rung {
  std::string_view name;         // as `status` says it
  std::uint32_t video_kbps = 0;  // 0: no pictures
  std::uint32_t longer_side_px = 0;
  std::uint32_t shorter_side_px = 0;
  std::uint32_t fps = 0;
  std::uint32_t still_every_ms = 0;  // pictures are single key frames, this far apart
  std::uint32_t audio_kbps = 0;      // 0: no voice

  // With envelopes, topics and TCP/IP around the parts.
  [[nodiscard]] std::uint32_t link_kbps() const;
};

// The rungs below and including what the configuration asks for, best first; the last sends
// nothing.
std::vector<Rung> make_rungs(const Rung& best);

struct LinkSample {
  std::int64_t now_us = 0;
  bool connected = false;
  std::int64_t live_lag_us = 0;      // age of the oldest live part that the kernel has not taken
  std::int64_t round_trip_us = 0;    // TCP's, smoothed; 0: unknown
  std::uint32_t delivered_kbps = 0;  // DeliveredRate
};

class RateLadder {
 public:
  explicit RateLadder(std::vector<Rung> rungs) : rungs_(std::move(rungs)) {}

  // About four times a second. True: rung() is another one now.
  bool observe(const LinkSample& sample);
  // The connection is left because the link cannot carry what is on it: down at once to what it
  // can.
  bool fit(const LinkSample& sample);
  // The largest picture or block that may be filled in beside live, which waits as long as that
  // takes to send. None at all where the link carries hardly more than voice, and no more than a
  // second of what the link has shown to carry until live is at its best again: pictures of a
  // better time are large, and a rung may fit only because there is little to see.
  [[nodiscard]] std::uint64_t largest_fill_bytes(std::uint32_t delivered_kbps) const;
  [[nodiscard]] const Rung& rung() const { return rungs_[at_]; }
  [[nodiscard]] std::size_t position() const { return at_; }

 private:
  [[nodiscard]] bool waits(const LinkSample& sample);
  bool go_down(const LinkSample& sample);
  bool go_up(std::int64_t now_us);

  const std::vector<Rung> rungs_;
  std::size_t at_ = 0;
  std::int64_t base_round_trip_us_ = 0;
  std::int64_t waiting_since_us_ = 0;  // 0: nothing waits
  std::int64_t clear_since_us_ = 0;
  std::int64_t changed_at_us_ = 0;
  std::int64_t patience_us_ = kPatienceUs;
  bool went_up_last_ = false;

  static constexpr std::int64_t kPatienceUs = 4'000'000;
};

}  // namespace sitecast::agent
