// SPDX-License-Identifier: Apache-2.0
// A delivery machine whose inputs and actions can be written down, one a line, so that another
// implementation can be held to the same history (agent/web/test/delivery_histories.test.ts reads
// it and says what a line holds). Owner thread: one. Times are the clock's microseconds.
#pragma once

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/publish/delivery.h"
#include "proto/base/bytes.h"

namespace sitecast::agent {

class RecordedDelivery {
 public:
  RecordedDelivery(const DeliverySettings& settings, SpoolView& spool, const Clock& clock,
                   std::uint64_t seed)
      : machine_(settings, spool, clock, seed),
        spool_(spool),
        clock_(clock),
        window_bytes_(settings.window_bytes) {}

  // From the first input on; `out` must outlive this.
  void record_to(std::ostream& out) {
    out_ = &out;
    out << fmt::format("H {}\n", window_bytes_);
  }

  void track_added(const TrackDescription& track) {
    if (out_ != nullptr) {
      std::string sizes;
      for (std::uint64_t i = 0; i < track.made; ++i) {
        sizes += fmt::format("{}{}", i == 0 ? "" : ",", spool_.frame_bytes(track.handle, i));
      }
      line("a", fmt::format("{} {} {} {} {} {} {} {} {}", track.handle, track.capture.text(),
                            track.track, track.order, track.made, track.synced, track.delivered,
                            track.ended ? 1 : 0, sizes));
    }
    machine_.track_added(track);
  }
  void part_made(TrackHandle track, std::uint64_t sequence, std::uint32_t bytes, bool starts) {
    line("p", fmt::format("{} {} {} {}", track, sequence, bytes, starts ? 1 : 0));
    machine_.part_made(track, sequence, bytes, starts);
  }
  void group_synced(const std::vector<SyncedTrack>& tracks,
                    const std::vector<OutboxEvent>& events) {
    std::string words;
    for (const SyncedTrack& track : tracks) {
      words += fmt::format("{}:{}:{} ", track.handle, track.synced, track.ended ? 1 : 0);
    }
    for (const OutboxEvent& event : events) {
      words += fmt::format("{}={} ", event.position, event.id.text());
    }
    line("g", words);
    machine_.group_synced(tracks, events);
  }
  void connected() {
    line("c", "");
    machine_.connected();
  }
  void connect_failed(const Verdict& verdict, std::string why) {
    line("f", std::string(name_of(verdict.cause)));
    machine_.connect_failed(verdict, std::move(why));
    write_retry();
  }
  void disconnected(std::string why) {
    line("d", "");
    machine_.disconnected(std::move(why));
    write_retry();
  }
  void written(Token token) {
    line("w", fmt::format("{}", token));
    machine_.written(token);
  }
  void puback(Token token, std::uint8_t code) {
    line("u", fmt::format("{} {}", token, code));
    machine_.puback(token, code);
  }
  void receipt(const v1::Receipt& receipt) {
    if (out_ != nullptr) line("r", base64url_encode(as_bytes(receipt.SerializeAsString())));
    machine_.receipt(receipt);
  }
  void link_moves() {
    line("m", "");
    machine_.link_moves();
  }
  void tick() {
    line("t", "");
    machine_.tick();
  }
  std::vector<Action> take_actions() {
    std::vector<Action> actions = machine_.take_actions();
    for (const Action& action : actions) {
      if (out_ == nullptr) break;
      std::visit([this](const auto& what) { write(what); }, action);
    }
    return actions;
  }

  [[nodiscard]] std::int64_t next_tick_us() const { return machine_.next_tick_us(); }
  [[nodiscard]] bool all_delivered() const { return machine_.all_delivered(); }
  [[nodiscard]] std::size_t known_tracks() const { return machine_.known_tracks(); }
  [[nodiscard]] DeliveryState state() const { return machine_.state(); }

 private:
  void line(const char* what, const std::string& words) {
    if (out_ != nullptr) *out_ << fmt::format("{} {} {}\n", what, clock_.monotonic_us(), words);
  }
  // The pause was made by chance.
  void write_retry() {
    if (out_ != nullptr) *out_ << fmt::format("R {}\n", machine_.next_tick_us());
  }
  void write(const SendPart& send) {
    *out_ << fmt::format(">P {} {} {} {}\n", send.track, send.sequence, send.live ? 1 : 0,
                         send.token);
  }
  void write(const SendEvent& send) {
    *out_ << fmt::format(">E {} {}\n", send.event.position, send.token);
  }
  void write(const SendHello& send) {
    *out_ << fmt::format(">L {} {}\n", send.token,
                         base64url_encode(as_bytes(send.hello.SerializeAsString())));
  }
  void write(const Connect&) { *out_ << ">C\n"; }
  void write(const Disconnect&) {
    *out_ << ">X\n";
    write_retry();
  }
  void write(const Delivered& delivered) {
    *out_ << fmt::format(">D {} {}\n", delivered.track, delivered.count);
  }
  void write(const TrackForgotten& gone) { *out_ << fmt::format(">F {}\n", gone.track); }
  void write(const EventsDelivered& delivered) {
    *out_ << ">V";
    for (const EventId& id : delivered.ids) *out_ << ' ' << id.text();
    *out_ << '\n';
  }
  void write(const EventRefused& refused) { *out_ << fmt::format(">N {}\n", refused.id.text()); }
  void write(const EventHeld&) {}  // the page's machine does not say so

  Delivery machine_;
  SpoolView& spool_;
  const Clock& clock_;
  std::uint64_t window_bytes_;
  std::ostream* out_ = nullptr;
};

}  // namespace sitecast::agent
