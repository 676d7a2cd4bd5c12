// SPDX-License-Identifier: Apache-2.0
// A CaptureStore that keeps captures in memory, for tests of the capture side. Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/spool/capture_writer.h"
#include "proto/base/clock.h"

namespace sitecast::test {

struct StoredPart {
  agent::NewPart part;
  std::int64_t appended_at_us = 0;  // monotonic
};

struct StoredCapture {
  CaptureId id = CaptureId::make();
  ProjectId project;
  std::string area;
  v1::CaptureOpened opened;
  std::map<std::string, std::vector<StoredPart>> tracks;
  std::vector<v1::Event> events;
  std::string close_reason;  // empty while open
  std::string close_detail;

  // The whole track as one file: init segment, then the media of every part (init repeated only
  // when it changes).
  [[nodiscard]] Bytes track_file(const std::string& track) const {
    Bytes file;
    Bytes init;
    const auto found = tracks.find(track);
    if (found == tracks.end()) return file;
    for (const StoredPart& stored : found->second) {
      const agent::NewPart& part = stored.part;
      if (!part.init_segment.empty() && part.init_segment != init) {
        init = part.init_segment;
        file.insert(file.end(), init.begin(), init.end());
      }
      file.insert(file.end(), part.media.begin(), part.media.end());
    }
    return file;
  }
};

class MemoryStore final : public agent::CaptureStore {
 public:
  Result<std::unique_ptr<agent::CaptureWriter>> open_capture(ProjectId project, std::string area,
                                                             v1::CaptureOpened opened) override {
    auto capture = std::make_shared<StoredCapture>();
    capture->project = project;
    capture->area = std::move(area);
    capture->opened = std::move(opened);
    const std::lock_guard lock(mutex_);
    captures_.push_back(capture);
    return std::unique_ptr<agent::CaptureWriter>(std::make_unique<Writer>(*this, capture));
  }

  // Copy of a capture as it is now.
  [[nodiscard]] StoredCapture capture(std::size_t index = 0) const {
    const std::lock_guard lock(mutex_);
    return *captures_.at(index);
  }
  [[nodiscard]] std::size_t capture_count() const {
    const std::lock_guard lock(mutex_);
    return captures_.size();
  }
  // From now on append() answers kResourceExhausted once this many parts are stored.
  void refuse_after(std::uint64_t part_count) { part_limit_ = part_count; }

 private:
  class Writer final : public agent::CaptureWriter {
   public:
    Writer(MemoryStore& store, std::shared_ptr<StoredCapture> capture)
        : store_(store), capture_(std::move(capture)) {}
    [[nodiscard]] CaptureId id() const override { return capture_->id; }
    Status append(std::string_view track, agent::NewPart part) override {
      const std::int64_t now_us = SystemClock().monotonic_us();
      const std::lock_guard lock(store_.mutex_);
      if (store_.part_count_ >= store_.part_limit_) return resource_exhausted("the spool is full");
      ++store_.part_count_;
      capture_->tracks[std::string(track)].push_back({std::move(part), now_us});
      return Ok{};
    }
    Status state(v1::Event event) override {
      const std::lock_guard lock(store_.mutex_);
      capture_->events.push_back(std::move(event));
      return Ok{};
    }
    Status close(std::string_view reason, std::string_view detail) override {
      const std::lock_guard lock(store_.mutex_);
      if (!capture_->close_reason.empty()) return Ok{};
      capture_->close_reason = reason;
      capture_->close_detail = detail;
      return Ok{};
    }

   private:
    MemoryStore& store_;
    std::shared_ptr<StoredCapture> capture_;
  };

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<StoredCapture>> captures_;
  std::uint64_t part_count_ = 0;
  std::atomic<std::uint64_t> part_limit_{UINT64_MAX};
};

}  // namespace sitecast::test
