// SPDX-License-Identifier: Apache-2.0
// A device that films over a link, without threads, sleeps or chance: the real delivery machine,
// link follower and ladder, run as the courier runs them; a socket that takes what a kernel would
// (bbr's window, HandOver's limit), a bottleneck with a rate and a drop-tail queue, a hub that
// commits five times a second. Parts have sizes only. Time passes in steps of 5 ms. Single owner.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/publish/delivery.h"
#include "agent/publish/link_follower.h"

namespace sitecast::agent {

struct LinkWorldSettings {
  Rung live{"full", 2'500, 1'280, 720, 30, 0, 48};
  bool adapts = true;
  bool films = true;       // else nothing is live
  double thin_share = 1;   // what small pictures take of the rate that they may have
  double queue_ms = 600;   // of the bottleneck at its present rate
  double queue_bytes = 0;  // instead, if not 0
};

class LinkWorld final : public SpoolView {
 public:
  static constexpr TrackHandle kVideo = 0, kAudio = 1, kFile = 2;

  explicit LinkWorld(LinkWorldSettings settings = {});

  // 0: no link, which both ends notice.
  void set_rate(double kbps);
  void set_one_way_us(std::int64_t us) { one_way_us_ = us; }
  // A document of blocks of 64 KiB, all on the device already.
  void add_document(std::uint64_t blocks);
  void run(double seconds, const std::function<void()>& each_step = {});

  // Parts of voice made since the newest at the hub.
  [[nodiscard]] std::uint64_t voice_behind() const;
  // How long parts that went out live were on their way; since forget_delays().
  [[nodiscard]] std::int64_t live_delay_us(double share) const;
  void forget_delays() { live_delays_.clear(); }
  [[nodiscard]] double carried_bytes() const { return carried_bytes_; }
  // Parts that the hub lacks.
  [[nodiscard]] std::uint64_t missing() const;
  [[nodiscard]] const Rung& rung() const { return rung_; }
  [[nodiscard]] const Delivery& machine() const { return machine_; }

  // SpoolView
  std::uint32_t frame_bytes(TrackHandle track, std::uint64_t sequence) override;
  std::optional<Hash> running_hash(TrackHandle track, std::uint64_t count) override;

 private:
  struct Track {
    TrackDescription at;
    std::vector<std::uint32_t> sizes;
    std::vector<std::int64_t> made_us;
    // At the hub.
    std::vector<std::uint64_t> fresh;  // not committed
    std::uint64_t newest = 0;          // one more than the highest that arrived
    std::uint64_t contiguous = 0;
    std::set<std::uint64_t> beyond;
  };
  // What was published, on its way to the broker.
  struct Message {
    Token token = 0;
    bool asks_puback = false;
    double bytes_left = 0;
    std::function<void()> arrives;
  };

  void add_track(const std::string& name);
  void make_part(TrackHandle handle, double bytes, bool key);
  void film();
  void sync();
  void carry_out();
  void act(const SendPart& send);
  void act(const SendHello& hello);
  void act(const Connect&);
  void act(const Disconnect&);
  template <typename Other>
  void act(const Other&) {}  // nothing is freed here
  void publish(Message message, double bytes);
  void drain();
  void drop_connection();
  void commit();
  static bool commit(Track& track);
  void add_receipt(v1::Receipt& receipt, const Track& track);
  void deliver(const v1::Receipt& receipt);
  // Only if the connection is the same then.
  void later(std::int64_t delay_us, std::function<void()> what);
  [[nodiscard]] double window_bytes() const;
  [[nodiscard]] double emitted_bytes() const;  // by TCP, not acknowledged
  [[nodiscard]] double queued_bytes() const;   // of them before the bottleneck
  [[nodiscard]] LinkFigures figures() const;

  const LinkWorldSettings settings_;
  FakeClock clock_;
  Delivery machine_;
  LinkFollower follower_{machine_};
  std::vector<Track> tracks_;
  ProjectId project_ = ProjectId::make();
  CaptureId capture_ = CaptureId::make();
  Rung rung_;
  bool key_wanted_ = true;
  std::int64_t next_picture_us_ = 0, next_sound_us_ = 0, key_due_us_ = 0;
  std::int64_t sync_due_us_ = 0, watch_due_us_ = 0, commit_due_us_ = 0;
  std::int64_t tick_due_us_ = 0;

  double bytes_per_us_ = 0;  // 0: no link
  std::int64_t one_way_us_ = 30'000;
  bool connected_ = false, connecting_ = false;
  std::uint64_t connection_ = 0;
  std::deque<Message> waiting_;  // not taken by the kernel
  std::deque<Message> kernel_;   // taken, not through the bottleneck
  double kernel_bytes_ = 0, air_bytes_ = 0, stale_bytes_ = 0, best_bytes_per_us_ = 0;
  double acknowledged_bytes_ = 0;
  std::multimap<std::int64_t, std::function<void()>> planned_;
  std::vector<std::int64_t> live_delays_;
  double carried_bytes_ = 0;
};

}  // namespace sitecast::agent
