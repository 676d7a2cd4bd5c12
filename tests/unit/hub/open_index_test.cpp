// SPDX-License-Identifier: Apache-2.0
// What a hub does at its start with the index that it finds.
#include "hub/index/open_index.h"

#include <gtest/gtest.h>

#include <fstream>

#include "hub/index/current.h"
#include "hub/index/dump.h"
#include "hub/index/reader.h"
#include "hub/index/version.h"
#include "proto/base/file.h"
#include "proto/sqlite/database.h"
#include "tests/support/archive_builder.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

class OpenIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i) {
      v1::Event note;
      note.set_event_id(EventId::make().raw());
      note.set_kind("note");
      note.set_stated_at_us(1'700'000'000'000'000 + i);
      note.mutable_note()->set_text("墙体已完成");
      archive_.add_event(project_, DeviceId::make(), note);
    }
    ASSERT_TRUE(open_index(layout_, log_).ok());
    grown_ = lines();
    ASSERT_EQ(notes(), 3);
  }

  // Makes the index in use one of another version, with other tables.
  void set_version(std::int64_t version) {
    const auto path = current_index(layout_);
    ASSERT_TRUE(path.ok());
    auto database = Database::open_writer(*path, 0660, 16 * 1024);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->execute("drop table plan_statement").ok());
    ASSERT_TRUE(database->execute("pragma user_version = " + std::to_string(version)).ok());
  }

  std::vector<std::string> lines() {
    std::vector<std::string> all;
    const auto path = current_index(layout_);
    EXPECT_TRUE(path.ok());
    const auto dumped = dump_index(*path, [&](std::string_view line) { all.emplace_back(line); });
    EXPECT_TRUE(dumped.ok());
    return all;
  }
  std::size_t notes() {
    const auto reader = IndexReader::open(dir_.path());
    if (!reader.ok()) return 0;
    const auto remarks = (*reader)->remarks({project_, 50, {}, {}, {}, "", ""});
    return remarks.ok() ? remarks->size() : 0;
  }

  const TempDir dir_;
  const Layout layout_{dir_.path()};
  const Log log_{"test"};
  ArchiveBuilder archive_{layout_};
  const ProjectId project_ = ProjectId::make();
  std::vector<std::string> grown_;
};

TEST_F(OpenIndexTest, TheProgramAndTheTablesAreOfOneVersion) {
  const auto version = index_version(*current_index(layout_));
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(*version, kIndexVersion);
}

TEST_F(OpenIndexTest, OneOfAnOlderVersionIsBuiltAnewAndReadersFollow) {
  const fs::path before = *current_index(layout_);
  set_version(kIndexVersion - 1);
  const auto refused = IndexReader::open(dir_.path());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind(), ErrorKind::kUnavailable);
  const auto opened = open_index(layout_, log_);
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_NE(*current_index(layout_), before);
  EXPECT_FALSE(fs::exists(before));
  EXPECT_EQ(lines(), grown_);
  EXPECT_EQ(notes(), 3);
}

TEST_F(OpenIndexTest, OneOfANewerVersionIsRefusedAndLeftAsItIs) {
  const fs::path before = *current_index(layout_);
  set_version(kIndexVersion + 1);
  const auto opened = open_index(layout_, log_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind(), ErrorKind::kFailedPrecondition);
  EXPECT_NE(opened.error().message().find("newer"), std::string::npos);
  EXPECT_EQ(*current_index(layout_), before);
  EXPECT_EQ(*index_version(before), kIndexVersion + 1);
  const auto reader = IndexReader::open(dir_.path());
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().kind(), ErrorKind::kFailedPrecondition);
}

// What the log has lost may be in that index alone.
TEST_F(OpenIndexTest, AnOlderOneThatHasReadMoreThanItsJournalsGiveIsKept) {
  const fs::path before = *current_index(layout_);
  set_version(kIndexVersion - 1);
  const fs::path log = layout_.event_log(project_);
  fs::resize_file(log, fs::file_size(log) / 2);
  ASSERT_TRUE(open_index(layout_, log_).ok());
  EXPECT_LT(notes(), 3);
  const fs::path kept = before.parent_path() / ("kept-" + before.filename().string());
  ASSERT_TRUE(fs::exists(kept));
  EXPECT_EQ(*index_version(kept), kIndexVersion - 1);
}

}  // namespace
}  // namespace sitecast::hub
