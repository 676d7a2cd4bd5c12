// SPDX-License-Identifier: Apache-2.0
// The protocol between spool and hub, without I/O: events of the world go in, actions come out. It
// decides what is sent when and on which topic, what a receipt frees, when a connection is given
// up. README.md explains the rules. Owner thread: delivery thread. Never blocks (the SpoolView may
// read from disk). Times are the clock's monotonic microseconds.
//
// Use: call one input, then take_actions() and carry them out in order; call tick() at
// next_tick_us().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "agent/publish/backoff.h"
#include "agent/publish/delivery_policy.h"
#include "agent/publish/fill_window.h"
#include "agent/publish/interval_set.h"
#include "agent/spool/listener.h"
#include "proto/base/clock.h"
#include "proto/base/sha256.h"

namespace sitecast::agent {

// What the machine asks of the spool while it decides.
class SpoolView {
 public:
  virtual ~SpoolView() = default;
  virtual std::uint32_t frame_bytes(TrackHandle track, std::uint64_t sequence) = 0;
  virtual std::optional<Hash> running_hash(TrackHandle track, std::uint64_t count) = 0;
};

// Names a publication within the process. Grows, so it also tells the order of sending.
using Token = std::uint64_t;

struct SendPart {
  TrackHandle track = 0;
  std::uint64_t sequence = 0;
  bool live = false;  // else fill
  Token token = 0;
};
struct SendEvent {
  OutboxEvent event;
  Token token = 0;
};
struct SendHello {
  ProjectId project;
  v1::Hello hello;
  Token token = 0;
};
struct Connect {};
struct Disconnect {
  std::string why;
};
// Parts [0, count) are at the hub and the running hashes are equal.
struct Delivered {
  TrackHandle track = 0;
  std::uint64_t count = 0;
};
// Ended, and all of it is at the hub: this handle is not spoken of again.
struct TrackForgotten {
  TrackHandle track = 0;
};
struct EventsDelivered {
  std::vector<EventId> ids;
};
struct EventRefused {
  EventId id;
  std::string why;
};
// Not taken as things are (rights may be granted later): it is tried again from time to time.
struct EventHeld {
  EventId id;
  std::string why;
};
using Action = std::variant<SendPart, SendEvent, SendHello, Connect, Disconnect, Delivered,
                            TrackForgotten, EventsDelivered, EventRefused, EventHeld>;

struct DeliverySettings {
  std::uint64_t window_bytes = 8ULL << 20;  // on the way without a receipt, at most
  std::string software = "sitecast-agent";
};

struct TrackDelivery {
  // False: not heard of yet, or ended, delivered and forgotten; nothing below holds then.
  bool known = false;
  // Parts that the hub says it has; of those without a gap only as far as its running hash is ours.
  std::uint64_t at_hub = 0;
  std::uint64_t waiting = 0;   // made and not at the hub
  std::uint64_t given_up = 0;  // refused for good or unreadable
  bool stuck = false;  // what waits was refused or cannot be read: nothing of it is on its way
  WaitCause cause = WaitCause::kNone;
  std::string detail;  // the hub's sentence, if it gave one
};
struct DeliveryState {
  bool connected = false;
  bool hub_present = false;
  WaitCause cause = WaitCause::kNone;  // of what waits; kNone: nothing waits
  std::string detail;
  std::uint64_t waiting_parts = 0;
  std::uint64_t waiting_events = 0;
  std::uint64_t sent_live = 0, sent_fill = 0, skipped_live = 0;
  // Parts that this process had put onto the link before and publishes again, for whatever reason.
  std::uint64_t sent_again_parts = 0, sent_again_bytes = 0;
  std::uint64_t connections = 0;
  // Connections that were lost, and the parts that were put onto the link on them, at least begun,
  // without a receipt: all, the most of one.
  std::uint64_t cuts = 0, cut_in_flight_bytes = 0, cut_in_flight_most_bytes = 0;
  std::int64_t round_trip_us = 0;
};

struct TcpState {
  std::uint64_t acknowledged_bytes = 0;  // since it began
  std::uint64_t in_flight_bytes = 0;     // sent, not acknowledged
  std::int64_t round_trip_us = 0;        // smoothed
  std::uint64_t unsent_bytes = 0;        // taken by the kernel, not sent
};

class Delivery {
 public:
  Delivery(DeliverySettings settings, SpoolView& spool, const Clock& clock, std::uint64_t seed);

