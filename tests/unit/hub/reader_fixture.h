// SPDX-License-Identifier: Apache-2.0
// An archive of one project, what indexes it, and a reader of that index.
#pragma once

#include <gtest/gtest.h>

#include "hub/index/current.h"
#include "hub/index/reader.h"
#include "hub/index/writer.h"
#include "tests/support/archive_builder.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {

class ReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto path = new_index_path(layout_);
    ASSERT_TRUE(path.ok());
    auto writer = IndexWriter::open(*path, layout_, Log("test"));
    ASSERT_TRUE(writer.ok());
    writer_ = std::move(*writer);
    ASSERT_TRUE(switch_index(layout_, *path).ok());
    auto reader = IndexReader::open(dir_.path());
    ASSERT_TRUE(reader.ok());
    reader_ = std::move(*reader);
  }

  void index(bool everything, std::int64_t now_us = 0) {
    const auto changes = writer_->apply(archive_.work(), now_us, everything);
    ASSERT_TRUE(changes.ok()) << changes.error().message();
  }

  v1::Event event(std::string kind, CaptureId capture) {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind(std::move(kind));
    event.set_stated_at_us(1'700'000'000'000'000 + ++stated_);
    event.set_capture_id(capture.raw());
    return event;
  }

  void open_capture(CaptureId capture, std::string kind, std::string area, std::int64_t at_us) {
    auto opened = event("capture.opened", capture);
    opened.set_area(std::move(area));
    opened.mutable_capture_opened()->set_capture_kind(std::move(kind));
    opened.mutable_capture_opened()->set_captured_at_us(at_us);
    archive_.add_event(project_, device_, opened);
  }

  void close_capture(CaptureId capture, const std::string& track, std::uint64_t parts) {
    auto closed = event("capture.closed", capture);
    auto* end = closed.mutable_capture_closed()->add_tracks();
    end->set_track(track);
    end->set_part_count(parts);
    archive_.add_event(project_, device_, closed);
  }

  TempDir dir_;
  Layout layout_{dir_.path()};
  ArchiveBuilder archive_{layout_};
  ProjectId project_ = ProjectId::make();
  DeviceId device_ = DeviceId::make();
  std::unique_ptr<IndexWriter> writer_;
  std::unique_ptr<IndexReader> reader_;
  std::int64_t stated_ = 0;
};

}  // namespace sitecast::hub
