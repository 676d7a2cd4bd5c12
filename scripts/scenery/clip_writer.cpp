// SPDX-License-Identifier: Apache-2.0
#include "scripts/scenery/clip_writer.h"

#include <fmt/format.h>

#include <cstring>

namespace sitecast::scenery {

Result<ClipWriter> ClipWriter::open(const std::filesystem::path& path, cv::Size size, int fps,
                                    int frame_count) {
  const std::string launch = fmt::format(
      "appsrc name=in format=time block=true max-bytes=16000000 "
      "caps=video/x-raw,format=BGR,width={},height={},framerate={}/1 ! videoconvert ! "
      "x264enc speed-preset=ultrafast pass=quant quantizer=20 key-int-max={} ! h264parse ! queue ! "
      "mp4mux name=mux ! filesink name=file "
      "audiotestsrc wave=pink-noise volume=0.05 samplesperbuffer=960 num-buffers={} ! "
      "audio/x-raw,rate=48000,channels=1 ! avenc_aac ! queue ! mux.",
      size.width, size.height, fps, fps, frame_count * 50 / fps);
  GError* problem = nullptr;
  Pipeline pipeline(gst_parse_launch(launch.c_str(), &problem));
  if (problem != nullptr) {
    const std::string message = problem->message;
    g_clear_error(&problem);
    return internal_error("encode a clip with GStreamer: " + message);
  }
  const Element file(gst_bin_get_by_name(GST_BIN(pipeline.get()), "file"));
  g_object_set(file.get(), "location", path.c_str(), nullptr);
  Element in(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  return ClipWriter(std::move(pipeline), std::move(in), fps);
}

Status ClipWriter::add(const cv::Mat& picture) {
  const std::size_t row = static_cast<std::size_t>(picture.cols) * 3;
  const std::size_t stride = (row + 3) / 4 * 4;  // GStreamer's default for BGR
  GstBuffer* buffer =
      gst_buffer_new_allocate(nullptr, stride * static_cast<std::size_t>(picture.rows), nullptr);
  for (int y = 0; y < picture.rows; ++y) {
    gst_buffer_fill(buffer, stride * static_cast<std::size_t>(y), picture.ptr(y), row);
  }
  const auto frame = gst_util_uint64_scale(GST_SECOND, 1, static_cast<guint64>(fps_));
  GST_BUFFER_PTS(buffer) = frame * frames_++;
  GST_BUFFER_DURATION(buffer) = frame;
  if (gst_app_src_push_buffer(GST_APP_SRC(in_.get()), buffer) != GST_FLOW_OK) {
    return internal_error("the clip's encoder stopped");
  }
  return Ok{};
}

Status ClipWriter::finish() {
  gst_app_src_end_of_stream(GST_APP_SRC(in_.get()));
  GstBus* bus = gst_element_get_bus(pipeline_.get());
  const auto wanted = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  const Message message(gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, wanted));
  gst_object_unref(bus);
  if (!message) return internal_error("the clip's encoder did not finish");
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
    GError* problem = nullptr;
    gst_message_parse_error(message.get(), &problem, nullptr);
    const std::string text = problem->message;
    g_clear_error(&problem);
    return internal_error("encode a clip: " + text);
  }
  return Ok{};
}

}  // namespace sitecast::scenery
