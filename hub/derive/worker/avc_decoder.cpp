// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/worker/avc_decoder.h"

#include <fmt/format.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <optional>
#include <string>

namespace sitecast::derive {
namespace {

template <auto Function>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    Function(object);
  }
};
using Element = std::unique_ptr<GstElement, Release<gst_object_unref>>;
using Pad = std::unique_ptr<GstPad, Release<gst_object_unref>>;
using CapsPtr = std::unique_ptr<GstCaps, Release<gst_caps_unref>>;

GstBuffer* copy_to_buffer(ByteView bytes) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, bytes.size(), nullptr);
  if (buffer != nullptr) gst_buffer_fill(buffer, 0, bytes.data(), bytes.size());
  return buffer;
}

class GstAvcDecoder final : public AvcDecoder {
 public:
  explicit GstAvcDecoder(Element decoder) : decoder_(std::move(decoder)) {
    source_.reset(retained(gst_pad_new("source", GST_PAD_SRC)));
    // With a template, so that each frame may bring other caps than the one before.
    sink_.reset(retained(gst_pad_new_from_static_template(&sink_template_, "sink")));
    GST_PAD_SET_ACCEPT_TEMPLATE(sink_.get());
    gst_pad_set_element_private(sink_.get(), this);
    gst_pad_set_chain_function(sink_.get(), on_buffer);
    gst_pad_set_event_function(sink_.get(), on_event);
  }
  ~GstAvcDecoder() override {
    gst_element_set_state(decoder_.get(), GST_STATE_NULL);
    gst_pad_set_active(source_.get(), FALSE);
    gst_pad_set_active(sink_.get(), FALSE);
  }
  GstAvcDecoder(const GstAvcDecoder&) = delete;
  GstAvcDecoder& operator=(const GstAvcDecoder&) = delete;

  Status link() {
    const Pad decoder_sink(gst_element_get_static_pad(decoder_.get(), "sink"));
    const Pad decoder_source(gst_element_get_static_pad(decoder_.get(), "src"));
    if (GST_PAD_LINK_FAILED(gst_pad_link(source_.get(), decoder_sink.get())) ||
        GST_PAD_LINK_FAILED(gst_pad_link(decoder_source.get(), sink_.get()))) {
      return internal_error("cannot link the H.264 decoder");
    }
    gst_pad_set_active(source_.get(), TRUE);
    gst_pad_set_active(sink_.get(), TRUE);
    return Ok{};
  }

  Result<Picture> key_frame(ByteView avcc, ByteView access_unit,
                            std::uint32_t wanted_width) override {
    wanted_width_ = wanted_width;
    picture_.reset();
    problem_ = "the decoder gave no picture";
    // A fresh start for each frame: nothing of an earlier, perhaps damaged one remains.
    gst_element_set_state(decoder_.get(), GST_STATE_READY);
    if (gst_element_set_state(decoder_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
      return internal_error("the H.264 decoder does not start");
    }
    gst_pad_push_event(source_.get(), gst_event_new_stream_start("avc"));
    GstBuffer* config = copy_to_buffer(avcc);
    const CapsPtr caps(gst_caps_new_simple("video/x-h264", "stream-format", G_TYPE_STRING, "avc",
                                           "alignment", G_TYPE_STRING, "au", "codec_data",
                                           GST_TYPE_BUFFER, config, nullptr));
    gst_buffer_unref(config);
    if (gst_pad_push_event(source_.get(), gst_event_new_caps(caps.get())) == FALSE) {
      return invalid_argument("the decoder refuses this H.264 configuration");
    }
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(source_.get(), gst_event_new_segment(&segment));
    GstBuffer* buffer = copy_to_buffer(access_unit);
    GST_BUFFER_PTS(buffer) = 0;
    GST_BUFFER_DTS(buffer) = 0;
    (void)gst_pad_push(source_.get(), buffer);
    gst_pad_push_event(source_.get(), gst_event_new_eos());  // drains
    if (!picture_) return invalid_argument(problem_);
    return std::move(*picture_);
  }

 private:
  static GstPad* retained(GstPad* pad) {
    return static_cast<GstPad*>(gst_object_ref_sink(pad));  // owned, not floating
  }

  static gboolean on_event(GstPad* pad, GstObject* /*parent*/, GstEvent* event) noexcept {
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
      auto* self = static_cast<GstAvcDecoder*>(gst_pad_get_element_private(pad));
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      self->info_valid_ = gst_video_info_from_caps(&self->info_, caps) != FALSE;
    }
    gst_event_unref(event);
    return TRUE;
  }

