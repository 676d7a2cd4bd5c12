// SPDX-License-Identifier: Apache-2.0
// kill -9 of the hub at random moments, and a disk whose syncs fail, under devices that go on
// sending: every receipted part is in the archive, byte for byte, none twice.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>

#include "tests/support/hub_stack.h"

namespace sitecast {
namespace {

constexpr std::uint16_t kPort = 21320;

// A track and what of it has no receipt yet, as a spool would keep it.
struct Stream {
  TrackMaker maker;
  std::vector<MadePart> parts;
  std::size_t sent = 0;
};

class HubKillTest : public testing::Test {
 protected:
  void SetUp() override {
    project_ = stack_.add_project();
    for (int i = 0; i < 2; ++i) {
      const EnrolledDevice enrolled = stack_.enrol(project_);
      devices_.push_back(std::make_unique<SimulatedDevice>(kPort, enrolled));
      for (const char* track : {"video", "audio"}) {
        streams_[devices_.size() - 1].push_back(
            {TrackMaker(CaptureId::make(), track, enrolled.key,
                        {.part_bytes = track[0] == 'v' ? 4000U : 300U,
                         .seed = static_cast<std::uint64_t>(i)}),
             {},
             0});
      }
    }
    ASSERT_NO_FATAL_FAILURE(stack_.start_broker());
  }

  void connect_all() {
    for (auto& device : devices_) ASSERT_TRUE(device->connect_and_listen());
  }

  // Makes and sends a few parts, some live only, some out of order.
  void send_some() {
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      for (Stream& stream : streams_[d]) {
        for (std::uint64_t i = 0; i < 1 + random_() % 4; ++i) {
          stream.parts.push_back(stream.maker.next());
          const auto dice = random_() % 10;
          if (dice == 0) continue;  // lost on the way
          devices_[d]->send(stream.maker, stream.parts.back(), dice < 6);
        }
      }
      devices_[d]->pump_once();
    }
  }

  // What a device does when the hub is back: asks, then sends what is missing.
  void recover(bool hello) {
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      if (hello) {
        std::vector<const TrackMaker*> tracks;
        for (const Stream& stream : streams_[d]) tracks.push_back(&stream.maker);
        const std::uint64_t before = devices_[d]->receipt_messages;
        devices_[d]->say_hello(tracks);
        ASSERT_TRUE(
            devices_[d]->pump_until([&] { return devices_[d]->receipt_messages > before; }));
      }
      for (const Stream& stream : streams_[d]) {
        for (const MadePart& part : stream.parts) {
          if (!devices_[d]->receipted(stream.maker, part.sequence)) {
            devices_[d]->send(stream.maker, part);
          }
        }
      }
    }
  }

  bool all_receipted() {
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      for (const Stream& stream : streams_[d]) {
        if (devices_[d]->contiguous(stream.maker) < stream.parts.size()) return false;
      }
    }
    return true;
  }

  void expect_receipted_is_archived(const std::string& when) {
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      for (const Stream& stream : streams_[d]) {
        const auto archived =
            archived_parts(stack_.layout(), project_, stream.maker.capture(), stream.maker.track());
        for (const MadePart& part : stream.parts) {
          if (!devices_[d]->receipted(stream.maker, part.sequence)) continue;
          const auto found = archived.find(part.sequence);
          ASSERT_NE(found, archived.end())
              << when << ": receipted part " << part.sequence << " is not in the archive";
          ASSERT_EQ(found->second, part.hash) << when;
        }
      }
    }
  }

  // Receipts of the time before must not count for what the next check proves.
  void forget_receipts() {
    for (auto& device : devices_) device->receipts.clear();
  }

  void pump_all() {
    for (auto& device : devices_) device->pump_once();
  }

  HubStack stack_{kPort};
  ProjectId project_;
  std::vector<std::unique_ptr<SimulatedDevice>> devices_;
  std::map<std::size_t, std::vector<Stream>> streams_;
  std::mt19937_64 random_{std::random_device{}()};
};

