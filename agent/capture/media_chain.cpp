// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/media_chain.h"

#include <fmt/format.h>
#include <gst/audio/audio.h>

#include <string>

namespace sitecast::agent {
namespace {

Result<GstAppSink*> attach(GstBin* bin, GstPad* pad, const std::string& description,
                           const char* name) {
  GError* raw = nullptr;
  GstElement* made = gst_parse_bin_from_description(description.c_str(), TRUE, &raw);
  if (raw != nullptr) {
    const std::string reason = raw->message;
    g_error_free(raw);
    if (made != nullptr) gst::GstPtr<GstElement>::adopt(made).reset();
    return failed_precondition("GStreamer lacks an element: " + reason);
  }
  gst_bin_add(bin, made);
  const auto target = gst::GstPtr<GstPad>::adopt(gst_element_get_static_pad(made, "sink"));
  if (gst_pad_link(pad, target.get()) != GST_PAD_LINK_OK) {
    return invalid_argument("the source's format cannot be converted");
  }
  gst_element_sync_state_with_parent(made);
  const auto sink = gst::GstPtr<GstElement>::adopt(gst_bin_get_by_name(GST_BIN_CAST(made), name));
  return GST_APP_SINK_CAST(sink.get());  // kept alive by its bin
}

std::string appsink(const char* name, const ChainOptions& options, const char* caps) {
  return fmt::format(
      "appsink name={} sync={} max-buffers={} emit-signals=false wait-on-eos=false "
      "enable-last-sample=false caps=\"{}\"",
      name, options.sync, options.max_buffers, caps);
}

}  // namespace

Result<GstAppSink*> attach_video(GstBin* bin, GstPad* pad, const ChainOptions& options) {
  const char* flip = options.upright ? "videoflip video-direction=auto ! " : "";
  return attach(bin, pad,
                fmt::format("videoconvert ! {}{}", flip,
                            appsink("pictures", options, "video/x-raw,format=(string){I420,NV12}")),
                "pictures");
}

Result<GstAppSink*> attach_audio(GstBin* bin, GstPad* pad, const ChainOptions& options) {
  return attach(bin, pad,
                "audioconvert ! audioresample ! " +
                    appsink("sound", options,
                            "audio/x-raw,format=S16LE,rate=48000,layout=interleaved,"
                            "channels=(int)[1,2]"),
                "sound");
}

void attach_nothing(GstBin* bin, GstPad* pad) {
  GstElement* sink = gst_element_factory_make("fakesink", nullptr);
  if (sink == nullptr) return;
  g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
  gst_bin_add(bin, sink);
  const auto target = gst::GstPtr<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
  gst_pad_link(pad, target.get());
  gst_element_sync_state_with_parent(sink);
}

}  // namespace sitecast::agent
