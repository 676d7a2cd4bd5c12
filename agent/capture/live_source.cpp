// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/live_source.h"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <utility>

#include "agent/capture/camera_mode.h"
#include "agent/capture/recording.h"
#include "agent/gst/buffer.h"
#include "proto/base/clock.h"

namespace sitecast::agent {
namespace {

constexpr const char* kTestPicture =
    "videotestsrc is-live=true pattern=smpte horizontal-speed=4 ! "
    "video/x-raw,format=I420,width=1280,height=720,framerate=30/1";
constexpr const char* kTestSound =
    "audiotestsrc is-live=true wave=ticks volume=0.3 samplesperbuffer=480";
// A time stamp further from its arrival than this is not a capture time.
constexpr std::int64_t kOldestNs = 5'000'000'000;
constexpr std::int64_t kNewestNs = 2'000'000'000;
constexpr std::int64_t kPollMs = 20;
constexpr const char* kOpenEnd = "sitecast_open_end";

std::string words_for(SourceKind kind) {
  switch (kind) {
    case SourceKind::kCamera: return "the camera";
    case SourceKind::kRtsp: return "the network camera";
    default: return "the source";
  }
}

// Adds the fragment as a bin and gives its open end. The element behind the fragment is that end by
// name: it lets a fragment end in caps, and leaves pads alone that are linked only later
// (decodebin).
Result<gst::GstPtr<GstPad>> add_fragment(GstBin* bin, const std::string& fragment) {
  const std::string whole = fragment + " ! identity silent=true name=" + kOpenEnd;
  GError* raw = nullptr;
  GstElement* made = gst_parse_bin_from_description_full(whole.c_str(), FALSE, nullptr,
                                                         GST_PARSE_FLAG_FATAL_ERRORS, &raw);
  if (raw != nullptr) {
    const std::string reason = raw->message;
    g_error_free(raw);
    if (made != nullptr) gst::GstPtr<GstElement>::adopt(made).reset();
    return invalid_argument("GStreamer cannot build the source: " + reason);
  }
  gst_bin_add(bin, made);
  const auto end =
      gst::GstPtr<GstElement>::adopt(gst_bin_get_by_name(GST_BIN_CAST(made), kOpenEnd));
  const auto target = gst::GstPtr<GstPad>::adopt(gst_element_get_static_pad(end.get(), "src"));
  GstPad* ghost = gst_ghost_pad_new("src", target.get());
  gst_element_add_pad(made, ghost);  // the bin owns it
  return gst::GstPtr<GstPad>::retain(ghost);
}

}  // namespace

LiveSource::LiveSource(SourceKind source, SourceSink& sink)
    : source_(source), what_(words_for(source)), sink_(sink) {
  video_.source = this;
  audio_.source = this;
  audio_.kind = MediaKind::kAudio;
}

Result<std::unique_ptr<Source>> LiveSource::open(const SourceSpec& spec, const AudioSpec& audio,
                                                 const SourceOptions& options, SourceSink& sink) {
  std::unique_ptr<LiveSource> source(new LiveSource(spec.kind, sink));
  switch (spec.kind) {
    case SourceKind::kRtsp:
      if (!audio.fragment.empty()) {
        return invalid_argument(
            "a network camera brings its own sound; use --audio none or leave it out");
      }
      SC_TRY(source->build_rtsp(spec.value, !audio.off));
      break;
    case SourceKind::kCamera: {
      SC_TRY_ASSIGN(const std::string camera, camera_fragment(spec.value, options));
      SC_TRY(source->build_fragments(camera, audio.fragment));
      break;
    }
    case SourceKind::kTest:
      SC_TRY(source->build_fragments(kTestPicture, audio.off                ? ""
                                                   : audio.fragment.empty() ? kTestSound
                                                                            : audio.fragment));
      break;
    default: SC_TRY(source->build_fragments(spec.value, audio.fragment));
  }
  SC_TRY(source->wait_for_first());
  return std::unique_ptr<Source>(std::move(source));
}

Result<std::unique_ptr<Source>> LiveSource::open_sound(const AudioSpec& audio, SourceSink& sink) {
  std::unique_ptr<LiveSource> source(new LiveSource(SourceKind::kGst, sink));
  SC_TRY(source->build_fragments("", audio.fragment));
  SC_TRY(source->wait_for_first());
  return std::unique_ptr<Source>(std::move(source));
}

Status LiveSource::build_fragments(const std::string& video, const std::string& audio) {
  SC_TRY_ASSIGN(pipeline_, gst::Pipeline::create("source"));
  if (!video.empty()) {
    SC_TRY_ASSIGN(const auto video_pad, add_fragment(pipeline_.bin(), video));
    SC_TRY_ASSIGN(video_.appsink, attach_video(pipeline_.bin(), video_pad.get(), {}));
    info_.has_video = true;
    listen(video_);
  }
  if (!audio.empty()) {
    auto audio_pad = add_fragment(pipeline_.bin(), audio);
    if (!audio_pad.ok()) return audio_pad.error().within("sound");
    SC_TRY_ASSIGN(audio_.appsink, attach_audio(pipeline_.bin(), audio_pad->get(), {}));
    info_.has_audio = true;
    listen(audio_);
  }
  if (Status status = pipeline_.set_state(GST_STATE_PAUSED, &info_.live); !status.ok()) {
    return status.error().within(what_);
  }
  return Ok{};
}

Status LiveSource::build_rtsp(const std::string& url, bool want_audio) {
  Decoder::Options options;
  options.uri = url;
  options.want_audio = want_audio;
  options.video.upright = true;
  options.network = true;
  SC_TRY_ASSIGN(decoder_, Decoder::make(std::move(options)));
  info_.live = true;
  if (Status status = decoder_->pipeline().set_state(GST_STATE_PLAYING); !status.ok()) {
    return status.error().within(what_);
  }
  SC_TRY(wait_for([&] { return decoder_->complete(); },
                  fmt::format("{} does not answer; check its address and the network", what_)));
  video_.appsink = decoder_->video();
  audio_.appsink = decoder_->audio();
  info_.has_video = video_.appsink != nullptr;
  info_.has_audio = audio_.appsink != nullptr;
  if (!info_.has_video && !info_.has_audio) {
    return invalid_argument(what_ + " gives neither pictures nor sound that can be decoded");
  }
  if (info_.has_video) listen(video_);
  if (info_.has_audio) listen(audio_);
  return Ok{};
}

Status LiveSource::wait_for_first() {
  if (info_.live && !decoder_) SC_TRY(pipeline().set_state(GST_STATE_PLAYING));
  if (!info_.live) {
    // Waits for its reader: the pipeline's clock plays it from start() on.
    for (Track* track : {&video_, &audio_}) {
      if (track->appsink != nullptr) g_object_set(track->appsink, "sync", TRUE, nullptr);
    }
    const auto types = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_ASYNC_DONE);
    const auto message = pipeline().pop(types, kSourceStartLimitMs);
    if (!message) return unavailable(what_ + " gives nothing");
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
      return gst::error_of(message.get()).within(what_);
    }
    return Ok{};
  }
  SC_TRY(wait_for([&] { return !info_.has_video || video_.seen; },
                  what_ + " gives no picture; check that nothing else uses it"));
  return wait_for(
      [&] { return !info_.has_audio || audio_.seen; },
      what_ + "'s sound does not come; check the microphone, or record with --audio none");
}

