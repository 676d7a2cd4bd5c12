// SPDX-License-Identifier: Apache-2.0
// Connection and bookkeeping; sending is in delivery_send.cpp, receipts in delivery_receipt.cpp.
#include "agent/publish/delivery.h"

#include <algorithm>

namespace sitecast::agent {
namespace {

constexpr std::int64_t kSilenceUs = 2'000'000;  // or 4 round trips, whatever is longer
// The hub answers a hello at once. Paho 1.3.12 does not pass on a PUBACK's reason below 0x80, so
// 0x10 (nobody subscribed) may not be seen, and this silence says the same.
constexpr std::int64_t kHubAnswersUs = 1'500'000;
constexpr std::int64_t kSlowLinkUs = 30'000'000;  // bytes move, but nothing is ever answered
// Together with the longest pause below the 10 s within which a link that is back is used.
constexpr std::int64_t kLongestConnectLimitUs = 4'000'000;
constexpr std::int64_t kStableUs = 5'000'000;  // a connection that held counts as good
constexpr std::int64_t kBusyTickUs = 100'000;
constexpr std::int64_t kIdleTickUs = 1'000'000;
// A large part passes bit by bit, and nothing says so: it is looked at.
constexpr std::int64_t kHeldUpTickUs = 10'000;

}  // namespace

Delivery::Delivery(DeliverySettings settings, SpoolView& spool, const Clock& clock,
                   std::uint64_t seed)
    : settings_(std::move(settings)),
      spool_(spool),
      clock_(clock),
      backoff_(seed),
      window_(settings_.window_bytes) {}

std::vector<Action> Delivery::take_actions() { return std::exchange(actions_, {}); }

void Delivery::track_added(const TrackDescription& description) {
  if (description.ended && description.delivered >= description.made) {
    act(TrackForgotten{description.handle});
    return;
  }
  Track& track = tracks_[description.handle];
  track.at = description;
  track.have.add(0, description.delivered);
  track.contiguous = track.scan_from = description.delivered;
  // The hub cannot have anything of a track that has just begun.
  track.positioned = link_ == Link::kUp && description.made == 0;
  by_name_[{description.capture.raw(), description.track}] = description.handle;
  const auto place = std::find_if(open_.begin(), open_.end(), [&](TrackHandle other) {
    return tracks_.at(other).at.order > description.order;
  });
  open_.insert(place, description.handle);
  if (link_ == Link::kUp && !track.positioned) {
    hello_due_us_ = std::min(hello_due_us_, clock_.monotonic_us());
  }
  hurry();
  pump();
}

// What the hub has beyond the cut, or a receipt that came between the cut and this word of it, says
// nothing about what is left here: the hub is asked about that alone.
void Delivery::track_cut(TrackHandle handle, std::uint64_t made) {
  Track* const found = find_track(handle);
  if (found == nullptr) return;
  Track& track = *found;
  track.at.made = track.at.synced = std::min(track.at.made, made);
  track.at.delivered = std::min(track.at.delivered, track.at.made);
  track.at.ended = true;
  while (!track.flights.empty() && track.flights.rbegin()->first >= made) {
    const auto last = std::prev(track.flights.end());
    erase_flight(track, last);  // its PUBACK finds nothing more to do
  }
  track.unverified.clear();
  track.conflict = false;
  track.positioned = false;
  track.ask_from = last_token_ + 1;
  verify(track);  // may be all there is of it
  if (link_ == Link::kUp) hello_due_us_ = std::min(hello_due_us_, clock_.monotonic_us());
  pump();
}

void Delivery::group_synced(const std::vector<SyncedTrack>& tracks,
                            const std::vector<OutboxEvent>& events) {
  for (const OutboxEvent& event : events) {
    events_[event.position].event = event;
    event_positions_[event.id] = event.position;
  }
  for (const SyncedTrack& synced : tracks) {
    Track* track = find_track(synced.handle);
    if (track == nullptr) continue;
    track->at.synced = std::max(track->at.synced, synced.synced);
    track->at.made = std::max(track->at.made, track->at.synced);
    if (synced.ended) {
      track->at.ended = true;
      // A track that the disk failed under ends at what was synced.
      track->at.made = track->at.synced;
    }
    verify(*track);
  }
  hurry();
  pump();
}

void Delivery::connecting_moves() { connecting_moved_us_ = clock_.monotonic_us(); }

// On a slow link the handshakes take several round trips; as long as they get on they are waited
// for.
std::int64_t Delivery::connect_deadline_us() const {
  return std::min(connecting_moved_us_ + connect_limit_us_, link_changed_us_ + kSlowLinkUs);
}

// Something waits now: a long pause from before ends sooner.
void Delivery::hurry() {
  if (link_ != Link::kWaiting) return;
  retry_at_us_ = std::min(retry_at_us_, clock_.monotonic_us() + Backoff::kPressingUs);
}

void Delivery::connected() {
  const std::int64_t now = clock_.monotonic_us();
  link_ = Link::kUp;
  link_changed_us_ = quiet_since_us_ = answered_at_us_ = now;
  connect_limit_us_ = kConnectLimitUs;
  link_cause_ = WaitCause::kNone;
  connections_ += 1;
  hub_present_ = hub_absent_ = false;
  hello_pause_us_ = kHelloPauseUs;
  hello_due_us_ = now;
  asked_since_us_ = kNever;
  window_.restart(live());
  pump();
}

void Delivery::connect_failed(const Verdict& verdict, std::string why) {
  link_cause_ = verdict.cause;
  link_detail_ = std::move(why);
  lose_connection();
}

void Delivery::disconnected(std::string why) {
  if (link_ == Link::kUp && clock_.monotonic_us() - link_changed_us_ > kStableUs) backoff_.reset();
  link_cause_ = WaitCause::kNoLink;
  link_detail_ = std::move(why);
  lose_connection();
}

void Delivery::lose_connection() {
  const std::int64_t now = clock_.monotonic_us();
  // That nothing came meanwhile was a pause too.
  const std::int64_t waited_us =
      now - (link_ == Link::kUp ? quiet_since_us_ : connecting_moved_us_);
  if (link_ == Link::kUp) lose_flights();
  link_ = Link::kWaiting;
  link_changed_us_ = now;
  outstanding_.clear();
  live_unwritten_.clear();
  live_doubts_.clear();
  fill_doubts_.clear();
  live_unwritten_bytes_ = fill_unacked_bytes_ = 0;
  published_bytes_ = passed_bytes_ = 0;
  tcp_ = {0, 0, tcp_.round_trip_us, 0};
  queued_us_ = 0;
  fill_held_up_ = kernel_is_full_ = false;
  fill_unconfirmed_bytes_ = fill_unconfirmed_count_ = 0;
  live_unconfirmed_bytes_ = live_unconfirmed_count_ = 0;
  hub_present_ = hub_absent_ = false;
  hello_due_us_ = asked_since_us_ = kNever;
  questions_.clear();
  answered_ = 0;
  for (const TrackHandle handle : open_) {
    Track& track = tracks_.at(handle);
    track.scan_from = track.contiguous;
    track.positioned = false;
    track.skipping = track.at.made > 0;  // pictures: live goes on with a key frame
  }
  for (auto& [position, event] : events_) event.sent = false;
  const bool pressing = !all_delivered() || now - live_at_us_ < kSlowLinkUs;
  const std::int64_t pause_us = backoff_.next_us(pressing);
  // A quarter stays, by chance: else all devices of a broker that fell silent come back as one.
  retry_at_us_ = now + std::max(pause_us - waited_us, pause_us / 4);
}

// What TCP had not come to send was never on the link: it costs nothing and is not sent again
// later.
void Delivery::lose_flights() {
  const std::uint64_t put_out = published_bytes_ - unsent_bytes();
  const bool known = tcp_.acknowledged_bytes > 0;
  std::uint64_t in_flight = 0;
  for (const TrackHandle handle : open_) {
    Track& track = tracks_.at(handle);
    for (const auto& [sequence, flight] : track.flights) {
      if (known && flight.end_bytes - on_the_link(flight.bytes) >= put_out) continue;
      in_flight += flight.bytes;
      track.sent.add(sequence, sequence + 1);
    }
    track.flights.clear();
  }
  cuts_ += 1;
  cut_in_flight_bytes_ += in_flight;
  cut_in_flight_most_bytes_ = std::max(cut_in_flight_most_bytes_, in_flight);
}

void Delivery::give_up_connection(std::string why) {
  act(Disconnect{why});
  disconnected(std::move(why));
}

void Delivery::address_gone() {
  if (link_ == Link::kWaiting) return;
  backoff_.reset();
  give_up_connection("this device has another address");
}

void Delivery::stuck() {
  if (link_ != Link::kUp) return;
  backoff_.reset();
  give_up_connection("the link has become too thin for what is on its way");
}

void Delivery::sign_of_life() { quiet_since_us_ = answered_at_us_ = clock_.monotonic_us(); }

void Delivery::link_moves() {
  // Bytes that move keep a slow link alive, but not for ever: somebody must answer in the end.
  if (clock_.monotonic_us() - answered_at_us_ < kSlowLinkUs) {
    quiet_since_us_ = clock_.monotonic_us();
  }
}

void Delivery::tcp(const TcpState& state) {
  window_.tcp_round_trip(state.round_trip_us);
  if (state.acknowledged_bytes > tcp_.acknowledged_bytes) {
    // The first time it counts the handshakes too.
    const std::uint64_t more =
        tcp_.acknowledged_bytes > 0 ? state.acknowledged_bytes - tcp_.acknowledged_bytes : 0;
    passed_bytes_ = std::min(published_bytes_, passed_bytes_ + more);
    link_moves();
  }
  tcp_ = state;
}

bool Delivery::qos1_outstanding() const { return !outstanding_.empty(); }

bool Delivery::anything_outstanding() const {
  return qos1_outstanding() || fill_unconfirmed_count_ > 0 || live_unconfirmed_count_ > 0;
}

std::int64_t Delivery::round_trip_us() const {
  return std::max(tcp_.round_trip_us, window_.base_us());
}

std::int64_t Delivery::silence_limit_us() const {
  return std::max(kSilenceUs, 4 * round_trip_us());
}

// A silent cut: TCP would take longer to notice than the cut lasts. When only QoS 0 is on the way
// nobody need answer, so something is sent that the broker must.
void Delivery::check_silence() {
  if (!anything_outstanding()) {
    quiet_since_us_ = answered_at_us_ = clock_.monotonic_us();
    return;
  }
  const std::int64_t quiet_us = clock_.monotonic_us() - quiet_since_us_;
  if (quiet_us >= silence_limit_us() && qos1_outstanding()) {
    give_up_connection("no answer for " + std::to_string(quiet_us / 1000) + " ms");
  } else if (quiet_us >= silence_limit_us() / 2 && !qos1_outstanding()) {
    hello_due_us_ = std::min(hello_due_us_, clock_.monotonic_us());
  }
}

void Delivery::tick() {
  const std::int64_t now = clock_.monotonic_us();
  switch (link_) {
    case Link::kWaiting:
      if (now < retry_at_us_) return;
      link_ = Link::kConnecting;
      link_changed_us_ = connecting_moved_us_ = now;
      act(Connect{});
      return;
    case Link::kConnecting:
      if (now < connect_deadline_us()) return;
      connect_limit_us_ = std::min(connect_limit_us_ * 2, kLongestConnectLimitUs);
      give_up_connection("no connection within " + std::to_string((now - link_changed_us_) / 1000) +
                         " ms");
      return;
    case Link::kUp: break;
  }
  doubt();
  const std::int64_t patience_us = std::max(kHubAnswersUs, 4 * round_trip_us());
  if (asked_since_us_ != kNever && now - asked_since_us_ > patience_us) note_hub(false);
  check_silence();
  if (link_ == Link::kUp) pump();
}

std::int64_t Delivery::next_tick_us() const {
  const std::int64_t now = clock_.monotonic_us();
  switch (link_) {
    case Link::kWaiting: return retry_at_us_;
    case Link::kConnecting: return connect_deadline_us();
    case Link::kUp: break;
  }
  const bool busy = anything_outstanding() || !all_delivered();
  const bool tcp_tells = (fill_held_up_ || kernel_is_full_) && tcp_.acknowledged_bytes > 0;
  const std::int64_t pause_us = tcp_tells ? kHeldUpTickUs : busy ? kBusyTickUs : kIdleTickUs;
  return std::min(now + pause_us, std::max(hello_due_us_, now));
}

bool Delivery::all_delivered() const {
  for (const auto& [position, event] : events_) {
    if (!event.refused) return false;
  }
  for (const TrackHandle handle : open_) {
    const Track& track = tracks_.at(handle);
    if (track.conflict) continue;
    const std::uint64_t lost = track.given_up.count_below(track.at.made);
    const std::uint64_t done =
        lost > 0 ? track.have.count_below(track.at.made) + lost : track.at.delivered;
    if (done < track.at.made) return false;
  }
  return true;
}

DeliveryState Delivery::state() const {
  DeliveryState state;
  state.connected = link_ == Link::kUp;
  state.hub_present = hub_present_;
  state.sent_live = sent_live_;
  state.sent_fill = sent_fill_;
  state.skipped_live = skipped_live_;
  state.sent_again_parts = sent_again_parts_;
  state.sent_again_bytes = sent_again_bytes_;
  state.connections = connections_;
  state.cuts = cuts_;
  state.cut_in_flight_bytes = cut_in_flight_bytes_;
  state.cut_in_flight_most_bytes = cut_in_flight_most_bytes_;
  state.round_trip_us = round_trip_us();
  bool moves = false, sends = false;
  WaitCause held = WaitCause::kNone;
  std::optional<TrackDelivery> stuck;
  for (const TrackHandle handle : open_) {
    TrackDelivery track = track_state(handle);
    state.waiting_parts += track.waiting;
    if (track.waiting == 0) continue;
    moves = moves || !track.stuck;
    if (track.cause == WaitCause::kMetered || track.cause == WaitCause::kBudget) {
      held = track.cause;
    } else {
      sends = sends || !track.stuck;
    }
    if (track.stuck && !stuck) stuck = std::move(track);
  }
  for (const auto& [position, event] : events_) {
    if (event.refused) continue;
    state.waiting_events += 1;
    if (clock_.monotonic_us() >= event.blocked_until_us) {
      moves = sends = true;
    } else if (!stuck) {
      stuck.emplace();
      stuck->cause = event.cause;
      stuck->detail = event.detail;
    }
  }
  if (stuck && !moves) {
    state.cause = stuck->cause;
    state.detail = stuck->detail;
  } else if (link_ != Link::kUp) {
    state.cause = link_cause_;
    state.detail = link_detail_;
  } else if (hub_absent_) {
    state.cause = WaitCause::kHubAbsent;
  } else if (clock_.monotonic_us() < hold_until_us_) {
    state.cause = hold_cause_;
    state.detail = hold_detail_;
  } else if (held != WaitCause::kNone && !sends) {
    state.cause = held;
  } else if (state.waiting_parts + state.waiting_events > 0) {
    state.cause = WaitCause::kSending;
  }
  if (state.waiting_parts + state.waiting_events == 0) state.cause = WaitCause::kNone;
  return state;
}

TrackDelivery Delivery::track_state(TrackHandle handle) const {
  TrackDelivery state;
  const auto found = tracks_.find(handle);
  if (found == tracks_.end()) return state;
  const Track& track = found->second;
  state.known = true;
  // What the hub holds without a gap counts as far as its running hash was ours: of altered footage
  // nothing is at the hub.
  const std::uint64_t unverified =
      std::min(track.contiguous, track.at.made) - std::min(track.at.delivered, track.contiguous);
  state.at_hub =
      track.conflict ? track.at.delivered : track.have.count_below(track.at.made) - unverified;
  state.waiting = track.at.made - std::min(state.at_hub, track.at.made);
  state.given_up = track.given_up.count_below(track.at.made);
  state.detail = track.detail;
  if (state.waiting == 0) return state;
  const bool blocked = clock_.monotonic_us() < track.blocked_until_us;
  state.stuck = track.conflict || blocked ||
                (state.given_up > 0 && state.at_hub + state.given_up >= track.at.made);
  if (track.conflict || state.given_up > 0 || blocked) {
    state.cause = track.conflict ? WaitCause::kRefused : track.cause;
  } else if (link_ != Link::kUp) {
    state.cause = link_cause_;
    state.detail = link_detail_;
  } else if (hub_absent_) {
    state.cause = WaitCause::kHubAbsent;
  } else if (clock_.monotonic_us() < hold_until_us_) {
    state.cause = hold_cause_;
    state.detail = hold_detail_;
  } else if (const WaitCause held = held_by(track, track.have.next_outside(0));
             track.flights.empty() && held != WaitCause::kNone) {
    state.cause = held;
  } else if (track.flights.empty() && !open_.empty() &&
             tracks_.at(open_.front()).at.order < track.at.order) {
    state.cause = WaitCause::kBehind;
    state.detail = tracks_.at(open_.front()).at.capture.text();
  } else {
    state.cause = WaitCause::kSending;
  }
  return state;
}

}  // namespace sitecast::agent
