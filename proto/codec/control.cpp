// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/control.h"

#include <fmt/format.h>

#include "proto/codec/event_rules.h"
#include "proto/codec/field_checks.h"
#include "proto/codec/limits.h"
#include "proto/codec/parse_message.h"

namespace sitecast {
namespace {

template <typename Message>
Result<Message> parse_bounded(ByteView bytes, std::size_t limit, std::string_view name) {
  if (bytes.size() > limit) {
    return invalid_argument(
        fmt::format("{} of {} bytes is larger than {}", name, bytes.size(), limit));
  }
  Message message;
  if (!parse_message(message, bytes)) {
    return invalid_argument(fmt::format("not a valid {} message", name));
  }
  return message;
}

Status check_track_receipt(const v1::TrackReceipt& receipt) {
  SC_TRY(check_id(receipt.capture_id(), "capture_id"));
  SC_TRY(check_track(receipt.track(), "track"));
  if (receipt.contiguous() > limits::kSequence) {
    return invalid_argument("contiguous is beyond 2^40");
  }
  if (receipt.contiguous() == 0) {
    if (!receipt.running_hash().empty()) return invalid_argument("running_hash of no parts");
  } else {
    SC_TRY(check_hash(receipt.running_hash(), "running_hash"));
  }
  // Part `contiguous` is missing, so ranges begin after it.
  std::uint64_t earliest = receipt.contiguous() + 1;
  for (const v1::SequenceRange& range : receipt.beyond()) {
    if (range.first() < earliest || range.first() > limits::kSequence || range.count() == 0 ||
        range.count() > limits::kSequence) {
      return invalid_argument("beyond is not a row of ascending ranges after the first gap");
    }
    earliest = range.first() + range.count();
  }
  return Ok{};
}

Status check_item(const v1::HeldItem& item) {
  SC_TRY(check_id(item.capture_id(), "items.capture_id"));
  SC_TRY(check_word(item.kind(), "items.kind"));
  SC_TRY(check_name(item.area(), "items.area"));
  SC_TRY(check_time(item.captured_at_us(), "items.captured_at_us"));
  SC_TRY(check_word(item.state(), "items.state"));
  return check_word(item.cause(), "items.cause");
}

Status check_refusal(const v1::Refusal& refusal) {
  SC_TRY(check_optional_id(refusal.capture_id(), "refusal.capture_id"));
  SC_TRY(check_optional_id(refusal.event_id(), "refusal.event_id"));
  if (!refusal.track().empty()) SC_TRY(check_track(refusal.track(), "refusal.track"));
  if (refusal.sequence() >= limits::kSequence) {
    return invalid_argument("refusal.sequence is beyond 2^40");
  }
  return check_text(refusal.detail(), "refusal.detail");
}

}  // namespace

Result<v1::Hello> parse_hello(ByteView bytes) {
  SC_TRY_ASSIGN(const v1::Hello hello,
                parse_bounded<v1::Hello>(bytes, limits::kControlBytes, "Hello"));
  if (hello.protocol() != kProtocolVersion) {
    return invalid_argument(
        fmt::format("protocol {} is not spoken here, only {}", hello.protocol(), kProtocolVersion));
  }
  SC_TRY(check_name(hello.software(), "software"));
  SC_TRY(check_time(hello.heard_until_us(), "heard_until_us"));
  for (const v1::TrackPosition& position : hello.tracks()) {
    SC_TRY(check_id(position.capture_id(), "capture_id"));
    SC_TRY(check_track(position.track(), "track"));
    if (position.next_sequence() > limits::kSequence) {
      return invalid_argument("next_sequence is beyond 2^40");
    }
  }
  return hello;
}

Result<v1::Receipt> parse_receipt(ByteView bytes) {
  SC_TRY_ASSIGN(const v1::Receipt receipt,
                parse_bounded<v1::Receipt>(bytes, limits::kControlBytes, "Receipt"));
  for (const v1::TrackReceipt& track : receipt.tracks()) SC_TRY(check_track_receipt(track));
  for (const std::string& id : receipt.event_ids()) SC_TRY(check_id(id, "event_ids"));
  for (const v1::Refusal& refusal : receipt.refusals()) SC_TRY(check_refusal(refusal));
  return receipt;
}

Result<v1::DeviceStatus> parse_status(ByteView bytes) {
  SC_TRY_ASSIGN(const v1::DeviceStatus status,
                parse_bounded<v1::DeviceStatus>(bytes, limits::kControlBytes, "DeviceStatus"));
  SC_TRY(check_time(status.at_us(), "at_us"));
  SC_TRY(check_word(status.waiting_cause(), "waiting_cause"));
  SC_TRY(check_name(status.device_name(), "device_name"));
  SC_TRY(check_time(status.waiting_since_us(), "waiting_since_us"));
  SC_TRY(check_word(status.trouble(), "trouble"));
  if (static_cast<std::size_t>(status.items_size()) > limits::kHeldItems) {
    return invalid_argument(fmt::format("more than {} items", limits::kHeldItems));
  }
  for (const v1::HeldItem& item : status.items()) SC_TRY(check_item(item));
  for (const v1::LiveCapture& capture : status.live()) {
    SC_TRY(check_id(capture.capture_id(), "live.capture_id"));
    if (static_cast<std::size_t>(capture.tracks_size()) > limits::kTracksPerCapture) {
      return invalid_argument(fmt::format("more than {} tracks", limits::kTracksPerCapture));
    }
    for (const std::string& track : capture.tracks()) SC_TRY(check_track(track, "live.tracks"));
  }
  return status;
}

Result<v1::CommittedEvent> parse_committed_event(ByteView bytes) {
  SC_TRY_ASSIGN(const v1::CommittedEvent committed,
                parse_bounded<v1::CommittedEvent>(
                    bytes, limits::kEventBytes + limits::kOverheadBytes, "CommittedEvent"));
  if (committed.event().size() > limits::kEventBytes) {
    return invalid_argument("event is larger than its limit");
  }
  SC_TRY(check_id(committed.device_id(), "device_id"));
  SC_TRY(check_time(committed.received_at_us(), "received_at_us"));
  return committed;
}

Result<v1::Down> parse_down(ByteView bytes) {
  SC_TRY_ASSIGN(const v1::Down down, parse_bounded<v1::Down>(bytes, limits::kControlBytes, "Down"));
  for (const v1::CommittedEvent& committed : down.events()) {
    SC_TRY(check_id(committed.device_id(), "device_id"));
    SC_TRY(check_time(committed.received_at_us(), "received_at_us"));
    SC_TRY(parse_event(as_bytes(committed.event())));
  }
  return down;
}

Result<v1::Talk> parse_talk(ByteView bytes) {
  SC_TRY_ASSIGN(const v1::Talk talk, parse_bounded<v1::Talk>(bytes, limits::kTalkBytes, "Talk"));
  SC_TRY(check_id(talk.capture_id(), "capture_id"));
  SC_TRY(check_name(talk.speaker(), "speaker"));
  if (talk.packet() >= limits::kSequence) return invalid_argument("packet is beyond 2^40");
  if (talk.opus().size() > limits::kOpusPacketBytes) {
    return invalid_argument(fmt::format("opus of {} bytes is larger than {}", talk.opus().size(),
                                        limits::kOpusPacketBytes));
  }
  if (talk.speaker().empty() && !talk.opus().empty()) {
    return invalid_argument("opus of nobody");
  }
  return talk;
}

}  // namespace sitecast
