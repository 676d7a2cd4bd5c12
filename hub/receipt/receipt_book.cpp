// SPDX-License-Identifier: Apache-2.0
#include "hub/receipt/receipt_book.h"

#include <algorithm>

#include "proto/codec/limits.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

// Together below kControlBytes: a track receipt with its ranges is at most about 1.5 kB.
constexpr int kTracksPerMessage = 100;
constexpr int kEventsPerMessage = 1000;
constexpr int kRefusalsPerMessage = 100;
constexpr std::size_t kRefusalsKept = 1000;
constexpr std::size_t kDetailBytes = 200;

bool concerns_whole_track(v1::RefusalCause cause) {
  return cause == v1::HUB_FULL || cause == v1::HUB_IO_ERROR || cause == v1::OVERLOADED;
}

}  // namespace

void ReceiptBook::add_track(const Recipient& to, v1::TrackReceipt receipt) {
  auto key = std::pair(receipt.capture_id(), receipt.track());
  devices_[to].waiting.tracks.insert_or_assign(std::move(key), std::move(receipt));
}

void ReceiptBook::add_event(const Recipient& to, std::string event_id) {
  auto& events = devices_[to].waiting.events;
  if (std::find(events.begin(), events.end(), event_id) == events.end()) {
    events.push_back(std::move(event_id));
  }
}

void ReceiptBook::add_refusal(const Recipient& to, v1::Refusal refusal) {
  auto& refusals = devices_[to].waiting.refusals;
  if (refusal.detail().size() > kDetailBytes) refusal.mutable_detail()->resize(kDetailBytes);
  if (concerns_whole_track(refusal.cause()) && refusal.event_id().empty()) {
    const auto same = std::find_if(refusals.begin(), refusals.end(), [&](const v1::Refusal& kept) {
      return kept.cause() == refusal.cause() && kept.capture_id() == refusal.capture_id() &&
             kept.track() == refusal.track() && kept.event_id().empty();
    });
    if (same != refusals.end()) {
      *same = std::move(refusal);
      return;
    }
  }
  if (refusals.size() < kRefusalsKept) refusals.push_back(std::move(refusal));
}

void ReceiptBook::answer(const Recipient& to, std::uint64_t question) {
  Device& device = devices_[to];
  device.sent_at_us = 0;
  if (question != 0) device.waiting.answers = question;
}

void ReceiptBook::write(const Recipient& to, Waiting waiting, std::vector<OutgoingReceipt>& out) {
  const std::string topic = format_topic({TopicKind::kReceipt, to.project, to.device, {}, ""});
  v1::Receipt receipt;
  const std::size_t before = out.size();
  const auto flush = [&] {
    if (waiting.answers != 0) receipt.set_answers(waiting.answers);
    out.push_back({topic, receipt.SerializeAsString()});
    receipt.Clear();
  };
  for (auto& [key, track] : waiting.tracks) {
    *receipt.add_tracks() = std::move(track);
    if (receipt.tracks_size() >= kTracksPerMessage) flush();
  }
  for (auto& event : waiting.events) {
    receipt.add_event_ids(std::move(event));
    if (receipt.event_ids_size() >= kEventsPerMessage) flush();
  }
  for (auto& refusal : waiting.refusals) {
    *receipt.add_refusals() = std::move(refusal);
    if (receipt.refusals_size() >= kRefusalsPerMessage) flush();
  }
  const bool rest = receipt.tracks_size() + receipt.event_ids_size() + receipt.refusals_size() > 0;
  if (rest || (waiting.answers != 0 && out.size() == before)) flush();
}

std::vector<OutgoingReceipt> ReceiptBook::take_due(std::int64_t now_us, bool everything) {
  std::vector<OutgoingReceipt> out;
  const std::int64_t interval = interval_us();
  for (auto device = devices_.begin(); device != devices_.end();) {
    auto& [to, state] = *device;
    const bool due = everything || now_us - state.sent_at_us >= interval;
    if (due && state.waiting.empty()) {
      device = devices_.erase(device);  // quiet for an interval
      continue;
    }
    if (due) {
      write(to, std::exchange(state.waiting, Waiting{}), out);
      state.sent_at_us = now_us;
    }
    ++device;
  }
  return out;
}

std::int64_t ReceiptBook::next_due_us() const {
  std::int64_t next = INT64_MAX;
  for (const auto& [to, state] : devices_) {
    if (!state.waiting.empty()) next = std::min(next, state.sent_at_us + interval_us());
  }
  return next;
}

}  // namespace sitecast::hub
