// SPDX-License-Identifier: Apache-2.0
// A GStreamer pipeline that ends in state NULL before it is freed, and its errors in our words.
// Owner thread: one at a time; the handlers of its elements run on GStreamer's streaming threads
// and are gone when stop() has returned.
#pragma once

#include <gst/app/app.h>
#include <gst/gst.h>

#include <optional>
#include <string>

#include "agent/gst/ptr.h"
#include "proto/base/result.h"

namespace sitecast::gst {

// Loads GStreamer once per process. kInternal when its registry cannot be read. Thread-safe.
Status initialise();

// Text of an error or warning message of a bus: what failed, in one line, with the element's name.
// Kind: resource errors map to kNotFound, kPermissionDenied or kUnavailable, stream errors to
// kInvalidArgument, the rest to kInternal.
Error error_of(GstMessage* message);

class Pipeline {
 public:
  // Empty pipeline.
  static Result<Pipeline> create(const std::string& name);
  // gst_parse_launch syntax; an unknown element or property is kInvalidArgument.
  static Result<Pipeline> parse(const std::string& description);

  Pipeline() = default;
  ~Pipeline() { stop(); }
  Pipeline(Pipeline&&) noexcept = default;
  Pipeline& operator=(Pipeline&& other) noexcept;

  [[nodiscard]] GstBin* bin() const { return GST_BIN_CAST(pipeline_.get()); }
  [[nodiscard]] GstElement* get() const { return pipeline_.get(); }
  explicit operator bool() const { return static_cast<bool>(pipeline_); }

  // Element by name; nullptr inside when there is none.
  [[nodiscard]] GstPtr<GstElement> element(const char* name) const;
  // Makes an element and adds it. kFailedPrecondition with the plugin's name when it is not
  // installed.
  Result<GstElement*> add(const char* factory, const char* name);

  // Starts a change of state and does not wait for it. A refusal carries the bus's error. `live`
  // tells whether the pipeline gives data only while playing (GST_STATE_CHANGE_NO_PREROLL).
  Status set_state(GstState state, bool* live = nullptr);
  // Next message of these types, waiting up to `wait_ms`; empty when there is none.
  GstPtr<GstMessage> pop(GstMessageType types, std::int64_t wait_ms);
  // First error on the bus, if any; does not wait.
  std::optional<Error> take_error();

  void stop();  // NULL: joins the streaming threads. Idempotent.

 private:
  GstPtr<GstElement> pipeline_;
  GstPtr<GstBus> bus_;
};

}  // namespace sitecast::gst
