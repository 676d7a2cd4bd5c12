// SPDX-License-Identifier: Apache-2.0
// Owning pointers to GStreamer's reference-counted objects. A GstPtr is made only by adopt() (takes
// a reference that we own; sinks a floating one) or retain() (adds a reference to something
// borrowed). Nobody outside this folder calls gst_*_unref. Thread-safety: like std::shared_ptr: one
// instance belongs to one thread, the object behind it is counted atomically.
#pragma once

#include <gst/gst.h>

#include <cassert>
#include <memory>
#include <type_traits>
#include <utility>

namespace sitecast::gst {

template <typename T>
inline constexpr bool kIsMiniObject =
    std::is_same_v<T, GstSample> || std::is_same_v<T, GstBuffer> || std::is_same_v<T, GstCaps> ||
    std::is_same_v<T, GstEvent> || std::is_same_v<T, GstMessage> || std::is_same_v<T, GstQuery>;

template <typename T>
class GstPtr {
 public:
  GstPtr() = default;
  ~GstPtr() { reset(); }
  GstPtr(const GstPtr& other) : object_(other.object_) { add_reference(); }
  GstPtr(GstPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  GstPtr& operator=(GstPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  // Takes over a reference that the caller owns, or sinks a floating one. nullptr stays empty.
  static GstPtr adopt(T* object) {
    if constexpr (!kIsMiniObject<T>) {
      if (object != nullptr && g_object_is_floating(object) != FALSE) gst_object_ref_sink(object);
    }
    return GstPtr(object);
  }
  // Adds a reference to a borrowed object. REQUIRES: not floating.
  static GstPtr retain(T* object) {
    if constexpr (!kIsMiniObject<T>) {
      assert(object == nullptr || g_object_is_floating(object) == FALSE);
    }
    GstPtr pointer(object);
    pointer.add_reference();
    return pointer;
  }

  [[nodiscard]] T* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  // Gives the reference to a function that takes ownership ("transfer full").
  [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }

  void reset() {
    T* object = std::exchange(object_, nullptr);
    if (object == nullptr) return;
    if constexpr (kIsMiniObject<T>) {
      gst_mini_object_unref(GST_MINI_OBJECT_CAST(object));
    } else {
      gst_object_unref(object);
    }
  }

 private:
  explicit GstPtr(T* object) : object_(object) {}
  void add_reference() {
    if (object_ == nullptr) return;
    if constexpr (kIsMiniObject<T>) {
      gst_mini_object_ref(GST_MINI_OBJECT_CAST(object_));
    } else {
      gst_object_ref(object_);
    }
  }

  T* object_ = nullptr;
};

struct FreeText {
  void operator()(gchar* text) const { g_free(text); }
};
using OwnedText = std::unique_ptr<gchar, FreeText>;  // what GLib allocates for its caller

}  // namespace sitecast::gst
