// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/recording.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/capture/note.h"
#include "agent/capture/recording_impl.h"
#include "agent/capture/snapshot.h"
#include "agent/encode/encoder_choice.h"
#include "proto/base/clock.h"

namespace sitecast::agent {
namespace {

constexpr std::chrono::milliseconds kControlInterval{50};

// Cameras find their exposure in the first pictures.
constexpr std::int64_t kCameraSettleNs = 600'000'000;

std::int64_t now_us() { return SystemClock().monotonic_us(); }

}  // namespace

Result<std::unique_ptr<Recording>> Recording::start(RecordOptions options, CaptureStore& store,
                                                    RecordCallbacks callbacks) {
  auto recording = std::make_unique<RecordingImpl>(std::move(options), store, std::move(callbacks));
  SC_TRY(recording->open());
  return std::unique_ptr<Recording>(std::move(recording));
}

RecordingImpl::RecordingImpl(RecordOptions options, CaptureStore& store, RecordCallbacks callbacks)
    : options_(std::move(options)),
      store_(store),
      callbacks_(std::move(callbacks)),
      log_("capture") {}

RecordingImpl::~RecordingImpl() {
  stop();
  if (control_thread_.joinable()) control_thread_.join();
  if (source_) source_->stop();
}

Status RecordingImpl::open() {
  SC_TRY(check_note_text(options_.note));
  SC_TRY_ASSIGN(const SourceSpec spec, parse_source(options_.source));
  SC_TRY_ASSIGN(const AudioSpec audio, parse_audio(options_.audio));
  SC_TRY_ASSIGN(const EncoderChoice encoder, choose_encoder(options_.encode.encoder));
  SourceOptions wanted;
  wanted.loop = options_.loop;
  wanted.paced = options_.paced;
  const EncodeOptions largest =
      records_master(options_.encode, encoder) ? for_master(options_.encode) : options_.encode;
  wanted.max_width_px = std::max(options_.encode.max_width_px, largest.max_width_px);
  wanted.max_height_px = std::max(options_.encode.max_height_px, largest.max_height_px);
  wanted.max_fps = options_.encode.max_fps;
  SC_TRY_ASSIGN(source_, open_source(spec, audio, wanted, *this));
  Status status = open_capture(spec, encoder);
  if (status.ok()) status = source_->start();
  if (!status.ok()) {
    if (!writer_) return status;
    const Status closed = writer_->close("error", status.error().message());
    if (!closed.ok()) log_.warn("closing the capture: {}", closed.error().message());
    return status;
  }
  control_thread_ = std::thread([this] { control(); });
  return Ok{};
}

Status RecordingImpl::open_capture(const SourceSpec& spec, const EncoderChoice& encoder) {
  const SourceInfo info = source_->info();
  captured_at_us_ =
      options_.captured_at_us != 0 ? options_.captured_at_us : SystemClock().wall_us();
  if (spec.kind == SourceKind::kCamera) settle_ns_ = kCameraSettleNs;
  v1::CaptureOpened opened;
  opened.set_capture_kind(options_.capture_kind);
  opened.set_captured_at_us(captured_at_us_);
  const bool master = info.has_video && records_master(options_.encode, encoder);
  if (info.has_video) tracks_.emplace_back("video");
  if (master) tracks_.emplace_back("master");
  if (info.has_audio) tracks_.emplace_back("audio");
  for (const std::string& track : tracks_) opened.add_tracks(track);
  opened.set_title(options_.title);
  opened.set_continues(options_.continues);
  opened.set_source(source_word(spec.kind));
  opened.set_boot_count(options_.boot_count);
  opened.set_demonstration(options_.demonstration);
  SC_TRY_ASSIGN(writer_, store_.open_capture(options_.project, options_.area, std::move(opened)));

  video_track_.present = info.has_video;
  audio_track_.present = info.has_audio;
  video_track_.last_progress_us = audio_track_.last_progress_us = now_us();
  if (info.has_video) {
    log_.info("video encoder {} ({}): {}", encoder.profile.name, encoder.profile.element,
              encoder.reason);
    video_ = std::make_unique<VideoPath>(
        VideoPath::Options{options_.encode, encoder, captured_at_us_, info.live},
        [this](NewPart part) { return writer_->append("video", std::move(part)); });
    if (master) {
      master_ = std::make_unique<VideoPath>(
          VideoPath::Options{for_master(options_.encode), encoder, captured_at_us_, info.live},
          [this](NewPart part) { return writer_->append("master", std::move(part)); });
    }
    watch_ = std::make_unique<VisionWatch>([this](const QualityChange& c) { on_quality(c); });
  }
  if (info.has_audio) {
    audio_ = std::make_unique<AudioPath>(options_.encode, captured_at_us_, [this](NewPart part) {
      return writer_->append("audio", std::move(part));
    });
  }
  log_.info("recording {} from {}: {}", writer_->id().text(), source_word(spec.kind),
            fmt::join(tracks_, ", "));
  if (options_.note.empty()) return Ok{};
  v1::Event note = note_event(options_.note);
  note.set_has_media_time(true);
  return writer_->state(std::move(note));
}

void RecordingImpl::on_media(MediaKind kind, RawMedia media) {
  const bool video = kind == MediaKind::kVideo;
  (video ? video_track_ : audio_track_).last_progress_us = now_us();
  if (options_.duration_us > 0 && media.media_time_ns / 1000 >= options_.duration_us) {
    {
      const std::lock_guard lock(mutex_);
      limit_reached_ = true;
    }
    end_track(kind);
    return;
  }
  if (!video) {
    if (Status status = audio_->take(media); !status.ok()) fail(status.error().within("sound"));
    return;
  }
  // The encoder first: looking at the picture is never in its way.
  for (VideoPath* path : picture_paths()) {
    if (Status status = path->take(media); !status.ok()) fail(status.error().within("picture"));
  }
  watch_->offer(media);
  {
    const std::lock_guard lock(photo_mutex_);
    newest_ = std::move(media);
  }
  photo_changed_.notify_all();
}

void RecordingImpl::on_picture_skipped() {
  video_track_.last_progress_us = now_us();
  video_->count_dropped();
}

void RecordingImpl::on_track_ended(MediaKind kind) { end_track(kind); }

void RecordingImpl::end_track(MediaKind kind) {
  {
    const std::lock_guard lock(mutex_);
    (kind == MediaKind::kVideo ? video_track_ : audio_track_).ended = true;
  }
  changed_.notify_all();
}

void RecordingImpl::fail(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = error;
  }
  changed_.notify_all();
}

