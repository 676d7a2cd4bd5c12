// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/file_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "agent/capture/file_layout.h"
#include "agent/capture/media_type.h"
#include "agent/capture/recording.h"
#include "agent/gst/buffer.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"

namespace sitecast::agent {
namespace {

// Decoded pictures and sound buffers held ready. Four pictures bridge a hiccup of the decoder and
// are 12 MB of memory at 1080p.
constexpr std::uint32_t kPicturesAhead = 4;
constexpr std::uint32_t kSoundBuffersAhead = 24;
constexpr std::int64_t kPrepareNextPassNs = 1'500'000'000;
// A picture this late is skipped, as a camera would have lost it; sound is always kept. But some
// pictures always come through: a machine that decodes no faster than the file plays would stay
// late, and show nothing any more.
constexpr std::chrono::seconds kSkipPictureAfter{1};
constexpr std::int64_t kMostSkippedNs = 500'000'000;
// How much shorter than announced a file may be: containers round, and count the last picture.
constexpr std::int64_t kMissingToleranceNs = 500'000'000;
constexpr std::int64_t kPrerollPollMs = 100;
constexpr GstClockTime kPullWait = 100 * GST_MSECOND;

// What a person can do about a file that cannot be played.
constexpr const char* kWhatHelps =
    "; copy it again from where it was filmed, convert it (e.g. ffmpeg -i FILE NEW.mp4), or keep "
    "it "
    "as it is with `document --file`";

Error unplayable(std::string_view what) {
  return invalid_argument(fmt::format("{}{}", what, kWhatHelps));
}

// What can be told from the bytes before anything is played.
Result<FileLayout> check_layout(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(const File file, File::open_for_reading(path));
  SC_TRY_ASSIGN(const std::uint64_t size_bytes, file.size_bytes());
  if (size_bytes == 0) {
    return invalid_argument("the file is empty; copy it again from where it was filmed");
  }
  Bytes head(static_cast<std::size_t>(std::min<std::uint64_t>(kSniffBytes, size_bytes)));
  SC_TRY(file.read_at(0, head));
  if (media_type_of(head, head).compare(0, 6, "image/") == 0) {
    return invalid_argument("that is a photo, not a film; store it with `photo --file`");
  }
  const FileLayout layout = read_layout(file);
  if (layout.half_fragmented) {
    return invalid_argument(
        "this MP4 is fragmented only after its beginning, which would be lost; convert it first, "
        "for example with ffmpeg -i FILE -c copy NEW.mp4");
  }
  return layout;
}

double seconds(std::int64_t ns) { return double(ns) / 1e9; }

}  // namespace

Result<std::unique_ptr<Source>> FileSource::open(const std::string& path, bool want_audio,
                                                 const SourceOptions& options, SourceSink& sink) {
  std::error_code code;
  const auto absolute = std::filesystem::absolute(path, code);
  if (!std::filesystem::exists(absolute, code)) return not_found("no such file: " + path);
  if (!std::filesystem::is_regular_file(absolute, code)) {
    return invalid_argument("not a file: " + path);
  }
  const auto layout = check_layout(absolute);
  if (!layout.ok()) return layout.error().within(path);
  std::unique_ptr<FileSource> source(new FileSource(options, sink));
  SC_TRY(gst::initialise());
  const gst::OwnedText uri(gst_filename_to_uri(absolute.c_str(), nullptr));
  if (!uri) return invalid_argument("not a usable file name: " + path);
  source->uri_ = uri.get();
  source->want_audio_ = want_audio;
  source->cut_off_ = layout->cut_off;
  if (const Status shown = source->preroll(); !shown.ok()) return shown.error().within(path);
  return std::unique_ptr<Source>(std::move(source));
}

Result<std::shared_ptr<Decoder>> FileSource::make_decoder() const {
  Decoder::Options options;
  options.uri = uri_;
  options.want_audio = want_audio_;
  options.video = {.upright = true, .sync = false, .max_buffers = kPicturesAhead};
  options.audio = {.upright = false, .sync = false, .max_buffers = kSoundBuffersAhead};
  SC_TRY_ASSIGN(std::shared_ptr<Decoder> decoder, Decoder::make(std::move(options)));
  return decoder;
}

Status FileSource::preroll() {
  SC_TRY_ASSIGN(auto decoder, make_decoder());
  gst::Pipeline& pipeline = decoder->pipeline();
  SC_TRY(pipeline.set_state(GST_STATE_PAUSED));
  const auto types = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_ASYNC_DONE);
  gst::GstPtr<GstMessage> message;
  for (std::int64_t waited_ms = 0; !message; waited_ms += kPrerollPollMs) {
    message = pipeline.pop(types, kPrerollPollMs);
    if (message) break;
    if (decoder->demuxer_gave_up() || waited_ms >= kSourceStartLimitMs) {
      return unplayable("the file shows neither picture nor sound; it may be damaged");
    }
  }
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
    const Error error = gst::error_of(message.get());
    return Error(error.kind(),
                 fmt::format("the file cannot be played: {}{}", error.message(), kWhatHelps));
  }
  info_.watches_itself = true;
  const auto gives = [](GstAppSink* sink) {
    return sink != nullptr && gst_app_sink_is_eos(sink) == FALSE;
  };
  info_.has_video = gives(decoder->video());
  info_.has_audio = gives(decoder->audio());
  if (!info_.has_video && !info_.has_audio) {
    return unplayable(
        "the file holds no picture and no sound that can be decoded; it may be cut off or damaged");
  }
  if (decoder->names_video() && !info_.has_video) {
    return unplayable("the file's video track cannot be decoded; it may be damaged");
  }
  gint64 duration = 0;
  if (gst_element_query_duration(pipeline.get(), GST_FORMAT_TIME, &duration) != FALSE) {
    expected_ns_ = duration;
  }
  pass_ = {0, std::move(decoder), 0, 0, track_count()};
  return Ok{};
}