TEST_F(HubKillTest, KilledAtRandomMomentsItLosesNothingThatItReceipted) {
  const int kills = std::getenv("SITECAST_TEST_LONG") != nullptr ? 200 : 15;
  ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
  ASSERT_NO_FATAL_FAILURE(connect_all());
  for (int kill = 1; kill <= kills; ++kill) {
    const std::string when = "kill " + std::to_string(kill);
    const std::uint64_t rounds = random_() % 60;
    for (std::uint64_t i = 0; i < rounds; ++i) send_some();
    ASSERT_EQ(stack_.stop_hub(SIGKILL), -SIGKILL);
    pump_all();
    ASSERT_NO_FATAL_FAILURE(expect_receipted_is_archived(when));
    send_some();  // into the void
    ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
    forget_receipts();
    ASSERT_NO_FATAL_FAILURE(recover(true)) << when << stack_.hub_log();
  }
  for (auto& device : devices_) {
    ASSERT_TRUE(device->pump_until(
        [&] {
          pump_all();
          return all_receipted();
        },
        60));
  }
  expect_receipted_is_archived("at the end");
  EXPECT_EQ(stack_.stop_hub(), 0);
  const auto checked = stack_.command({"check", "--read-data"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out;
}

TEST_F(HubKillTest, FailedSyncsAreRefusalsAndNeverReceipts) {
  const auto trigger = stack_.folder() / "fail_sync";
  const auto fail_every = [&](int n) {
    if (n == 0) {
      std::filesystem::remove(trigger);
    } else {
      std::ofstream(trigger) << n << "\n";
    }
  };
  ASSERT_NO_FATAL_FAILURE(stack_.start_hub(
      {"LD_PRELOAD=" SITECAST_FAIL_SYNC_LIBRARY, "SITECAST_FAIL_SYNC=" + trigger.string()}));
  ASSERT_NO_FATAL_FAILURE(connect_all());
  // Tracks that are there already, so that it is the group's sync that fails.
  send_some();
  ASSERT_NO_FATAL_FAILURE(recover(false));
  for (auto& device : devices_) {
    ASSERT_TRUE(device->pump_until([&] {
      pump_all();
      return all_receipted();
    }));
  }
  std::map<SimulatedDevice::Track, std::size_t> good;
  for (const auto& [d, streams] : streams_) {
    for (const Stream& stream : streams)
      good[SimulatedDevice::of(stream.maker)] = stream.parts.size();
  }

  fail_every(1);
  send_some();
  const auto io_errors = [&] {
    const auto& refusals = devices_[0]->refusals;
    return std::count_if(refusals.begin(), refusals.end(), [](const v1::Refusal& refusal) {
      return refusal.cause() == v1::HUB_IO_ERROR;
    });
  };
  // A receipt would have come before the refusal of the same track, on the same topic.
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    for (const Stream& stream : streams_[d]) {
      ASSERT_TRUE(devices_[d]->pump_until([&] {
        const auto& refusals = devices_[d]->refusals;
        devices_[d]->send(stream.maker, stream.parts.back());
        return std::any_of(refusals.begin(), refusals.end(), [&](const v1::Refusal& refusal) {
          return refusal.cause() == v1::HUB_IO_ERROR && refusal.track() == stream.maker.track();
        });
      }));
    }
  }
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    for (const Stream& stream : streams_[d]) {
      for (std::size_t i = good[SimulatedDevice::of(stream.maker)]; i < stream.parts.size(); ++i) {
        EXPECT_FALSE(devices_[d]->receipted(stream.maker, i)) << stream.maker.track() << " " << i;
      }
    }
  }

  // Now and then one fails: what it hit is taken when it comes again.
  fail_every(7);
  for (int i = 0; i < 40; ++i) {
    send_some();
    if (i % 10 != 9) continue;
    ASSERT_NO_FATAL_FAILURE(recover(false));
  }
  fail_every(0);
  ASSERT_TRUE(eventually(
      [&] {
        EXPECT_NO_FATAL_FAILURE(recover(false));
        return devices_[0]->pump_until(
            [&] {
              pump_all();
              return all_receipted();
            },
            2);
      },
      60));
  expect_receipted_is_archived("at the end");
  EXPECT_GT(io_errors(), 1);
  EXPECT_EQ(stack_.stop_hub(), 0);
  const auto checked = stack_.command({"check", "--read-data"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out;
}

}  // namespace
}  // namespace sitecast