void RecordingImpl::on_quality(const QualityChange& change) {
  v1::Event event;
  event.set_kind("quality");
  event.set_media_time_us(change.media_time_us);
  event.set_has_media_time(true);
  v1::QualityWarning& warning = *event.mutable_quality();
  warning.set_warning(std::string(warning_name(change.quality)));
  warning.set_active(change.active);
  warning.set_value(change.value);
  if (Status status = writer_->state(event); !status.ok()) {
    log_.warn("a quality warning was not stored: {}", status.error().message());
  }
  if (callbacks_.quality) callbacks_.quality(warning, change.media_time_us);
}

std::int64_t RecordingImpl::media_time_us() const {
  std::int64_t end_us = audio_ ? audio_->end_us() : 0;
  for (const VideoPath* path : picture_paths()) end_us = std::max(end_us, path->end_us());
  return end_us;
}

Status RecordingImpl::state_now(v1::Event event) {
  event.set_media_time_us(media_time_us());
  event.set_has_media_time(true);
  return writer_->state(std::move(event));
}

Result<CaptureId> RecordingImpl::take_photo(std::string note) {
  if (!video_) return failed_precondition("there is no picture: only sound is recorded");
  RawMedia picture;
  {
    std::unique_lock lock(photo_mutex_);
    photo_changed_.wait_for(lock, std::chrono::milliseconds(kSourceStartLimitMs), [&] {
      return pictures_over_ || (newest_.sample && newest_.media_time_ns >= settle_ns_);
    });
    picture = newest_;
  }
  if (!picture.sample) return failed_precondition("there is no picture");
  SnapshotOptions options;
  options.project = options_.project;
  options.area = options_.area;
  options.note = std::move(note);
  options.demonstration = options_.demonstration;
  options.boot_count = options_.boot_count;
  options.captured_at_us = captured_at_us_ + picture.media_time_ns / 1000;
  return store_snapshot(picture.sample.get(), options, store_);
}

