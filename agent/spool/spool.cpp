// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/spool.h"

#include <fmt/format.h>

#include <cassert>

#include "proto/base/text.h"
#include "proto/codec/event_rules.h"
#include "proto/codec/limits.h"
#include "proto/codec/topics.h"

namespace sitecast::agent {
namespace {

// A capture that a restart cut off is continued by one that begins within this time.
constexpr std::int64_t kContinueWithinUs = 30LL * 60 * 1'000'000;
// Room asked for beyond a part's media: envelope, proof and record head.
constexpr std::uint64_t kOverheadBytes = 4096;

// A group is tried again about once a second while the disk refuses.
constexpr int kForEver = -1;
// How long close() waits for a disk that refuses; the capture is closed later all the same.
constexpr std::int64_t kCloseWaitUs = 5'000'000;

// Footage that somebody points at stays whole.
bool claims_evidence(std::string_view kind) {
  return kind == "progress" || kind.substr(0, 10) == "milestone.";
}

template <typename IdType>
IdType id_from(const std::string& raw) {
  return IdType::from_bytes(std::string_view(raw)).value_or(IdType());
}

}  // namespace

// The capture's face towards the capture side.
class SpoolWriter final : public CaptureWriter {
 public:
  SpoolWriter(Spool& spool, std::shared_ptr<Spool::Capture> capture)
      : spool_(spool), capture_(std::move(capture)), id_(capture_->row.id) {}

  [[nodiscard]] CaptureId id() const override { return id_; }
  Status append(std::string_view track, NewPart part) override {
    return spool_.append(capture_, track, std::move(part));
  }
  Status state(v1::Event event) override {
    if (event.capture_id().empty()) event.set_capture_id(id_.raw());
    return spool_.add_event(capture_->row.project, event, nullptr);
  }
  Status close(std::string_view reason, std::string_view detail) override {
    return spool_.close(capture_, reason, detail);
  }

