// SPDX-License-Identifier: Apache-2.0
// A small archive that a test damages in one place, and what `check` says of it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "hub/archive/archive.h"
#include "hub/archive/sidecar.h"
#include "hub/index/writer.h"
#include "proto/base/file.h"
#include "tests/support/archive_builder.h"
#include "tests/unit/hub_check/check_fixture.h"

namespace sitecast::hub {

namespace fs = std::filesystem;

inline constexpr std::uint64_t kParts = 40;

inline Bytes load(const fs::path& path) {
  auto bytes = read_file(path, 64ULL << 20);
  EXPECT_TRUE(bytes.ok()) << path;
  return bytes.ok() ? std::move(*bytes) : Bytes{};
}
inline void store(const fs::path& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary) << as_text(bytes);
}

class CheckTest : public CheckFixture {
 protected:
  // A closed capture with one track of video, three events, and the index of all that.
  void SetUp() override {
    opened_ = event("capture.opened");
    opened_.mutable_capture_opened()->set_capture_kind("walkthrough");
    opened_.mutable_capture_opened()->add_tracks("video");
    add(opened_);
    for (std::uint64_t i = 0; i < kParts; ++i) {
      parts_.push_back(maker_.next(i + 1 == kParts));
      archive_.add_part(project_, device_, maker_, parts_.back(), true);
    }
    note_ = event("note");
    note_.mutable_note()->set_text("屋面已完成");
    add(note_);
    v1::Event closed = event("capture.closed");
    auto* end = closed.mutable_capture_closed()->add_tracks();
    end->set_track("video");
    end->set_part_count(kParts);
    end->set_running_hash(to_string(maker_.running().value()));
    closed.mutable_capture_closed()->set_reason("stopped");
    add(closed);
    build_index();
    std::uint64_t at = kSidecarHeaderBytes;
    const auto file = File::open_for_reading(sidecar());
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(read_sidecar(*file, 0, [&](const SidecarRecord& record, std::uint64_t offset) {
                  EXPECT_EQ(offset, at);
                  record_at_.push_back(at);
                  at += sidecar_record_bytes(record);
                  return true;
                }).ok());
    record_at_.push_back(at);
  }

  v1::Event event(const std::string& kind) const {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind(kind);
    event.set_stated_at_us(1'700'000'000'000'000);
    event.set_capture_id(maker_.capture().raw());
    return event;
  }
  void add(const v1::Event& event) { archive_.add_event(project_, device_, event); }
  [[nodiscard]] fs::path sidecar() const {
    return layout_.sidecar(project_, maker_.capture(), maker_.track());
  }
  [[nodiscard]] fs::path media() const {
    return layout_.media(project_, maker_.capture(), maker_.track());
  }
  [[nodiscard]] fs::path log() const { return layout_.event_log(project_); }
  // As a hub that was killed leaves it.
  void name_as_touched() const {
    std::ofstream(layout_.touched_file())
        << project_.text() << " " << maker_.capture().text() << " video\n";
  }
  void name_as_clean() const { fs::remove(layout_.touched_file()); }
  // The index as it was before it had read any part.
  void forget_index() {
    fs::remove_all(layout_.index_dir());
    const auto path = new_index_path(layout_);
    ASSERT_TRUE(path.ok());
    ASSERT_TRUE(IndexWriter::open(*path, layout_, Log("test")).ok());
    ASSERT_TRUE(switch_index(layout_, *path).ok());
  }
  static void flip_bit(const fs::path& path, std::uint64_t at) {
    Bytes bytes = load(path);
    bytes[at] ^= 0x10;
    store(path, bytes);
  }
  static void append(const fs::path& path, ByteView bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << as_text(bytes);
  }
  // A start and a clean stop of what in the hub writes the archive.
  void let_the_hub_repair() {
    const SystemClock clock;
    auto archive = Archive::open(
        layout_, {}, clock, [](auto&&...) { return true; }, Log("test"));
    ASSERT_TRUE(archive.ok()) << archive.error().message();
    ASSERT_TRUE((*archive)->close_cleanly().ok());
  }

  // Runs it and holds the form: every finding with what to do, the exit code with the problems.
  CommandResult checked(bool read_data = false) {
    CommandResult result = check(read_data);
    EXPECT_EQ(result.err, "");
    std::istringstream lines(result.out);
    std::string line;
    std::string last;
    std::uint64_t problems = 0;
    while (std::getline(lines, line)) {
      last = line;
      const bool problem = line.starts_with("problem: ");
      if (!problem && !line.starts_with("notice: ")) continue;
      if (problem) ++problems;
      std::string remedy;
      EXPECT_TRUE(std::getline(lines, remedy)) << line;
      EXPECT_TRUE(remedy.starts_with("  to do: ") && remedy.size() > 15) << line << "\n" << remedy;
    }
    EXPECT_EQ(result.code, problems == 0 ? 0 : 1) << result.out;
    EXPECT_EQ(last.ends_with(": clean"), problems == 0) << last;
    return result;
  }
  void expect_clean(bool read_data = true) {
    const CommandResult result = checked(read_data);
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(std::ranges::count(result.out, '\n'), 1) << result.out;
  }
  void expect_problem(const std::string& words, bool read_data = false) {
    const CommandResult result = checked(read_data);
    EXPECT_EQ(result.code, 1);
    EXPECT_NE(result.out.find(words), std::string::npos) << words << "\n" << result.out;
    EXPECT_EQ(result.out.find("torn end"), std::string::npos) << result.out;
  }
  void expect_notice(const std::string& words, bool read_data = false) {
    const CommandResult result = checked(read_data);
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.out.find("notice: "), std::string::npos) << result.out;
    EXPECT_NE(result.out.find(words), std::string::npos) << words << "\n" << result.out;
  }

  ArchiveBuilder archive_{layout_};
  TrackMaker maker_{CaptureId::make(), "video", key_, {.parts_per_head = 10}};
  std::vector<MadePart> parts_;
  std::vector<std::uint64_t> record_at_;  // of each part; last: the end
  v1::Event opened_;
  v1::Event note_;
};

}  // namespace sitecast::hub
