// SPDX-License-Identifier: Apache-2.0
#include "agent/encode/video_encoder.h"

#include <fmt/format.h>
#include <gst/video/video.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "agent/encode/encoder_element.h"
#include "agent/gst/buffer.h"

namespace sitecast::agent {
namespace {

constexpr std::int64_t kVideoFinishLimitMs = 8'000;
constexpr std::uint32_t kLeastBitrateKbps = 150;
// Far beyond any interval between key frames: those are asked for by media time (push), because a
// count of frames means nothing with a variable frame rate.
constexpr std::uint32_t kKeyIntervalFrames = 600;

double frame_rate_of(const GstVideoInfo& info, std::uint32_t max_fps) {
  const int numerator = GST_VIDEO_INFO_FPS_N(&info);
  const int denominator = GST_VIDEO_INFO_FPS_D(&info);
  const double fps = numerator > 0 && denominator > 0 ? double(numerator) / denominator : max_fps;
  return std::clamp(fps, 1.0, double(max_fps));
}

// The encoder's input caps: the source's with the fastest rate at which pictures may come. The
// encoder writes it into the stream as the grid on which they lie; of phones, whose rate varies,
// containers state an average, and a reader that believes it sees two pictures at one time.
gst::GstPtr<GstCaps> input_caps(GstCaps* raw_caps, std::uint32_t max_fps) {
  auto caps = gst::GstPtr<GstCaps>::adopt(gst_caps_copy(raw_caps));
  gst_caps_set_simple(caps.get(), "framerate", GST_TYPE_FRACTION, static_cast<int>(max_fps), 1,
                      "interlace-mode", G_TYPE_STRING, "progressive", nullptr);
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  gst_structure_remove_fields(structure, "max-framerate", "field-order", nullptr);
  return caps;
}

}  // namespace

std::uint32_t bitrate_for(const EncodeOptions& options, PictureSize size, double fps) {
  const double largest =
      double(options.max_width_px) * options.max_height_px * std::max(options.max_fps, 1U);
  const double share = std::min(1.0, double(size.width_px) * size.height_px * fps / largest);
  const auto scaled =
      static_cast<std::uint32_t>(options.video_bitrate_kbps * std::pow(share, 0.75));
  return std::max(scaled, std::min(kLeastBitrateKbps, options.video_bitrate_kbps));
}

Result<std::unique_ptr<VideoEncoder>> VideoEncoder::make(const EncoderChoice& choice,
                                                         const EncodeOptions& options,
                                                         GstCaps* raw_caps, OnFrame on_frame) {
  GstVideoInfo info;
  if (gst_video_info_from_caps(&info, raw_caps) == FALSE) {
    return invalid_argument("the source's pictures have no usable format");
  }
  const PictureSize source{static_cast<std::uint32_t>(GST_VIDEO_INFO_WIDTH(&info)),
                           static_cast<std::uint32_t>(GST_VIDEO_INFO_HEIGHT(&info))};
  const auto aspect = [](int value) { return static_cast<std::uint32_t>(std::max(value, 1)); };
  const PictureSize size =
      encoded_size(source, aspect(GST_VIDEO_INFO_PAR_N(&info)), aspect(GST_VIDEO_INFO_PAR_D(&info)),
                   {options.max_width_px, options.max_height_px});
  const std::uint32_t max_fps = std::max(options.max_fps, 1U);
  const double fps = frame_rate_of(info, max_fps);
  // Rate control gives each picture its share of a second at the stated rate of pictures.
  EncoderRate rate{.key_interval_frames = kKeyIntervalFrames};
  rate.bitrate_kbps = static_cast<std::uint32_t>(bitrate_for(options, size, fps) * (max_fps / fps));
  rate.buffer_ms = static_cast<std::uint32_t>(rate.buffer_ms * (fps / max_fps));

  std::unique_ptr<VideoEncoder> encoder(new VideoEncoder());
  encoder->raw_caps_ = gst::GstPtr<GstCaps>::retain(raw_caps);
  encoder->size_ = size;
  encoder->on_frame_ = std::move(on_frame);
  // Scaling only where it is needed: even a pass-through element costs a negotiation per format.
  const std::string scale =
      size == source ? ""
                     : fmt::format(
                           "videoscale add-borders=false ! video/x-raw,width={},height={},"
                           "pixel-aspect-ratio=1/1 ! ",
                           size.width_px, size.height_px);
  const std::string convert = choice.profile.hardware ? "videoconvert ! " : "";
  auto pipeline = gst::Pipeline::parse(
      fmt::format("appsrc name=input format=time is-live=true max-bytes=0 ! {}{}{} ! "
                  "appsink name=output sync=false async=false emit-signals=false max-buffers=0",
                  scale, convert, encoder_description(choice.profile, rate)));
  if (!pipeline.ok()) return pipeline.error().within("video encoder");
  encoder->pipeline_ = std::move(*pipeline);
  encoder->input_ = encoder->pipeline_.element("input");
  encoder->encoder_ = encoder->pipeline_.element(kEncoderElementName);
  const auto caps = input_caps(raw_caps, max_fps);
  gst_app_src_set_caps(GST_APP_SRC(encoder->input_.get()), caps.get());

  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &VideoEncoder::on_sample;
  const auto output = encoder->pipeline_.element("output");
  gst_app_sink_set_callbacks(GST_APP_SINK(output.get()), &callbacks, encoder.get(), nullptr);
  if (Status status = encoder->pipeline_.set_state(GST_STATE_PLAYING); !status.ok()) {
    return status.error().within("video encoder");
  }
  return encoder;
}

VideoEncoder::~VideoEncoder() { pipeline_.stop(); }

bool VideoEncoder::takes(GstCaps* raw_caps) const {
  return raw_caps_.get() == raw_caps || gst_caps_is_equal(raw_caps_.get(), raw_caps) != FALSE;
}

Status VideoEncoder::push(GstBuffer* buffer, std::int64_t media_time_ns, std::int64_t duration_ns,
                          bool key_frame) {
  auto timed = gst::retimed(buffer, media_time_ns, duration_ns);
  {
    const std::lock_guard lock(mutex_);
    ++in_flight_;
  }
  if (key_frame) {
    gst_element_send_event(input_.get(), gst_video_event_new_downstream_force_key_unit(
                                             static_cast<GstClockTime>(media_time_ns),
                                             GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, TRUE, 0));
  }
  if (gst_app_src_push_buffer(GST_APP_SRC(input_.get()), timed.release()) == GST_FLOW_OK) {
    return Ok{};
  }
  if (auto error = take_error()) return *error;
  return internal_error("the video encoder stopped taking pictures");
}

std::uint32_t VideoEncoder::in_flight() const {
  const std::lock_guard lock(mutex_);
  return in_flight_;
}

bool VideoEncoder::wait_for_room(std::uint32_t limit, std::int64_t wait_ms) {
  std::unique_lock lock(mutex_);
  return room_.wait_for(lock, std::chrono::milliseconds(wait_ms),
                        [&] { return in_flight_ < limit; });
}

Status VideoEncoder::finish() {
  gst_app_src_end_of_stream(GST_APP_SRC(input_.get()));
  const auto types = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  const auto message = pipeline_.pop(types, kVideoFinishLimitMs);
  if (!message) return unavailable("the video encoder did not finish in time");
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) return gst::error_of(message.get());
  return Ok{};
}

