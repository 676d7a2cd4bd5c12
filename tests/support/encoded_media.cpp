// SPDX-License-Identifier: Apache-2.0
#include "tests/support/encoded_media.h"

#include <fmt/format.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <memory>

namespace sitecast {
namespace {

struct Unref {
  void operator()(GstElement* element) const {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
  }
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GstBus* bus) const { gst_object_unref(bus); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

Bytes copy_buffer(GstBuffer* buffer) {
  Bytes bytes(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
  return bytes;
}

Bytes codec_data_of(GstSample* sample) {
  const GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
  const GValue* value = gst_structure_get_value(caps, "codec_data");
  return value != nullptr ? copy_buffer(gst_value_get_buffer(value)) : Bytes();
}

// The error on the bus, if there is one.
std::string error_of(GstElement* pipeline) {
  const Owned<GstBus> bus(gst_element_get_bus(pipeline));
  const Owned<GstMessage> message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
  if (message == nullptr) return {};
  GError* error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  std::string text = error->message;
  g_error_free(error);
  return text;
}

std::string tick_source(int frame_count, int samples_per_frame) {
  return fmt::format(
      "audiotestsrc wave=ticks freq=1000 samplesperbuffer={} num-buffers={} "
      "! audio/x-raw,rate=48000,channels=1",
      samples_per_frame, frame_count);
}

}  // namespace

Result<EncodedStream> run_encoder(const std::string& pipeline_text) {
  gst_init(nullptr, nullptr);
  GError* error = nullptr;
  const Owned<GstElement> pipeline(gst_parse_launch(pipeline_text.c_str(), &error));
  if (error != nullptr) {
    std::string text = error->message;
    g_error_free(error);
    return invalid_argument(text);
  }
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink");
  if (sink == nullptr) return invalid_argument("no element named sink");
  const std::unique_ptr<GstElement, void (*)(GstElement*)> sink_reference(
      sink, [](GstElement* element) { gst_object_unref(element); });
  g_object_set(sink, "sync", FALSE, nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);

  EncodedStream stream;
  while (const Owned<GstSample> sample{gst_app_sink_pull_sample(GST_APP_SINK(sink))}) {
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    if (stream.frames.empty()) stream.codec_data = codec_data_of(sample.get());
    stream.frames.push_back({copy_buffer(buffer), static_cast<std::int64_t>(GST_BUFFER_PTS(buffer)),
                             !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)});
  }
  if (const std::string text = error_of(pipeline.get()); !text.empty()) {
    return unavailable(text);
  }
  return stream;
}

Result<EncodedStream> encode_h264(int frame_count, int width_px, int height_px) {
  SC_TRY_ASSIGN(
      EncodedStream stream,
      run_encoder(fmt::format(
          "videotestsrc pattern=ball num-buffers={} "
          "! video/x-raw,width={},height={},framerate=30/1,format=I420 "
          "! x264enc tune=zerolatency speed-preset=veryfast key-int-max=30 threads=1 "
          "! video/x-h264,stream-format=avc,alignment=au,profile=high ! appsink name=sink",
          frame_count, width_px, height_px)));
  // x264enc starts its timestamps at 1000 hours.
  const std::int64_t first_ns = stream.frames.empty() ? 0 : stream.frames.front().pts_ns;
  for (EncodedFrame& frame : stream.frames) frame.pts_ns -= first_ns;
  return stream;
}

Result<EncodedStream> raw_ticks(int frame_count) {
  return run_encoder(tick_source(frame_count, 960) + ",format=F32LE ! appsink name=sink");
}

Result<EncodedStream> encode_opus_ticks(int frame_count) {
  SC_TRY_ASSIGN(EncodedStream stream, run_encoder(tick_source(frame_count, 960) +
                                                  " ! opusenc frame-size=20 ! appsink name=sink"));
  // One more frame comes out than went in, the encoder's look-ahead being flushed.
  if (!stream.frames.empty()) stream.frames.erase(stream.frames.begin());
  return stream;
}

Result<EncodedStream> encode_aac_ticks(int frame_count) {
  return run_encoder(tick_source(frame_count, 1'024) +
                     " ! voaacenc ! aacparse ! audio/mpeg,mpegversion=4,stream-format=raw"
                     " ! appsink name=sink");
}

}  // namespace sitecast
