// SPDX-License-Identifier: Apache-2.0
// What `check` says where index and journals differ.
#include "proto/sqlite/database.h"
#include "tests/unit/hub_check/damaged_archive.h"

namespace sitecast::hub {
namespace {

TEST_F(CheckTest, WhatTheIndexHasReadOnceIsNoTornEndAndIsNotCut) {
  fs::resize_file(sidecar(), record_at_[kParts] - 3);
  name_as_touched();
  expect_problem("is damaged at byte " + std::to_string(record_at_[kParts - 1]));
  const Bytes before = load(sidecar());
  const Bytes media_before = load(media());
  let_the_hub_repair();
  EXPECT_EQ(load(sidecar()), before);
  EXPECT_EQ(load(media()), media_before);
}

TEST_F(CheckTest, EventsBehindDamageAreNotCutAfterTheIndexWasLost) {
  flip_bit(log(), 20);
  const Bytes damaged = load(log());
  fs::remove_all(layout_.index_dir());
  const CommandResult rebuilt =
      run([&](CommandIo io) { return rebuild_index_command(layout_, io); });
  EXPECT_EQ(rebuilt.code, 1);
  EXPECT_NE(rebuilt.err.find(log().string() + " is damaged at byte 0"), std::string::npos)
      << rebuilt.err;
  EXPECT_NE(rebuilt.err.find("to do: stop the hub, copy the file"), std::string::npos);
  EXPECT_TRUE(current_index(layout_).ok()) << "there was none: what can be read is shown";
  let_the_hub_repair();
  EXPECT_EQ(load(log()), damaged);

  const SystemClock clock;
  auto archive = Archive::open(
      layout_, {}, clock, [](auto&&...) { return true; }, Log("test"));
  ASSERT_TRUE(archive.ok());
  const std::string bytes = note_.SerializeAsString();
  const Verdict verdict =
      (*archive)->store(Sender{project_, device_, false},
                        EventToStore{EventId::make(), "note", std::nullopt, 1, as_bytes(bytes)});
  EXPECT_EQ(verdict.cause, v1::HUB_IO_ERROR);
  EXPECT_NE(verdict.detail.find("to do: "), std::string::npos) << verdict.detail;
  EXPECT_EQ(load(log()), damaged);
}

TEST_F(CheckTest, IndexThatMayHoldWhatAJournalLostIsNotReplaced) {
  const auto rebuild = [&] {
    return run([&](CommandIo io) { return rebuild_index_command(layout_, io); });
  };
  const auto before = current_index(layout_);
  ASSERT_TRUE(before.ok());
  for (const fs::path& journal : {log(), sidecar()}) {
    const Bytes whole = load(journal);
    flip_bit(journal, kSidecarHeaderBytes + 12);
    const CommandResult refused = rebuild();
    EXPECT_EQ(refused.code, 1);
    EXPECT_EQ(refused.out, "");
    EXPECT_NE(refused.err.find("the index is left as it was"), std::string::npos) << refused.err;
    EXPECT_EQ(*current_index(layout_), *before);
    for (const fs::directory_entry& file : fs::directory_iterator(layout_.index_dir())) {
      const std::string name = file.path().filename().string();
      EXPECT_TRUE(name == "CURRENT" || name.starts_with(before->filename().string())) << name;
    }
    store(journal, whole);
  }
  EXPECT_EQ(rebuild().code, 0);
  expect_clean();
}

TEST_F(CheckTest, PartsBehindDamageAreNotCutAfterTheIndexWasLost) {
  const Bytes whole = load(sidecar());
  const Bytes whole_media = load(media());
  flip_bit(sidecar(), record_at_[20] + 30);
  name_as_touched();
  forget_index();
  const Bytes damaged = load(sidecar());
  let_the_hub_repair();
  EXPECT_TRUE(load(sidecar()) == damaged) << "was cut";
  EXPECT_TRUE(load(media()) == whole_media) << "was cut";

  store(sidecar(), whole);
  flip_bit(media(), 20 * parts_[0].media.size() + 30);
  const Bytes damaged_media = load(media());
  name_as_touched();
  let_the_hub_repair();
  EXPECT_TRUE(load(sidecar()) == whole) << "was cut";
  EXPECT_TRUE(load(media()) == damaged_media) << "was cut";
}

TEST_F(CheckTest, EndOfAnEventLogThatTheIndexHasReadIsNotTorn) {
  const Bytes whole = load(log());
  flip_bit(log(), whole.size() - 1);
  expect_problem("is damaged at byte");
  const CommandResult damaged = checked();
  EXPECT_NE(damaged.out.find("only in the index: event|"), std::string::npos) << damaged.out;
  EXPECT_EQ(damaged.out.find("no file is touched by it"), std::string::npos)
      << "it would throw away the last copy of the event\n"
      << damaged.out;
  // Cut where a record ends: nothing to be seen in the file itself.
  v1::Event more = event("note");
  more.mutable_note()->set_text("more");
  store(log(), whole);
  add(more);
  build_index();
  store(log(), whole);
  expect_problem("its end is lost\n  to do: restore the file from a backup, and do not rebuild");
}

TEST_F(CheckTest, IndexThatDiffersIsToBeBuiltAgain) {
  const auto path = current_index(layout_);
  ASSERT_TRUE(path.ok());
  {
    auto database = Database::open_writer(*path);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(
        database->execute("update capture set note_count = 7; delete from track_row;").ok());
  }
  expect_problem("index: only in the index: capture|");
  const CommandResult differs = checked();
  EXPECT_NE(differs.out.find("index: only in the files: track_row|"), std::string::npos);
  EXPECT_NE(differs.out.find("to do: run `sitecast-hub rebuild-index`"), std::string::npos);
  EXPECT_EQ(run([&](CommandIo io) { return rebuild_index_command(layout_, io); }).code, 0);
  expect_clean();
}

TEST_F(CheckTest, EventThatTheIndexCannotHoldIsTold) {
  v1::Event refused = event("plan.baselined");
  refused.clear_capture_id();
  refused.mutable_plan_baselined()->set_number(0);
  add(refused);
  expect_problem("index: 1 events of the logs are not in it\n  to do: all else is shown");
}

TEST_F(CheckTest, IndexThatIsGoneIsToBeBuiltAgain) {
  fs::remove_all(layout_.index_dir());
  expect_problem("index: there is no index yet\n  to do: run `sitecast-hub rebuild-index`");
}

TEST_F(CheckTest, EventThatOnlyTheIndexHasIsNotThrownAway) {
  v1::Event lost = event("note");
  lost.mutable_note()->set_text("said");
  const Bytes before = load(log());
  add(lost);
  build_index();
  store(log(), before);
  const auto path = current_index(layout_);
  ASSERT_TRUE(path.ok());
  {
    auto database = Database::open_writer(*path);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(
        database
            ->execute("update log_position set indexed_bytes = " + std::to_string(before.size()))
            .ok());
  }
  expect_problem("only in the index: event|");
  EXPECT_NE(checked().out.find("to do: restore what the files have lost from a backup first"),
            std::string::npos);
}

TEST_F(CheckTest, BesideARunningHubTheIndexIsNotJudged) {
  auto lock = FileLock::acquire(layout_.lock_file());
  ASSERT_TRUE(lock.ok());
  fs::remove_all(layout_.index_dir());
  expect_notice("the index was not compared with the files\n  to do: stop the hub and check again");
}

}  // namespace
}  // namespace sitecast::hub
