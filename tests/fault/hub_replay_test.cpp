// SPDX-License-Identifier: Apache-2.0
// Retries never duplicate: every message comes one to five times, shuffled, live and by fill, half
// of the receipts are lost, the hub is killed in between. Whatever comes how often, there is one
// record of each part and one of each event. Real broker, real hub.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>

#include "hub/archive/touched_tracks.h"
#include "hub/index/reader.h"
#include "tests/support/hub_stack.h"

namespace sitecast {
namespace {

constexpr std::uint16_t kPort = 21360;
constexpr int kPartsPerTrack = 40;
constexpr int kEventsPerCapture = 10;
constexpr std::size_t kAtOnce = 20;  // messages before the device reads

struct Stream {
  TrackMaker maker;
  std::vector<MadePart> parts;
};

class HubReplayTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* chosen = std::getenv("SITECAST_TEST_SEED");
    seed_ = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device{}();
    random_.seed(seed_);
    std::printf("SITECAST_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    project_ = stack_.add_project();
    mine_ = stack_.enrol(project_);
    ASSERT_NO_FATAL_FAILURE(stack_.start_broker());
    ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
    device_ = std::make_unique<SimulatedDevice>(kPort, mine_);
    ASSERT_TRUE(device_->connect_and_listen());
    device_->loses_receipt = [this] { return random_() % 2 == 0; };
  }

  void make_capture() {
    const CaptureId capture = CaptureId::make();
    captures_.push_back(capture);
    for (const std::string track : {"video", "audio", "file"}) {
      TrackOptions options;
      options.seed = random_();
      options.file_size_bytes = options.part_bytes * kPartsPerTrack;
      Stream stream{{capture, track, mine_.key, options}, {}};
      for (int i = 0; i < kPartsPerTrack; ++i) {
        stream.parts.push_back(stream.maker.next(i + 1 == kPartsPerTrack));
      }
      streams_.push_back(std::move(stream));
    }
    for (int i = 0; i < kEventsPerCapture; ++i) {
      v1::Event event;
      event.set_event_id(EventId::make().raw());
      event.set_kind("note");
      event.set_stated_at_us(1'700'000'000'000'000 + i);
      event.set_capture_id(capture.raw());
      event.mutable_note()->set_text("第" + std::to_string(i) + "条");
      events_.push_back(std::move(event));
    }
  }

  // Everything that the device does not know to be durable, one to five times, in any order.
  void send_what_is_open(bool kill_hub) {
    std::vector<std::function<void()>> messages;
    const auto repeat = [&](const std::function<void()>& send) {
      for (std::uint64_t i = 0; i <= random_() % 5; ++i) messages.push_back(send);
    };
    for (const Stream& stream : streams_) {
      for (const MadePart& part : stream.parts) {
        if (device_->receipted(stream.maker, part.sequence)) continue;
        repeat([&] { device_->send(stream.maker, part, random_() % 2 == 0); });
      }
    }
    for (const v1::Event& event : events_) {
      if (device_->event_receipts.count(event.event_id()) != 0) continue;
      repeat([&] { device_->send_event(event); });
    }
    std::shuffle(messages.begin(), messages.end(), random_);
    const std::size_t killed_at = kill_hub ? random_() % (messages.size() + 1) : SIZE_MAX;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      messages[i]();
      if (i % kAtOnce == 0) device_->pump_once();
      if (i != killed_at) continue;
      ASSERT_EQ(stack_.stop_hub(SIGKILL), -SIGKILL);
      const auto began = std::chrono::steady_clock::now();
      ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
      starts_ms_.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(
                               std::chrono::steady_clock::now() - began)
                               .count());
    }
    sent_ += messages.size();
  }

