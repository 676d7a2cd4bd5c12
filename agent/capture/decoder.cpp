// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/decoder.h"

#include <gst/video/video.h>

#include <memory>
#include <string_view>
#include <utility>

namespace sitecast::agent {
namespace {

// GstAutoplugSelectResult of decodebin; its header is private to the plugin.
enum AutoplugSelect { kTry = 0, kExpose = 1 };

constexpr guint kRtspJitterMs = 100;
constexpr guint kRtspOverTcp = 4;  // GstRTSPLowerTrans

struct IteratorFree {
  void operator()(GstIterator* iterator) const { gst_iterator_free(iterator); }
};

// A pull-mode demuxer whose reading task has stopped before it had a single track.
void note_stopped_demuxer(const GValue* item, gpointer stopped) {
  auto* element = GST_ELEMENT_CAST(g_value_get_object(item));
  GstElementFactory* factory = gst_element_get_factory(element);
  if (factory == nullptr ||
      gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DEMUXER) == FALSE) {
    return;
  }
  const auto pad = gst::GstPtr<GstPad>::adopt(gst_element_get_static_pad(element, "sink"));
  if (pad && element->numsrcpads == 0 && GST_PAD_MODE(pad.get()) == GST_PAD_MODE_PULL &&
      gst_pad_get_task_state(pad.get()) != GST_TASK_STARTED) {
    *static_cast<bool*>(stopped) = true;
  }
}

// Takes a container's word on colour out of the caps of H.264 and H.265, whose own streams say it:
// qtdemux 1.22 does not read the flag for full-range samples, as phones and action cameras write
// them, and some of these cameras set it wrongly. Pictures taken for limited range lose their darks
// and lights.
GstPadProbeReturn forget_colour(GstPad*, GstPadProbeInfo* info, gpointer) noexcept {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* stated = nullptr;
  gst_event_parse_caps(event, &stated);
  const GstStructure* structure = gst_caps_get_structure(stated, 0);
  const std::string_view type = gst_structure_get_name(structure);
  const char* colour = gst_structure_get_string(structure, "colorimetry");
  GstVideoColorimetry read{};
  if ((type != "video/x-h264" && type != "video/x-h265") || colour == nullptr ||
      gst_video_colorimetry_from_string(&read, colour) == FALSE ||
      read.range == GST_VIDEO_COLOR_RANGE_0_255) {
    return GST_PAD_PROBE_OK;
  }
  const auto caps = gst::GstPtr<GstCaps>::adopt(gst_caps_copy(stated));
  gst_structure_remove_field(gst_caps_get_structure(caps.get(), 0), "colorimetry");
  const auto replaced = gst::GstPtr<GstEvent>::adopt(event);
  GST_PAD_PROBE_INFO_DATA(info) = gst_event_new_caps(caps.get());
  return GST_PAD_PROBE_OK;
}

}  // namespace

Result<std::unique_ptr<Decoder>> Decoder::make(Options options) {
  std::unique_ptr<Decoder> decoder(new Decoder(std::move(options)));
  SC_TRY_ASSIGN(decoder->pipeline_, gst::Pipeline::create("decode"));
  SC_TRY_ASSIGN(GstElement * bin, decoder->pipeline_.add("uridecodebin", "uri"));
  g_object_set(bin, "uri", decoder->options_.uri.c_str(), nullptr);
  g_signal_connect(bin, "autoplug-select", G_CALLBACK(&Decoder::on_autoplug_select), decoder.get());
  g_signal_connect(bin, "deep-element-added", G_CALLBACK(&Decoder::on_element_added), nullptr);
  g_signal_connect(bin, "pad-added", G_CALLBACK(&Decoder::on_pad_added), decoder.get());
  g_signal_connect(bin, "no-more-pads", G_CALLBACK(&Decoder::on_no_more_pads), decoder.get());
  if (decoder->options_.network) {
    g_signal_connect(bin, "source-setup", G_CALLBACK(&Decoder::on_source_setup), decoder.get());
  }
  return decoder;
}

bool Decoder::demuxer_gave_up() const {
  if (complete_) return false;
  bool stopped = false;
  const std::unique_ptr<GstIterator, IteratorFree> elements(
      gst_bin_iterate_recurse(pipeline_.bin()));
  // A resync means that elements come and go: not stopped, then.
  return gst_iterator_foreach(elements.get(), &note_stopped_demuxer, &stopped) ==
             GST_ITERATOR_DONE &&
         stopped;
}