Status FileSource::start() {
  started_us_ = SystemClock().monotonic_us();
  SC_TRY(pass_.decoder->pipeline().set_state(GST_STATE_PLAYING));
  if (info_.has_video) video_thread_ = std::thread([this] { run(MediaKind::kVideo); });
  if (info_.has_audio) audio_thread_ = std::thread([this] { run(MediaKind::kAudio); });
  return Ok{};
}

void FileSource::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (video_thread_.joinable()) video_thread_.join();
  if (audio_thread_.joinable()) audio_thread_.join();
  pass_.decoder.reset();
  next_decoder_.reset();
}

bool FileSource::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_ || failed_;
}

void FileSource::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!failed_) error_ = std::move(error);
    failed_ = true;
  }
  changed_.notify_all();
}

std::optional<Error> FileSource::take_error() {
  std::shared_ptr<Decoder> decoder;
  std::shared_ptr<Decoder> next;
  {
    const std::lock_guard lock(mutex_);
    if (error_) return std::exchange(error_, std::nullopt);
    decoder = pass_.decoder;
    next = next_decoder_;
  }
  for (const auto& running : {decoder, next}) {
    if (!running) continue;
    if (auto error = running->take_error()) return error->within("playing the file");
  }
  return std::nullopt;
}

Status FileSource::verdict() {
  if (cut_off_) {
    return data_loss(fmt::format(
        "the file is cut off: its end is missing; the {:.1f} s that are there were stored",
        seconds(end_ns_)));
  }
  const std::int64_t tolerance = std::max(kMissingToleranceNs, expected_ns_ / 20);
  if (expected_ns_ <= 0 || end_ns_ + tolerance >= expected_ns_) return Ok{};
  return data_loss(
      fmt::format("the file ends at {:.1f} s although it announces {:.1f} s: it is cut "
                  "off or damaged; what is there was stored",
                  seconds(end_ns_), seconds(expected_ns_)));
}

void FileSource::run(MediaKind kind) {
  std::uint64_t number = 0;
  do {
    if (!play_pass(kind, number)) return;
    ++number;
  } while (options_.loop);
  sink_.on_track_ended(kind);
}

// nullptr when stopping or failed.
std::shared_ptr<Decoder> FileSource::wait_for_pass(std::uint64_t number, std::int64_t& start_ns) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || failed_ || pass_.number == number; });
  if (stopping_ || failed_) return nullptr;
  start_ns = pass_.start_ns;
  return pass_.decoder;
}

// A later pass's decoder may still be finding its tracks. nullptr when there is none.
GstAppSink* FileSource::wait_for_track(MediaKind kind, Decoder& decoder) {
  const std::int64_t give_up_us = SystemClock().monotonic_us() + kSourceStartLimitMs * 1000;
  for (;;) {
    GstAppSink* sink = kind == MediaKind::kVideo ? decoder.video() : decoder.audio();
    if (sink != nullptr) return sink;
    if (stopping()) return nullptr;
    if (decoder.complete() || SystemClock().monotonic_us() > give_up_us) {
      fail(data_loss("the file cannot be played a second time"));
      return nullptr;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(2), [&] { return stopping_ || failed_; });
  }
}

