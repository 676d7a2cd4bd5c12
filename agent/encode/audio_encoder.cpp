// SPDX-License-Identifier: Apache-2.0
#include "agent/encode/audio_encoder.h"

#include <fmt/format.h>

#include <utility>

#include "agent/gst/buffer.h"

namespace sitecast::agent {
namespace {

constexpr std::int64_t kAudioFinishLimitMs = 4'000;
constexpr std::uint32_t kPacketSamples = 960;  // 20 ms
constexpr std::size_t kOpusHeadBytes = 19;     // RFC 7845 section 5.1, mapping family 0

std::int64_t nanoseconds(std::uint64_t samples) {
  return static_cast<std::int64_t>(
      gst_util_uint64_scale_round(samples, GST_SECOND, kOpusTimescale));
}

// Pre-skip of OpusHead, the stream's first header.
std::optional<std::uint16_t> read_look_ahead(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const GValue* headers = gst_structure_get_value(structure, "streamheader");
  if (headers == nullptr || GST_VALUE_HOLDS_ARRAY(headers) == FALSE ||
      gst_value_array_get_size(headers) == 0) {
    return std::nullopt;
  }
  const Bytes head = gst::bytes_of(gst_value_get_buffer(gst_value_array_get_value(headers, 0)));
  if (head.size() < kOpusHeadBytes) return std::nullopt;
  return static_cast<std::uint16_t>(head[10] | head[11] << 8);
}

}  // namespace

Result<std::unique_ptr<AudioEncoder>> AudioEncoder::make(std::uint8_t channel_count,
                                                         std::uint32_t bitrate_kbps,
                                                         OnPacket on_packet) {
  std::unique_ptr<AudioEncoder> encoder(new AudioEncoder());
  encoder->channel_count_ = channel_count;
  encoder->on_packet_ = std::move(on_packet);
  // Complexity 5: half the work of 10, and no difference that a voice on a site shows. The queue
  // holds five seconds and then makes a file's reader wait; sound from life never fills it.
  auto pipeline = gst::Pipeline::parse(fmt::format(
      "appsrc name=input format=time is-live=true block=true max-bytes=1000000 "
      "caps=audio/x-raw,format=S16LE,rate={},channels={},layout=interleaved ! "
      "opusenc name=encoder bitrate={} frame-size=20 complexity=5 perfect-timestamp=true ! "
      "appsink name=output sync=false async=false emit-signals=false max-buffers=0",
      kOpusTimescale, channel_count, bitrate_kbps * 1000));
  if (!pipeline.ok()) return pipeline.error().within("audio encoder");
  encoder->pipeline_ = std::move(*pipeline);
  encoder->input_ = encoder->pipeline_.element("input");
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &AudioEncoder::on_sample;
  const auto output = encoder->pipeline_.element("output");
  gst_app_sink_set_callbacks(GST_APP_SINK(output.get()), &callbacks, encoder.get(), nullptr);
  if (Status status = encoder->pipeline_.set_state(GST_STATE_PLAYING); !status.ok()) {
    return status.error().within("audio encoder");
  }
  return encoder;
}

AudioEncoder::~AudioEncoder() { pipeline_.stop(); }

void AudioEncoder::set_bitrate(std::uint32_t kbps) {
  const auto encoder = pipeline_.element("encoder");
  g_object_set(encoder.get(), "bitrate", static_cast<int>(kbps * 1000), nullptr);
}

Status AudioEncoder::push(ByteView samples, std::uint64_t position) {
  const std::uint64_t count = samples.size() / (sizeof(std::int16_t) * channel_count_);
  auto buffer = gst::make_buffer(samples, nanoseconds(position), nanoseconds(count));
  if (gst_app_src_push_buffer(GST_APP_SRC(input_.get()), buffer.release()) == GST_FLOW_OK) {
    return Ok{};
  }
  if (auto error = take_error()) return *error;
  return internal_error("the audio encoder stopped taking sound");
}

Status AudioEncoder::finish() {
  gst_app_src_end_of_stream(GST_APP_SRC(input_.get()));
  const auto types = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  const auto message = pipeline_.pop(types, kAudioFinishLimitMs);
  if (!message) return unavailable("the audio encoder did not finish in time");
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) return gst::error_of(message.get());
  return Ok{};
}

GstFlowReturn AudioEncoder::on_sample(GstAppSink* sink, gpointer self) noexcept {
  const auto sample = gst::GstPtr<GstSample>::adopt(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  static_cast<AudioEncoder*>(self)->take(sample.get());
  return GST_FLOW_OK;
}

void AudioEncoder::take(GstSample* sample) {
  gst::SampleTimes times;
  if (gst::has_flag(sample, GST_BUFFER_FLAG_HEADER) || !gst::times_of(sample, times)) return;
  EncodedFrame frame;
  frame.data = gst::bytes_of(gst_sample_get_buffer(sample));
  frame.media_time = gst_util_uint64_scale_round(static_cast<std::uint64_t>(times.running_ns),
                                                 kOpusTimescale, GST_SECOND);
  frame.duration = kPacketSamples;
  frame.key_frame = true;
  if (!look_ahead_) {
    look_ahead_ = read_look_ahead(gst_sample_get_caps(sample)).value_or(std::uint16_t{0});
    if (frame.media_time < *look_ahead_) return;  // precedes media time 0
    frame.media_time -= *look_ahead_;
  }
  std::optional<OpusInit> init;
  if (!init_given_) {
    init = OpusInit{channel_count_, 0, kOpusTimescale};
    init_given_ = true;
  }
  on_packet_(std::move(frame), init);
}

}  // namespace sitecast::agent