  // Spool.
  void track_added(const TrackDescription& track);
  void part_made(TrackHandle track, std::uint64_t sequence, std::uint32_t frame_bytes,
                 bool starts_segment);
  // Of an ended track only parts [0, made) are on this device any more, all of them synced.
  void track_cut(TrackHandle track, std::uint64_t made);
  void group_synced(const std::vector<SyncedTrack>& tracks, const std::vector<OutboxEvent>& events);
  void part_unreadable(TrackHandle track, std::uint64_t sequence);

  // Transport.
  void connecting_moves();  // the other side answers, though not yet to the end
  void connected();
  void connect_failed(const Verdict& verdict, std::string why);
  void disconnected(std::string why);
  // What was sent at a better rate holds up the newest moment: the rest of it is left behind.
  void stuck();
  void address_gone();        // the network is another one: nothing comes back on this connection
  void written(Token token);  // QoS 0: handed to the kernel
  void puback(Token token, std::uint8_t reason_code);
  // Either of the two, for a transport that tells both in one way.
  void sent(Token token, std::uint8_t reason_code);
  // Receive Maximum of the broker: QoS 1 publications without PUBACK, at most.
  void limit_on_the_way(std::uint32_t count) { receive_maximum_ = count; }
  void receipt(const v1::Receipt& receipt);
  void link_moves();  // the kernel says that the other side takes bytes
  // What TCP knows of this connection. Not needed, but without it what is on the way is known only
  // to whole publications, and a late PUBACK is taken for a queue.
  void tcp(const TcpState& state);
  // Something else was published: it is on the way too.
  void published_beside(std::uint64_t bytes) { count_published(bytes); }

  // Live stops and everything goes by fill, until it is false again: the link is too thin for
  // voice.
  void pause_live(bool paused) { live_paused_ = paused; }
  // While something is live no larger part than this is filled in, but for voice: it would hold up
  // live for as long as it takes to send.
  void limit_picture_fills(std::uint64_t largest_bytes) { largest_fill_bytes_ = largest_bytes; }
  // What goes out now waits so long behind what the kernel has taken: pictures and backfill pause
  // for the voice.
  void queued_before_live(std::int64_t us) { queued_us_ = us; }
  // Beside live nothing is filled in while the kernel has more than this that it has not sent.
  void limit_unsent_beside_live(std::uint64_t bytes) { unsent_beside_live_ = bytes; }
  // Nothing but live and events is sent on this network.
  void live_only(bool on);
  // How much may still be sent beside what is on its way; none: any amount. Counted down with each
  // part until the next call. Events are small and go all the same.
  void allow(std::optional<std::uint64_t> bytes);
  // Whatever was made so far is sent in spite of both.
  void send_now();
  // Published on this connection and not at the other side, whether the kernel has it or not.
  [[nodiscard]] std::uint64_t on_the_way_bytes() const { return published_bytes_ - passed_bytes_; }
  // Of those: not sent by TCP yet.
  [[nodiscard]] std::uint64_t unsent_bytes() const {
    return on_the_way_bytes() - std::min(on_the_way_bytes(), tcp_.in_flight_bytes);
  }
  // Something was filmed within the last two seconds.
  [[nodiscard]] bool live() const;
  // Age of the oldest live part that the kernel has not taken.
  [[nodiscard]] std::int64_t live_lag_us() const;

  void tick();
  [[nodiscard]] std::int64_t next_tick_us() const;
  std::vector<Action> take_actions();

  [[nodiscard]] DeliveryState state() const;
  [[nodiscard]] TrackDelivery track_state(TrackHandle track) const;
  // Those that are not forgotten: what this machine's memory grows with.
  [[nodiscard]] std::size_t known_tracks() const { return tracks_.size(); }
  // Nothing waits for the hub, but for what was given up.
  [[nodiscard]] bool all_delivered() const;

