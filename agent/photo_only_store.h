// SPDX-License-Identifier: Apache-2.0
// A store that keeps photos and lets moving pictures pass by: what `photo --source` films through
// to take one picture is no walk-through. Thread-safe. Ownership: the store behind it must outlive
// it.
#pragma once

#include <memory>
#include <string>

#include "agent/spool/capture_writer.h"

namespace sitecast::agent {

class PhotoOnlyStore final : public CaptureStore {
 public:
  explicit PhotoOnlyStore(CaptureStore& store) : store_(store) {}

  Result<std::unique_ptr<CaptureWriter>> open_capture(ProjectId project, std::string area,
                                                      v1::CaptureOpened opened) override {
    if (opened.capture_kind() == "photo") {
      return store_.open_capture(project, std::move(area), std::move(opened));
    }
    return std::unique_ptr<CaptureWriter>(std::make_unique<Passing>());
  }

 private:
  class Passing final : public CaptureWriter {
   public:
    [[nodiscard]] CaptureId id() const override { return id_; }
    Status append(std::string_view, NewPart) override { return Ok{}; }
    Status state(v1::Event) override { return Ok{}; }
    Status close(std::string_view, std::string_view) override { return Ok{}; }

   private:
    const CaptureId id_ = CaptureId::make();
  };
  CaptureStore& store_;
};

}  // namespace sitecast::agent