bool Decoder::names_video() const {
  const std::lock_guard lock(mutex_);
  return !video_track_.empty();
}

bool Decoder::names_audio() const {
  const std::lock_guard lock(mutex_);
  return !audio_track_.empty();
}

std::optional<Error> Decoder::take_error() {
  {
    const std::lock_guard lock(mutex_);
    if (error_) return std::exchange(error_, std::nullopt);
  }
  return pipeline_.take_error();
}

// Chooses by the stream's id, which it keeps through parsers: the first track of a kind wins.
bool Decoder::chosen(std::string& track, GstPad* pad) {
  const gst::OwnedText id(gst_pad_get_stream_id(pad));
  const std::string_view name = id ? id.get() : "?";
  const std::lock_guard lock(mutex_);
  if (track.empty()) track = name;
  return track == name;
}

int Decoder::on_autoplug_select(GstElement*, GstPad* pad, GstCaps*, GstElementFactory* factory,
                                gpointer self) noexcept {
  auto* decoder = static_cast<Decoder*>(self);
  const auto is = [&](GstElementFactoryListType type) {
    return gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DECODER) != FALSE &&
           gst_element_factory_list_is_type(factory, type) != FALSE;
  };
  if (is(GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO) || is(GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE)) {
    return decoder->chosen(decoder->video_track_, pad) ? kTry : kExpose;
  }
  if (is(GST_ELEMENT_FACTORY_TYPE_MEDIA_AUDIO)) {
    if (!decoder->options_.want_audio) return kExpose;
    return decoder->chosen(decoder->audio_track_, pad) ? kTry : kExpose;
  }
  return kTry;
}

void Decoder::on_element_added(GstBin*, GstBin*, GstElement* element, gpointer) noexcept {
  GstElementFactory* factory = gst_element_get_factory(element);
  if (factory == nullptr ||
      gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_PARSER) == FALSE) {
    return;
  }
  const auto pad = gst::GstPtr<GstPad>::adopt(gst_element_get_static_pad(element, "sink"));
  if (!pad) return;
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, &forget_colour, nullptr,
                    nullptr);
}

void Decoder::on_pad_added(GstElement*, GstPad* pad, gpointer self) noexcept {
  static_cast<Decoder*>(self)->link(pad);
}

void Decoder::link(GstPad* pad) {
  auto caps = gst::GstPtr<GstCaps>::adopt(gst_pad_get_current_caps(pad));
  if (!caps) caps = gst::GstPtr<GstCaps>::adopt(gst_pad_query_caps(pad, nullptr));
  const bool known =
      caps && gst_caps_is_empty(caps.get()) == FALSE && gst_caps_is_any(caps.get()) == FALSE;
  const std::string_view type =
      known ? gst_structure_get_name(gst_caps_get_structure(caps.get(), 0)) : "";
  Result<GstAppSink*> sink(nullptr);
  if (type == "video/x-raw" && video_ == nullptr) {
    sink = attach_video(pipeline_.bin(), pad, options_.video);
    if (sink.ok()) video_ = *sink;
  } else if (type == "audio/x-raw" && audio_ == nullptr && options_.want_audio) {
    sink = attach_audio(pipeline_.bin(), pad, options_.audio);
    if (sink.ok()) audio_ = *sink;
  } else {
    attach_nothing(pipeline_.bin(), pad);
  }
  if (!sink.ok()) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = sink.error();
  }
}

void Decoder::on_no_more_pads(GstElement*, gpointer self) noexcept {
  static_cast<Decoder*>(self)->complete_ = true;
}

void Decoder::on_source_setup(GstElement*, GstElement* source, gpointer) noexcept {
  const GObjectClass* type = G_OBJECT_GET_CLASS(source);
  if (g_object_class_find_property(const_cast<GObjectClass*>(type), "latency") == nullptr) return;
  // TCP passes firewalls and does not lose packets; the jitter buffer then only evens out bursts.
  g_object_set(source, "latency", kRtspJitterMs, "protocols", kRtspOverTcp, "tcp-timeout",
               guint64{5'000'000}, nullptr);
}

}  // namespace sitecast::agent