 private:
  struct Flight {
    bool live = false;
    bool acked = false;  // PUBACK came; fill only
    Token token = 0;
    std::uint32_t bytes = 0;
    std::uint64_t end_bytes = 0;  // as in Outstanding
  };
  struct Track {
    TrackDescription at;
    IntervalSet have;      // durable at the hub, as it says
    IntervalSet given_up;  // refused for good, or unreadable here
    IntervalSet sent;      // put onto the link by this process; without what is on the way now
    std::uint64_t contiguous = 0;
    std::deque<std::pair<std::uint64_t, Hash>> unverified;  // receipts ahead of our own sync
    std::map<std::uint64_t, Flight> flights;
    std::uint64_t now_below = 0;  // parts below it are not held up by network or budget
    std::uint64_t scan_from = 0;  // nothing below it waits to be sent
    bool positioned = false;      // on this connection we know what the hub has
    Token ask_from = 0;           // an answer to an earlier hello does not position it
    bool skipping = false;        // live fell behind: wait for a segment's start
    bool conflict = false;
    std::int64_t blocked_until_us = 0;
    WaitCause cause = WaitCause::kNone;
    std::string detail;
    Token live_confirmed = 0, fill_confirmed = 0;  // newest token that a receipt covered
  };
  struct Outstanding {
    enum class What { kLive, kFill, kEvent, kHello } what{};
    TrackHandle track = 0;
    std::uint64_t sequence = 0;
    std::uint32_t bytes = 0;
    std::int64_t event_position = 0;
    std::int64_t sent_us = 0;
    std::uint64_t end_bytes = 0;  // of all that was published on this connection, with this
  };
  // When the hub is asked about a part of which it said nothing.
  struct Doubt {
    Token token = 0;
    TrackHandle track = 0;
    std::uint64_t sequence = 0;
    std::int64_t at_us = 0;
  };
  struct EventState {
    OutboxEvent event;
    bool sent = false;
    bool refused = false;  // for good
    std::int64_t sent_us = 0;
    std::int64_t blocked_until_us = 0;
    // Why it is blocked.
    WaitCause cause = WaitCause::kNone;
    std::string detail;
  };
  enum class Link { kWaiting, kConnecting, kUp };

  // delivery.cpp
  void lose_connection();
  void lose_flights();
  void hurry();
  [[nodiscard]] std::int64_t connect_deadline_us() const;
  void give_up_connection(std::string why);
  void sign_of_life();
  [[nodiscard]] bool qos1_outstanding() const;
  [[nodiscard]] bool anything_outstanding() const;
  void check_silence();
  [[nodiscard]] std::int64_t silence_limit_us() const;
  [[nodiscard]] std::int64_t round_trip_us() const;

  // delivery_send.cpp
  void pump();
  void send_hello_if_due();
  void send_hello(ProjectId project);
  void send_event(std::int64_t position);
  void send_events();
  void send_fills();
  bool send_next_fill();
  static std::uint64_t on_the_link(std::uint64_t bytes) {
    return bytes + bytes / 400 + kAroundBytes;
  }
  void count_published(std::uint64_t bytes) { published_bytes_ += on_the_link(bytes); }
  std::optional<std::pair<Track*, std::uint64_t>> next_fill(bool master);
  [[nodiscard]] bool used_up() const { return allowed_bytes_ && *allowed_bytes_ == 0; }
  // Why a part is not to be sent on this network or today; kNone: it may be.
  [[nodiscard]] WaitCause held_by(const Track& track, std::uint64_t sequence) const;
  [[nodiscard]] bool fill_has_room(std::uint32_t bytes);
  [[nodiscard]] bool live_has_room(const Track& track, std::uint32_t bytes) const;
  std::optional<std::uint64_t> next_waiting(Track& track);
  [[nodiscard]] bool too_large_beside_live(const Track& track, std::uint64_t sequence);
  void send_part(Track& track, std::uint64_t sequence, std::uint32_t bytes, bool live);
  Token new_token(Outstanding outstanding);
  void doubt();
  void put_back(Track& track, std::uint64_t sequence);

  // delivery_receipt.cpp
  void take_track_receipt(const v1::TrackReceipt& receipt);
  void drop_confirmed_flights(Track& track, const v1::TrackReceipt& receipt);
  void put_back_lost_flights(Track& track);
  void put_back_flights_before(Track& track, Token token);
  void take_answer(const v1::Receipt& receipt);
  void forget_flights_before(ProjectId project, Token token);
  void verify(Track& track);  // may forget it: `track` is not to be used afterwards
  void forget(Track& track);
  void take_refusal(const v1::Refusal& refusal);
  void refuse_part(Track& track, std::uint64_t sequence, const Verdict& verdict,
                   const std::string& detail);
  void refuse_event(std::int64_t position, const Verdict& verdict, const std::string& detail);
  void hold_everything(const Verdict& verdict, const std::string& detail);
  void note_hub(bool present);
  void erase_flight(Track& track, std::map<std::uint64_t, Flight>::iterator flight);
  Track* find_track(const std::string& capture_id, const std::string& track);
  Track* find_track(TrackHandle handle);  // null: forgotten

