// SPDX-License-Identifier: Apache-2.0
// What is sent when: live at once, events in order, backfill oldest first within its window.
#include <algorithm>

#include "agent/publish/delivery.h"
#include "proto/codec/limits.h"

namespace sitecast::agent {
namespace {

// Without a receipt for this long the hub is asked; a receipt may take a second under load.
constexpr std::int64_t kLiveReceiptUs = 2'000'000;
constexpr std::int64_t kFillReceiptUs = 5'000'000;
constexpr std::int64_t kEventReceiptUs = 5'000'000;
// Live parts that the kernel has not taken for this long say that the link is too thin for
// pictures; voice is given more patience, because it is small.
constexpr std::int64_t kVideoLagUs = 400'000;
constexpr std::int64_t kAudioLagUs = 1'500'000;
constexpr std::int64_t kFillQueueUs = 200'000;           // backfill waits before live does
constexpr std::uint64_t kUnsentAloneBytes = 256 * 1024;  // keeps any link busy until we look again
constexpr std::uint64_t kLiveBytes = 2 * limits::kPartBytes;
constexpr std::int64_t kPoliteUs = 2'000'000;  // something was live this recently
constexpr std::size_t kEventsOnTheWay = 64;
constexpr std::uint64_t kFillsOnTheWay = 1024;  // below any broker's queue per client
constexpr int kTracksPerHello = 1000;           // about 46 bytes each, limit kControlBytes
constexpr std::int64_t kHelloLongestPauseUs = 5'000'000;
constexpr std::size_t kQuestionsKept = 64;

bool is_audio(const std::string& track) { return track.rfind("audio", 0) == 0; }
// The full-quality rendition is for the archive: it is never sent live and follows everything else.
bool is_master(const std::string& track) { return track.rfind("master", 0) == 0; }

}  // namespace

Token Delivery::new_token(Outstanding outstanding) {
  const std::int64_t now = clock_.monotonic_us();
  if (!anything_outstanding()) quiet_since_us_ = answered_at_us_ = now;
  outstanding.sent_us = now;
  count_published(outstanding.bytes);
  outstanding.end_bytes = published_bytes_;
  const Token token = ++last_token_;
  if (outstanding.what == Outstanding::What::kLive) {
    live_unwritten_bytes_ += outstanding.bytes;
    live_unwritten_.emplace(token, outstanding);
  } else {
    outstanding_.emplace(token, outstanding);
  }
  return token;
}

void Delivery::part_made(TrackHandle handle, std::uint64_t sequence, std::uint32_t frame_bytes,
                         bool starts_segment) {
  Track* const found = find_track(handle);
  if (found == nullptr) return;
  Track& track = *found;
  track.at.made = std::max(track.at.made, sequence + 1);
  live_at_us_ = clock_.monotonic_us();
  if (is_master(track.at.track)) return;
  if (link_ != Link::kUp || track.have.contains(sequence) || track.flights.count(sequence) != 0) {
    return;
  }
  const bool room = !live_paused_ && !used_up() && live_has_room(track, frame_bytes);
  // A picture cannot be decoded from the middle: after a gap, live goes on with the next segment.
  if (is_audio(track.at.track) || (starts_segment && room)) track.skipping = false;
  if (!room && !is_audio(track.at.track)) track.skipping = true;
  if (!room || track.skipping) {
    skipped_live_ += 1;
    return;
  }
  send_part(track, sequence, frame_bytes, true);
}

WaitCause Delivery::held_by(const Track& track, std::uint64_t sequence) const {
  if (sequence < track.now_below) return WaitCause::kNone;
  if (used_up()) return WaitCause::kBudget;
  return live_only_ ? WaitCause::kMetered : WaitCause::kNone;
}

void Delivery::live_only(bool on) {
  live_only_ = on;
  pump();
}

void Delivery::allow(std::optional<std::uint64_t> bytes) {
  // On its way: not taken by the kernel, or by the broker. It will be counted when it is.
  const std::uint64_t on_the_way = live_unwritten_bytes_ + fill_unacked_bytes_;
  if (bytes) bytes = *bytes - std::min(*bytes, on_the_way);
  allowed_bytes_ = bytes;
  pump();
}

void Delivery::send_now() {
  for (const TrackHandle handle : open_) {
    Track& track = tracks_.at(handle);
    track.now_below = track.at.made;
  }
  pump();
}

bool Delivery::live_has_room(const Track& track, std::uint32_t bytes) const {
  // While the hub is away nothing is confirmed, and viewers see live all the same.
  const std::uint64_t on_the_way = live_unconfirmed_bytes_ + fill_unconfirmed_bytes_;
  if (!hub_absent_ && on_the_way > 0 && on_the_way + bytes > settings_.window_bytes) return false;
  if (live_unwritten_bytes_ > kLiveBytes) return false;
  if (is_audio(track.at.track)) return live_lag_us() <= kAudioLagUs;
  return live_lag_us() + queued_us_ <= kVideoLagUs;
}

bool Delivery::live() const { return clock_.monotonic_us() - live_at_us_ < kPoliteUs; }

std::int64_t Delivery::live_lag_us() const {
  if (live_unwritten_.empty()) return 0;
  return clock_.monotonic_us() - live_unwritten_.begin()->second.sent_us;
}

void Delivery::send_part(Track& track, std::uint64_t sequence, std::uint32_t bytes, bool live) {
  Outstanding outstanding;
  outstanding.what = live ? Outstanding::What::kLive : Outstanding::What::kFill;
  outstanding.track = track.at.handle;
  outstanding.sequence = sequence;
  outstanding.bytes = bytes;
  const Token token = new_token(outstanding);
  track.flights[sequence] = Flight{live, false, token, bytes, published_bytes_};
  if (track.sent.contains(sequence)) {
    sent_again_parts_ += 1;
    sent_again_bytes_ += bytes;
  }
  if (allowed_bytes_) *allowed_bytes_ -= std::min<std::uint64_t>(*allowed_bytes_, bytes);
  const std::int64_t now = clock_.monotonic_us();
  if (live) {
    live_unconfirmed_bytes_ += bytes;
    live_unconfirmed_count_ += 1;
    sent_live_ += 1;
    live_doubts_.push_back(
        {token, track.at.handle, sequence, now + std::max(kLiveReceiptUs, 4 * round_trip_us())});
  } else {
    fill_unacked_bytes_ += bytes;
    fill_unconfirmed_bytes_ += bytes;
    fill_unconfirmed_count_ += 1;
    sent_fill_ += 1;
  }
  act(SendPart{track.at.handle, sequence, live, token});
}

void Delivery::pump() {
  fill_held_up_ = kernel_is_full_ = false;
  if (link_ != Link::kUp) return;
  send_hello_if_due();
  if (hub_absent_ || clock_.monotonic_us() < hold_until_us_) return;
  send_events();
  send_fills();
}

// Asks the hub where it stands; also the probe when the hub is away or nothing else would be
// answered.
void Delivery::send_hello_if_due() {
  const std::int64_t now = clock_.monotonic_us();
  if (now < hello_due_us_) return;
  for (const auto& [token, outstanding] : outstanding_) {
    const bool probe = outstanding.what == Outstanding::What::kEvent && hub_absent_;
    if (probe || outstanding.what == Outstanding::What::kHello) {  // the broker is silent yet
      hello_due_us_ = now + hello_pause_us_;
      return;
    }
  }
  std::vector<ProjectId> asked;
  const auto ask = [&](ProjectId project) {
    if (std::find(asked.begin(), asked.end(), project) != asked.end()) return;
    asked.push_back(project);
    send_hello(project);
  };
  for (const TrackHandle handle : open_) {
    const Track& track = tracks_.at(handle);
    if (!track.positioned || hub_absent_ || !track.flights.empty()) ask(track.at.project);
  }
  bool probed = !asked.empty();
  // No track to ask about: the first event that waits does as well, it is confirmed when heard.
  for (auto it = events_.begin(); it != events_.end() && hub_absent_ && !probed; ++it) {
    if (it->second.refused) continue;
    send_event(it->first);
    probed = true;
  }
  if (!probed) {
    hello_due_us_ = kNever;
    return;
  }
  hello_due_us_ = now + hello_pause_us_;
  hello_pause_us_ = std::min(hello_pause_us_ * 2, kHelloLongestPauseUs);
}

void Delivery::send_hello(ProjectId project) {
  v1::Hello hello;
  hello.set_protocol(1);
  hello.set_software(settings_.software);
  // Those whose position is not known come first, oldest first; then those with parts on the way.
  for (const bool positioned : {false, true}) {
    for (const TrackHandle handle : open_) {
      const Track& track = tracks_.at(handle);
      if (track.at.project != project || track.positioned != positioned) continue;
      if (positioned && track.flights.empty()) continue;
      if (hello.tracks_size() == kTracksPerHello) break;
      v1::TrackPosition& position = *hello.add_tracks();
      position.set_capture_id(track.at.capture.raw());
      position.set_track(track.at.track);
      position.set_next_sequence(track.at.made);
      position.set_ended(track.at.ended);
    }
  }
  // Nobody heard the one before, so nobody heard what was sent before that either.
  const auto before = std::find_if(questions_.rbegin(), questions_.rend(),
                                   [&](const auto& asked) { return asked.second == project; });
  if (hub_absent_ && before != questions_.rend()) forget_flights_before(project, before->first);
  Outstanding outstanding;
  outstanding.what = Outstanding::What::kHello;
  outstanding.bytes = static_cast<std::uint32_t>(hello.ByteSizeLong());
  const Token token = new_token(outstanding);
  hello.set_question(token);
  questions_.emplace(token, project);
  if (questions_.size() > kQuestionsKept) questions_.erase(questions_.begin());
  act(SendHello{project, std::move(hello), token});
}

void Delivery::send_events() {
  std::size_t on_the_way = 0;
  for (auto& [position, state] : events_) {
    if (state.refused || clock_.monotonic_us() < state.blocked_until_us) continue;
    if (on_the_way++ >= kEventsOnTheWay) return;
    if (!state.sent) send_event(position);
  }
}

void Delivery::send_event(std::int64_t position) {
  EventState& state = events_.at(position);
  Outstanding outstanding;
  outstanding.what = Outstanding::What::kEvent;
  outstanding.event_position = position;
  if (state.event.bytes) {
    outstanding.bytes = static_cast<std::uint32_t>(state.event.bytes->size());
  }
  const Token token = new_token(outstanding);
  state.sent = true;
  state.sent_us = clock_.monotonic_us();
  act(SendEvent{state.event, token});
}

void Delivery::send_fills() {
  while (send_next_fill()) {
  }
  if (fill_held_up_) window_.held_up(clock_.monotonic_us());
}

bool Delivery::fill_has_room(std::uint32_t bytes) {
  // Two slots stay for events and hello.
  if (outstanding_.size() + 2 >= receive_maximum_) return false;
  // It would only queue before the next live part.
  kernel_is_full_ = live() ? tcp_.unsent_bytes > unsent_beside_live_ || queued_us_ > kFillQueueUs
                           : tcp_.acknowledged_bytes > 0 && unsent_bytes() >= kUnsentAloneBytes;
  if (kernel_is_full_) return false;
  // One part may always go, and the last one may exceed the window, however large it is.
  fill_held_up_ = fill_unacked_bytes_ > 0 && on_the_way_bytes() >= window_.bytes();
  if (fill_held_up_) return false;
  // A quarter of the window is live's.
  const std::uint64_t of_live = std::max(live_unconfirmed_bytes_, settings_.window_bytes / 4);
  return fill_unconfirmed_count_ == 0 ||
         (fill_unconfirmed_bytes_ + of_live + bytes <= settings_.window_bytes &&
          fill_unconfirmed_count_ < kFillsOnTheWay);
}

// What viewers can see already comes before the masters.
bool Delivery::send_next_fill() {
  for (const bool master : {false, true}) {
    const auto next = next_fill(master);
    if (!next) continue;
    Track& track = *next->first;
    const std::uint32_t bytes = spool_.frame_bytes(track.at.handle, next->second);
    if (!fill_has_room(bytes)) return false;
    send_part(track, next->second, bytes, false);
    return true;
  }
  return false;
}

// The oldest capture that can go on; in it voice, which is small, then the track that is furthest
// behind.
std::optional<std::pair<Delivery::Track*, std::uint64_t>> Delivery::next_fill(bool master) {
  const std::int64_t now = clock_.monotonic_us();
  Track* best = nullptr;
  std::uint64_t best_sequence = 0;
  double best_progress = 0;
  for (const TrackHandle handle : open_) {
    Track& track = tracks_.at(handle);
    if (is_master(track.at.track) != master) continue;
    if (best != nullptr && track.at.order != best->at.order) break;
    if (!track.positioned || track.conflict || now < track.blocked_until_us) continue;
    const auto sequence = next_waiting(track);
    if (!sequence || held_by(track, *sequence) != WaitCause::kNone) continue;
    if (too_large_beside_live(track, *sequence)) continue;
    const double progress = is_audio(track.at.track) ? -1
                                                     : static_cast<double>(*sequence) /
                                                           static_cast<double>(track.at.made);
    if (best != nullptr && progress >= best_progress) continue;
    best = &track;
    best_sequence = *sequence;
    best_progress = progress;
  }
  if (best == nullptr) return std::nullopt;
  return std::pair(best, best_sequence);
}

bool Delivery::too_large_beside_live(const Track& track, std::uint64_t sequence) {
  return largest_fill_bytes_ != UINT64_MAX && live() && !is_audio(track.at.track) &&
         spool_.frame_bytes(track.at.handle, sequence) > largest_fill_bytes_;
}

std::optional<std::uint64_t> Delivery::next_waiting(Track& track) {
  std::uint64_t sequence = track.scan_from;
  for (;;) {
    const std::uint64_t start = sequence;
    sequence = track.given_up.next_outside(track.have.next_outside(sequence));
    for (auto flight = track.flights.lower_bound(sequence);
         flight != track.flights.end() && flight->first == sequence; ++flight) {
      ++sequence;
    }
    if (sequence == start) break;
  }
  track.scan_from = sequence;  // put_back moves it back
  if (sequence >= track.at.synced) return std::nullopt;
  return sequence;
}

void Delivery::put_back(Track& track, std::uint64_t sequence) {
  track.scan_from = std::min(track.scan_from, sequence);
}

void Delivery::erase_flight(Track& track, std::map<std::uint64_t, Flight>::iterator flight) {
  track.sent.add(flight->first, flight->first + 1);
  if (flight->second.live) {
    live_unconfirmed_count_ -= 1;
    live_unconfirmed_bytes_ -= flight->second.bytes;
  } else {
    fill_unconfirmed_count_ -= 1;
    fill_unconfirmed_bytes_ -= flight->second.bytes;
  }
  track.flights.erase(flight);
}

void Delivery::sent(Token token, std::uint8_t reason_code) {
  if (live_unwritten_.count(token) != 0)
    written(token);
  else
    puback(token, reason_code);
}

void Delivery::written(Token token) {
  const auto found = live_unwritten_.find(token);
  if (found == live_unwritten_.end()) return;
  live_unwritten_bytes_ -= found->second.bytes;
  live_unwritten_.erase(found);
}

// A receipt that does not come in time says nothing: the part may wait in a queue on the way, and
// would come twice. So the hub is asked, and what it does not have then is sent again
// (take_answer).
void Delivery::doubt() {
  const std::int64_t now = clock_.monotonic_us();
  for (auto* doubts : {&live_doubts_, &fill_doubts_}) {
    while (!doubts->empty() && doubts->front().at_us <= now) {
      Doubt doubt = doubts->front();
      doubts->pop_front();
      const Track* track = find_track(doubt.track);
      if (track == nullptr) continue;
      const auto flight = track->flights.find(doubt.sequence);
      if (flight == track->flights.end() || flight->second.token != doubt.token) continue;
      hello_due_us_ = std::min(hello_due_us_, now);
      doubt.at_us = now + kFillReceiptUs;  // should that not be answered either
      doubts->push_back(doubt);
    }
  }
  // Events: from the first that was not confirmed on, so that their order is kept.
  for (auto& [position, state] : events_) {
    if (!state.sent || now - state.sent_us < kEventReceiptUs) continue;
    if (open_.empty()) note_hub(false);  // no hello would tell
    for (auto& [later, other] : events_) {
      if (later >= position) other.sent = false;
    }
    break;
  }
}

void Delivery::puback(Token token, std::uint8_t reason_code) {
  const auto found = outstanding_.find(token);
  if (found == outstanding_.end()) return;  // of an earlier connection
  const Outstanding outstanding = found->second;
  outstanding_.erase(found);
  sign_of_life();
  passed_bytes_ = std::max(passed_bytes_, outstanding.end_bytes);
  const std::int64_t now = clock_.monotonic_us();
  const Verdict verdict = verdict_of_puback(reason_code);
  if (verdict.cause == WaitCause::kHubAbsent) {
    note_hub(false);
  } else if (verdict.everything) {
    hold_everything(verdict, "");
  }

  switch (outstanding.what) {
    case Outstanding::What::kLive: break;
    case Outstanding::What::kHello:
      if (verdict.accepted) asked_since_us_ = std::min(asked_since_us_, now);
      break;
    case Outstanding::What::kEvent: {
      if (verdict.accepted) break;
      refuse_event(outstanding.event_position, verdict,
                   "the broker answered " + std::to_string(reason_code));
      break;
    }
    case Outstanding::What::kFill: {
      fill_unacked_bytes_ -= outstanding.bytes;
      window_.came_back(
          {outstanding.bytes, outstanding.sent_us, now, passed_bytes_, unsent_bytes(), live()});
      Track* track = find_track(outstanding.track);
      if (track == nullptr) break;
      const auto flight = track->flights.find(outstanding.sequence);
      if (flight == track->flights.end() || flight->second.token != token)
        break;  // receipt was first
      if (verdict.accepted) {
        flight->second.acked = true;
        fill_doubts_.push_back({token, outstanding.track, outstanding.sequence,
                                now + std::max(kFillReceiptUs, 8 * round_trip_us())});
      } else {
        refuse_part(*track, outstanding.sequence, verdict,
                    "the broker answered " + std::to_string(reason_code));
      }
      break;
    }
  }
  pump();
}

void Delivery::part_unreadable(TrackHandle handle, std::uint64_t sequence) {
  Track* const found = find_track(handle);
  if (found == nullptr) return;
  Track& track = *found;
  const auto flight = track.flights.find(sequence);
  if (flight == track.flights.end()) return;
  // Nothing was sent, so no answer comes.
  const auto outstanding = outstanding_.find(flight->second.token);
  if (outstanding != outstanding_.end()) {
    fill_unacked_bytes_ -= outstanding->second.bytes;
    outstanding_.erase(outstanding);
  }
  erase_flight(track, flight);
  track.given_up.add(sequence, sequence + 1);
  track.cause = WaitCause::kDamaged;
  pump();
}

}  // namespace sitecast::agent
