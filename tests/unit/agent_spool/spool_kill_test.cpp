// SPDX-License-Identifier: Apache-2.0
// kill -9 of the writing process at random moments. What it had reported as synced before it died
// is known through a pipe; after recovery all of it must be there, byte for byte.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "tests/unit/agent_spool/spool_fixture.h"

namespace sitecast::agent {
namespace {

struct Report {
  std::uint8_t capture[kIdBytes];
  std::uint64_t track;
  std::uint64_t synced;
};

// Writes what the spool reports as synced into the pipe, as it is reported.
class PipeListener final : public SpoolListener {
 public:
  explicit PipeListener(int descriptor) : descriptor_(descriptor) {}
  void track_added(const TrackDescription& track) override {
    const MutexLock lock(mutex_);
    tracks_[track.handle] = track;
  }
  void part_made(TrackHandle, std::uint64_t, bool, Frame) override {}
  void group_synced(std::vector<SyncedTrack> group, std::vector<OutboxEvent>) override {
    const MutexLock lock(mutex_);
    for (const SyncedTrack& synced : group) {
      Report report{};
      const TrackDescription& track = tracks_.at(synced.handle);
      std::memcpy(report.capture, track.capture.bytes().data(), kIdBytes);
      report.track = track.track == "video" ? 0 : 1;
      report.synced = synced.synced;
      if (::write(descriptor_, &report, sizeof report) != sizeof report) std::_Exit(3);
    }
  }

 private:
  const int descriptor_;
  Mutex mutex_;
  std::map<TrackHandle, TrackDescription> tracks_;
};

[[noreturn]] void write_until_killed(SpoolSettings settings, const SigningKey& key,
                                     ProjectId project, int pipe) {
  SystemClock clock;
  SystemDisk disk;
  PipeListener listener(pipe);
  auto spool = Spool::open(std::move(settings), key, clock, disk, Log("child"));
  if (!spool.ok()) std::_Exit(2);
  (*spool)->start(&listener);
  for (;;) {
    auto writer = (*spool)->open_capture(project, "hall 2", walkthrough());
    if (!writer.ok()) std::_Exit(2);
    for (std::uint64_t n = 0; n < 120; ++n) {
      if (!(*writer)->append("video", make_part(n, 4000)).ok()) std::_Exit(2);
      if (!(*writer)->append("audio", make_part(n, 300, 9)).ok()) std::_Exit(2);
    }
    if (!(*writer)->close("stopped", "").ok()) std::_Exit(2);
  }
}

TEST_F(SpoolTest, KillMinusNineLosesNothingThatWasSynced) {
  const bool longer = std::getenv("SITECAST_TEST_LONG") != nullptr;
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  settings.file_bytes = 60'000;
  settings.history = 5;
  for (int round = 0; round < (longer ? 300 : 12); ++round) {
    SCOPED_TRACE(round);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(settings, key, project, ends[1]);
    }
    ::close(ends[1]);
    // The moment: after a random number of reports, or at once after the first bytes.
    const auto reports = std::uniform_int_distribution<int>(0, 60)(random);
    std::map<std::pair<CaptureId, std::uint64_t>, std::uint64_t> promised;
    Report report{};
    for (int i = 0; i < reports && ::read(ends[0], &report, sizeof report) == sizeof report; ++i) {
      const auto id = CaptureId::from_bytes(ByteView(report.capture, kIdBytes));
      promised[{*id, report.track}] = report.synced;
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    while (::read(ends[0], &report, sizeof report) == sizeof report) {
      const auto id = CaptureId::from_bytes(ByteView(report.capture, kIdBytes));
      promised[{*id, report.track}] = report.synced;
    }
    ::close(ends[0]);

    open();
    std::map<std::pair<CaptureId, std::uint64_t>, TrackDescription> found;
    for (const auto& [handle, track] : listener->tracks) {
      EXPECT_TRUE(track.ended);
      EXPECT_EQ(track.made, track.synced);
      const std::uint64_t index = track.track == "video" ? 0 : 1;
      found[{track.capture, index}] = track;
    }
    for (const auto& [key_of, synced] : promised) {
      if (synced == 0) continue;
      ASSERT_TRUE(found.count(key_of)) << "a track that was reported is gone";
      EXPECT_GE(found[key_of].made, synced);
    }
    // Every part that is there is the one that was written, and the chain over them holds.
    for (const auto& [key_of, track] : found) {
      RunningHash running(track.capture, track.track);
      for (std::uint64_t n = 0; n < track.made; ++n) {
        const auto frame = spool->read_frame(track.handle, n);
        ASSERT_TRUE(frame.ok()) << frame.error().message();
        const auto parts = split_part_frame(as_bytes(**frame));
        const NewPart part = key_of.second == 0 ? make_part(n, 4000) : make_part(n, 300, 9);
        ASSERT_EQ(to_string(parts->media), to_string(part.media));
        running.add(part_hash(parts->envelope_bytes, parts->media));
      }
      EXPECT_EQ(spool->running_hash(track.handle, track.made), running.value());
      spool->delivered(track.handle, track.made);  // so that the next round starts small
    }
    std::map<CaptureId, std::vector<std::string>> kinds;
    std::vector<EventId> ids;
    for (const OutboxEvent& event : listener->events) {
      kinds[event.capture].push_back(parse_event(event.bytes).kind());
      ids.push_back(event.id);
    }
    for (const auto& [capture, stated] : kinds) {
      EXPECT_EQ(stated, (std::vector<std::string>{"capture.opened", "capture.closed"}));
    }
    spool->events_delivered(ids);
    spool.reset();
  }
}

}  // namespace
}  // namespace sitecast::agent
