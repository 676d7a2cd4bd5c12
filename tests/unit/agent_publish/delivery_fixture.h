// SPDX-License-Identifier: Apache-2.0
// The delivery machine beside a spool that is made up, on a clock of its own. Owner thread: one.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/publish/delivery.h"
#include "proto/base/clock.h"
#include "tests/support/time_units.h"

namespace sitecast::agent {

using test::kMs;
using test::kSecond;

// One capture with video and audio, whose parts have 1,000 bytes and made-up hashes.
class DeliveryTest : public ::testing::Test, public SpoolView {
 protected:
  std::uint32_t frame_bytes(TrackHandle, std::uint64_t) override { return part_bytes; }
  std::optional<Hash> running_hash(TrackHandle, std::uint64_t count) override {
    Hash hash{};
    hash[0] = static_cast<std::uint8_t>(count);
    return hash;
  }
  void add_track(TrackHandle handle, std::uint64_t made, bool ended, const std::string& name,
                 std::int64_t order = 0) {
    TrackDescription track;
    track.handle = handle;
    track.project = project;
    track.capture = order == 0 ? capture : other;
    track.track = name;
    track.order = order;
    track.made = track.synced = made;
    track.ended = ended;
    machine.track_added(track);
  }
  void connect() {
    machine.tick();
    clock.advance_us(500 * kMs);
    machine.tick();
    machine.connected();
  }
  // Connects, and the broker takes the hello.
  void connect_and_ask() {
    connect();
    for (const SendHello& hello : take<SendHello>()) machine.puback(hello.token, 0);
  }
  // Answers the last hello.
  v1::Receipt receipt_of(std::uint64_t contiguous, const std::string& track = "video") {
    collect();
    v1::Receipt receipt;
    receipt.set_answers(last_question);
    v1::TrackReceipt& entry = *receipt.add_tracks();
    entry.set_capture_id(capture.raw());
    entry.set_track(track);
    entry.set_contiguous(contiguous);
    entry.set_running_hash(to_string(*running_hash(0, contiguous)));
    return receipt;
  }
  // What the machine asks for, and which question it asked last.
  void collect() {
    for (Action& action : machine.take_actions()) {
      if (auto* hello = std::get_if<SendHello>(&action)) last_question = hello->token;
      pending.push_back(std::move(action));
    }
  }
  std::vector<Action> take_actions() {
    collect();
    return std::exchange(pending, {});
  }
  template <typename What>
  std::vector<What> take() {
    std::vector<What> found;
    for (Action& action : take_actions()) {
      if (auto* what = std::get_if<What>(&action)) found.push_back(std::move(*what));
    }
    return found;
  }
  static std::vector<SendHello> hellos_in(const std::vector<Action>& actions) {
    std::vector<SendHello> hellos;
    for (const Action& action : actions) {
      if (const auto* hello = std::get_if<SendHello>(&action)) hellos.push_back(*hello);
    }
    return hellos;
  }
  void pass(std::int64_t us) {
    for (std::int64_t gone = 0; gone < us; gone += 50 * kMs) {
      clock.advance_us(50 * kMs);
      machine.tick();
    }
  }

  std::vector<Action> pending;
  Token last_question = 0;
  std::uint32_t part_bytes = 1000;
  FakeClock clock;
  ProjectId project = ProjectId::make();
  CaptureId capture = CaptureId::make();
  CaptureId other = CaptureId::make();
  Delivery machine{{1 << 20, "test"}, *this, clock, 1};
};

}  // namespace sitecast::agent
