// SPDX-License-Identifier: Apache-2.0
// The delivery machine against a simulated world: a link that is cut and delays, a broker that
// drops QoS 0, a hub that dies, is away, is full and commits late. Every history is made from a
// seed that a failure prints. Nothing sleeps.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <queue>
#include <random>
#include <set>

#include "agent/publish/delivery.h"
#include "proto/codec/running_hash.h"
#include "tests/support/sanitized.h"
#include "tests/support/time_units.h"
#include "tests/unit/agent_publish/recorded_delivery.h"

namespace sitecast::agent {
namespace {

using test::kMs;
using test::kSecond;
constexpr std::int64_t kKernelBytes = 16'384;

struct SimTrack {
  TrackDescription description;
  std::vector<Hash> part_hashes;
  std::vector<std::uint32_t> sizes;
  std::vector<Hash> running;  // R(n)
  std::uint64_t synced = 0;
  std::uint64_t freed = 0;
  bool forgotten = false;
  // At the hub.
  std::set<std::uint64_t> durable;
  std::set<std::uint64_t> uncommitted;
  std::uint64_t came_again = 0;
  std::uint64_t contiguous() const {
    std::uint64_t n = 0;
    while (durable.count(n) != 0) ++n;
    return n;
  }
};

class World final : public SpoolView {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed), machine_({200'000, "sim"}, *this, clock_, seed) {}

  std::uint32_t frame_bytes(TrackHandle track, std::uint64_t sequence) override {
    return tracks_.at(track).sizes.at(sequence);
  }
  std::optional<Hash> running_hash(TrackHandle track, std::uint64_t count) override {
    return tracks_.at(track).running.at(count);
  }

  void record_to(std::ostream& out) { machine_.record_to(out); }

  void run() {
    hides_absence_ = chance(0.5);                          // as Paho does
    if (chance(0.3)) bytes_per_s_ = pick(8'000, 100'000);  // 64 to 800 kbit/s
    // Two captures from before the start, wholly synced; two that are recorded now.
    for (int i = 0; i < 2; ++i) add_track(i, "video", pick(0, 60), true);
    machine_.track_added(tracks_[0].description);
    machine_.track_added(tracks_[1].description);
    for (int i = 2; i < 4; ++i) record(i, pick(0, 20) * kSecond);
    schedule_faults();
    const std::int64_t end = clock_.monotonic_us() + 600 * kSecond;
    while (clock_.monotonic_us() < end) {
      carry_out();
      if (calm_ && queue_.empty() && machine_.all_delivered()) break;
      step();
    }
  }

  // Captures are made all through an outage of days; then the link is there again.
  void run_outage(std::int64_t outage_us) {
    const std::int64_t back_us = clock_.monotonic_us() + 5 * kSecond + outage_us;
    for (int i = 0; i < 20; ++i) record(i, pick(0, outage_us / kSecond) * kSecond);
    at(5 * kSecond, [this] {
      silent_ = true;
      dead_connection_ = connection_;
    });
    at(5 * kSecond + outage_us, [this] {
      silent_ = false;
      calm_ = true;
    });
    while (clock_.monotonic_us() < back_us + 600 * kSecond) {
      carry_out();
      if (calm_ && queue_.empty() && machine_.all_delivered()) break;
      step();
      if (clock_.monotonic_us() >= back_us + 10 * kSecond) {
        ASSERT_TRUE(machine_.state().hub_present) << "not within 10 s of the link";
      }
    }
  }

  // Only the link fails: what is sent again was in flight at a cut, and is counted as such.
  void run_with_faults_of_the_link_alone() {
    only_the_link_fails_ = true;
    run();
    const DeliveryState state = machine_.state();
    EXPECT_LE(state.sent_again_bytes, state.cut_in_flight_bytes) << state.cuts << " cuts";
  }

  void check() {
    EXPECT_TRUE(machine_.all_delivered()) << "cause: " << name_of(machine_.state().cause);
    for (const SimTrack& track : tracks_) {
      EXPECT_EQ(track.freed, track.part_hashes.size()) << track.description.track;
      EXPECT_EQ(track.contiguous(), track.part_hashes.size());
      EXPECT_TRUE(track.forgotten);
      // What the hub has is not sent again.
      EXPECT_EQ(track.came_again, 0U) << track.description.track;
    }
    EXPECT_EQ(machine_.known_tracks(), 0U);
    EXPECT_EQ(logged_order_.size(), event_count_);
    EXPECT_EQ(delivered_events_.size(), event_count_);
    if (!order_disturbed_) {
      EXPECT_TRUE(std::is_sorted(logged_order_.begin(), logged_order_.end()));
    }
  }

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }
  void at(std::int64_t delay_us, std::function<void()> what) {
    queue_.push({clock_.monotonic_us() + delay_us, ++order_, std::move(what)});
  }

  void add_track(int capture, const std::string& name, std::int64_t parts, bool ended) {
    SimTrack track;
    track.description.handle = static_cast<TrackHandle>(tracks_.size());
    track.description.project = project_;
    while (static_cast<int>(captures_.size()) <= capture) captures_.push_back(CaptureId::make());
    track.description.capture = captures_[static_cast<std::size_t>(capture)];
    track.description.track = name;
    track.description.order = capture;
    track.running.push_back(RunningHash(track.description.capture, name).value());
    tracks_.push_back(std::move(track));
    for (std::int64_t i = 0; i < parts; ++i) add_part(tracks_.back());
    SimTrack& added = tracks_.back();
    added.synced = added.part_hashes.size();
    added.description.made = added.description.synced = added.synced;
    added.description.ended = ended;
  }
  void add_part(SimTrack& track) {
    Hash hash{};
    hash[0] = static_cast<std::uint8_t>(track.part_hashes.size());
    hash[1] = static_cast<std::uint8_t>(track.part_hashes.size() >> 8);
    track.part_hashes.push_back(hash);
    track.sizes.push_back(static_cast<std::uint32_t>(pick(100, 20'000)));
    RunningHash running(track.running.size() - 1, track.running.back());
    running.add(hash);
    track.running.push_back(running.value());
  }

  void state_event() {
    OutboxEvent event;
    event.position = static_cast<std::int64_t>(++event_count_);
    event.id = EventId::make();
    event.project = project_;
    machine_.group_synced({}, {event});
  }

  // Two tracks grow for a while, each with its own pace; groups are synced now and then.
  void record(int capture, std::int64_t begin) {
    const auto first = static_cast<TrackHandle>(tracks_.size());
    add_track(capture, "video", 0, false);
    add_track(capture, "audio", 0, false);
    const std::int64_t parts = pick(1, 150);
    at(begin, [this, first] {
      state_event();
      machine_.track_added(tracks_[first].description);
      machine_.track_added(tracks_[first + 1].description);
    });
    for (std::int64_t n = 0; n < parts; ++n) {
      for (TrackHandle handle : {first, first + 1}) {
        at(begin + n * 33 * kMs + 1, [this, handle, n] {
          SimTrack& track = tracks_[handle];
          add_part(track);
          machine_.part_made(handle, track.part_hashes.size() - 1, track.sizes.back(), n % 30 == 0);
        });
      }
      if (n % 4 == 3) {
        at(begin + n * 33 * kMs + pick(1, 150) * kMs, [this, first] { sync(first, false); });
      }
    }
    at(begin + parts * 33 * kMs + 200 * kMs, [this, first] {
      sync(first, true);
      state_event();
    });
  }
  void sync(TrackHandle first, bool ended) {
    std::vector<SyncedTrack> group;
    for (TrackHandle handle : {first, first + 1}) {
      SimTrack& track = tracks_[handle];
      track.synced = track.part_hashes.size();
      group.push_back({handle, track.synced, ended});
    }
    machine_.group_synced(group, {});
  }

  void schedule_faults() {
    for (int i = 0; i < static_cast<int>(pick(0, 5)); ++i) {
      at(pick(0, 40) * kSecond, [this] { cut(); });
    }
    for (int i = 0; i < static_cast<int>(pick(0, 3)); ++i) {
      // A silent cut: nothing arrives any more, and nobody says so.
      const std::int64_t from = pick(0, 40) * kSecond;
      at(from, [this] {
        silent_ = true;
        dead_connection_ = connection_;  // TCP never lets later bytes pass earlier ones
      });
      at(from + pick(1, 15) * kSecond, [this] { silent_ = false; });
    }
    at(60 * kSecond, [this] {
      calm_ = true;
      bytes_per_s_ = 0;
    });
    if (only_the_link_fails_) return;
    for (int i = 0; i < static_cast<int>(pick(0, 3)); ++i) {
      const std::int64_t from = pick(0, 40) * kSecond;
      at(from, [this] {
        hub_up_ = false;
        order_disturbed_ = true;  // an event may have been turned away at the door
        for (SimTrack& track : tracks_) track.uncommitted.clear();  // received, never synced
        uncommitted_events_.clear();
      });
      at(from + pick(1, 10) * kSecond, [this] { hub_up_ = true; });
    }
    if (chance(0.3)) {
      const std::int64_t from = pick(0, 40) * kSecond;
      at(from, [this] { hub_full_ = order_disturbed_ = true; });
      at(from + pick(1, 10) * kSecond, [this] { hub_full_ = false; });
    }
  }

  // What was on the way when the connection was cut may still come to the broker, as long as no new
  // connection took its place; nothing comes back.
  bool lost(std::uint64_t connection) const {
    if (connection == dead_connection_) return true;
    return connection != connection_ && connection != late_connection_;
  }

  void cut() {
    if (!connected_) return;
    connected_ = false;
    late_connection_ = chance(0.5) && connection_ != dead_connection_ ? connection_ : 0;
    ++connection_;
    machine_.disconnected("cut");
  }

  void carry_out() {
    for (;;) {
      const auto actions = machine_.take_actions();
      if (actions.empty()) return;
      for (const Action& action : actions) {
        std::visit([this](const auto& what) { act(what); }, action);
      }
    }
  }
  void act(const Connect&) {
    const std::uint64_t connection = ++connection_;
    const bool works = calm_ || (!silent_ && chance(0.7));
    at(pick(1, 300) * kMs, [this, connection, works] {
      if (connection != connection_) return;
      if (works && !silent_) {
        connected_ = true;
        last_arrival_ = clock_.monotonic_us();
        late_connection_ = 0;
        machine_.connected();
      } else if (!silent_) {
        machine_.connect_failed(verdict_of_connack(0x80), "refused");
      }
    });
  }
  void act(const Disconnect&) {
    connected_ = false;
    ++connection_;
  }
  void act(const SendPart& send) {
    ASSERT_TRUE(connected_);
    SimTrack& track = tracks_[send.track];
    ASSERT_LT(send.sequence, track.part_hashes.size());
    if (!send.live) {
      ASSERT_LT(send.sequence, track.synced) << "fill of a part that is not synced";
    }
    ASSERT_GE(send.sequence, track.freed) << "a part that was freed is sent";
    ASSERT_FALSE(track.forgotten);
    // The link keeps order: later messages never overtake earlier ones.
    const std::uint32_t bytes = track.sizes[send.sequence];
    const std::int64_t arrival = arrive(bytes);
    const std::uint64_t connection = connection_;
    if (send.live) {
      // The kernel takes it when no more than its buffer is before it.
      const std::int64_t buffer_us =
          bytes_per_s_ > 0 ? kKernelBytes * kSecond / bytes_per_s_ : arrival;
      at(std::max(pick(0, 5) * kMs, arrival - buffer_us), [this, connection, token = send.token] {
        if (connection == connection_) machine_.written(token);
      });
    }
    at(arrival, [this, connection, send] {
      if (lost(connection)) return;
      if (connection == connection_) machine_.link_moves();
      if (!send.live) answer(send.token);
      if (!hub_up_ || (send.live && !only_the_link_fails_ && chance(0.05))) return;
      SimTrack& at_hub = tracks_[send.track];
      if (hub_full_) {
        v1::Receipt receipt;
        v1::Refusal& refusal = *receipt.add_refusals();
        refusal.set_cause(v1::HUB_FULL);
        refusal.set_capture_id(at_hub.description.capture.raw());
        refusal.set_track(at_hub.description.track);
        refusal.set_sequence(send.sequence);
        deliver(receipt);
        return;
      }
      if (at_hub.durable.count(send.sequence) == 0) {
        if (!at_hub.uncommitted.insert(send.sequence).second) at_hub.came_again += 1;
      } else {
        at_hub.came_again += 1;
      }
      commit_later();
    });
  }
  void act(const SendEvent& send) {
    ASSERT_TRUE(connected_);
    const std::uint64_t connection = connection_;
    at(arrive(), [this, connection, send] {
      if (lost(connection)) return;
      answer(send.token);
      if (!hub_up_) return;
      uncommitted_events_.push_back(send.event);
      commit_later();
    });
  }
  void act(const SendHello& send) {
    ASSERT_TRUE(connected_);
    const std::uint64_t connection = connection_;
    at(arrive(), [this, connection, send] {
      if (lost(connection)) return;
      answer(send.token);
      if (!hub_up_) return;
      commit();  // the hub answers with what it has, durably
      v1::Receipt receipt;
      receipt.set_answers(send.hello.question());
      for (const v1::TrackPosition& position : send.hello.tracks()) {
        for (const SimTrack& track : tracks_) {
          if (track.description.capture.raw() == position.capture_id() &&
              track.description.track == position.track()) {
            add_receipt(receipt, track);
          }
        }
      }
      deliver(receipt);
    });
  }
  void act(const Delivered& delivered) {
    SimTrack& track = tracks_[delivered.track];
    EXPECT_GE(track.contiguous(), delivered.count) << "freed what the hub does not have";
    EXPECT_GE(track.synced, delivered.count);
    EXPECT_GT(delivered.count, track.freed);
    track.freed = delivered.count;
  }
  void act(const TrackForgotten& gone) {
    SimTrack& track = tracks_[gone.track];
    EXPECT_FALSE(std::exchange(track.forgotten, true));
    EXPECT_EQ(track.freed, track.part_hashes.size()) << "forgotten before it was freed";
  }
  void act(const EventsDelivered& delivered) {
    for (const EventId& id : delivered.ids) {
      EXPECT_TRUE(logged_.count(id) != 0) << "an event was freed that the hub does not have";
      EXPECT_TRUE(delivered_events_.insert(id).second);
    }
  }
  void act(const EventRefused&) { FAIL() << "no event is refused here"; }
  void act(const EventHeld&) {}

  // Delay of the next message to the broker, in order.
  std::int64_t arrive(std::uint32_t bytes = 150) {
    const std::int64_t now = clock_.monotonic_us();
    const std::int64_t takes_us = bytes_per_s_ > 0 ? bytes * kSecond / bytes_per_s_ : 0;
    last_arrival_ = std::max(std::max(last_arrival_ + 1, now) + takes_us, now + pick(1, 40) * kMs);
    return last_arrival_ - now;
  }
  void answer(Token token) {
    const std::uint64_t connection = connection_;
    const std::uint8_t code = hub_up_ || hides_absence_ ? 0x00 : 0x10;
    at(pick(1, 40) * kMs, [this, connection, token, code] {
      if (connection == connection_ && !lost(connection)) machine_.puback(token, code);
    });
  }
  void commit_later() {
    if (commit_planned_) return;
    commit_planned_ = true;
    at(pick(5, 800) * kMs, [this] {
      commit_planned_ = false;
      if (hub_up_) commit();
    });
  }
  void commit() {
    v1::Receipt receipt;
    for (SimTrack& track : tracks_) {
      if (track.uncommitted.empty()) continue;
      track.durable.insert(track.uncommitted.begin(), track.uncommitted.end());
      track.uncommitted.clear();
      add_receipt(receipt, track);
    }
    for (const OutboxEvent& event : uncommitted_events_) {
      if (logged_.insert(event.id).second) logged_order_.push_back(event.position);
      receipt.add_event_ids(event.id.raw());
    }
    uncommitted_events_.clear();
    if (receipt.tracks_size() + receipt.event_ids_size() > 0) deliver(receipt);
  }
  void add_receipt(v1::Receipt& receipt, const SimTrack& track) {
    v1::TrackReceipt& entry = *receipt.add_tracks();
    entry.set_capture_id(track.description.capture.raw());
    entry.set_track(track.description.track);
    const std::uint64_t contiguous = track.contiguous();
    entry.set_contiguous(contiguous);
    if (contiguous > 0) entry.set_running_hash(to_string(track.running.at(contiguous)));
    for (const std::uint64_t sequence : track.durable) {
      if (sequence < contiguous) continue;
      v1::SequenceRange& range = *entry.add_beyond();
      range.set_first(sequence);
      range.set_count(1);
    }
  }
  void deliver(const v1::Receipt& receipt) {
    const std::uint64_t connection = connection_;
    // Receipts are sent QoS 1 but a hub may die before it has sent one.
    if (!calm_ && !only_the_link_fails_ && chance(0.05)) return;
    at(pick(1, 40) * kMs, [this, connection, receipt] {
      if (connection == connection_ && !lost(connection) && connected_) machine_.receipt(receipt);
    });
  }

  void step() {
    const std::int64_t tick = machine_.next_tick_us();
    if (!queue_.empty() && queue_.top().at_us <= tick) {
      auto next = queue_.top();
      queue_.pop();
      if (next.at_us > clock_.monotonic_us()) {
        clock_.advance_us(next.at_us - clock_.monotonic_us());
      }
      next.what();
      return;
    }
    // A tick that asks for the present moment must change something, or time would stand still.
    clock_.advance_us(std::max<std::int64_t>(tick - clock_.monotonic_us(), 1));
    machine_.tick();
  }

  struct Planned {
    std::int64_t at_us;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Planned& other) const {
      return at_us != other.at_us ? at_us > other.at_us : order > other.order;
    }
  };

  FakeClock clock_;
  std::mt19937_64 random_;
  RecordedDelivery machine_;
  ProjectId project_ = ProjectId::make();
  std::vector<CaptureId> captures_;
  std::deque<SimTrack> tracks_;
  std::priority_queue<Planned> queue_;
  std::uint64_t order_ = 0;
  std::uint64_t connection_ = 0, dead_connection_ = 0, late_connection_ = 0;
  std::int64_t last_arrival_ = 0;
  std::int64_t bytes_per_s_ = 0;  // 0: as many as there are
  bool connected_ = false, silent_ = false, hub_up_ = true, hub_full_ = false, calm_ = false;
  bool only_the_link_fails_ = false;
  bool hides_absence_ = false, order_disturbed_ = false, commit_planned_ = false;
  std::size_t event_count_ = 0;
  std::vector<OutboxEvent> uncommitted_events_;
  std::set<EventId> logged_, delivered_events_;
  std::vector<std::int64_t> logged_order_;
};

TEST(DeliverySimTest, EverythingArrivesAndNothingIsFreedBeforeItsReceipt) {
  const char* chosen = std::getenv("SITECAST_TEST_SEED");
  if (chosen != nullptr) {
    World world(std::strtoull(chosen, nullptr, 10));
    world.run();
    world.check();
    return;
  }
  const bool longer = std::getenv("SITECAST_TEST_LONG") != nullptr;
  constexpr std::uint64_t kUsual = kSanitized ? 200 : 2000;
  constexpr std::uint64_t kAlways = kUsual / 10;
  const std::uint64_t base = std::random_device{}();
  for (std::uint64_t i = 0; i < (longer ? 50 * kUsual : kUsual); ++i) {
    const std::uint64_t seed = i < kAlways ? i : base * 100'000 + i;  // some always, some new
    SCOPED_TRACE(::testing::Message() << "SITECAST_TEST_SEED=" << seed);
    World world(seed);
    world.run();
    world.check();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(DeliverySimTest, WhatIsSentAgainWasInFlightAtACut) {
  for (std::uint64_t seed = 0; seed < (kSanitized ? 200 : 2000); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    World world(seed);
    world.run_with_faults_of_the_link_alone();
    world.check();
    if (::testing::Test::HasFailure()) return;
  }
}

// The histories to which the browser's delivery is held
// (agent/web/test/delivery_histories.test.ts).
TEST(DeliverySimTest, WritesHistories) {
  const char* path = std::getenv("SITECAST_HISTORIES");
  if (path == nullptr) GTEST_SKIP() << "no file is named in SITECAST_HISTORIES";
  std::ofstream out(path);
  constexpr std::uint64_t kHistories = 300;
  for (std::uint64_t seed = 0; seed < kHistories; ++seed) {
    World world(seed);
    world.record_to(out);
    if (seed % 3 == 2) {
      world.run_with_faults_of_the_link_alone();
    } else {
      world.run();
    }
    world.check();
  }
  out.close();
  ASSERT_TRUE(out.good()) << path;
}

TEST(DeliverySimTest, AnOutageOfThreeDaysDelaysAndLosesNothing) {
  for (std::uint64_t seed = 0; seed < (kSanitized ? 2 : 10); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    World world(seed);
    world.run_outage(72 * 3600 * kSecond);
    world.check();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace sitecast::agent
