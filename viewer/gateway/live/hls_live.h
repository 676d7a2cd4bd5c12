// SPDX-License-Identifier: Apache-2.0
// Low-Latency HLS of the captures that somebody plays that way: one HlsWindow per track, opened
// with the first request and closed half a minute after the last, so that a capture which nobody
// plays over HLS costs nothing. Holds the requests that wait for what is about to come (blocking
// reload, preload hint) and answers them with the part that completes it; a list is written once
// per change and shared by all who asked for it.
// Owner thread: the io thread. No I/O. Time: monotonic microseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "proto/base/id.h"
#include "viewer/gateway/http/message.h"
#include "viewer/gateway/live/hls_window.h"
#include "viewer/gateway/live/live_hub.h"

namespace sitecast::gateway {

// What a reload says (section 6.2.5).
struct HlsReload {
  std::optional<std::uint64_t> number;  // _HLS_msn
  std::optional<std::uint64_t> part;    // _HLS_part
  bool skip = false;                    // _HLS_skip
};

class HlsLive final : public LiveHub::Follower {
 public:
  static constexpr std::size_t kCaptures = 64;
  static constexpr std::size_t kKeptBytes = 512U * 1024 * 1024;
  static constexpr std::size_t kWaiting = 2048;  // requests, in all
  static constexpr std::size_t kWaitingPerCapture = 1024;
  static constexpr std::int64_t kWaitUs = 6'000'000;  // three target durations
  static constexpr std::int64_t kUnaskedUs = 30'000'000;

  // What the archive has of a capture's newest half minute.
  struct Archived {
    std::int64_t captured_at_us = 0;
    std::map<std::string, std::vector<hub::Segment>, std::less<>> tracks;
  };
  // Runs once, at once or later.
  using Done = std::function<void(Response)>;

  explicit HlsLive(LiveHub& live) : live_(live) {}

  [[nodiscard]] bool is_open(ProjectId project, CaptureId capture) const {
    return captures_.contains({project, capture});
  }
  // False: too much is open. One that is open is dropped when all together keep too much: who
  // waits gets 503, and who asks again opens it anew. Begins with the group of pictures that the
  // live hub keeps.
  bool open(ProjectId project, CaptureId capture, Archived archived, std::int64_t now_us);

  // The list of a track of an open capture. 503 when what is asked for does not come in time, and
  // when has_only_archive().
  void list(ProjectId project, CaptureId capture, std::string_view track, HlsReload reload,
            std::int64_t now_us, Done done);
  // An open capture has ended before any part of the track came here: there is nothing to follow,
  // and the archive has all of it.
  [[nodiscard]] bool has_only_archive(ProjectId project, CaptureId capture,
                                      std::string_view track) const;
  // Partial segment (no `last`; waits for one that is hinted), segment or init segment from
  // memory. False: it is not here, and `done` will not run.
  bool media(ProjectId project, CaptureId capture, std::string_view track, std::uint64_t first,
             std::optional<std::uint64_t> last, std::int64_t now_us, const Done& done);
  [[nodiscard]] std::optional<std::string> init_segment(ProjectId project, CaptureId capture,
                                                        std::string_view track,
                                                        std::string_view init_hash8) const;
  void tick(std::int64_t now_us);

  void on_part(ProjectId project, CaptureId capture,
               const std::shared_ptr<const LivePart>& part) override;
  void on_closed(ProjectId project, CaptureId capture) override;

  struct Counters {
    std::size_t captures = 0;
    std::size_t waiting = 0;
    std::size_t kept_bytes = 0;
  };
  [[nodiscard]] Counters counters() const;

 private:
  struct Key {
    ProjectId project;
    CaptureId capture;
    bool operator==(const Key&) const = default;
  };
  struct HashKey {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<CaptureId>()(key.capture) ^ std::hash<ProjectId>()(key.project);
    }
  };
  struct Waiting {
    std::variant<HlsReload, std::uint64_t> what;  // a list, or a partial segment
    std::int64_t until_us = 0;
    Done done;
  };
  struct Track {
    std::unique_ptr<HlsWindow> window;
    std::list<Waiting> waiting;
    std::shared_ptr<const std::string> whole, delta;  // written since the last change
  };
  struct Capture {
    std::int64_t captured_at_us = 0;
    std::int64_t asked_us = 0;
    bool closed = false;
    std::map<std::string, Track, std::less<>> tracks;
  };

  Track* track_of(Capture& capture, CaptureId id, std::string_view name);
  [[nodiscard]] static bool is_there(const Track& track, const HlsReload& reload);
  Response list_response(Capture& capture, Track& track, bool skip);
  // `late`: of those whose time is over too.
  void answer_waiting(Capture& capture, Track& track, std::optional<std::int64_t> late);
  bool wait(Capture& capture, Track& track, Waiting waiting);
  void keep_within_limit();

  LiveHub& live_;
  std::unordered_map<Key, Capture, HashKey> captures_;
  std::size_t waiting_ = 0;
};

}  // namespace sitecast::gateway
