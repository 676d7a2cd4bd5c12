// SPDX-License-Identifier: Apache-2.0
// The GStreamer handles of this tool, freed by their destructors.
#pragma once

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <memory>

namespace sitecast::scenery {

// The pipeline goes to NULL before its last reference is dropped.
struct StopAndUnref {
  void operator()(GstElement* pipeline) const {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
  }
};
using Pipeline = std::unique_ptr<GstElement, StopAndUnref>;

struct UnrefElement {
  void operator()(GstElement* element) const { gst_object_unref(element); }
};
using Element = std::unique_ptr<GstElement, UnrefElement>;

struct UnrefSample {
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
};
using Sample = std::unique_ptr<GstSample, UnrefSample>;

struct UnrefMessage {
  void operator()(GstMessage* message) const { gst_message_unref(message); }
};
using Message = std::unique_ptr<GstMessage, UnrefMessage>;

}  // namespace sitecast::scenery
