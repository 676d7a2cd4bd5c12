// SPDX-License-Identifier: Apache-2.0
#include "hub/commit_thread.h"

#include <algorithm>

#include "hub/verify/part_check.h"
#include "proto/codec/control.h"
#include "proto/codec/event_rules.h"

namespace sitecast::hub {
namespace {

constexpr std::int64_t kReceiptIntervalUs = 20'000;
constexpr std::int64_t kIdleWaitUs = 500'000;
constexpr std::int64_t kHouseKeepingUs = 5'000'000;
constexpr std::size_t kTouchedWorthCompacting = 4096;

v1::Refusal refusal_of(const Verdict& verdict) {
  v1::Refusal refusal;
  refusal.set_cause(verdict.cause);
  refusal.set_detail(verdict.detail);
  return refusal;
}

Recipient recipient_of(const Sender& sender) { return {sender.project, sender.device}; }

}  // namespace

CommitThread::CommitThread(Parts parts, std::int64_t max_group_us, Log log)
    : parts_(std::move(parts)),
      max_group_us_(max_group_us),
      log_(std::move(log)),
      receipts_(kReceiptIntervalUs) {}

CommitThread::~CommitThread() { stop(); }

void CommitThread::start() {
  thread_ = std::thread([this] { run(); });
}

void CommitThread::stop() {
  stopping_ = true;
  parts_.queue->wake();
  if (thread_.joinable()) thread_.join();
}

void CommitThread::state(ProjectId project, Bytes event, Answer answer) {
  {
    const MutexLock lock(mutex_);
    statements_.push_back({project, std::move(event), std::move(answer)});
  }
  parts_.queue->wake();
}

void CommitThread::events_indexed(std::vector<EventId> ids) {
  const MutexLock lock(mutex_);
  indexed_.insert(indexed_.end(), ids.begin(), ids.end());
}

void CommitThread::run() {
  std::vector<Arrival> batch;
  for (;;) {
    const bool stopping = stopping_.load();  // before taking: what was pushed before it is drained
    batch.clear();
    parts_.queue->take(batch, stopping ? 0 : wait_us(parts_.clock->monotonic_us()));
    const auto enrolled = parts_.enrolled->get();
    for (Arrival& arrival : batch) {
      handle(arrival, *enrolled);
      parts_.queue->done(arrival);
      arrival.owner.reset();
      if (parts_.archive->group_is_full()) commit();
    }
    handle_statements();
    handle_dropped(*enrolled);
    const std::int64_t now_us = parts_.clock->monotonic_us();
    if (group_is_due(now_us, batch.empty()) || (stopping && batch.empty())) commit();
    send_receipts(stopping && batch.empty());
    keep_house(now_us);
    if (stopping && batch.empty()) return;
  }
}

std::int64_t CommitThread::wait_us(std::int64_t now_us) const {
  std::int64_t until_us = now_us + kIdleWaitUs;
  if (group_began_us_ != 0) {
    const std::int64_t gathered_us = last_commit_ended_us_ + last_commit_took_us_;
    until_us = std::min({until_us, group_began_us_ + max_group_us_, gathered_us});
  }
  if (const std::int64_t due_us = receipts_.next_due_us(); due_us < until_us) until_us = due_us;
  return std::max<std::int64_t>(until_us - now_us, 0);
}

bool CommitThread::group_is_due(std::int64_t now_us, bool queue_was_empty) const {
  if (!questions_.empty()) return true;  // a device waits for the answer before it sends
  if (group_began_us_ == 0) return false;
  if (now_us - group_began_us_ >= max_group_us_) return true;
  return queue_was_empty && now_us - last_commit_ended_us_ >= last_commit_took_us_;
}

void CommitThread::handle(const Arrival& arrival, const Enrolled& enrolled) {
  const auto admitted = admit(enrolled, arrival.topic);
  if (!admitted) {
    parts_.metrics->not_admitted.Increment();
    return;
  }
  switch (admitted->topic.kind) {
    case TopicKind::kLive:
    case TopicKind::kFill: handle_part(*admitted, arrival); break;
    case TopicKind::kEvent: handle_event(*admitted, arrival.payload); break;
    case TopicKind::kHello: handle_hello(*admitted, arrival.payload); break;
    default: break;
  }
}

void CommitThread::begin_group() {
  if (group_began_us_ == 0) group_began_us_ = parts_.clock->monotonic_us();
}

void CommitThread::handle_part(const Admitted& admitted, const Arrival& arrival) {
  auto checked = check_part(admitted.topic, arrival.payload);
  if (!checked.ok()) {
    // Without a readable envelope there is no part that a refusal could name.
    const auto frame = split_part_frame(arrival.payload);
    const auto envelope = frame.ok() ? parse_envelope(frame->envelope_bytes)
                                     : Result<v1::PartEnvelope>(frame.error());
    const Verdict verdict = Verdict::refused(v1::MALFORMED, checked.error().message());
    if (envelope.ok()) {
      refuse_part(admitted, envelope->sequence(), verdict);
    } else {
      parts_.metrics->count_refusal(v1::MALFORMED);
      log_.warn("device {}: message is no part: {}", admitted.sender.device.text(), verdict.detail);
    }
    return;
  }
  const TrackKey key{admitted.topic.project, admitted.topic.capture, admitted.topic.track};
  checked->part.received_at_us = parts_.clock->wall_us();
  const Verdict verdict =
      parts_.archive->store(admitted.sender, key, checked->part, checked->proof);
  if (verdict.kind == Verdict::Kind::kRefused) {
    refuse_part(admitted, checked->part.sequence, verdict);
    // What a failed write left is taken back by the group's commit, or the track stays refused.
    if (!parts_.archive->group_is_empty()) begin_group();
    return;
  }
  if (verdict.kind == Verdict::Kind::kStored) {
    parts_.metrics->parts_stored.Increment();
    parts_.metrics->media_bytes.Increment(static_cast<double>(checked->part.media.size()));
  } else {
    parts_.metrics->parts_known.Increment();
    log_.debug("part {} of track {} of capture {} came again", checked->part.sequence, key.track,
               key.capture.text());
  }
  begin_group();
  group_tracks_[key] = {admitted.sender, checked->part.sequence, arrival.arrived_at_us};
}

void CommitThread::handle_event(const Admitted& admitted, ByteView payload) {
  const auto event = parse_event(payload);
  if (!event.ok()) {
    // What came before the damage (text that is not UTF-8, say) names the event, so that its sender
    // learns of it.
    v1::Event raw;
    (void)raw.ParsePartialFromArray(payload.data(), static_cast<int>(payload.size()));
    const bool has_id = raw.event_id().size() == kIdBytes;
    const Verdict verdict = Verdict::refused(v1::MALFORMED, event.error().message());
    if (has_id) {
      refuse_event(admitted.sender, *EventId::from_bytes(raw.event_id()), verdict);
    } else {
      parts_.metrics->count_refusal(v1::MALFORMED);
      log_.warn("device {}: message is no event: {}", admitted.sender.device.text(),
                verdict.detail);
    }
    return;
  }
  const EventId id = *EventId::from_bytes(event->event_id());
  const auto origin = admitted.sender.gateway ? EventOrigin::kGateway : EventOrigin::kDevice;
  if (const Status allowed = check_origin(origin, *event); !allowed.ok()) {
    refuse_event(admitted.sender, id, Verdict::refused(v1::NOT_ALLOWED, allowed.error().message()));
    return;
  }
  const Verdict verdict = parts_.archive->store(
      admitted.sender, {id, event->kind(), CaptureId::from_bytes(event->capture_id()),
                        parts_.clock->wall_us(), payload});
  if (verdict.kind == Verdict::Kind::kRefused) {
    refuse_event(admitted.sender, id, verdict);
    return;
  }
  if (verdict.kind == Verdict::Kind::kStored) parts_.metrics->events_stored.Increment();
  begin_group();
  group_events_.push_back({admitted.sender, id, nullptr});
}

void CommitThread::handle_hello(const Admitted& admitted, ByteView payload) {
  const auto hello = parse_hello(payload);
  if (!hello.ok()) {
    log_.warn("device {}: message is no hello: {}", admitted.sender.device.text(),
              hello.error().message());
    return;
  }
  Question question{admitted.sender, hello->question(), {}};
  for (const v1::TrackPosition& position : hello->tracks()) {
    const auto capture = CaptureId::from_bytes(position.capture_id());
    if (!capture || !track_kind(position.track())) continue;
    question.tracks.push_back({{admitted.sender.project, *capture, position.track()},
                               position.ended() ? position.next_sequence() : UINT64_MAX});
  }
  if (hello->asks_down() && parts_.ask_down) parts_.ask_down(admitted.sender, *hello);
  log_.debug("device {} says hello with {} tracks", admitted.sender.device.text(),
             question.tracks.size());
  questions_.push_back(std::move(question));
}

void CommitThread::handle_statements() {
  std::vector<Statement> statements;
  std::vector<EventId> indexed;
  {
    const MutexLock lock(mutex_);
    statements.swap(statements_);
    indexed.swap(indexed_);
  }
  parts_.archive->forget_events(indexed);
  for (Statement& statement : statements) {
    const auto event = parse_event(statement.event);
    const Status allowed =
        event.ok() ? check_origin(EventOrigin::kHub, *event) : Status(event.error());
    if (!allowed.ok()) {
      statement.answer(Verdict::refused(v1::MALFORMED, allowed.error().message()));
      continue;
    }
    const Sender sender{statement.project, DeviceId(), true};
    const EventId id = *EventId::from_bytes(event->event_id());
    const Verdict verdict = parts_.archive->store(
        sender, {id, event->kind(), std::nullopt, parts_.clock->wall_us(), statement.event});
    if (verdict.kind == Verdict::Kind::kRefused) {
      statement.answer(verdict);
      continue;
    }
    begin_group();
    group_events_.push_back({sender, id, std::move(statement.answer)});
  }
}

void CommitThread::handle_dropped(const Enrolled& enrolled) {
  for (const auto& [topic, count] : parts_.queue->take_dropped()) {
    parts_.metrics->dropped.Increment(static_cast<double>(count));
    const auto admitted = admit(enrolled, topic);
    if (!admitted) continue;
    const bool part =
        admitted->topic.kind == TopicKind::kLive || admitted->topic.kind == TopicKind::kFill;
    if (!part) continue;  // without having read it there is no event to name; it will come again
    refuse_part(*admitted, 0, Verdict::refused(v1::OVERLOADED, "the hub's queue is full"));
  }
}

void CommitThread::refuse_part(const Admitted& admitted, std::uint64_t sequence,
                               const Verdict& verdict) {
  parts_.metrics->count_refusal(verdict.cause);
  log_.debug("part {} of track {} of capture {} refused: {}", sequence, admitted.topic.track,
             admitted.topic.capture.text(), verdict.detail);
  v1::Refusal refusal = refusal_of(verdict);
  refusal.set_capture_id(admitted.topic.capture.raw());
  refusal.set_track(admitted.topic.track);
  refusal.set_sequence(sequence);
  receipts_.add_refusal(recipient_of(admitted.sender), std::move(refusal));
}

void CommitThread::refuse_event(const Sender& sender, EventId id, const Verdict& verdict) {
  parts_.metrics->count_refusal(verdict.cause);
  log_.debug("event {} of device {} refused: {}", id.text(), sender.device.text(), verdict.detail);
  v1::Refusal refusal = refusal_of(verdict);
  refusal.set_event_id(id.raw());
  receipts_.add_refusal(recipient_of(sender), std::move(refusal));
}

void CommitThread::commit() {
  const std::int64_t began_us = parts_.clock->monotonic_us();
  if (group_began_us_ != 0) {
    const Committed committed = parts_.archive->commit();
    const std::int64_t ended_us = parts_.clock->monotonic_us();
    last_commit_ended_us_ = ended_us;
    last_commit_took_us_ = ended_us - began_us;
    parts_.metrics->groups.Increment();
    parts_.metrics->commit_seconds.Observe(static_cast<double>(last_commit_took_us_) / 1e6);
    receipt_tracks(committed, ended_us);
    receipt_events(committed);
    parts_.index->add(committed.work);
    group_began_us_ = 0;
  }
  answer_questions();
}

void CommitThread::receipt_tracks(const Committed& committed, std::int64_t now_us) {
  for (const auto& [key, group] : group_tracks_) {
    const auto failed = committed.failed_tracks.find(key);
    if (failed != committed.failed_tracks.end()) {
      refuse_part({{TopicKind::kFill, key.project, group.sender.device, key.capture, key.track},
                   group.sender},
                  group.newest_sequence, failed->second);
      continue;
    }
    auto receipt = parts_.archive->receipt(group.sender, key);
    if (!receipt.ok()) continue;
    receipt->set_newest_wait_us(static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(now_us - group.newest_arrived_at_us, 0, UINT32_MAX)));
    receipts_.add_track(recipient_of(group.sender), std::move(*receipt));
  }
  group_tracks_.clear();
}