// One track, once through the file. False: stopped or failed.
bool FileSource::play_pass(MediaKind kind, std::uint64_t number) {
  std::int64_t start_ns = 0;
  const auto decoder = wait_for_pass(number, start_ns);
  if (!decoder) return false;
  GstAppSink* appsink = wait_for_track(kind, *decoder);
  if (appsink == nullptr) return false;

  std::int64_t end_ns = 0;
  std::int64_t idle_since_us = SystemClock().monotonic_us();
  bool first = true;
  for (;;) {
    RawMedia media;
    media.sample = gst::GstPtr<GstSample>::adopt(gst_app_sink_try_pull_sample(appsink, kPullWait));
    if (!media.sample) {
      if (gst_app_sink_is_eos(appsink) != FALSE) break;
      if (stopping()) return false;
      if (SystemClock().monotonic_us() - idle_since_us > kSourceStallLimitMs * 1000) {
        fail(data_loss(fmt::format("the file gives nothing more after {:.1f} s; it may be damaged",
                                   seconds(end_ns))));
        return false;
      }
      continue;
    }
    gst::SampleTimes times;
    if (!gst::times_of(media.sample.get(), times)) continue;  // outside the file's edit list
    media.media_time_ns = start_ns + times.running_ns;
    media.duration_ns = times.duration_ns;
    media.discontinuity = std::exchange(first, false);
    end_ns = std::max(end_ns, times.running_ns + times.duration_ns);
    if (options_.loop && expected_ns_ > 0 && end_ns + kPrepareNextPassNs > expected_ns_) {
      prepare_pass_after(number);
    }
    if (!deliver(kind, std::move(media))) return false;
    idle_since_us = SystemClock().monotonic_us();
  }
  end_track(number, end_ns);
  return true;
}

// Hands out when the moment has come. False: stopped or failed.
bool FileSource::deliver(MediaKind kind, RawMedia media) {
  if (options_.paced) {
    using std::chrono::microseconds;
    const microseconds due(started_us_ + media.media_time_ns / 1000);
    const microseconds now(SystemClock().monotonic_us());
    if (due > now) {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, due - now, [&] { return stopping_ || failed_; })) return false;
    } else if (kind == MediaKind::kVideo && now - due > kSkipPictureAfter &&
               media.media_time_ns < last_picture_ns_ + kMostSkippedNs) {
      sink_.on_picture_skipped();
      return !stopping();
    }
  }
  if (kind == MediaKind::kVideo) last_picture_ns_ = media.media_time_ns;
  sink_.on_media(kind, std::move(media));
  return !stopping();
}

// Starts decoding the next pass, once.
void FileSource::prepare_pass_after(std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    if (prepared_after_ == number) return;
    prepared_after_ = number;
  }
  auto decoder = make_decoder();
  Status status =
      decoder.ok() ? (*decoder)->pipeline().set_state(GST_STATE_PLAYING) : Status(decoder.error());
  if (!status.ok()) {
    fail(status.error().within("playing the file again"));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    next_decoder_ = std::move(*decoder);
  }
  changed_.notify_all();
}

// The track that ends last begins the next pass for both.
void FileSource::end_track(std::uint64_t number, std::int64_t end_ns) {
  std::shared_ptr<Decoder> finished;  // freed after the lock: stopping a pipeline takes a while
  if (options_.loop) prepare_pass_after(number);
  std::unique_lock lock(mutex_);
  pass_.end_ns = std::max(pass_.end_ns, end_ns);
  end_ns_ = pass_.end_ns;
  if (--pass_.tracks_running > 0 || !options_.loop) return;
  if (pass_.end_ns <= 0) {
    error_ = data_loss("the file lasts no time at all and cannot be played in a loop");
    failed_ = true;
  } else {
    changed_.wait(lock, [&] { return stopping_ || failed_ || next_decoder_; });
    if (stopping_ || failed_) return;
    finished = std::move(pass_.decoder);
    pass_ = {number + 1, std::move(next_decoder_), pass_.start_ns + pass_.end_ns, 0, track_count()};
    next_decoder_ = nullptr;
  }
  lock.unlock();
  changed_.notify_all();
}

}  // namespace sitecast::agent
