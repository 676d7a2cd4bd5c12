// SPDX-License-Identifier: Apache-2.0
#include "agent/owner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "agent/direction_report.h"
#include "agent/filming.h"
#include "agent/key_file.h"
#include "agent/photo_only_store.h"
#include "agent/status_report.h"

namespace sitecast::agent {
namespace {

constexpr int kOwnerPollMs = 100;
constexpr std::int64_t kOwnerProgressUs = 1'000'000;
constexpr std::size_t kSaidInStatus = 10;
// `send` without --until-delivered: how long it bears that nothing moves.
constexpr std::int64_t kNoProgressUs = 15'000'000;

LiveQuality quality_of(const Rung& rung) {
  return {rung.video_kbps, rung.longer_side_px, rung.shorter_side_px,
          rung.fps,        rung.still_every_ms, rung.audio_kbps};
}

Rung best_rung(const EncodeOptions& encode) {
  return {
      "full", encode.video_bitrate_kbps, encode.max_width_px, encode.max_height_px, encode.max_fps,
      0,      encode.audio_bitrate_kbps};
}

nlohmann::json error_reply(const Error& error) {
  return {{"type", "error"}, {"kind", name_of(error.kind())}, {"message", error.message()}};
}

}  // namespace

Result<std::unique_ptr<Owner>> Owner::open(const AgentConfig& config, bool online, PartTap* tap) {
  std::unique_ptr<Owner> owner(new Owner(config, Log("agent")));
  // Whoever holds the lock answers first: another process's commands must not fail for want of a
  // key.
  CourierSettings courier;
  if (online) {
    auto broker = parse_broker_url(config.broker.url);
    if (!broker.ok()) return broker.error().within("broker.url");
    courier.transport.broker = std::move(*broker);
    courier.transport.username = config.broker.username;
    courier.transport.password_file = config.broker.password_file;
    courier.transport.ca_file = config.broker.ca_file;
    courier.transport.congestion_control = config.publish.congestion_control;
    courier.device = config.device_id;
    courier.project = config.project_id;
    courier.name = config.name;
    courier.quota_bytes = config.spool.quota_bytes;
    courier.metered = config.network.metered;
    courier.live_only_on_metered = config.publish.on_metered == "live-only";
    courier.daily_budget_bytes = config.publish.daily_budget_mb * 1'000'000;
    courier.budget_file = config.spool.dir / "data_used";
    courier.delivery.window_bytes = config.publish.window_bytes;
    courier.on_rung = [owner = owner.get()](const Rung& rung) { owner->take_rung(rung); };
  }
  SC_TRY_ASSIGN(auto key, load_key(config.key_file));
  SpoolSettings spool;
  spool.dir = config.spool.dir;
  spool.quota_bytes = config.spool.quota_bytes;
  spool.reserve_bytes = config.spool.reserve_bytes;
  spool.ledger = config.spool.ledger;
  SC_TRY_ASSIGN(owner->spool_, Spool::open(std::move(spool), std::move(key), owner->clock_,
                                           owner->disk_, owner->log_.child("spool")));
  SC_TRY_ASSIGN(owner->inbox_,
                Inbox::open(config.spool.dir / "directions.json", owner->log_.child("direction")));
  if (online) {
    courier.on_down = [inbox = owner->inbox_.get()](ProjectId project, const v1::Down& down) {
      inbox->take(project, down);
    };
    courier.heard_until_us = [inbox = owner->inbox_.get()](ProjectId project) {
      return inbox->heard_until_us(project);
    };
    owner->talk_ = std::make_unique<TalkPlayer>(TalkSettings{config.talk.sink, config.talk.hold_ms},
                                                owner->clock_, owner->log_.child("talk"));
    courier.on_talk = [talk = owner->talk_.get()](const v1::Talk& said) { talk->take(said); };
    owner->courier_ = std::make_unique<Courier>(std::move(courier), *owner->spool_, owner->clock_,
                                                owner->log_.child("publish"));
  }
  SpoolListener* listener = owner->courier_.get();
  if (tap != nullptr) listener = &tap->before(listener);
  owner->spool_->start(listener);
  if (online) owner->courier_->start();
  return owner;
}

// Upstream first: recordings, then delivery, then the spool.
Owner::~Owner() {
  std::map<CaptureId, std::shared_ptr<Recording>> recordings;
  {
    const MutexLock lock(mutex_);
    recordings.swap(recordings_);
  }
  recordings.clear();
  if (courier_) courier_->stop();
  if (spool_) spool_->stop();
}

int Owner::run(const Request& request, StopSignal& stop, const Reply& reply) {
  Result<nlohmann::json> result = invalid_argument("unknown command '" + request.command + "'");
  if (request.command == "record")
    result = record(request, stop, reply);
  else if (request.command == "photo")
    result = photo(request, stop, reply);
  else if (request.command == "document")
    result = document(request, stop, reply);
  else if (request.command == "note")
    result = note(request, stop, reply);
  else if (request.command == "send")
    result = send(request, stop, reply);
  else if (request.command == "run")
    result = stay(stop, reply);
  else if (request.command == "accept")
    result = accept(request, stop);
  else if (request.command == "answer")
    result = answer(request, stop);
  else if (request.command == "say")
    result = say(request, stop);
  else if (request.command == "watch")
    result = watch(stop, reply);
  else if (request.command == "requests")
    result = make_requests_report(inbox_->requests());
  else if (request.command == "status") {
    nlohmann::json report = make_status_report(config_, *spool_, courier_.get());
    report.update(make_requests_report(inbox_->requests()));
    report["said"] = make_said_report(inbox_->said(), kSaidInStatus);
    reply(report);
    return kExitOk;
  }
  if (!result.ok()) {
    reply(error_reply(result.error()));
    return kExitFailed;
  }
  reply(*result);
  return kExitOk;
}

// Without a master the archive would hold no more than the link carried: then live is held up
// rather than made smaller, unless the configuration says otherwise.
void Owner::follow_link(Recording& recording) {
  if (!courier_ || config_.publish.adapt == "off") return;
  const std::vector<std::string> tracks = recording.tracks();
  const bool master = std::find(tracks.begin(), tracks.end(), "master") != tracks.end();
  if (!master && config_.publish.adapt != "on") return;
  courier_->adapt(make_rungs(best_rung(config_.encode)));
  if (const auto rung = courier_->rung()) recording.set_live_quality(quality_of(*rung));
}

void Owner::take_rung(const Rung& rung) {
  const MutexLock lock(mutex_);
  for (const auto& [id, recording] : recordings_) recording->set_live_quality(quality_of(rung));
}

Result<ProjectId> Owner::project_of(const Request& request) const {
  if (request.project.empty()) return config_.project_id;
  const auto project = ProjectId::parse(request.project);
  if (!project) return invalid_argument("--project '" + request.project + "' is not an id");
  return *project;
}

std::shared_ptr<Recording> Owner::running(CaptureId id) {
  const MutexLock lock(mutex_);
  if (id.is_nil()) return recordings_.empty() ? nullptr : recordings_.rbegin()->second;
  const auto found = recordings_.find(id);
  return found == recordings_.end() ? nullptr : found->second;
}

bool Owner::stop_recording() {
  const MutexLock lock(mutex_);
  for (const auto& [id, recording] : recordings_) recording->stop();
  return !recordings_.empty();
}

Result<nlohmann::json> Owner::record(const Request& request, StopSignal& stop, const Reply& reply) {
  RecordOptions options;
  SC_TRY_ASSIGN(options.project, project_of(request));
  options.area = request.area;
  options.title = request.title;
  options.note = request.note;
  options.source = request.source;
  options.audio = request.audio;
  options.loop = request.loop;
  options.duration_us = static_cast<std::int64_t>(std::llround(request.duration_s * 1e6));
  options.captured_at_us = request.captured_at_us;
  options.demonstration = request.demonstration;
  options.boot_count = spool_->boot_count();
  options.encode = config_.encode;
  // A history that is rendered need not take as long as what it shows.
  options.paced = request.captured_at_us == 0;

  FilmingHooks hooks;
  hooks.begun = [this](const std::shared_ptr<Recording>& recording) {
    {
      const MutexLock lock(mutex_);
      recordings_[recording->id()] = recording;
    }
    follow_link(*recording);
  };
  hooks.ended = [this](CaptureId id) {
    const MutexLock lock(mutex_);
    recordings_.erase(id);
  };
  hooks.progress = [this](CaptureId id) { return progress_of(id); };
  DirectionNews news(*inbox_, false);
  std::uint64_t talk_seen = talk_ ? talk_->speaking().revision : 0;
  hooks.news = [this, &news, &talk_seen] { return take_news(news, talk_seen); };
  SC_TRY_ASSIGN(const Film film,
                Filming(*spool_, clock_, log_, std::move(hooks), stop, reply).run(options));
  const RecordingEnd& end = film.end;
  nlohmann::json summary = progress_of(film.captures.back());
  summary["type"] = "end";
  summary["reason"] = end.reason;
  summary["captured_ms"] = end.media_time_us / 1000;
  summary["video_frames"] = end.video_frames;
  summary["video_frames_dropped"] = end.video_frames_dropped;
  summary["audio_frames"] = end.audio_frames;
  summary["pauses"] = film.pauses;
  summary["paused_ms"] = film.paused_us / 1000;
  if (!end.status.ok()) {
    reply(summary);
    return end.status.error();
  }
  if (request.until_delivered) {
    for (const CaptureId id : film.captures) SC_TRY(wait_delivered(id, stop, reply));
    const nlohmann::json delivered = progress_of(film.captures.back());
    for (const char* key : {"on_device_ms", "at_hub_ms", "waiting_bytes", "cause"}) {
      summary[key] = delivered[key];
    }
  }
  return summary;
}

std::vector<nlohmann::json> Owner::take_news(DirectionNews& news, std::uint64_t& talk_seen) const {
  std::vector<nlohmann::json> all = news.take();
  if (!talk_) return all;
  const Speaking speaking = talk_->speaking();
  if (std::exchange(talk_seen, speaking.revision) != speaking.revision) {
    all.push_back(
        {{"type", "talk"}, {"capture_id", speaking.capture.text()}, {"speaker", speaking.speaker}});
  }
  return all;
}

nlohmann::json Owner::progress_of(CaptureId capture) const {
  nlohmann::json progress = {{"capture_id", capture.text()}, {"on_device_ms", 0}, {"at_hub_ms", 0},
                             {"waiting_bytes", 0},           {"cause", ""},       {"detail", ""}};
  for (const CaptureSummary& summary : spool_->captures()) {
    if (summary.row.id != capture) continue;
    const nlohmann::json report = make_capture_report(summary, courier_.get());
    for (const char* key : {"on_device_ms", "at_hub_ms", "cause", "detail", "state"}) {
      progress[key] = report[key];
    }
    progress["waiting_bytes"] =
        report["size_bytes"].get<std::uint64_t>() - report["at_hub_bytes"].get<std::uint64_t>();
  }
  return progress;
}

Status Owner::wait_delivered(CaptureId capture, StopSignal& stop, const Reply& reply) {
  if (!courier_) return failed_precondition("this process does not deliver");
  std::int64_t said_us = 0;
  for (;;) {
    bool waiting = false;
    bool given_up = false;
    for (const CaptureSummary& summary : spool_->captures()) {
      if (summary.row.id != capture || summary.state == CaptureState::kDelivered) continue;
      waiting = true;
      given_up = stays_here(summary, *courier_);
    }
    if (!waiting) return Ok{};
    // What is delivered is released within a sync group; what the hub refused stays.
    if (given_up) {
      const nlohmann::json progress = progress_of(capture);
      return data_loss(
          "not everything could be delivered: " + progress["cause"].get<std::string>() + " " +
          progress["detail"].get<std::string>());
    }
    if (clock_.monotonic_us() - said_us >= kOwnerProgressUs) {
      said_us = clock_.monotonic_us();
      nlohmann::json progress = progress_of(capture);
      progress["type"] = "sending";
      reply(progress);
    }
    if (stop.wait_ms(kOwnerPollMs)) {
      return Error(ErrorKind::kCancelled,
                   "stopped before everything was delivered; it is safe on "
                   "this device");
    }
  }
}

// Asks the spool, which knows the event from the moment it was stated; the delivery side hears of
// it later.
Status Owner::wait_stated(EventId event, StopSignal& stop) {
  if (!courier_) return failed_precondition("this process does not deliver");
  for (;;) {
    const auto waiting = spool_->waiting_event(event);
    if (!waiting) return Ok{};
    if (!waiting->refused.empty()) {
      return data_loss("the hub does not accept it: " + waiting->refused +
                       "; it stays on this device");
    }
    if (stop.wait_ms(kOwnerPollMs)) {
      return Error(ErrorKind::kCancelled,
                   "stopped before the note was delivered; it is safe on this device");
    }
  }
}

Result<FileOptions> Owner::file_options(const Request& request) const {
  FileOptions options;
  SC_TRY_ASSIGN(options.project, project_of(request));
  options.area = request.area;
  options.title = request.title;
  options.note = request.note;
  options.captured_at_us = request.captured_at_us;
  options.demonstration = request.demonstration;
  options.boot_count = spool_->boot_count();
  return options;
}

Result<nlohmann::json> Owner::photo(const Request& request, StopSignal& stop, const Reply& reply) {
  nlohmann::json answer;
  CaptureId id;
  if (!request.file.empty()) {
    SC_TRY_ASSIGN(const FileOptions options, file_options(request));
    SC_TRY_ASSIGN(const StoredFile stored, store_photo_file(request.file, options, *spool_));
    id = stored.capture;
    answer = {{"capture_id", id.text()},
              {"captured_at_us", stored.captured_at_us},
              {"size_bytes", stored.file.size_bytes()},
              {"warnings", nlohmann::json::array()}};
    for (const v1::QualityWarning& warning : stored.warnings) {
      answer["warnings"].push_back(warning.warning());
    }
    if (!stored.not_looked_at.empty()) {
      log_.warn("{} is kept, but could not be looked at: {}", request.file, stored.not_looked_at);
      answer["warnings"].push_back("not_looked_at");
    }
  } else {
    SC_TRY_ASSIGN(id, photo_from_source(request));
    answer = {{"capture_id", id.text()}, {"warnings", nlohmann::json::array()}};
  }
  if (request.until_delivered) SC_TRY(wait_delivered(id, stop, reply));
  return answer;
}

Result<CaptureId> Owner::photo_from_source(const Request& request) {
  if (request.source.empty()) {
    const auto recording = running(CaptureId());
    if (!recording) {
      return failed_precondition("nothing is being recorded; name a --file or a --source");
    }
    return recording->take_photo(request.note);
  }
  PhotoOnlyStore store(*spool_);
  RecordOptions options;
  SC_TRY_ASSIGN(options.project, project_of(request));
  options.area = request.area;
  options.title = request.title;
  options.source = request.source;
  options.audio = "none";
  options.demonstration = request.demonstration;
  options.captured_at_us = request.captured_at_us;
  options.encode = config_.encode;
  SC_TRY_ASSIGN(const auto recording, Recording::start(std::move(options), store, {}));
  auto taken = recording->take_photo(request.note);
  recording->stop();
  recording->wait();
  return taken;
}

Result<nlohmann::json> Owner::document(const Request& request, StopSignal& stop,
                                       const Reply& reply) {
  SC_TRY_ASSIGN(const FileOptions options, file_options(request));
  SC_TRY_ASSIGN(const StoredFile stored, store_document_file(request.file, options, *spool_));
  if (request.until_delivered) SC_TRY(wait_delivered(stored.capture, stop, reply));
  return nlohmann::json{{"capture_id", stored.capture.text()},
                        {"captured_at_us", stored.captured_at_us},
                        {"size_bytes", stored.file.size_bytes()}};
}

// The capture that a note speaks of, as far as this device knows it.
Result<CaptureSummary> Owner::find_capture(const Request& request) const {
  const auto captures = spool_->captures();
  if (request.last || request.at_now) {
    for (auto it = captures.rbegin(); it != captures.rend(); ++it) {
      if (!request.at_now || it->state == CaptureState::kRecording) return *it;
    }
    return not_found(request.at_now ? "nothing is being recorded now"
                                    : "this device has no capture yet");
  }
  CaptureSummary summary;
  summary.row.project = config_.project_id;
  if (request.capture.empty()) return summary;
  const auto id = CaptureId::parse(request.capture);
  if (!id) return invalid_argument("--capture '" + request.capture + "' is not an id");
  for (const CaptureSummary& known : captures) {
    if (known.row.id == *id) return known;
  }
  summary.row.id = *id;  // of another device, or forgotten here: the hub knows it
  return summary;
}

Result<nlohmann::json> Owner::note(const Request& request, StopSignal& stop, const Reply& reply) {
  SC_TRY_ASSIGN(const CaptureSummary about, find_capture(request));
  // Another device's, forgotten here, or mistyped: the hub decides, and may refuse the note.
  const bool unknown = !about.row.id.is_nil() && about.row.position == 0;
  v1::Event event;
  if (request.stage.empty() && !request.percentage) {
    event.set_kind("note");
    event.mutable_note()->set_text(request.text);
  } else {
    event.set_kind("progress");
    v1::Progress& progress = *event.mutable_progress();
    progress.set_stage(request.stage);
    progress.set_text(request.text);
    if (request.percentage) {
      progress.set_has_percentage(true);
      progress.set_percentage(*request.percentage);
    }
  }
  event.set_area(request.area.empty() ? about.row.area : request.area);
  event.set_event_id(EventId::make().raw());
  if (!about.row.id.is_nil()) event.set_capture_id(about.row.id.raw());
  const auto id = *EventId::from_bytes(std::string_view(event.event_id()));
  ProjectId project = about.row.project;
  if (!request.project.empty()) {
    SC_TRY_ASSIGN(project, project_of(request));
  }
  if (request.captured_at_us != 0) event.set_stated_at_us(request.captured_at_us);
  if (request.at_s) {
    event.set_has_media_time(true);
    event.set_media_time_us(static_cast<std::int64_t>(std::llround(*request.at_s * 1e6)));
  } else if (request.at_now) {
    const auto recording = running(about.row.id);
    if (!recording) return failed_precondition("nothing is being recorded now");
    event.set_has_media_time(true);
    event.set_media_time_us(recording->media_time_us());
  }
  SC_TRY(spool_->state_event(project, std::move(event)));
  if (request.until_delivered) SC_TRY(wait_stated(id, stop));
  static_cast<void>(reply);
  nlohmann::json answer = {{"event_id", id.text()}};
  if (!about.row.id.is_nil()) answer["capture_id"] = about.row.id.text();
  if (unknown) answer["warnings"] = {"unknown_capture"};
  return answer;
}

// Everything that waits, until nothing does. Without --until-delivered it ends when nothing moves.
Result<nlohmann::json> Owner::send(const Request& request, StopSignal& stop, const Reply& reply) {
  if (!courier_) return failed_precondition("this process does not deliver");
  if (request.now) courier_->send_now();
  std::int64_t moved_us = clock_.monotonic_us(), said_us = 0;
  nlohmann::json before;
  for (;;) {
    const nlohmann::json report = make_status_report(config_, *spool_, courier_.get());
    const nlohmann::json now = {report["waiting_captures"], report["waiting_bytes"],
                                report["waiting_events"]};
    if (report["waiting_captures"] == 0 && report["waiting_events"] == 0) {
      return nlohmann::json{
          {"type", "sent"}, {"waiting_captures", 0}, {"waiting_bytes", 0}, {"waiting_events", 0}};
    }
    if (now != before) moved_us = clock_.monotonic_us();
    before = now;
    if (clock_.monotonic_us() - said_us >= kOwnerProgressUs) {
      said_us = clock_.monotonic_us();
      reply({{"type", "sending"},
             {"waiting_captures", report["waiting_captures"]},
             {"waiting_bytes", report["waiting_bytes"]},
             {"waiting_events", report["waiting_events"]},
             {"cause", report["cause"]},
             {"detail", report["detail"]}});
    }
    const bool stuck = clock_.monotonic_us() - moved_us > kNoProgressUs;
    const bool refused = stuck && (report["cause"] == name_of(WaitCause::kRefused) ||
                                   report["cause"] == name_of(WaitCause::kDamaged));
    if (refused || (!request.until_delivered && stuck)) {
      return unavailable(fmt::format("{} captures wait, {} bytes, {} notes and other events: {} {}",
                                     report["waiting_captures"].get<std::uint64_t>(),
                                     report["waiting_bytes"].get<std::uint64_t>(),
                                     report["waiting_events"].get<std::uint64_t>(),
                                     report["cause"].get<std::string>(),
                                     report["detail"].get<std::string>()));
    }
    if (stop.wait_ms(kOwnerPollMs)) {
      return Error(ErrorKind::kCancelled,
                   "stopped before everything was delivered; it is safe on "
                   "this device");
    }
  }
}

Result<EventId> Owner::state(ProjectId project, v1::Event event, const Request& request,
                             StopSignal& stop) {
  event.set_event_id(EventId::make().raw());
  event.set_stated_at_us(clock_.wall_us());
  SC_TRY_ASSIGN(const EventId id, spool_->state_event(project, event));
  inbox_->stated(project, event);
  if (request.until_delivered) SC_TRY(wait_stated(id, stop));
  return id;
}

Result<nlohmann::json> Owner::accept(const Request& request, StopSignal& stop) {
  SC_TRY_ASSIGN(const KeptRequest kept, find_request(inbox_->requests(), request.request));
  v1::Event event;
  event.set_kind("request.accepted");
  event.mutable_request_step()->set_request_id(kept.request.event.event_id());
  event.mutable_request_step()->set_text(request.text);
  SC_TRY(state(kept.request.project, std::move(event), request, stop));
  SC_TRY_ASSIGN(const KeptRequest now, find_request(inbox_->requests(), request.request));
  return make_request_report(now);
}

Status Owner::add_footage(const Request& request, ProjectId project, v1::Event& event) {
  if (!request.file.empty()) {
    SC_TRY_ASSIGN(FileOptions options, file_options(request));
    options.project = project;
    SC_TRY_ASSIGN(const StoredFile stored, store_photo_file(request.file, options, *spool_));
    event.set_capture_id(stored.capture.raw());
    return Ok{};
  }
  if (request.last || !request.capture.empty()) {
    SC_TRY_ASSIGN(const CaptureSummary about, find_capture(request));
    event.set_capture_id(about.row.id.raw());
    if (request.at_s) {
      event.set_has_media_time(true);
      event.set_media_time_us(static_cast<std::int64_t>(std::llround(*request.at_s * 1e6)));
    }
    return Ok{};
  }
  const auto recording = running(CaptureId());
  if (!recording) {
    return failed_precondition(
        "nothing is being recorded now: name the footage with --last, --capture or --file");
  }
  event.set_capture_id(recording->id().raw());
  event.set_has_media_time(true);
  event.set_media_time_us(recording->media_time_us());
  return Ok{};
}

Result<nlohmann::json> Owner::answer(const Request& request, StopSignal& stop) {
  SC_TRY_ASSIGN(const KeptRequest kept, find_request(inbox_->requests(), request.request));
  const auto shots = static_cast<std::uint32_t>(kept.request.event.request().shots_size());
  if (request.shot > shots) {
    return invalid_argument(
        fmt::format("--shot {}: this request has {} shots", request.shot, shots));
  }
  v1::Event event;
  event.set_kind("request.answered");
  event.mutable_request_step()->set_request_id(kept.request.event.event_id());
  event.mutable_request_step()->set_text(request.text);
  event.mutable_request_step()->set_shot(request.shot);
  SC_TRY(add_footage(request, kept.request.project, event));
  const std::string capture = event.capture_id();
  SC_TRY(state(kept.request.project, std::move(event), request, stop));
  SC_TRY_ASSIGN(const KeptRequest now, find_request(inbox_->requests(), request.request));
  nlohmann::json report = make_request_report(now);
  report["capture_id"] = CaptureId::from_bytes(capture).value_or(CaptureId()).text();
  return report;
}

// To the people at the recording that runs, else of the project.
Result<nlohmann::json> Owner::say(const Request& request, StopSignal& stop) {
  v1::Event event;
  event.set_kind("message");
  event.mutable_message()->set_text(request.text);
  SC_TRY_ASSIGN(ProjectId project, project_of(request));
  if (request.last || !request.capture.empty()) {
    SC_TRY_ASSIGN(const CaptureSummary about, find_capture(request));
    event.set_capture_id(about.row.id.raw());
    project = about.row.project;
  } else if (const auto recording = running(CaptureId())) {
    event.set_capture_id(recording->id().raw());
    event.set_has_media_time(true);
    event.set_media_time_us(recording->media_time_us());
    for (const CaptureSummary& known : spool_->captures()) {
      if (known.row.id == recording->id()) project = known.row.project;
    }
  }
  SC_TRY_ASSIGN(const EventId id, state(project, std::move(event), request, stop));
  return nlohmann::json{{"event_id", id.text()}};
}

Result<nlohmann::json> Owner::watch(StopSignal& stop, const Reply& reply) {
  DirectionNews news(*inbox_, true);
  std::uint64_t seen = 0, talk_seen = 0;
  reply({{"type", "ready"}});
  while (!stop.raised()) {
    seen = inbox_->revision();
    for (const nlohmann::json& one : take_news(news, talk_seen)) reply(one);
    while (!stop.raised() && !inbox_->wait_beyond(seen, kOwnerPollMs * 1000) &&
           (!talk_ || talk_->speaking().revision == talk_seen)) {
    }
  }
  return nlohmann::json{{"type", "stopped"}};
}

Result<nlohmann::json> Owner::stay(StopSignal& stop, const Reply& reply) {
  reply({{"type", "ready"}});
  while (!stop.wait_ms(60'000)) {
  }
  return nlohmann::json{{"type", "stopped"}};
}

}  // namespace sitecast::agent
