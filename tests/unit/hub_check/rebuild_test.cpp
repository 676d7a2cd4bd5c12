// SPDX-License-Identifier: Apache-2.0
// `rebuild-index` on the state of a hub whose index grew part by part.
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "hub/index/dump.h"
#include "hub/index/reader.h"
#include "hub/index/writer.h"
#include "tests/support/archive_builder.h"
#include "tests/unit/hub_check/check_fixture.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

class RebuildTest : public CheckFixture {
 protected:
  // Live parts, late fills, photos and events, applied in steps as a hub does.
  void SetUp() override {
    grown_ = *new_index_path(layout_);
    auto writer = IndexWriter::open(grown_, layout_, Log("test"));
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(switch_index(layout_, grown_).ok());
    std::mt19937_64 random(41);
    ArchiveBuilder archive(layout_);
    std::int64_t now_us = 1;
    state(archive, {}, "project.stated");
    state(archive, {}, "member.added");
    for (int c = 0; c < 4; ++c) {
      const CaptureId capture = CaptureId::make();
      captures_.push_back(capture);
      state(archive, capture, "capture.opened");
      std::vector<TrackMaker> tracks;
      tracks.emplace_back(capture, "video", key_, TrackOptions{.part_duration = 20'000});
      tracks.emplace_back(capture, "audio", key_, TrackOptions{.part_duration = 20'000, .seed = 2});
      tracks.emplace_back(capture, "image", key_, TrackOptions{.file_size_bytes = 200 * 200});
      std::vector<std::pair<std::size_t, MadePart>> late;
      for (int i = 0; i < 200; ++i) {
        for (std::size_t t = 0; t < tracks.size(); ++t) {
          MadePart part = tracks[t].next(i == 199);
          if (random() % 8 == 0) {
            late.emplace_back(t, std::move(part));
          } else {
            archive.add_part(project_, device_, tracks[t], part, true);
          }
        }
        if (!late.empty() && random() % 6 == 0) {
          archive.add_part(project_, device_, tracks[late.back().first], late.back().second, false);
          late.pop_back();
        }
        if (random() % 20 == 0) state(archive, capture, random() % 2 == 0 ? "note" : "progress");
        now_us += 500'000;
        if (random() % 4 == 0) {
          ASSERT_TRUE((*writer)->apply(archive.work(), now_us, random() % 40 == 0).ok());
        }
      }
      state(archive, capture, "quality");
      if (c % 2 == 0) state(archive, capture, "capture.closed");
    }
    ASSERT_TRUE((*writer)->apply(archive.work(), now_us, true).ok());
  }

  void state(ArchiveBuilder& archive, std::optional<CaptureId> capture, const std::string& kind) {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind(kind);
    event.set_stated_at_us(1'700'000'000'000'000);
    if (capture) event.set_capture_id(capture->raw());
    if (kind == "project.stated") {
      event.mutable_project()->set_name("厂房");
      event.mutable_project()->set_time_zone("Asia/Shanghai");
    }
    if (kind == "member.added") {
      event.mutable_member()->set_user("owner");
      event.mutable_member()->set_role("owner");
    }
    if (kind == "capture.opened") {
      event.mutable_capture_opened()->set_capture_kind("walkthrough");
      for (const char* track : {"video", "audio", "image"}) {
        event.mutable_capture_opened()->add_tracks(track);
      }
    }
    if (kind == "capture.closed") {
      event.mutable_capture_closed()->set_reason("stopped");
      auto* end = event.mutable_capture_closed()->add_tracks();
      end->set_track("video");
      end->set_part_count(200);
      end->set_running_hash(std::string(32, 'x'));
    }
    if (kind == "note") event.mutable_note()->set_text("主体已完成");
    if (kind == "progress") {
      event.mutable_progress()->set_stage("roof");
      event.mutable_progress()->set_has_percentage(true);
      event.mutable_progress()->set_percentage(40);
    }
    if (kind == "quality") {
      event.mutable_quality()->set_warning("too_dark");
      event.mutable_quality()->set_active(true);
    }
    archive.add_event(project_, device_, event);
  }

  std::vector<std::string> dump() {
    std::vector<std::string> lines;
    const Status status = dump_index(*current_index(layout_),
                                     [&](std::string_view line) { lines.emplace_back(line); });
    EXPECT_TRUE(status.ok()) << status.error().message();
    return lines;
  }
  CommandResult rebuild() {
    return run([&](CommandIo io) { return rebuild_index_command(layout_, io); });
  }

  std::filesystem::path grown_;
  std::vector<CaptureId> captures_;
};

TEST_F(RebuildTest, RebuiltIndexIsTheGrownOneAndCheckIsClean) {
  const auto grown = dump();
  ASSERT_GT(grown.size(), 60U);
  const CommandResult result = rebuild();
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "index rebuilt from 1 event logs and 12 tracks\n");
  EXPECT_NE(*current_index(layout_), grown_);
  EXPECT_FALSE(fs::exists(grown_)) << "the old one is left";
  EXPECT_EQ(dump(), grown);
  const CommandResult checked = check(true);
  EXPECT_EQ(checked.code, 0) << checked.out;
  EXPECT_EQ(std::ranges::count(checked.out, '\n'), 1) << checked.out;
}

TEST_F(RebuildTest, NothingOfTheOldIndexIsNeeded) {
  const auto grown = dump();
  std::ofstream(*current_index(layout_), std::ios::binary) << "no database any more";
  EXPECT_EQ(rebuild().code, 0);
  EXPECT_EQ(dump(), grown);
  fs::remove_all(layout_.index_dir());
  EXPECT_EQ(rebuild().code, 0);
  EXPECT_EQ(dump(), grown);
  EXPECT_EQ(check(true).code, 0);
}

TEST_F(RebuildTest, ReaderFollowsTheSwitch) {
  auto reader = IndexReader::open(layout_.state_dir());
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE((*reader)->capture(captures_[0]).ok());
  ASSERT_EQ(rebuild().code, 0);
  const auto segments = (*reader)->segments(captures_[0], "video", 0, UINT64_MAX);
  ASSERT_TRUE(segments.ok());
  EXPECT_GT(segments->size(), 0U);
}

TEST_F(RebuildTest, WhatOnlyTheOldIndexHasIsNotRebuiltAway) {
  const auto before = dump();
  const auto refused = [&](const fs::path& journal) {
    const CommandResult result = rebuild();
    EXPECT_EQ(result.code, 1);
    EXPECT_NE(result.err.find(journal.string() + " has lost its end"), std::string::npos)
        << result.err;
    EXPECT_EQ(*current_index(layout_), grown_);
    EXPECT_EQ(dump(), before);
    for (const auto& entry : fs::directory_iterator(layout_.index_dir())) {
      EXPECT_EQ(entry.path().string().find("index-2"), std::string::npos) << entry.path();
    }
  };
  const fs::path log = layout_.event_log(project_);
  const fs::path sidecar = layout_.sidecar(project_, captures_[1], "audio");
  for (const fs::path& journal : {log, sidecar}) {
    const auto whole = read_file(journal, 1 << 24);
    ASSERT_TRUE(whole.ok());
    fs::resize_file(journal, whole->size() - 1);
    refused(journal);
    fs::remove(journal);
    refused(journal);
    std::ofstream(journal, std::ios::binary) << as_text(*whole);
  }
  EXPECT_EQ(rebuild().code, 0);
  EXPECT_EQ(dump(), before);
  fs::resize_file(log, fs::file_size(log) - 1);
  fs::remove_all(layout_.index_dir());  // whoever does that wants it
  EXPECT_EQ(rebuild().code, 0);
}

TEST_F(RebuildTest, RefusesBesideAHubAndLeavesTheIndexAlone) {
  const auto lock = FileLock::acquire(layout_.lock_file());
  ASSERT_TRUE(lock.ok());
  const auto before = dump();
  const CommandResult result = rebuild();
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("a hub runs on this state; stop it first"), std::string::npos)
      << result.err;
  EXPECT_EQ(*current_index(layout_), grown_);
  EXPECT_EQ(dump(), before);
}

}  // namespace
}  // namespace sitecast::hub