 private:
  Spool& spool_;
  std::shared_ptr<Spool::Capture> capture_;
  const CaptureId id_;
};

Spool::Spool(SpoolSettings settings, SigningKey key, Clock& clock, Disk& disk, Log log,
             FileLock lock, std::unique_ptr<Index> index)
    : settings_(std::move(settings)),
      key_(std::move(key)),
      clock_(clock),
      disk_(disk),
      log_(std::move(log)),
      lock_(std::move(lock)),
      index_(std::move(index)) {}

std::filesystem::path Spool::folder_of(CaptureId capture) const {
  return settings_.dir / "captures" / capture.text();
}

Status Spool::check_room(std::uint64_t more_bytes) {
  if (stored_bytes_ + more_bytes > settings_.quota_bytes) {
    room_refused_ = true;
    set_trouble("quota_full",
                fmt::format("the spool's quota of {} bytes is used up", settings_.quota_bytes));
    return resource_exhausted(fmt::format(
        "the spool has reached its quota of {} bytes; it empties as the hub confirms footage",
        settings_.quota_bytes));
  }
  SC_TRY_ASSIGN(const std::uint64_t free, disk_.free_bytes(settings_.dir));
  if (free < settings_.reserve_bytes + more_bytes) {
    room_refused_ = true;
    set_trouble("disk_full", fmt::format("{} bytes free, {} are kept in reserve", free,
                                         settings_.reserve_bytes));
    return resource_exhausted(fmt::format("the disk is full: {} bytes free, {} are kept in reserve",
                                          free, settings_.reserve_bytes));
  }
  return Ok{};
}

Result<std::unique_ptr<CaptureWriter>> Spool::open_capture(ProjectId project, std::string area,
                                                           v1::CaptureOpened opened) {
  SC_TRY(check_room(kOverheadBytes));
  auto capture = std::make_shared<Capture>();
  CaptureRow& row = capture->row;
  row.id = CaptureId::make();
  row.project = project;
  row.kind = opened.capture_kind();
  row.title = opened.title();
  row.area = area;
  row.source = opened.source();
  if (opened.captured_at_us() == 0) opened.set_captured_at_us(clock_.wall_us());
  row.captured_at_us = opened.captured_at_us();
  opened.set_boot_count(boot_count_);
  std::shared_ptr<Capture> interrupted;
  if (opened.continues().empty()) {
    const MutexLock lock(mutex_);
    interrupted = take_interrupted(row);
  }
  if (interrupted) opened.set_continues(interrupted->row.id.raw());

  v1::Event event;
  event.set_kind("capture.opened");
  event.set_capture_id(row.id.raw());
  event.set_area(std::move(area));
  *event.mutable_capture_opened() = std::move(opened);
  const auto pending = prepare_event(project, event);
  SC_TRY(check_prepared(event, *pending));
  for (const std::string& name : event.capture_opened().tracks()) {
    capture->tracks.emplace(name, nullptr);  // so that the end speaks of it even if it stays empty
  }
  SC_TRY(make_folders_durably(folder_of(row.id)));
  const Status inserted = enqueue_and_wait(
      [capture, interrupted, pending](Index& index) -> Status {
        SC_TRY_ASSIGN(capture->row.position, index.add_capture(capture->row));
        for (const auto& [name, track] : capture->tracks) {
          TrackRow track_row;
          track_row.name = name;
          SC_TRY(index.put_track(capture->row.position, track_row));
        }
        if (interrupted) SC_TRY(index.forget_interruption(interrupted->row.position));
        SC_TRY_ASSIGN(pending->position, index.add_event(*pending));
        return Ok{};
      },
      1,
      [this, capture, pending](const Status& status) {
        {
          const MutexLock lock(mutex_);
          if (status.ok()) {
            for (auto& [name, track] : capture->tracks) {
              track = add_track(capture, new_log(*capture, name));
            }
            captures_.push_back(capture);
            capture->waiting_events += 1;
            outbox_.emplace(pending->id, Outgoing{capture, {}});
          }
        }
        if (status.ok()) announce(*pending);
      });
  if (!inserted.ok()) {
    std::error_code ignored;
    std::filesystem::remove(folder_of(row.id), ignored);
    return inserted.error().within("a new capture");
  }
  if (listener_ != nullptr) {
    for (const auto& [name, track] : capture->tracks) listener_->track_added(describe(*track));
  }
  return std::unique_ptr<CaptureWriter>(std::make_unique<SpoolWriter>(*this, capture));
}

std::unique_ptr<TrackLog> Spool::new_log(const Capture& capture, std::string_view name) {
  return std::make_unique<TrackLog>(folder_of(capture.row.id), capture.row.id, std::string(name),
                                    disk_, settings_.file_bytes);
}

std::shared_ptr<Spool::Capture> Spool::take_interrupted(const CaptureRow& row) {
  for (auto it = captures_.rbegin(); it != captures_.rend(); ++it) {
    CaptureRow& old = (*it)->row;
    if (old.interrupted_at_us == 0 || old.kind != row.kind || old.project != row.project ||
        old.area != row.area || old.source != row.source) {
      continue;
    }
    if (std::abs(clock_.wall_us() - old.interrupted_at_us) > kContinueWithinUs) return nullptr;
    old.interrupted_at_us = 0;
    return *it;
  }
  return nullptr;
}

Result<std::shared_ptr<Spool::Track>> Spool::track_of(const std::shared_ptr<Capture>& capture,
                                                      std::string_view name) {
  std::shared_ptr<Track> track;
  {
    const MutexLock lock(mutex_);
    if (capture->closing) return failed_precondition("the capture is closed");
    const auto found = capture->tracks.find(name);
    if (found != capture->tracks.end()) return found->second;
    if (!track_kind(name) || capture->tracks.size() >= limits::kTracksPerCapture) {
      return invalid_argument(fmt::format("track '{}' is not possible in this capture", name));
    }
    track = add_track(capture,
                      std::make_unique<TrackLog>(folder_of(capture->row.id), capture->row.id,
                                                 std::string(name), disk_, settings_.file_bytes));
  }
  if (listener_ != nullptr) listener_->track_added(describe(*track));
  return track;
}

std::shared_ptr<Spool::Track> Spool::make_track(const std::shared_ptr<Capture>& capture,
                                                std::unique_ptr<TrackLog> log) {
  auto track = std::make_shared<Track>();
  track->capture = capture;
  track->capture_id = capture->row.id;
  track->project = capture->row.project;
  track->position = capture->row.position;
  track->log = std::move(log);
  return track;
}

std::shared_ptr<Spool::Track> Spool::add_track(const std::shared_ptr<Capture>& capture,
                                               std::unique_ptr<TrackLog> log) {
  auto track = make_track(capture, std::move(log));
  track->handle = next_handle_++;
  stored_bytes_ += track->log->stored_bytes();
  tracks_.emplace(track->handle, track);
  capture->tracks[track->log->track()] = track;
  return track;
}

TrackDescription Spool::describe(const Track& track) const {
  const TrackFigures figures = track.log->figures();
  TrackDescription description;
  description.handle = track.handle;
  description.project = track.project;
  description.capture = track.capture_id;
  description.track = track.log->track();
  description.order = track.position;
  description.made = figures.made;
  description.synced = figures.synced;
  description.delivered = figures.delivered;
  description.ended = figures.sealed;
  return description;
}

Status Spool::append(const std::shared_ptr<Capture>& capture, std::string_view name, NewPart part) {
  SC_TRY(check_room(part.media.size() + kOverheadBytes));
  SC_TRY_ASSIGN(const auto track, track_of(capture, name));
  const bool starts_segment = !part.init_segment.empty();
  auto built = track->log->append(part, key_, clock_.monotonic_us());
  if (!built.ok()) {
    if (built.error().kind() == ErrorKind::kResourceExhausted) {
      set_trouble("disk_full", built.error().message());
    }
    return built.error();
  }
  stored_bytes_ += kRecordPrefixBytes + built->frame->size();
  written_bytes_ += kRecordPrefixBytes + built->frame->size();
  write_ledger(capture->row.id, name, built->head);
  touch(track);
  if (listener_ != nullptr) {
    listener_->part_made(track->handle, built->head.sequence, starts_segment,
                         std::move(built->frame));
  }
  return Ok{};
}

// For tests and audits only: a ledger that cannot be written is said once a line and stops nothing.
void Spool::write_ledger(CaptureId capture, std::string_view track, const RecordHead& head) {
  const MutexLock lock(ledger_mutex_);
  if (!ledger_.is_open()) return;
  const Status written = ledger_.append(as_bytes(fmt::format(
      "{} {} {} {}\n", capture.text(), track, head.sequence, hex_encode(head.part_hash))));
  if (!written.ok()) log_.warn("ledger: {}", written.error().message());
}

void Spool::touch(const std::shared_ptr<Track>& track) {
  if (track->dirty.exchange(true)) return;
  const MutexLock lock(mutex_);
  dirty_.push_back(track);
  if (work_since_us_ == 0) work_since_us_ = clock_.monotonic_us();
  wake_.notify_one();
}

// Completed and serialised: from here on its bytes never change.
std::shared_ptr<EventRow> Spool::prepare_event(ProjectId project, v1::Event& event) const {
  if (event.event_id().empty()) event.set_event_id(EventId::make().raw());
  if (event.stated_at_us() == 0) event.set_stated_at_us(clock_.wall_us());
  auto row = std::make_shared<EventRow>();
  row->id = id_from<EventId>(event.event_id());
  row->project = project;
  row->capture = id_from<CaptureId>(event.capture_id());
  row->bytes = event.SerializeAsString();
  return row;
}

// The hub would refuse it, so it is refused here, where somebody still sees it.
Status Spool::check_prepared(const v1::Event& event, const EventRow& row) {
  SC_TRY(check_event(event));
  if (row.bytes.size() > limits::kEventBytes) {
    return invalid_argument(fmt::format("an event of {} bytes is larger than {}", row.bytes.size(),
                                        limits::kEventBytes));
  }
  return Ok{};
}

// Sync thread, after the commit: the delivery side may send it when the group is announced.
void Spool::announce(const EventRow& row) {
  new_events_.push_back({row.position, row.id, row.project, row.capture,
                         std::make_shared<const std::string>(row.bytes)});
}

Status Spool::add_event(ProjectId project, v1::Event& event,
                        std::function<void(const Status&)> done) {
  const auto row = prepare_event(project, event);
  SC_TRY(check_prepared(event, *row));
  {
    const MutexLock lock(mutex_);
    std::shared_ptr<Capture> capture;
    for (auto it = captures_.rbegin(); it != captures_.rend() && !capture; ++it) {
      if ((*it)->row.id == row->capture) capture = *it;
    }
    if (!outbox_.emplace(row->id, Outgoing{capture, {}}).second) {
      return failed_precondition("an event with this id is already waiting");
    }
    if (capture) capture->waiting_events += 1;
    if (capture && claims_evidence(event.kind())) capture->row.claimed = true;
  }
  const bool claims = claims_evidence(event.kind());
  Change change;
  change.attempts = kForEver;
  change.apply = [row, claims](Index& index) -> Status {
    SC_TRY_ASSIGN(row->position, index.add_event(*row));
    return claims ? index.mark_claimed(row->capture) : Status(Ok{});
  };
  change.done = [this, row, done = std::move(done)](const Status& status) {
    if (status.ok()) announce(*row);
    if (done) done(status);
  };
  enqueue(std::move(change), false);
  return Ok{};
}

Result<EventId> Spool::state_event(ProjectId project, v1::Event event) {
  struct Answer {
    Mutex mutex;
    CondVar given;
    std::optional<Status> status;
  };
  auto answer = std::make_shared<Answer>();
  SC_TRY(add_event(project, event, [answer](const Status& status) {
    const MutexLock lock(answer->mutex);
    answer->status = status;
    answer->given.notify_all();
  }));
  {
    const MutexLock lock(mutex_);
    urgent_ = true;
    wake_.notify_one();
  }
  const MutexLock lock(answer->mutex);
  while (!answer->status) answer->given.wait(answer->mutex);
  if (!answer->status->ok()) return answer->status->error();
  return id_from<EventId>(event.event_id());
}

v1::Event Spool::make_closed_event(const Capture& capture, std::string_view reason,
                                   std::string_view detail) const {
  v1::Event event;
  event.set_kind("capture.closed");
  event.set_capture_id(capture.row.id.raw());
  event.set_area(capture.row.area);
  v1::CaptureClosed& closed = *event.mutable_capture_closed();
  closed.set_reason(std::string(reason));
  // A system message may hold a file name of any bytes; the hub would refuse the event for ever.
  closed.set_detail(clean_text(detail, limits::kTextBytes));
  for (const auto& [name, track] : capture.tracks) {
    const RunningHash running = track->log->synced_hash();
    v1::TrackEnd& end = *closed.add_tracks();
    end.set_track(name);
    end.set_part_count(running.count());
    if (running.count() > 0) {
      end.set_running_hash(to_string(running.value()));
      *end.mutable_head() = sign_head(key_, capture.row.id, name, running);
    }
  }
  return event;
}

// Within a transaction: what the capture's end changes, whoever ends it. What is synced is whole.
Status Spool::put_end(Index& index, Capture& capture, std::string_view reason,
                      std::string_view detail, std::int64_t interrupted_at_us) {
  if (!capture.closed_event) {
    v1::Event event = make_closed_event(capture, reason, detail);
    capture.closed_event = prepare_event(capture.row.project, event);
  }
  SC_TRY(index.close_capture(capture.row.position, reason, interrupted_at_us));
  for (const auto& [name, track] : capture.tracks) {
    SC_TRY(index.put_track(capture.row.position, row_of(*track, std::nullopt)));
  }
  SC_TRY_ASSIGN(capture.closed_event->position, index.add_event(*capture.closed_event));
  return Ok{};
}

void Spool::note_end(const std::shared_ptr<Capture>& capture, std::string_view reason,
                     std::int64_t interrupted_at_us) {
  const MutexLock lock(mutex_);
  capture->closing = true;
  capture->state = CaptureState::kClosed;
  capture->row.reason = reason;
  capture->row.interrupted_at_us = interrupted_at_us;
  capture->waiting_events += 1;
  outbox_.emplace(capture->closed_event->id, Outgoing{capture, {}});
}

Status Spool::close(const std::shared_ptr<Capture>& capture, std::string_view reason,
                    std::string_view detail) {
  std::vector<std::shared_ptr<Track>> tracks;
  {
    const MutexLock lock(mutex_);
    if (capture->state != CaptureState::kRecording || capture->ending) return Ok{};
    capture->closing = capture->ending = true;
    for (const auto& [name, track] : capture->tracks) tracks.push_back(track);
  }
  for (const auto& track : tracks) {
    track->log->seal();
    touch(track);  // so that the group that states the end has synced every part
  }
  const std::string why(reason);
  const std::string more(detail);
  // A group applies changes after it has synced: what the event says is then durable.
  return enqueue_and_wait(
      [this, capture, why, more](Index& index) { return put_end(index, *capture, why, more, 0); },
      kForEver,
      [this, capture, why](const Status& status) {
        if (!status.ok()) return;
        note_end(capture, why, 0);
        announce(*capture->closed_event);
      },
      kCloseWaitUs);
}

void Spool::enqueue(Change change, bool urgent) {
  const MutexLock lock(mutex_);
  changes_.push_back(std::move(change));
  urgent_ = urgent_ || urgent;
  if (work_since_us_ == 0) work_since_us_ = clock_.monotonic_us();
  wake_.notify_one();
}

Status Spool::enqueue_and_wait(std::function<Status(Index&)> apply, int attempts,
                               std::function<void(const Status&)> done, std::int64_t most_us) {
  auto answer = std::make_shared<std::optional<Status>>();
  Change change;
  change.apply = std::move(apply);
  change.attempts = attempts;
  change.done = [this, answer, done = std::move(done)](const Status& status) {
    if (done) done(status);
    const MutexLock lock(mutex_);
    *answer = status;
    finished_.notify_all();
  };
  enqueue(std::move(change), true);
  const std::int64_t until_us = clock_.monotonic_us() + most_us;
  const MutexLock lock(mutex_);
  while (!answer->has_value()) {
    if (most_us == 0) {
      finished_.wait(mutex_);
      continue;
    }
    const std::int64_t left_us = until_us - clock_.monotonic_us();
    if (left_us <= 0) return resource_exhausted("the disk refuses; it is done when there is room");
    finished_.wait_for_us(mutex_, left_us);
  }
  return **answer;
}

std::vector<CaptureSummary> Spool::captures() const {
  std::vector<CaptureSummary> summaries;
  const MutexLock lock(mutex_);
  std::map<const Capture*, std::vector<const std::string*>> refused;
  for (const auto& [id, event] : outbox_) {
    if (event.capture && !event.refused.empty()) {
      refused[event.capture.get()].push_back(&event.refused);
    }
  }
  for (const auto& capture : captures_) {
    CaptureSummary summary;
    summary.row = capture->row;
    summary.state = capture->state;
    summary.waiting_events = capture->waiting_events;
    if (const auto found = refused.find(capture.get()); found != refused.end()) {
      summary.refused_events = found->second.size();
      summary.refused_event = *found->second.front();
    }
    for (const auto& [name, track] : capture->tracks) {
      const auto failure = track->log->failure();
      summary.tracks.push_back({name, track->handle, track->log->figures(),
                                failure ? failure->message() : std::string()});
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

OutboxSummary Spool::outbox() const {
  OutboxSummary summary;
  const MutexLock lock(mutex_);
  summary.waiting = outbox_.size();
  for (const auto& [id, event] : outbox_) {
    if (event.refused.empty()) continue;
    if (summary.refused == 0) summary.refused_why = event.refused;
    summary.refused += 1;
  }
  return summary;
}

std::optional<WaitingEvent> Spool::waiting_event(EventId id) const {
  const MutexLock lock(mutex_);
  const auto found = outbox_.find(id);
  if (found == outbox_.end()) return std::nullopt;
  return WaitingEvent{found->second.refused};
}

SpoolTrouble Spool::trouble() const {
  const MutexLock lock(mutex_);
  return trouble_;
}

void Spool::set_trouble(std::string kind, std::string detail) {
  const MutexLock lock(mutex_);
  if (trouble_.kind != kind && kind == "low_room") log_.warn("{}: {}", kind, detail);
  if (trouble_.kind != kind && !kind.empty() && kind != "low_room") {
    log_.error("{}: {}", kind, detail);
  }
  trouble_ = {std::move(kind), std::move(detail)};
}

}  // namespace sitecast::agent