Status LiveSource::wait_for(const std::function<bool()>& condition, const std::string& missing) {
  const std::int64_t give_up_us = SystemClock().monotonic_us() + kSourceStartLimitMs * 1000;
  std::unique_lock lock(mutex_);
  while (!condition()) {
    if (auto error = take_error()) return *error;
    if (SystemClock().monotonic_us() > give_up_us) return unavailable(missing);
    seen_.wait_for(lock, std::chrono::milliseconds(kPollMs));
  }
  return Ok{};
}

Status LiveSource::start() {
  if (info_.live) {
    base_ns_ = static_cast<std::int64_t>(gst_element_get_current_running_time(pipeline().get()));
    started_ = true;
    return Ok{};
  }
  started_ = true;
  return pipeline().set_state(GST_STATE_PLAYING);
}

void LiveSource::stop() {
  started_ = false;
  pipeline().stop();
}

std::optional<Error> LiveSource::take_error() {
  auto error = decoder_ ? decoder_->take_error() : pipeline_.take_error();
  if (error) return error->within(what_);
  return std::nullopt;
}

// A camera does not end by itself: it was unplugged, or its network is gone.
Status LiveSource::verdict() {
  if (source_ != SourceKind::kCamera && source_ != SourceKind::kRtsp) return Ok{};
  return unavailable(what_ + " went away; what it showed until then is kept");
}

void LiveSource::listen(Track& track) {
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &LiveSource::on_sample;
  callbacks.eos = &LiveSource::on_eos;
  gst_app_sink_set_callbacks(track.appsink, &callbacks, &track, nullptr);
}

GstFlowReturn LiveSource::on_sample(GstAppSink*, gpointer track) noexcept {
  auto* self = static_cast<Track*>(track);
  self->source->take(*self);
  return GST_FLOW_OK;
}

void LiveSource::on_eos(GstAppSink*, gpointer track) noexcept {
  auto* self = static_cast<Track*>(track);
  self->seen = true;
  if (self->source->started_) self->source->sink_.on_track_ended(self->kind);
}

// Takes all that is there: what came before anybody listened must not delay what follows.
void LiveSource::take(Track& track) {
  if (!track.seen.exchange(true)) seen_.notify_all();
  for (;;) {
    RawMedia media;
    media.sample = gst::GstPtr<GstSample>::adopt(gst_app_sink_try_pull_sample(track.appsink, 0));
    if (!media.sample) return;
    if (!started_) continue;
    gst::SampleTimes times;
    const bool stamped = gst::times_of(media.sample.get(), times);
    if (info_.live) {
      const auto now_ns =
          static_cast<std::int64_t>(gst_element_get_current_running_time(pipeline().get()));
      if (!stamped || times.running_ns > now_ns + kNewestNs ||
          times.running_ns < now_ns - kOldestNs) {
        times.running_ns = now_ns;
      }
    } else if (!stamped) {
      continue;
    }
    media.media_time_ns = times.running_ns - base_ns_;
    media.duration_ns = times.duration_ns;
    if (media.media_time_ns < 0 && track.kind == MediaKind::kVideo) continue;  // before the start
    sink_.on_media(track.kind, std::move(media));
  }
}

}  // namespace sitecast::agent
