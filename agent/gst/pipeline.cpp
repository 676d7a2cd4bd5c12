// SPDX-License-Identifier: Apache-2.0
#include "agent/gst/pipeline.h"

#include <fmt/format.h>

#include <memory>
#include <mutex>

namespace sitecast::gst {
namespace {

struct GErrorFree {
  void operator()(GError* error) const { g_error_free(error); }
};
using GErrorPtr = std::unique_ptr<GError, GErrorFree>;

ErrorKind kind_of(const GError& error) {
  if (error.domain == GST_RESOURCE_ERROR) {
    switch (error.code) {
      case GST_RESOURCE_ERROR_NOT_FOUND: return ErrorKind::kNotFound;
      case GST_RESOURCE_ERROR_NOT_AUTHORIZED: return ErrorKind::kPermissionDenied;
      default: return ErrorKind::kUnavailable;
    }
  }
  if (error.domain == GST_STREAM_ERROR) return ErrorKind::kInvalidArgument;
  if (error.domain == GST_CORE_ERROR && error.code == GST_CORE_ERROR_MISSING_PLUGIN) {
    return ErrorKind::kFailedPrecondition;
  }
  return ErrorKind::kInternal;
}

}  // namespace

Status initialise() {
  static std::once_flag once;
  static std::string failure;
  std::call_once(once, [] {
    GError* raw = nullptr;
    if (gst_init_check(nullptr, nullptr, &raw) == FALSE) {
      const GErrorPtr error(raw);
      failure = error ? error->message : "unknown reason";
    }
  });
  if (!failure.empty()) return internal_error("GStreamer does not start: " + failure);
  return Ok{};
}

Error error_of(GstMessage* message) {
  GError* raw = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
    gst_message_parse_warning(message, &raw, nullptr);
  } else {
    gst_message_parse_error(message, &raw, nullptr);
  }
  const GErrorPtr error(raw);
  const char* source = GST_MESSAGE_SRC(message) != nullptr ? GST_MESSAGE_SRC_NAME(message) : "?";
  if (!error) return internal_error(fmt::format("{}: unknown error", source));
  return {kind_of(*error), fmt::format("{} ({})", error->message, source)};
}

Result<Pipeline> Pipeline::create(const std::string& name) {
  if (Status status = initialise(); !status.ok()) return status.error();
  Pipeline pipeline;
  pipeline.pipeline_ = GstPtr<GstElement>::adopt(gst_pipeline_new(name.c_str()));
  pipeline.bus_ = GstPtr<GstBus>::adopt(gst_element_get_bus(pipeline.pipeline_.get()));
  return pipeline;
}

Result<Pipeline> Pipeline::parse(const std::string& description) {
  if (Status status = initialise(); !status.ok()) return status.error();
  GError* raw = nullptr;
  auto element = GstPtr<GstElement>::adopt(
      gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &raw));
  const GErrorPtr error(raw);
  if (error || !element) {
    return invalid_argument(fmt::format("GStreamer cannot build \"{}\": {}", description,
                                        error ? error->message : "nothing came of it"));
  }
  Pipeline pipeline;
  pipeline.pipeline_ = std::move(element);
  pipeline.bus_ = GstPtr<GstBus>::adopt(gst_element_get_bus(pipeline.pipeline_.get()));
  return pipeline;
}

Pipeline& Pipeline::operator=(Pipeline&& other) noexcept {
  if (this != &other) {
    stop();
    pipeline_ = std::move(other.pipeline_);
    bus_ = std::move(other.bus_);
  }
  return *this;
}

GstPtr<GstElement> Pipeline::element(const char* name) const {
  return GstPtr<GstElement>::adopt(gst_bin_get_by_name(bin(), name));
}

Result<GstElement*> Pipeline::add(const char* factory, const char* name) {
  GstElement* made = gst_element_factory_make(factory, name);
  if (made == nullptr) {
    return failed_precondition(
        fmt::format("GStreamer's element {} is missing: install its plugin", factory));
  }
  gst_bin_add(bin(), made);  // the bin owns it
  return made;
}

Status Pipeline::set_state(GstState state, bool* live) {
  const GstStateChangeReturn change = gst_element_set_state(pipeline_.get(), state);
  if (live != nullptr) *live = change == GST_STATE_CHANGE_NO_PREROLL;
  if (change != GST_STATE_CHANGE_FAILURE) return Ok{};
  if (auto error = take_error()) return *error;
  return unavailable("the media source does not start");
}

GstPtr<GstMessage> Pipeline::pop(GstMessageType types, std::int64_t wait_ms) {
  return GstPtr<GstMessage>::adopt(gst_bus_timed_pop_filtered(
      bus_.get(), static_cast<GstClockTime>(wait_ms) * GST_MSECOND, types));
}

std::optional<Error> Pipeline::take_error() {
  if (auto message = pop(GST_MESSAGE_ERROR, 0)) return error_of(message.get());
  return std::nullopt;
}

void Pipeline::stop() {
  if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

}  // namespace sitecast::gst
