// SPDX-License-Identifier: Apache-2.0
// Two indexes are called equal by their dumps, so a dump must show every value of every table.
#include "hub/index/dump.h"

#include <gtest/gtest.h>

#include <set>

#include "hub/index/current.h"
#include "proto/sqlite/database.h"
#include "tests/support/archive_builder.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

struct Column {
  std::string table;
  std::string name;
  std::string type;
};

class DumpTest : public testing::Test {
 protected:
  // An index with a row in every table.
  void SetUp() override {
    ArchiveBuilder archive(layout_);
    const ProjectId project = ProjectId::make();
    const DeviceId device = DeviceId::make();
    const CaptureId capture = CaptureId::make();
    TrackMaker video(capture, "video", SigningKey::generate(), {});
    for (int i = 0; i < 20; ++i)
      archive.add_part(project, device, video, video.next(i == 19), true);
    const auto event = [&](const std::string& kind) {
      v1::Event made;
      made.set_event_id(EventId::make().raw());
      made.set_kind(kind);
      made.set_stated_at_us(1'700'000'000'000'000);
      return made;
    };
    v1::Event stated = event("project.stated");
    stated.mutable_project()->set_name("厂房");
    archive.add_event(project, DeviceId(), stated);
    v1::Event member = event("member.added");
    member.mutable_member()->set_user("owner");
    member.mutable_member()->set_role("owner");
    archive.add_event(project, DeviceId(), member);
    v1::Event opened = event("capture.opened");
    opened.set_capture_id(capture.raw());
    opened.mutable_capture_opened()->set_capture_kind("walkthrough");
    archive.add_event(project, device, opened);
    v1::Event closed = event("capture.closed");
    closed.set_capture_id(capture.raw());
    closed.mutable_capture_closed()->add_tracks()->set_track("video");
    archive.add_event(project, device, closed);
    v1::Event plan = event("plan.baselined");
    plan.mutable_plan_baselined()->set_number(1);
    archive.add_event(project, device, plan);
    v1::Event progress = event("progress");
    progress.mutable_progress()->set_plan_item(EventId::make().raw());
    archive.add_event(project, device, progress);
    v1::Event request = event("request");
    request.mutable_request()->set_text("请拍一下");
    request.mutable_request()->set_device_id(device.raw());
    archive.add_event(project, device, request);
    v1::Event accepted = event("request.accepted");
    accepted.mutable_request_step()->set_request_id(request.event_id());
    archive.add_event(project, device, accepted);
    const auto built = build_index(layout_, original_, Log("test"));
    ASSERT_TRUE(built.ok());
  }

  static std::vector<std::string> dump(const fs::path& index) {
    std::vector<std::string> lines;
    const Status status =
        dump_index(index, [&](std::string_view line) { lines.emplace_back(line); });
    EXPECT_TRUE(status.ok()) << status.error().message();
    return lines;
  }
  static std::vector<std::string> texts(Database& database, const std::string& sql) {
    std::vector<std::string> found;
    auto select = database.prepare(sql);
    EXPECT_TRUE(select.ok());
    while (*select->step()) found.push_back(select->text(0));
    return found;
  }
  static std::vector<Column> columns(const fs::path& index) {
    std::vector<Column> found;
    auto database = Database::open_reader(index);
    EXPECT_TRUE(database.ok());
    for (const auto& table : texts(*database,
                                   "select name from sqlite_schema where type = 'table'"
                                   " and name not like 'sqlite_%' and sql not like 'create virtual"
                                   " table%' and sql not like 'CREATE TABLE ''search_%'"
                                   " order by 1")) {
      auto select = database->prepare("select name, type from pragma_table_info('" + table + "')");
      EXPECT_TRUE(select.ok());
      while (*select->step()) found.push_back({table, select->text(0), select->text(1)});
    }
    return found;
  }
  // Numbers by which one file's rows find each other.
  static bool is_local(const std::string& what) {
    static const std::set<std::string> kLocal{
        "capture.place",         "event.event_row",          "search_doc.place",
        "search_doc.event_row",  "plan_statement.event_row", "track.track_id",
        "init_segment.track_id", "init_segment.content_id",  "init_content.content_id",
    };
    return kLocal.count(what) > 0;
  }
  // SQL for another value that the column's checks let pass.
  static std::string another_value(const Column& column) {
    const std::string& name = column.name;
    static const std::set<std::string> kFlags{"complete", "capture_complete", "demonstration",
                                              "filmed"};
    if (kFlags.count(name) > 0) return "1 - " + name;
    if (column.type == "TEXT") return name + " || 'x'";
    if (column.type == "BLOB") return "randomblob(coalesce(length(" + name + "), 16))";
    return "coalesce(" + name + ", 0) + 1";
  }

  TempDir dir_;
  Layout layout_{dir_.path() / "state"};
  fs::path original_ = dir_.path() / "original.db";
};

TEST_F(DumpTest, EveryValueOfEveryTableIsShown) {
  const auto before = dump(original_);
  std::set<std::string> tables;
  std::size_t changed = 0;
  for (const Column& column : columns(original_)) {
    tables.insert(column.table);
    const std::string what = column.table + "." + column.name;
    if (is_local(what)) continue;
    const fs::path copy = dir_.path() / "copy.db";
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(copy.string() + suffix);
    {
      auto source = Database::open_writer(original_);
      ASSERT_TRUE(source.ok() && source->checkpoint().ok());
    }
    fs::copy_file(original_, copy);
    {
      auto database = Database::open_writer(copy);
      ASSERT_TRUE(database.ok());
      ASSERT_FALSE(texts(*database, "select 1 from " + column.table).empty())
          << column.table << " has no row to try it on";
      // One row: all of them could collide.
      const std::string one = "(" + column.name + " is (select " + column.name + " from " +
                              column.table + " order by 1 desc limit 1))";
      const Status status =
          database->execute("pragma foreign_keys = off; update " + column.table + " set " +
                            column.name + " = " + another_value(column) + " where " + one);
      ASSERT_TRUE(status.ok()) << what << ": " << status.error().message();
    }
    EXPECT_TRUE(dump(copy) != before) << what << " may differ unseen";
    ++changed;
  }
  EXPECT_EQ(tables.size(), 14U);
  EXPECT_GT(changed, 60U);
}

TEST_F(DumpTest, WhatIsFoundByAWordIsShown) {
  const auto before = dump(original_);
  auto database = Database::open_writer(original_);
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(database
                  ->execute("insert into search (rowid, tokens)"
                            " select place, 'another' from search_doc limit 1")
                  .ok());
  EXPECT_NE(dump(original_), before);
}

TEST_F(DumpTest, NumbersThatAreLocalToAFileAreNotShown) {
  const auto before = dump(original_);
  {
    auto database = Database::open_writer(original_);
    ASSERT_TRUE(database.ok());
    const Status status = database->execute(
        "pragma foreign_keys = off;"
        "update capture set place = place + 1;"
        "update event set event_row = event_row + 700;"
        "update search_doc set event_row = event_row + 700;"
        "update plan_statement set event_row = event_row + 700;"
        "update track set track_id = track_id + 70;"
        "update track_row set row_key = row_key + (70 << 32);"
        "update init_segment set track_id = track_id + 70, content_id = content_id + 7;"
        "update init_content set content_id = content_id + 7;");
    ASSERT_TRUE(status.ok()) << status.error().message();
  }
  EXPECT_EQ(dump(original_), before);
}

}  // namespace
}  // namespace sitecast::hub