  // The hub has dealt with all that was sent when it answers; the answer may be lost as well.
  void wait_until_heard() {
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t asked = ++question_;
      device_->say_hello({}, asked);
      const auto answered = [&] {
        return !device_->answers.empty() && device_->answers.back().answers() == asked;
      };
      const std::uint64_t lost = device_->receipts_lost;
      device_->pump_until([&] { return answered() || device_->receipts_lost > lost; });
      if (answered()) return;
    }
    FAIL() << "the hub does not answer";
  }

  [[nodiscard]] bool all_receipted() const {
    return device_->event_receipts.size() == events_.size() &&
           std::all_of(streams_.begin(), streams_.end(), [this](const Stream& stream) {
             return device_->contiguous(stream.maker) == stream.parts.size();
           });
  }

  std::uint64_t seed_ = 0;
  std::mt19937_64 random_;
  HubStack stack_{kPort};
  ProjectId project_;
  EnrolledDevice mine_;
  std::unique_ptr<SimulatedDevice> device_;
  std::vector<CaptureId> captures_;
  std::vector<Stream> streams_;
  std::vector<v1::Event> events_;
  std::uint64_t sent_ = 0;
  std::vector<std::int64_t> starts_ms_;  // of the hub, while the archive grew
  std::uint64_t question_ = 0;
};

TEST_F(HubReplayTest, WhateverComesHowOftenIsStoredOnce) {
  const bool longer = std::getenv("SITECAST_TEST_LONG") != nullptr;
  const std::uint64_t wanted = longer ? 1'000'000 : 10'000;
  std::uint64_t parts = 0;
  while (sent_ < wanted) {
    streams_.clear();
    events_.clear();
    captures_.clear();
    device_->receipts.clear();
    device_->event_receipts.clear();
    for (int i = 0; i < 8; ++i) make_capture();
    for (int attempt = 0; !all_receipted(); ++attempt) {
      ASSERT_LT(attempt, 100) << stack_.hub_log();
      ASSERT_NO_FATAL_FAILURE(send_what_is_open(attempt == 0 && random_() % 3 == 0));
      ASSERT_NO_FATAL_FAILURE(wait_until_heard());
    }
    EXPECT_TRUE(device_->refusals.empty());
    for (const Stream& stream : streams_) {
      // Reports double records and ranges itself.
      const auto archived =
          archived_parts(stack_.layout(), project_, stream.maker.capture(), stream.maker.track());
      ASSERT_EQ(archived.size(), stream.parts.size());
      for (const MadePart& part : stream.parts) ASSERT_EQ(archived.at(part.sequence), part.hash);
      parts += archived.size();
    }
    auto reader = hub::IndexReader::open(stack_.state_dir());
    ASSERT_TRUE(reader.ok());
    for (const CaptureId capture : captures_) {
      EXPECT_TRUE(eventually([&] {
        const auto events = (*reader)->events(capture);
        return events.ok() && events->size() == kEventsPerCapture;
      }));
    }
  }
  EXPECT_EQ(stack_.stop_hub(), 0);
  const auto checked = stack_.command({"check", "--read-data"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out;
  std::printf("%llu messages, %llu parts, %llu receipts lost\n",
              static_cast<unsigned long long>(sent_), static_cast<unsigned long long>(parts),
              static_cast<unsigned long long>(device_->receipts_lost));
  const std::size_t third = (starts_ms_.size() + 2) / 3;
  const auto slowest = [&](auto from) { return *std::max_element(from, from + third); };
  if (third > 0) {
    std::printf("%zu starts of the hub: slowest of the first third %lld ms, of the last %lld ms\n",
                starts_ms_.size(), static_cast<long long>(slowest(starts_ms_.begin())),
                static_cast<long long>(slowest(starts_ms_.end() - third)));
  }
}

// So the time that it takes does not grow with what was filmed since the last clean stop.
TEST_F(HubReplayTest, AStartLooksAtWhatTheRunBeforeItWroteAndNoMore) {
  device_->loses_receipt = [] { return false; };
  for (std::size_t run = 1; run <= 2; ++run) {
    streams_.clear();
    events_.clear();
    make_capture();
    ASSERT_NO_FATAL_FAILURE(send_what_is_open(false));
    ASSERT_NO_FATAL_FAILURE(wait_until_heard());
    ASSERT_EQ(stack_.stop_hub(SIGKILL), -SIGKILL);
    const auto written = hub::read_touched_tracks(stack_.layout());
    ASSERT_TRUE(written.ok());
    EXPECT_EQ(written->size(), streams_.size()) << "run " << run;
    ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
    const auto left = hub::read_touched_tracks(stack_.layout());
    ASSERT_TRUE(left.ok());
    EXPECT_TRUE(left->empty()) << left->size();
  }
}

}  // namespace
}  // namespace sitecast