void RecordingImpl::set_live_quality(const LiveQuality& quality) {
  if (video_) video_->set_quality(quality);
  if (audio_) audio_->set_quality(quality);
}

std::vector<VideoPath*> RecordingImpl::picture_paths() const {
  std::vector<VideoPath*> paths;
  for (VideoPath* path : {video_.get(), master_.get()}) {
    if (path != nullptr) paths.push_back(path);
  }
  return paths;
}

void RecordingImpl::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_asked_ = true;
  }
  changed_.notify_all();
}

RecordingEnd RecordingImpl::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return end_.has_value(); });
  return *end_;
}

bool RecordingImpl::tracks_running() const {
  return (video_track_.present && !video_track_.ended) ||
         (audio_track_.present && !audio_track_.ended);
}

// Failures of the source, the encoders and the store, and a source that has gone silent.
std::optional<Error> RecordingImpl::find_error() {
  if (auto error = source_->take_error()) return error;
  for (VideoPath* path : picture_paths()) {
    if (auto error = path->take_error()) return error;
  }
  if (audio_) {
    if (auto error = audio_->take_error()) return error;
  }
  if (source_->info().watches_itself) return std::nullopt;
  const std::int64_t now = now_us();
  const std::lock_guard lock(mutex_);
  for (const auto& [track, name] :
       {std::pair(&video_track_, "picture"), std::pair(&audio_track_, "sound")}) {
    const std::int64_t idle_us = now - track->last_progress_us;
    if (track->present && !track->ended && idle_us > kSourceStallLimitMs * 1000) {
      return unavailable(fmt::format("the source gave no {} for {} s", name, idle_us / 1'000'000));
    }
  }
  return std::nullopt;
}

void RecordingImpl::control() {
  for (;;) {
    if (auto error = find_error()) fail(*error);
    std::unique_lock lock(mutex_);
    if (error_ || stop_asked_ || !tracks_running()) break;
    changed_.wait_for(lock, kControlInterval);
  }
  RecordingEnd end = shut_down();
  if (callbacks_.ended) callbacks_.ended(end);
  {
    const std::lock_guard lock(mutex_);
    end_ = std::move(end);
  }
  changed_.notify_all();
}

RecordingEnd RecordingImpl::shut_down() {
  for (VideoPath* path : picture_paths()) path->interrupt();
  source_->stop();
  {
    const std::lock_guard lock(photo_mutex_);
    pictures_over_ = true;
  }
  photo_changed_.notify_all();
  RecordingEnd end;
  for (VideoPath* path : picture_paths()) {
    if (Status finished = path->finish(); !finished.ok()) fail(finished.error());
    if (auto error = path->take_error()) fail(*error);
  }
  if (audio_) {
    if (Status finished = audio_->finish(); !finished.ok()) fail(finished.error());
    if (auto error = audio_->take_error()) fail(*error);
  }
  if (watch_) watch_->stop();

  std::string detail;
  {
    const std::lock_guard lock(mutex_);
    end.reason = stop_asked_ || limit_reached_ ? "stopped" : "source_ended";
    if (!error_ && end.reason == "source_ended") {
      if (Status whole = source_->verdict(); !whole.ok()) error_ = whole.error();
    }
    if (error_) {
      end.reason = error_->kind() == ErrorKind::kResourceExhausted ? "disk_full" : "error";
      end.status = *error_;
      detail = error_->message();
    }
  }
  end.media_time_us = media_time_us();
  end.video_frames = video_ ? video_->frame_count() : 0;
  end.video_frames_dropped = video_ ? video_->dropped_count() : 0;
  end.audio_frames = audio_ ? audio_->frame_count() : 0;
  if (end.reason == "source_ended" && end.video_frames + end.audio_frames == 0) {
    end.reason = "error";
    detail = "nothing was captured";
    end.status = data_loss(detail);
  }
  if (end.video_frames_dropped > 0) {
    log_.warn("{} of {} pictures were not encoded: the machine is too slow for this source",
              end.video_frames_dropped, end.video_frames_dropped + end.video_frames);
  }
  if (Status closed = writer_->close(end.reason, detail); !closed.ok()) {
    log_.error("closing the capture: {}", closed.error().message());
    if (end.status.ok()) end.status = closed.error().within("closing the capture");
  }
  return end;
}

}  // namespace sitecast::agent
