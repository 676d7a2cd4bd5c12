// SPDX-License-Identifier: Apache-2.0
// What the live rendition may cost on the link as it is now. Each rung says how live is encoded;
// the ladder goes down as soon as live parts wait, to the best rung that what was delivered of late
// can carry, and up a rung at a time after a while without waiting. Each rung remembers that it
// failed: it is tried again after twice the while of the time before, so that a link between two
// rungs, or one that loses packets and only carries it for moments, does not make the picture
// swing. The rung that held is remembered too: after a stall and after a cut live goes on there.
// Owner thread: delivery thread. No I/O, no clock of its own. Times are monotonic microseconds.
#pragma once

#include <algorithm>
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
  std::uint64_t unsent_bytes = 0;    // taken by the kernel and not sent yet
};

class RateLadder {
 public:
  explicit RateLadder(std::vector<Rung> rungs)
      : rungs_(std::move(rungs)), failures_(rungs_.size()) {}

  // About four times a second. True: rung() is another one now. Without a connection: back to where
  // live was before the cut was felt, but to nothing that had not held yet.
  bool observe(const LinkSample& sample);
  // The connection is left because the link cannot carry what is on it: down at once to what it
  // can, which counts as what holds.
  bool fit(const LinkSample& sample);
  // The largest picture or block that may be filled in beside live, which waits as long as that
  // takes to send. None at all where the link carries hardly more than voice, and no more than a
  // second of what the link has shown to carry until live is at its best again: pictures of a
  // better time are large, and a rung may fit only because there is little to see.
  [[nodiscard]] std::uint64_t largest_fill_bytes(std::uint32_t delivered_kbps) const;
  // How long what is sent now waits behind what was sent before, in the kernel and on the path; the
  // less of the last two looks, because a key frame passes.
  [[nodiscard]] std::int64_t queue_us() const { return std::min(queue_us_, last_queue_us_); }
  [[nodiscard]] const Rung& rung() const { return rungs_[at_]; }
  [[nodiscard]] std::size_t position() const { return at_; }

 private:
  void look_at_queue(const LinkSample& sample);
  [[nodiscard]] bool waits(const LinkSample& sample) const;
  bool lost_connection();
  bool go_down(const LinkSample& sample);
  bool go_up(const LinkSample& sample);
  void note_failure(std::int64_t now_us);

  struct Failure {
    std::int64_t pause_us = 0;     // between the last failure and the next try; 0: none yet
    std::int64_t retry_at_us = 0;  // not before this
  };

  const std::vector<Rung> rungs_;
  std::vector<Failure> failures_;  // of each rung
  std::size_t at_ = 0;
  std::size_t held_ = SIZE_MAX;         // the last one that went on for a while without waiting
  std::int64_t held_failed_at_us_ = 0;  // left since, or one below it was; 0: not
  // When and from where live began to fall.
  std::int64_t fell_at_us_ = 0;  // 0: never
  std::size_t before_fall_ = 0;
  std::int64_t seen_us_ = 0;  // the last sample of a connection
  // Smallest round trip of this period and of this and the last one: the path's own, which may
  // change.
  std::int64_t period_round_trip_us_ = 0, base_round_trip_us_ = 0;
  std::int64_t period_began_us_ = 0;
  std::int64_t queue_us_ = 0, last_queue_us_ = 0;
  std::int64_t waiting_since_us_ = 0;  // 0: nothing waits
  std::int64_t clear_since_us_ = 0;
  std::int64_t proven_since_us_ = 0;  // backfill shows that the next rung fits; 0: it does not
  std::int64_t changed_at_us_ = 0;
  bool went_up_last_ = false;
};

}  // namespace sitecast::agent