  static GstFlowReturn on_buffer(GstPad* pad, GstObject* /*parent*/, GstBuffer* buffer) noexcept {
    static_cast<GstAvcDecoder*>(gst_pad_get_element_private(pad))->take(buffer);
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }

  void take(GstBuffer* buffer) {
    if (picture_ || !info_valid_) return;
    const auto width = static_cast<std::uint32_t>(GST_VIDEO_INFO_WIDTH(&info_));
    const auto height = static_cast<std::uint32_t>(GST_VIDEO_INFO_HEIGHT(&info_));
    if (GST_VIDEO_INFO_FORMAT(&info_) != GST_VIDEO_FORMAT_I420) {
      problem_ = fmt::format("pixel format {} is not 4:2:0 with 8 bits",
                             gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&info_)));
      return;
    }
    if (static_cast<std::uint64_t>(width) * height > kMaxPixels) {
      problem_ = fmt::format("{} x {} pixels are too many", width, height);
      return;
    }
    GstVideoFrame frame;
    if (gst_video_frame_map(&frame, &info_, buffer, GST_MAP_READ) == FALSE) return;
    YuvView yuv;
    yuv.width = width;
    yuv.height = height;
    for (unsigned plane = 0; plane < 3; ++plane) {
      yuv.planes[plane] =
          static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
      yuv.strides[plane] = static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane));
    }
    picture_ = from_i420(yuv, wanted_width_);
    gst_video_frame_unmap(&frame);
  }

  GstStaticPadTemplate sink_template_{
      "sink", GST_PAD_SINK, GST_PAD_ALWAYS, {nullptr, "video/x-raw", {}}};
  Element decoder_;
  Pad source_;
  Pad sink_;
  GstVideoInfo info_{};
  bool info_valid_ = false;
  std::uint32_t wanted_width_ = 0;
  std::optional<Picture> picture_;
  std::string problem_;
};

Result<GstElement*> make_decoder() {
  // The one plugin that is needed, by its file: no registry, no scan of the system, no helper
  // process.
  g_setenv("GST_REGISTRY_DISABLE", "yes", TRUE);
  GError* error = nullptr;
  if (gst_init_check(nullptr, nullptr, &error) == FALSE) {
    const std::string message = error != nullptr ? error->message : "unknown";
    g_clear_error(&error);
    return internal_error("GStreamer does not start: " + message);
  }
  GstPlugin* plugin = gst_plugin_load_file(SITECAST_GST_PLUGIN_DIR "/libgstlibav.so", &error);
  if (plugin == nullptr) {
    const std::string message = error != nullptr ? error->message : "unknown";
    g_clear_error(&error);
    return internal_error("cannot load GStreamer's libav plugin: " + message);
  }
  gst_object_unref(plugin);
  GstElement* decoder = gst_element_factory_make("avdec_h264", nullptr);
  if (decoder == nullptr) return internal_error("GStreamer has no avdec_h264");
  gst_object_ref_sink(decoder);
  g_object_set(decoder, "max-threads", 1, nullptr);
  return decoder;
}

}  // namespace

Result<std::unique_ptr<AvcDecoder>> AvcDecoder::load() {
  SC_TRY_ASSIGN(GstElement * element, make_decoder());
  auto decoder = std::make_unique<GstAvcDecoder>(Element(element));
  SC_TRY(decoder->link());
  // Brings everything lazily initialised (type system, allocators) into memory while files can
  // still be opened.
  gst_element_set_state(element, GST_STATE_PAUSED);
  gst_element_set_state(element, GST_STATE_READY);
  return std::unique_ptr<AvcDecoder>(std::move(decoder));
}

}  // namespace sitecast::derive
