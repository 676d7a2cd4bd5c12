// SPDX-License-Identifier: Apache-2.0
// kill -9 of the writing process, and power cuts, at random moments. What it had reported as synced
// before is known through a pipe; after recovery all of it must be there, byte for byte.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <numeric>
#include <random>

#include "tests/support/power_cut_disk.h"
#include "tests/support/sanitized.h"
#include "tests/support/trials.h"
#include "tests/unit/agent_spool/spool_fixture.h"

namespace sitecast::agent {
namespace {

constexpr int kCannotWrite = 2;  // exit code of a writer whose disk fails

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
  void track_cut(TrackHandle, std::uint64_t) override {}
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
  if (!spool.ok()) std::_Exit(kCannotWrite);
  (*spool)->start(&listener);
  for (;;) {
    auto writer = (*spool)->open_capture(project, "hall 2", walkthrough());
    if (!writer.ok()) std::_Exit(kCannotWrite);
    for (std::uint64_t n = 0; n < 120; ++n) {
      if (!(*writer)->append("video", make_part(n, 4000)).ok()) std::_Exit(kCannotWrite);
      if (!(*writer)->append("audio", make_part(n, 300, 9)).ok()) std::_Exit(kCannotWrite);
    }
    if (!(*writer)->close("stopped", "").ok()) std::_Exit(kCannotWrite);
  }
}

class SpoolCrashTest : public SpoolTest {
 protected:
  using TrackId = std::pair<CaptureId, std::uint64_t>;
  using Promised = std::map<TrackId, std::uint64_t>;  // synced parts

  SpoolCrashTest() {
    settings.file_bytes = 60'000;
    settings.history = 5;
  }

  // Starts the writer and reads a random number of its reports, from none to many.
  void start_writing() {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    child_ = ::fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      ::close(ends[0]);
      write_until_killed(settings, key, project, ends[1]);
    }
    ::close(ends[1]);
    reports_ = ends[0];
    promised_.clear();
    const auto count = std::uniform_int_distribution<int>(0, 60)(random_);
    for (int i = 0; i < count && read_report(); ++i) {
    }
  }

  bool read_report() {
    Report report{};
    if (::read(reports_, &report, sizeof report) != sizeof report) return false;
    promised_[{*CaptureId::from_bytes(ByteView(report.capture, kIdBytes)), report.track}] =
        report.synced;
    return true;
  }

  // The exit status, as waitpid() tells it.
  int kill_writer() {
    ::kill(child_, SIGKILL);
    int status = 0;
    ::waitpid(child_, &status, 0);
    return status;
  }

  void expect_all_promised() {
    ::close(reports_);
    open();
    std::map<TrackId, TrackDescription> found;
    for (const auto& [handle, track] : listener->tracks) {
      EXPECT_TRUE(track.ended);
      EXPECT_EQ(track.made, track.synced);
      found[{track.capture, track.track == "video" ? 0U : 1U}] = track;
    }
    for (const auto& [id, synced] : promised_) {
      if (synced == 0) continue;
      ASSERT_TRUE(found.count(id)) << "a track that was reported is gone";
      EXPECT_GE(found[id].made, synced);
    }
    promised_parts_ +=
        std::accumulate(promised_.begin(), promised_.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const auto& track) { return sum + track.second; });
    for (const auto& [id, track] : found) {
      ASSERT_NO_FATAL_FAILURE(expect_as_written(id, track));
      spool->delivered(track.handle, track.made);  // so that the next round starts small
    }
    expect_whole_events();
    spool.reset();
  }

  // Every part that is there is the one that was written, and the chain over them holds.
  void expect_as_written(const TrackId& id, const TrackDescription& track) {
    RunningHash running(track.capture, track.track);
    for (std::uint64_t n = 0; n < track.made; ++n) {
      const auto frame = spool->read_frame(track.handle, n);
      ASSERT_TRUE(frame.ok()) << frame.error().message();
      const auto parts = split_part_frame(as_bytes(**frame));
      const NewPart part = id.second == 0 ? make_part(n, 4000) : make_part(n, 300, 9);
      ASSERT_EQ(to_string(parts->media), to_string(part.media));
      running.add(part_hash(parts->envelope_bytes, parts->media));
    }
    EXPECT_EQ(spool->running_hash(track.handle, track.made), running.value());
  }

  void expect_whole_events() {
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
  }

  const std::uint64_t seed_ = test_seed();
  std::mt19937 random_{static_cast<unsigned>(seed_)};
  std::uint64_t promised_parts_ = 0;  // of all rounds

 private:
  pid_t child_ = -1;
  int reports_ = -1;
  Promised promised_;
};

TEST_F(SpoolCrashTest, KillMinusNineLosesNothingThatWasSynced) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  for (Trials trials(12, 300, seed_); trials.next();) {
    SCOPED_TRACE(trials.done());
    ASSERT_NO_FATAL_FAILURE(start_writing());
    const int status = kill_writer();
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    while (read_report()) {  // what it had reported before it died counts as well
    }
    ASSERT_NO_FATAL_FAILURE(expect_all_promised());
  }
}

TEST_F(SpoolCrashTest, APowerCutLosesNothingThatWasSynced) {
  PowerCutDisk power;
  if (!power.unusable().empty()) GTEST_SKIP() << power.unusable();
  settings.dir = power.path() / "spool";
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  for (Trials trials(kSanitized ? 10 : 100, 10'000, seed_); trials.next();) {
    SCOPED_TRACE(trials.done());
    // Only what was read before the cut began counts: a later report may be of a sync that failed.
    ASSERT_NO_FATAL_FAILURE(start_writing());
    power.cut();
    const int status = kill_writer();
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == kCannotWrite) << WEXITSTATUS(status);
    power.restore();
    ASSERT_NO_FATAL_FAILURE(expect_all_promised());
  }
  EXPECT_GT(promised_parts_, 500U);
}

}  // namespace
}  // namespace sitecast::agent
