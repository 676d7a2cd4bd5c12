// SPDX-License-Identifier: Apache-2.0
// The delivery thread: feeds spool and transport events to the delivery machine and carries its
// actions out. Threads: start, stop and the queries may be called from any thread; everything else
// runs on the delivery thread. Ownership: spool and clock must outlive it; stop before the spool
// stops.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "agent/publish/data_budget.h"
#include "agent/publish/delivered_rate.h"
#include "agent/publish/delivery.h"
#include "agent/publish/link_follower.h"
#include "agent/publish/rate_ladder.h"
#include "agent/publish/transport.h"
#include "agent/spool/spool.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"
#include "proto/codec/topics.h"

namespace sitecast::agent {

struct CourierSettings {
  TransportSettings transport;  // will_topic and will_payload are filled in
  DeviceId device;
  ProjectId project;              // whose `status` topic the last will is on
  std::string name;               // as people call this device
  std::uint64_t quota_bytes = 0;  // of the spool, told in `status`
  std::string metered = "no";     // no | yes | auto
  bool live_only_on_metered = true;
  std::uint64_t daily_budget_bytes = 0;  // 0: any amount
  std::filesystem::path budget_file;
  DeliverySettings delivery;
  // Called on the delivery thread when another rung holds. Must not block or call back.
  std::function<void(const Rung&)> on_rung;
  // What people direct to this device. Called on the delivery thread; must only post. Empty: nobody
  // listens, and it is not asked for.
  std::function<void(ProjectId, const v1::Down&)> on_down;
  // What a person says to those who film. As on_down.
  std::function<void(const v1::Talk&)> on_talk;
  // The newest of it that is kept here, as the hub's clock has it.
  std::function<std::int64_t(ProjectId)> heard_until_us;
};

struct DataUse {
  bool metered = false;            // this network
  std::uint64_t sent_bytes = 0;    // today, as far as the budget counts it
  std::uint64_t budget_bytes = 0;  // 0: none
};

class Courier final : public SpoolListener, private TransportSink, private SpoolView {
 public:
  Courier(CourierSettings settings, Spool& spool, const Clock& clock, Log log);
  ~Courier() override;  // stop()

  // Call after spool.start(this).
  void start();
  // Says goodbye (status offline) and joins. Idempotent.
  void stop();

  [[nodiscard]] DeliveryState state() const;
  [[nodiscard]] TrackDelivery track_state(TrackHandle track) const;
  [[nodiscard]] bool all_delivered() const;
  [[nodiscard]] LinkFigures link() const;  // zeros when there is none
  [[nodiscard]] std::uint32_t delivered_kbps() const;
  // By how much what waits becomes less: what is delivered without what is being filmed.
  [[nodiscard]] std::uint32_t catching_up_kbps() const;
  // Since when things wait for the cause of state(), by the wall clock of now.
  [[nodiscard]] std::int64_t cause_since_us() const;
  // What waits now is sent in spite of a metered network and the data budget.
  void send_now() { post(SendNow{}); }
  [[nodiscard]] DataUse data_use() const;
  // From now on the live rendition follows the link; the first call's rungs hold.
  void adapt(std::vector<Rung> rungs);
  [[nodiscard]] std::optional<Rung> rung() const;  // none: before adapt()

  // SpoolListener
  void track_added(const TrackDescription& track) override;
  void part_made(TrackHandle track, std::uint64_t sequence, bool starts_segment,
                 Frame frame) override;
  void track_cut(TrackHandle track, std::uint64_t made) override;
  void group_synced(std::vector<SyncedTrack> tracks, std::vector<OutboxEvent> events) override;

 private:
  struct PartMade {
    TrackHandle track = 0;
    std::uint64_t sequence = 0;
    bool starts_segment = false;
    Frame frame;
  };
  struct GroupSynced {
    std::vector<SyncedTrack> tracks;
    std::vector<OutboxEvent> events;
  };
  struct Connected {
    ConnectionNumber connection = 0;
    std::uint32_t receive_maximum = 0;
  };
  struct ConnectFailed {
    ConnectionNumber connection = 0;
    ConnectFailure failure;
  };
  struct Disconnected {
    ConnectionNumber connection = 0;
    std::string why;
  };
  struct Sent {
    ConnectionNumber connection = 0;
    std::uint64_t token = 0;
    std::uint8_t reason_code = 0;
  };
  struct SubscribeFailed {
    ConnectionNumber connection = 0;
    std::string topic;
    std::uint8_t reason_code = 0;
  };
  struct Message {
    ConnectionNumber connection = 0;
    std::string topic;
    std::string payload;
  };
  struct SendNow {};
  struct TrackShortened {
    TrackHandle track = 0;
    std::uint64_t made = 0;
  };
  using Input =
      std::variant<SendNow, TrackDescription, PartMade, TrackShortened, GroupSynced, Connected,
                   ConnectFailed, Disconnected, Sent, SubscribeFailed, Message>;