GstFlowReturn VideoEncoder::on_sample(GstAppSink* sink, gpointer self) noexcept {
  const auto sample = gst::GstPtr<GstSample>::adopt(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  static_cast<VideoEncoder*>(self)->take(sample.get());
  return GST_FLOW_OK;
}

void VideoEncoder::take(GstSample* sample) {
  std::optional<VideoInit> init;
  const GstStructure* structure = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
  const GValue* codec_data = gst_structure_get_value(structure, "codec_data");
  if (codec_data != nullptr) {
    Bytes avcc = gst::bytes_of(gst_value_get_buffer(codec_data));
    if (avcc != avcc_) {
      avcc_ = avcc;
      init = VideoInit{size_.width_px, size_.height_px, std::move(avcc)};
    }
  }
  // Running time, because encoders may shift PTS and segment together to keep DTS positive.
  gst::SampleTimes times;
  const bool timed = gst::times_of(sample, times);
  const auto ticks = [](std::int64_t ns) {
    return gst_util_uint64_scale_round(static_cast<std::uint64_t>(ns), kVideoTimescale, GST_SECOND);
  };
  EncodedFrame frame;
  frame.data = gst::bytes_of(gst_sample_get_buffer(sample));
  frame.media_time = ticks(times.running_ns);
  frame.duration = static_cast<std::uint32_t>(ticks(times.duration_ns));
  frame.key_frame = !gst::has_flag(sample, GST_BUFFER_FLAG_DELTA_UNIT);
  if (timed) on_frame_(std::move(frame), std::move(init));
  const std::lock_guard lock(mutex_);
  if (in_flight_ > 0) --in_flight_;
  room_.notify_all();
}

}  // namespace sitecast::agent
