// SPDX-License-Identifier: Apache-2.0
// An archive that nobody filmed, as a list of captures in the order in which they were filmed: over
// three years, in projects of unequal size, median two minutes, longest two hours, each with video,
// sound and its events. The same options give the same archive. Owner thread: one.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "sitecast.pb.h"
#include "tests/bench/archive/made_track.h"

namespace sitecast::bench {

struct MadeEvent {
  v1::Event event;
  DeviceId device;  // nil: stated by the hub's own commands
  std::int64_t received_at_us = 0;
};

struct MadeCapture {
  ProjectId project;
  DeviceId device;
  CaptureId id;
  std::string kind;
  std::string area;
  std::string title;
  std::int64_t captured_at_us = 0;
  std::uint64_t blocks = 0;  // kBlockSeconds each
  std::size_t look = 0;      // which made tracks it has
  // capture.opened, notes, at times one on the project, progress, capture.closed.
  std::vector<MadeEvent> events;
};

struct MadeArchiveOptions {
  std::uint64_t captures = 1000;
  std::uint64_t captures_per_project = 50'000;  // on average
  std::uint64_t most_blocks = kMostBlocks;
  std::size_t looks = 32;
  std::string member;  // a person who is the owner of every project; empty: nobody
  std::uint64_t seed = 1;
};

class MadeArchive {
 public:
  explicit MadeArchive(const MadeArchiveOptions& options);

  struct Project {
    ProjectId id;
    std::vector<DeviceId> devices;
    std::vector<MadeEvent> events;  // project.stated, member.added
  };
  [[nodiscard]] const std::vector<Project>& projects() const { return projects_; }
  // REQUIRES: called at most options.captures times.
  MadeCapture next();

  [[nodiscard]] const MadeTrack& video(std::size_t look) const { return video_[look]; }
  [[nodiscard]] const MadeTrack& audio(std::size_t look) const { return audio_[look]; }
  [[nodiscard]] const Bytes& init_segment(TrackKind kind) const {
    return kind == TrackKind::kVideo ? video_init_ : audio_init_;
  }

 private:
  template <typename AnyId>
  AnyId make_id(std::int64_t at_us);
  v1::Event make_event(const MadeCapture& capture, std::string_view kind, std::int64_t at_us);
  void add_event(MadeCapture& capture, v1::Event event);
  std::string random_bytes(std::size_t count);
  void add_projects();
  void add_notes(MadeCapture& capture);
  void close(MadeCapture& capture);

  MadeArchiveOptions options_;
  std::mt19937_64 random_;
  Bytes video_init_;
  Bytes audio_init_;
  std::vector<MadeTrack> video_;
  std::vector<MadeTrack> audio_;
  std::vector<Project> projects_;
  std::discrete_distribution<std::size_t> any_project_;
  std::uint64_t made_ = 0;
};

}  // namespace sitecast::bench