  // TransportSink: Paho's threads and the TLS checker's; only post.
  void on_connected(ConnectionNumber connection, std::uint32_t receive_maximum) override;
  void on_connect_failed(ConnectionNumber connection, ConnectFailure failure) override;
  void on_disconnected(ConnectionNumber connection, std::string why) override;
  void on_sent(ConnectionNumber connection, std::uint64_t token, std::uint8_t reason_code) override;
  void on_subscribe_failed(ConnectionNumber connection, std::string topic,
                           std::uint8_t reason_code) override;
  void on_message(ConnectionNumber connection, std::string topic, std::string payload) override;
  // SpoolView
  std::uint32_t frame_bytes(TrackHandle track, std::uint64_t sequence) override;
  std::optional<Hash> running_hash(TrackHandle track, std::uint64_t count) override;

  void post(Input input);
  void run();
  void take(Input& input) SC_REQUIRES(machine_mutex_);
  void take_failure(ConnectFailed& failed) SC_REQUIRES(machine_mutex_);
  void take_message(const Message& message) SC_REQUIRES(machine_mutex_);
  void take_down(ProjectId project, const Message& message);
  void ask_down() SC_REQUIRES(machine_mutex_);
  void carry_out() SC_REQUIRES(machine_mutex_);
  void send_part(const SendPart& send) SC_REQUIRES(machine_mutex_);
  void subscribe_for(ProjectId project);
  void look_at_tcp() SC_REQUIRES(machine_mutex_);
  void watch_link() SC_REQUIRES(machine_mutex_);
  [[nodiscard]] std::int64_t watch_pause_us() const;
  void watch_connecting() SC_REQUIRES(machine_mutex_);
  void take_rung() SC_REQUIRES(machine_mutex_);
  void look_at_network() SC_REQUIRES(machine_mutex_);
  void count_data(std::uint64_t bytes) SC_REQUIRES(machine_mutex_);
  [[nodiscard]] DataUse use() const SC_REQUIRES(machine_mutex_);
  void note_cause() SC_REQUIRES(machine_mutex_);
  [[nodiscard]] std::uint32_t net_kbps() const SC_REQUIRES(machine_mutex_);
  [[nodiscard]] std::int64_t since_us() const SC_REQUIRES(machine_mutex_);
  void publish_status(bool online) SC_REQUIRES(machine_mutex_);
  void publish_status_of(ProjectId project, v1::DeviceStatus status) SC_REQUIRES(machine_mutex_);
  [[nodiscard]] std::map<ProjectId, v1::DeviceStatus> statuses(bool online) const
      SC_REQUIRES(machine_mutex_);
  void renew_will() SC_REQUIRES(machine_mutex_);
  [[nodiscard]] std::shared_ptr<const std::string> topic(TopicKind kind, ProjectId project) const;

  CourierSettings settings_;
  Spool& spool_;
  const Clock& clock_;
  const Log log_;

  mutable Mutex machine_mutex_;  // held by the delivery thread while it works
  Delivery machine_ SC_GUARDED_BY(machine_mutex_);
  LinkFollower follower_ SC_GUARDED_BY(machine_mutex_){machine_};

  // Delivery thread.
  std::unique_ptr<Transport> transport_;
  ConnectionNumber connection_ = 0;
  struct Topics {
    std::shared_ptr<const std::string> live, fill;
  };
  std::unordered_map<TrackHandle, Topics> topics_;
  PartMade present_part_;  // whose frame needs not be read again
  std::vector<ProjectId> subscribed_;
  struct DownAsked {
    std::int64_t due_us = 0, pause_us = 0;
    bool answered = false;
  };
  std::map<ProjectId, DownAsked> down_asked_;  // on this connection, of those subscribed to
  std::int64_t link_watched_us_ = 0;
  std::optional<std::uint64_t> connecting_bytes_;
  std::int64_t connect_began_us_ = 0;
  struct SaidStatus {
    std::string key, full;  // serialised: what is told at once, all
    std::int64_t at_us = 0;
  };
  std::map<ProjectId, SaidStatus> said_status_;  // on this connection
  std::int64_t status_at_us_ = 0;
  std::int64_t cause_noted_us_ = 0;
  std::string failure_said_;  // why there was no connection, as last logged
  bool up_ = false;
  bool deep_ = false;  // the kernel may hold much that is not sent yet: nothing is live
  LinkFigures link_ SC_GUARDED_BY(machine_mutex_);
  mutable std::optional<DataBudget> budget_ SC_GUARDED_BY(machine_mutex_);  // none: no limit
  std::uint64_t counted_bytes_ = 0;  // of what this connection delivered
  bool metered_ SC_GUARDED_BY(machine_mutex_) = false;
  DeliveredRate made_ SC_GUARDED_BY(machine_mutex_);  // by filming
  std::uint64_t made_bytes_ SC_GUARDED_BY(machine_mutex_) = 0;
  WaitCause cause_ SC_GUARDED_BY(machine_mutex_) = WaitCause::kNone;
  std::int64_t cause_began_us_ SC_GUARDED_BY(machine_mutex_) = 0;
  std::int64_t link_ended_us_ SC_GUARDED_BY(machine_mutex_) = 0;

  mutable Mutex queue_mutex_;
  CondVar wake_;
  std::deque<Input> queue_ SC_GUARDED_BY(queue_mutex_);
  std::uint64_t queued_frame_bytes_ SC_GUARDED_BY(queue_mutex_) = 0;
  bool stopping_ SC_GUARDED_BY(queue_mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::agent
