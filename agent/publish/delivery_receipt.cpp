// SPDX-License-Identifier: Apache-2.0
// What the hub says: receipts free, refusals are handled by cause.
#include <algorithm>

#include "agent/publish/delivery.h"

namespace sitecast::agent {
namespace {

// Receipts ahead of our own sync that are remembered; they come a few times per sync group.
constexpr std::size_t kUnverified = 64;

}  // namespace

Delivery::Track* Delivery::find_track(const std::string& capture_id, const std::string& track) {
  const auto found = by_name_.find({capture_id, track});
  return found == by_name_.end() ? nullptr : &tracks_.at(found->second);
}

Delivery::Track* Delivery::find_track(TrackHandle handle) {
  const auto found = tracks_.find(handle);
  return found == tracks_.end() ? nullptr : &found->second;
}

void Delivery::note_hub(bool present) {
  hub_present_ = present;
  if (present) {
    if (hub_absent_) hello_pause_us_ = kHelloPauseUs;
    hub_absent_ = false;
    asked_since_us_ = kNever;
    return;
  }
  if (!hub_absent_) {
    hub_absent_ = true;
    hello_due_us_ = std::min(hello_due_us_, clock_.monotonic_us() + kHelloPauseUs);
    // Whatever came back unheard is sent again when the hub is there.
    for (auto& [position, state] : events_) state.sent = false;
  }
  if (hello_due_us_ == kNever) hello_due_us_ = clock_.monotonic_us() + hello_pause_us_;
}

void Delivery::receipt(const v1::Receipt& receipt) {
  sign_of_life();
  note_hub(true);
  std::vector<EventId> done;
  for (const std::string& raw : receipt.event_ids()) {
    const auto id = EventId::from_bytes(std::string_view(raw));
    if (!id) continue;
    const auto position = event_positions_.find(*id);
    if (position == event_positions_.end()) continue;
    events_.erase(position->second);
    event_positions_.erase(position);
    done.push_back(*id);
  }
  if (!done.empty()) act(EventsDelivered{std::move(done)});
  for (const v1::TrackReceipt& track : receipt.tracks()) take_track_receipt(track);
  take_answer(receipt);
  for (const v1::Refusal& refusal : receipt.refusals()) take_refusal(refusal);
  if (questions_.empty() && std::all_of(open_.begin(), open_.end(), [&](TrackHandle handle) {
        return tracks_.at(handle).positioned;
      })) {
    hello_due_us_ = kNever;
    hello_pause_us_ = kHelloPauseUs;
  }
  pump();
}

void Delivery::take_track_receipt(const v1::TrackReceipt& receipt) {
  Track* track = find_track(receipt.capture_id(), receipt.track());
  if (track == nullptr) return;  // delivered and forgotten
  track->have.add(0, receipt.contiguous());
  track->contiguous = std::max(track->contiguous, receipt.contiguous());
  for (const v1::SequenceRange& range : receipt.beyond()) {
    track->have.add(range.first(), range.first() + range.count());
  }
  drop_confirmed_flights(*track, receipt);
  put_back_lost_flights(*track);

  // More than this device has any more: its end was lost in a power cut after it went out live. The
  // answer to a hello speaks of what is here.
  if (track->at.ended && receipt.contiguous() > track->at.made) return;
  Hash hash{};
  if (receipt.contiguous() > track->at.delivered && receipt.running_hash().size() == hash.size()) {
    std::copy_n(as_bytes(receipt.running_hash()).begin(), hash.size(), hash.begin());
    if (track->unverified.empty() || track->unverified.back().first < receipt.contiguous()) {
      track->unverified.emplace_back(receipt.contiguous(), hash);
    }
    if (track->unverified.size() > kUnverified) track->unverified.pop_front();
    verify(*track);
  }
}

void Delivery::drop_confirmed_flights(Track& track, const v1::TrackReceipt& receipt) {
  const auto drop = [&](std::uint64_t first, std::uint64_t end) {
    auto flight = track.flights.lower_bound(first);
    while (flight != track.flights.end() && flight->first < end) {
      const auto next = std::next(flight);
      Token& newest = flight->second.live ? track.live_confirmed : track.fill_confirmed;
      newest = std::max(newest, flight->second.token);
      erase_flight(track, flight);
      flight = next;
    }
  };
  drop(0, receipt.contiguous());
  for (const v1::SequenceRange& range : receipt.beyond()) {
    drop(range.first(), range.first() + range.count());
  }
}

// The broker keeps the order of one topic and QoS, so what was sent before something that has
// arrived, and has not arrived, is lost.
void Delivery::put_back_lost_flights(Track& track) {
  auto flight = track.flights.begin();
  while (flight != track.flights.end()) {
    const auto next = std::next(flight);
    const bool answered = flight->second.live || flight->second.acked;
    const Token newest = flight->second.live ? track.live_confirmed : track.fill_confirmed;
    if (answered && flight->second.token < newest) {
      put_back(track, flight->first);
      erase_flight(track, flight);
    }
    flight = next;
  }
}

void Delivery::put_back_flights_before(Track& track, Token token) {
  auto flight = track.flights.begin();
  while (flight != track.flights.end()) {
    const auto next = std::next(flight);
    if (flight->second.token < token) {
      put_back(track, flight->first);
      erase_flight(track, flight);
    }
    flight = next;
  }
}

// What was sent before a hello has passed the hub when it answers: it has it, or it is lost. An
// answer to many tracks is more than one message.
void Delivery::take_answer(const v1::Receipt& receipt) {
  const Token token = receipt.answers();
  const auto question = questions_.find(token);
  if (question == questions_.end() && (token == 0 || token != answered_)) return;
  for (const v1::TrackReceipt& entry : receipt.tracks()) {
    Track* track = find_track(entry.capture_id(), entry.track());
    if (track == nullptr) continue;
    put_back_flights_before(*track, token);
    if (token >= track->ask_from) track->positioned = true;
  }
  if (question == questions_.end()) return;
  answered_ = token;
  const ProjectId project = question->second;
  std::erase_if(questions_,
                [&](const auto& asked) { return asked.second == project && asked.first <= token; });
}

// Nobody answered: where these tracks stand is not known any more.
void Delivery::forget_flights_before(ProjectId project, Token token) {
  for (const TrackHandle handle : open_) {
    Track& track = tracks_.at(handle);
    const std::size_t before = track.flights.size();
    if (track.at.project == project) put_back_flights_before(track, token);
    if (track.flights.size() < before) track.positioned = false;
  }
}

// Frees what the hub has, as far as it is synced here and the running hashes are equal.
void Delivery::verify(Track& track) {
  std::optional<std::pair<std::uint64_t, Hash>> newest;
  while (!track.unverified.empty() && track.unverified.front().first <= track.at.synced) {
    newest = track.unverified.front();
    track.unverified.pop_front();
  }
  if (newest && newest->first > track.at.delivered && !track.conflict) {
    const auto ours = spool_.running_hash(track.at.handle, newest->first);
    if (ours && *ours == newest->second) {
      track.at.delivered = newest->first;
      act(Delivered{track.at.handle, newest->first});
    } else {
      track.conflict = true;
      track.cause = WaitCause::kRefused;
      track.detail = ours ? "the hub's running hash differs from this device's"
                          : "this device cannot read its own record of the part";
    }
  }
  if (track.at.ended && track.at.delivered >= track.at.made) forget(track);
}

void Delivery::forget(Track& track) {
  const TrackHandle handle = track.at.handle;
  while (!track.flights.empty()) erase_flight(track, track.flights.begin());
  std::erase(open_, handle);
  by_name_.erase({track.at.capture.raw(), track.at.track});
  tracks_.erase(handle);
  act(TrackForgotten{handle});
}

void Delivery::take_refusal(const v1::Refusal& refusal) {
  const Verdict verdict = verdict_of_refusal(refusal.cause());
  if (verdict.everything) hold_everything(verdict, refusal.detail());
  if (!refusal.event_id().empty()) {
    const auto id = EventId::from_bytes(std::string_view(refusal.event_id()));
    const auto position = id ? event_positions_.find(*id) : event_positions_.end();
    if (position != event_positions_.end()) {
      refuse_event(position->second, verdict, refusal.detail());
    }
    return;
  }
  Track* track = find_track(refusal.capture_id(), refusal.track());
  if (track != nullptr) refuse_part(*track, refusal.sequence(), verdict, refusal.detail());
}

void Delivery::refuse_part(Track& track, std::uint64_t sequence, const Verdict& verdict,
                           const std::string& detail) {
  const auto flight = track.flights.find(sequence);
  if (flight != track.flights.end()) {
    const auto outstanding = outstanding_.find(flight->second.token);
    if (outstanding != outstanding_.end()) {  // refused before its PUBACK
      fill_unacked_bytes_ -= outstanding->second.bytes;
      outstanding_.erase(outstanding);
    }
    erase_flight(track, flight);
  }
  if (track.have.contains(sequence)) return;
  track.cause = verdict.cause;
  track.detail = detail;
  if (!verdict.again) {
    track.given_up.add(sequence, sequence + 1);
    return;
  }
  put_back(track, sequence);
  if (!verdict.everything) track.blocked_until_us = clock_.monotonic_us() + verdict.delay_us;
}

void Delivery::refuse_event(std::int64_t position, const Verdict& verdict,
                            const std::string& detail) {
  const auto found = events_.find(position);
  if (found == events_.end()) return;
  if (!verdict.again) {
    found->second.refused = true;
    act(EventRefused{found->second.event.id, detail});
    return;
  }
  if (verdict.everything) {
    // From here on in their order, when the hold is over.
    for (auto& [later, state] : events_) {
      if (later >= position) state.sent = false;
    }
    return;
  }
  // What only this one suffers does not keep the others waiting.
  found->second.sent = false;
  found->second.blocked_until_us = clock_.monotonic_us() + verdict.delay_us;
  found->second.cause = verdict.cause;
  found->second.detail = detail;
  const bool person =
      verdict.cause == WaitCause::kRefused || verdict.cause == WaitCause::kNotAdmitted;
  if (person) act(EventHeld{found->second.event.id, detail});
}

void Delivery::hold_everything(const Verdict& verdict, const std::string& detail) {
  hold_until_us_ = std::max(hold_until_us_, clock_.monotonic_us() + verdict.delay_us);
  hold_cause_ = verdict.cause;
  hold_detail_ = detail;
}

}  // namespace sitecast::agent