void CommitThread::receipt_events(const Committed& committed) {
  for (GroupEvent& event : group_events_) {
    const auto failed = committed.failed_logs.find(event.sender.project);
    const bool stored = failed == committed.failed_logs.end();
    if (event.answer) {
      event.answer(stored ? Verdict::stored() : failed->second);
    } else if (stored) {
      receipts_.add_event(recipient_of(event.sender), event.id.raw());
    } else {
      refuse_event(event.sender, event.id, failed->second);
    }
  }
  group_events_.clear();
}

void CommitThread::answer_questions() {
  for (const Question& question : questions_) {
    const Recipient to = recipient_of(question.sender);
    for (const auto& [key, at_most] : question.tracks) {
      auto receipt = parts_.archive->receipt(question.sender, key, at_most);
      if (!receipt.ok() && receipt.error().kind() != ErrorKind::kNotFound) continue;
      if (!receipt.ok()) {
        receipt = v1::TrackReceipt();
        receipt->set_capture_id(key.capture.raw());
        receipt->set_track(key.track);
      }
      receipts_.add_track(to, std::move(*receipt));
    }
    receipts_.answer(to, question.number);
  }
  questions_.clear();
}

void CommitThread::send_receipts(bool everything) {
  for (const OutgoingReceipt& receipt :
       receipts_.take_due(parts_.clock->monotonic_us(), everything)) {
    const bool sent = parts_.publish(receipt.topic, receipt.payload);
    (sent ? parts_.metrics->receipts : parts_.metrics->receipts_lost).Increment();
  }
}

void CommitThread::keep_house(std::int64_t now_us) {
  parts_.metrics->queue_bytes.Set(static_cast<double>(parts_.queue->bytes()));
  if (now_us - house_kept_us_ < kHouseKeepingUs || !parts_.archive->group_is_empty()) return;
  house_kept_us_ = now_us;
  parts_.archive->close_idle();
  parts_.metrics->open_tracks.Set(static_cast<double>(parts_.archive->open_count()));
  if (!compaction_) {
    if (parts_.archive->touched().size() < touched_before_ + kTouchedWorthCompacting) return;
    compaction_ = Compaction{parts_.index->ask_flush(), parts_.archive->touched()};
  } else if (parts_.index->flushed(compaction_->ticket)) {
    const Status compacted = parts_.archive->compact_touched(compaction_->stored);
    if (!compacted.ok()) log_.error("list of touched tracks: {}", compacted.error().message());
    compaction_.reset();
    touched_before_ = parts_.archive->touched().size();
  }
}

}  // namespace sitecast::hub