  void act(Action action) { actions_.push_back(std::move(action)); }

  const DeliverySettings settings_;
  SpoolView& spool_;
  const Clock& clock_;
  Backoff backoff_;
  FillWindow window_;
  std::vector<Action> actions_;

  // All that have not ended or are not wholly at the hub: whatever speaks of another handle (a late
  // receipt, a PUBACK, a group) speaks of one that was forgotten, and is passed over.
  std::unordered_map<TrackHandle, Track> tracks_;
  std::vector<TrackHandle> open_;  // the same, by order of capture
  std::map<std::pair<std::string, std::string>, TrackHandle> by_name_;  // raw capture id, track
  std::map<std::int64_t, EventState> events_;                           // by position
  std::map<EventId, std::int64_t> event_positions_;

  Link link_ = Link::kWaiting;
  std::int64_t link_changed_us_ = 0;
  std::int64_t connecting_moved_us_ = 0;
  std::int64_t retry_at_us_ = 0;
  std::int64_t connect_limit_us_ = kConnectLimitUs;
  WaitCause link_cause_ = WaitCause::kNoLink;
  std::string link_detail_ = "not connected yet";

  Token last_token_ = 0;
  std::uint64_t receive_maximum_ = 65535;
  std::map<Token, Outstanding> outstanding_;     // QoS 1 without PUBACK
  std::map<Token, Outstanding> live_unwritten_;  // QoS 0 not yet taken by the kernel
  std::uint64_t live_unwritten_bytes_ = 0;
  // On this connection, and what of it has reached the other side, as PUBACKs and TCP say.
  std::uint64_t published_bytes_ = 0, passed_bytes_ = 0;
  TcpState tcp_;
  bool fill_held_up_ = false;    // a part waits for room on the way
  bool kernel_is_full_ = false;  // or for the kernel
  std::uint64_t fill_unacked_bytes_ = 0;
  std::uint64_t fill_unconfirmed_bytes_ = 0;
  std::uint64_t fill_unconfirmed_count_ = 0;
  std::uint64_t live_unconfirmed_bytes_ = 0;
  std::uint64_t live_unconfirmed_count_ = 0;
  std::deque<Doubt> live_doubts_, fill_doubts_;  // by time
  std::int64_t quiet_since_us_ = 0;  // last sign of life, or when something began to be outstanding
  std::int64_t answered_at_us_ = 0;  // last PUBACK or receipt

  bool live_paused_ = false;
  std::uint64_t largest_fill_bytes_ = UINT64_MAX;
  std::int64_t queued_us_ = 0;
  std::uint64_t unsent_beside_live_ = UINT64_MAX;
  bool live_only_ = false;
  std::optional<std::uint64_t> allowed_bytes_;
  bool hub_present_ = false;
  bool hub_absent_ = false;
  std::int64_t asked_since_us_ = kNever;  // a hello that the broker took and the hub did not answer
  std::map<Token, ProjectId> questions_;  // hellos of this connection without the hub's answer
  Token answered_ = 0;                    // the last one that it answered
  std::int64_t hello_due_us_ = kNever;
  std::int64_t hello_pause_us_ = kHelloPauseUs;
  std::int64_t hold_until_us_ = 0;
  WaitCause hold_cause_ = WaitCause::kNone;
  std::string hold_detail_;
  std::int64_t live_at_us_ = kLongAgo;  // last part made
  std::uint64_t sent_live_ = 0, sent_fill_ = 0, skipped_live_ = 0, connections_ = 0;
  std::uint64_t sent_again_parts_ = 0, sent_again_bytes_ = 0;
  std::uint64_t cuts_ = 0, cut_in_flight_bytes_ = 0, cut_in_flight_most_bytes_ = 0;

  static constexpr std::int64_t kNever = INT64_MAX;
  // Around a publication: topic, MQTT, TLS; and for each record of TLS. At least, so that TCP never
  // seems further than it is.
  static constexpr std::uint64_t kAroundBytes = 140;
  static constexpr std::int64_t kLongAgo = INT64_MIN / 2;
  static constexpr std::int64_t kConnectLimitUs = 2'000'000;
  static constexpr std::int64_t kHelloPauseUs = 500'000;
};

}  // namespace sitecast::agent
