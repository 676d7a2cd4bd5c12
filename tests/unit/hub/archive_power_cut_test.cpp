// SPDX-License-Identifier: Apache-2.0
// Power cuts of a real file system under the hub's archive. What commit() gave out as durable is
// known through a pipe; after the cut and the next start all of it must be there, byte for byte.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "proto/base/sha256.h"
#include "tests/support/power_cut_disk.h"
#include "tests/support/sanitized.h"
#include "tests/support/trials.h"
#include "tests/unit/hub/archive_writer.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNoTrack = UINT64_MAX;  // an event
constexpr std::size_t kTracksPerRound = 2;
constexpr int kRoundsPerArchive = 20;  // then a new one, so that the disk stays small

struct Report {
  std::uint64_t track = kNoTrack;  // place in the list of tracks
  std::uint64_t sequence = 0;
  std::uint8_t event[kIdBytes] = {};
  Hash hash{};  // of the part, or of the event's bytes
};

class ArchivePowerCutTest : public testing::Test {
 protected:
  void make_tracks() {
    for (std::size_t i = 0; i < kTracksPerRound; ++i) {
      TrackOptions options;
      options.seed = random_();
      options.part_bytes = 3000;
      makers_.emplace_back(CaptureId::make(), i % 2 == 0 ? "video" : "audio", key_, options);
      keys_.push_back({project_, makers_.back().capture(), makers_.back().track()});
    }
  }

  // In the child: ends when it is killed, or by itself when the disk is gone.
  [[noreturn]] void write_until_killed(const fs::path& state, std::uint64_t seed, int pipe) {
    Writer writer(state, seed, makers_, project_, device_);
    const auto tell = [pipe](const Report& report) {
      if (::write(pipe, &report, sizeof report) != sizeof report) std::_Exit(0);
    };
    for (;;) {
      const std::uint64_t steps = writer.random()() % 12;
      for (std::uint64_t step = 0; step < steps; ++step) writer.random_step();
      Hashes parts;
      Events events;
      writer.commit(parts, events, [&] {
        for (const auto& [id, hash] : parts) {
          Report report;
          report.track = static_cast<std::uint64_t>(
              std::find(keys_.begin(), keys_.end(), id.first) - keys_.begin());
          report.sequence = id.second;
          report.hash = hash;
          tell(report);
        }
        for (const auto& [id, bytes] : events) {
          Report report;
          std::memcpy(report.event, id.second.bytes().data(), kIdBytes);
          report.hash = sha256(bytes);
          tell(report);
        }
      });
      if (testing::Test::HasFailure()) std::_Exit(0);  // its disk fails
    }
  }

  // Writes until a random number of reports was read, then cuts the power.
  void write_and_cut(PowerCutDisk& power, const fs::path& state) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const std::uint64_t seed = random_();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      // What it says of its disk after the cut is of no interest.
      static_cast<void>(std::freopen("/dev/null", "w", stdout));
      static_cast<void>(std::freopen("/dev/null", "w", stderr));
      write_until_killed(state, seed, ends[1]);
    }
    ::close(ends[1]);
    const std::uint64_t count = 1 + random_() % 150;
    Report report;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (::read(ends[0], &report, sizeof report) != sizeof report) break;
      if (report.track == kNoTrack) {
        events_[{project_, *EventId::from_bytes(ByteView(report.event, kIdBytes))}] = report.hash;
      } else {
        parts_[{keys_.at(report.track), report.sequence}] = report.hash;
      }
    }
    power.cut();
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    power.restore();
  }

  // The next start repairs, and every track can be written to; then everything is read by itself.
  void expect_all_promised(const fs::path& state) {
    {
      Writer repaired(state, random_(), makers_, project_, device_);
      for (std::size_t track = 0; track < makers_.size(); ++track) {
        TrackMaker again = makers_[track];
        ASSERT_TRUE(repaired.store(track, again.next())) << "not writable";
      }
      Hashes parts;
      Events events;
      repaired.commit(parts, events);
      ASSERT_EQ(parts.size(), makers_.size());
      parts_.insert(parts.begin(), parts.end());
    }
    const Contents contents = read_archive(Layout(state), keys_, project_);
    for (const auto& [id, hash] : parts_) {
      const auto found = contents.parts.find(id);
      ASSERT_NE(found, contents.parts.end())
          << "part " << id.second << " of " << id.first.track << " is gone";
      ASSERT_EQ(found->second, hash);
    }
    for (const auto& [id, hash] : events_) {
      const auto found = contents.events.find(id);
      ASSERT_NE(found, contents.events.end()) << "an event is gone";
      ASSERT_EQ(sha256(found->second), hash);
    }
  }

  const std::uint64_t seed_ = test_seed();
  std::mt19937_64 random_{seed_};
  const SigningKey key_ = SigningKey::generate();
  const ProjectId project_ = ProjectId::make();
  const DeviceId device_ = DeviceId::make();
  std::vector<TrackMaker> makers_;
  std::vector<TrackKey> keys_;
  // Promised.
  Hashes parts_;
  std::map<std::pair<ProjectId, EventId>, Hash> events_;
};

TEST_F(ArchivePowerCutTest, WhatCommitCalledDurableIsThereAfterThePowerWasCut) {
  PowerCutDisk power;
  if (!power.unusable().empty()) GTEST_SKIP() << power.unusable();
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  const fs::path state = power.path() / "state";
  std::uint64_t promised = 0;
  for (Trials trials(kSanitized ? 10 : 100, 10'000, seed_); trials.next();) {
    const int round = trials.done() - 1;
    SCOPED_TRACE(round);
    if (round % kRoundsPerArchive == 0) {
      promised += parts_.size() + events_.size();
      parts_.clear();
      events_.clear();
      makers_.clear();
      keys_.clear();
      fs::remove_all(state);
      ASSERT_TRUE(make_folders_durably(state).ok());
    }
    make_tracks();
    ASSERT_NO_FATAL_FAILURE(write_and_cut(power, state));
    ASSERT_NO_FATAL_FAILURE(expect_all_promised(state));
    if (HasFailure()) return;
  }
  EXPECT_GT(promised + parts_.size() + events_.size(), 300U);
}

}  // namespace
}  // namespace sitecast::hub
