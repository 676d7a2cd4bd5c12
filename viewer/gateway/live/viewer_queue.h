// SPDX-License-Identifier: Apache-2.0
// What waits to be sent to one viewer. Overflow policy: each track is cut to its newest key frame,
// or emptied until the next one comes, and the viewer is told how many parts were left out
// ({"type":"dropped","track":…,"parts":N}). Text goes first, then voice, then pictures, so that
// voice survives on a link that is too thin for pictures. A viewer that does not even take its
// texts is lost. Owner thread: one at a time. Time: monotonic microseconds. Sizes: payload bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "viewer/gateway/live/part.h"

namespace sitecast::gateway {

class ViewerQueue {
 public:
  // A track over either limit is cut. The size holds a group of pictures of 2 s at 32 Mbit/s; the
  // age bounds how far a viewer falls behind before pictures are left out.
  static constexpr std::size_t kTrackBytes = 8U * 1024 * 1024;
  static constexpr std::int64_t kOldestUs = 1'500'000;
  static constexpr std::size_t kTextBytes = 1024U * 1024;

  using Text = std::shared_ptr<const std::string>;
  using Part = std::shared_ptr<const LivePart>;
  using Message = std::variant<Text, Part>;

  // False: over kTextBytes, give the viewer up.
  [[nodiscard]] bool push_text(Text text);
  void push_part(Part part, std::int64_t now_us);
  std::optional<Message> pop();

  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t size_bytes() const;
  [[nodiscard]] std::uint64_t dropped_parts() const { return dropped_parts_; }

 private:
  struct Waiting {
    Part part;
    std::int64_t since_us;
  };
  struct Track {
    std::string name;
    bool voice = false;
    bool until_group = false;  // parts are left out until one starts a group
    std::uint64_t left_out = 0;
    std::size_t size_bytes = 0;
    std::deque<Waiting> parts;
  };

  Track& track(std::string_view name);
  void cut(Track& track);
  void leave_out(Track& track, std::size_t count);
  void tell_dropped(Track& track);

  std::deque<Text> texts_;
  std::size_t text_bytes_ = 0;
  std::vector<Track> tracks_;
  std::uint64_t dropped_parts_ = 0;
};

}  // namespace sitecast::gateway
