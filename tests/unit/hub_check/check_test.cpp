// SPDX-License-Identifier: Apache-2.0
// What `check` finds in archives that were damaged in one place each, and what it says to do.
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "hub/archive/archive.h"
#include "hub/archive/journal_rest.h"
#include "hub/archive/sidecar.h"
#include "hub/check/findings.h"
#include "hub/index/writer.h"
#include "proto/base/file.h"
#include "proto/sqlite/database.h"
#include "tests/support/archive_builder.h"
#include "tests/unit/hub_check/check_fixture.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kParts = 40;

Bytes load(const fs::path& path) {
  auto bytes = read_file(path, 64ULL << 20);
  EXPECT_TRUE(bytes.ok()) << path;
  return bytes.ok() ? std::move(*bytes) : Bytes{};
}
void store(const fs::path& path, ByteView bytes) {
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

TEST_F(CheckTest, WholeArchiveIsClean) {
  EXPECT_EQ(checked(true).out,
            "1 tracks, 40 parts, 1 event logs, 3 events, every byte read: clean\n");
  name_as_touched();
  expect_clean();
}

TEST_F(CheckTest, FolderWithoutAnArchiveIsNotCalledClean) {
  fs::remove_all(layout_.archive_root());
  expect_problem("there is no archive here\n  to do: correct state_dir in hub.toml");
}

TEST_F(CheckTest, DamageInTheMiddleOfASidecarIsNoTornEnd) {
  const Bytes whole = load(sidecar());
  std::mt19937_64 random(7);
  for (int round = 0; round < 12; ++round) {
    // The last record is left out: behind it there is nothing whole.
    const std::size_t part = random() % (kParts - 1);
    const std::uint64_t at =
        record_at_[part] + random() % (record_at_[part + 1] - record_at_[part]);
    flip_bit(sidecar(), at);
    round % 2 == 0 ? name_as_touched() : name_as_clean();
    forget_index();
    expect_problem("is damaged at byte " + std::to_string(record_at_[part]) + "; " +
                   std::to_string(kParts - part - 1) + " whole records in the");
    store(sidecar(), whole);
  }
  build_index();
  name_as_clean();
  expect_clean();
}

TEST_F(CheckTest, TornEndAfterACrashIsANoticeUntilTheHubHasCutIt) {
  const Bytes whole = load(sidecar());
  const Bytes whole_media = load(media());
  std::mt19937_64 random(8);
  for (int round = 0; round < 12; ++round) {
    const std::size_t part = kParts - 1 - random() % 5;
    const std::uint64_t at =
        record_at_[part] + 1 + random() % (record_at_[part + 1] - record_at_[part] - 1);
    store(sidecar(), ByteView(whole).first(at));
    if (round % 3 == 0) append(sidecar(), Bytes(random() % 5000));  // blocks never written
    name_as_touched();
    forget_index();
    expect_notice("notice: " + sidecar().string() + ": a torn end at byte " +
                  std::to_string(record_at_[part]) +
                  "\n  to do: nothing: the hub's next start cuts it off");
    let_the_hub_repair();
    EXPECT_EQ(fs::file_size(sidecar()), record_at_[part]);
    build_index();
    expect_clean();
    store(media(), whole_media);
  }
}

TEST_F(CheckTest, TornEndHidesNothingElse) {
  flip_bit(media(), 20 * parts_[0].media.size() + 30);
  fs::resize_file(sidecar(), record_at_[kParts] - 3);
  name_as_touched();
  forget_index();
  const CommandResult result = checked(true);
  EXPECT_NE(result.out.find("problem: " + sidecar().string() + ": part 20: its bytes"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("a torn end at byte " + std::to_string(record_at_[kParts - 1])),
            std::string::npos)
      << result.out;
}

TEST_F(CheckTest, WithoutACrashAnEndThatCannotBeReadIsDamage) {
  fs::resize_file(sidecar(), record_at_[kParts] - 3);
  forget_index();
  expect_problem("is damaged at byte " + std::to_string(record_at_[kParts - 1]) +
                 "; 0 whole records");
}

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

TEST_F(CheckTest, MediaBehindTheLastPartIsTornOnlyAfterACrash) {
  append(media(), Bytes(5000, 7));
  expect_problem("its last 5000 bytes belong to no part\n  to do: the sidecar has lost its end");
  name_as_touched();
  expect_notice("a torn end at byte " + std::to_string(record_at_[kParts]));
  let_the_hub_repair();
  expect_clean();
}

TEST_F(CheckTest, MediaCutShortIsTornOnlyAfterACrashAndAtTheEnd) {
  const Bytes whole = load(media());
  store(media(), ByteView(whole).first(whole.size() - 10));
  expect_problem("the media file ends before its last part\n  to do: restore the media file");
  name_as_touched();
  expect_problem("the media file ends before its last part");  // the index has read that record
  forget_index();
  expect_notice("a torn end at byte " + std::to_string(record_at_[kParts - 1]));
  let_the_hub_repair();
  build_index();
  expect_clean();
}

TEST_F(CheckTest, AlteredMediaIsFoundByReadingItAndNamesThePart) {
  flip_bit(media(), 20 * parts_[0].media.size() + 30);
  EXPECT_EQ(checked(false).code, 0);
  expect_problem("part 20: its bytes", true);
  name_as_touched();
  forget_index();
  expect_problem("part 20: its bytes", true);
}

TEST_F(CheckTest, LastPartsThatWereNeverWrittenAreTornAfterACrash) {
  Bytes bytes = load(media());
  const std::size_t from = bytes.size() - 2 * parts_[0].media.size();
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), std::uint8_t{0});
  store(media(), bytes);
  expect_problem("part 38: its bytes", true);
  name_as_touched();
  forget_index();
  expect_notice("a torn end at byte " + std::to_string(record_at_[38]), true);
  let_the_hub_repair();
  build_index();
  expect_clean();
}

TEST_F(CheckTest, PartThatIsStoredTwiceIsNamed) {
  archive_.add_part(project_, device_, maker_, parts_[3], false);
  build_index();
  expect_problem("part 3 is stored twice\n  to do: nothing is lost");
}

TEST_F(CheckTest, PartsThatShareBytesAreNamed) {
  SidecarRecord record;
  record.media_offset = 10;
  record.media_size_bytes = 100;
  v1::PartEnvelope envelope;
  MadePart part = TrackMaker(maker_).next();
  record.envelope_bytes = part.envelope;
  record.proof_bytes = part.proof;
  Bytes bytes;
  append_sidecar_record(bytes, record);
  append(sidecar(), bytes);
  expect_problem("its media overlaps another part's");
}

TEST_F(CheckTest, WhatTheDeviceDidNotSignIsNamed) {
  const SigningKey other = SigningKey::generate();
  TrackMaker forged(CaptureId::make(), "video", other, {.parts_per_head = 10});
  for (int i = 0; i < 10; ++i) archive_.add_part(project_, device_, forged, forged.next(), true);
  build_index();
  expect_problem("part 9: the signature is not that of the device\n  to do: compare the track");
}

TEST_F(CheckTest, EventThatIsStoredTwiceIsNamedInOneLogAndInTwo) {
  add(note_);
  build_index();
  const std::string id = EventId::from_bytes(note_.event_id())->text();
  expect_problem("event " + id + " at byte ");
  const CommandResult once = checked();
  EXPECT_NE(once.out.find("is stored twice: first at byte"), std::string::npos);
  EXPECT_NE(once.out.find("with the same content\n  to do: nothing is shown or counted twice"),
            std::string::npos)
      << once.out;

  archive_.add_event(ProjectId::make(), device_, opened_);
  build_index();
  const CommandResult twice = checked();
  EXPECT_NE(twice.out.find(" of " + layout_.events_root().string()), std::string::npos)
      << twice.out;
  EXPECT_NE(twice.out.find(": 2 problems\n"), std::string::npos) << twice.out;
}

TEST_F(CheckTest, OneEventIdWithTwoContentsIsAContradiction) {
  note_.mutable_note()->set_text("屋面未完成");
  add(note_);
  build_index();
  expect_problem("with another content\n  to do: the first record counts, here and in the index");
}

TEST_F(CheckTest, DamageInTheMiddleOfAnEventLogIsNoTornEnd) {
  const Bytes whole = load(log());
  flip_bit(log(), 20);
  forget_index();
  expect_problem("is damaged at byte 0; 2 whole events in the " + std::to_string(whole.size()) +
                 " bytes");
  store(log(), whole);
  flip_bit(log(), whole.size() - 1);
  expect_notice("a torn end of");
  let_the_hub_repair();
  EXPECT_LT(fs::file_size(log()), whole.size());
  build_index();
  expect_clean();
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

TEST_F(CheckTest, BlockThatACrashDidNotWriteIsTornThoughTheNextOneWasWritten) {
  // As a group of events longer than a block is left when its blocks were written out of order.
  const std::uint64_t durable = fs::file_size(log());
  v1::Event longer = note_;
  longer.mutable_note()->set_text(std::string(700, 'x'));
  for (int i = 0; i < 12; ++i) {
    longer.set_event_id(EventId::make().raw());
    add(longer);
  }
  Bytes bytes = load(log());
  std::fill_n(bytes.begin() + 1024, 1024, std::uint8_t{0});
  ASSERT_LT(durable, 1024U);
  store(log(), bytes);
  expect_notice("a torn end of");
  let_the_hub_repair();
  EXPECT_GE(fs::file_size(log()), durable);
  EXPECT_LT(fs::file_size(log()), 1024U);
  build_index();
  expect_clean();
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

TEST_F(CheckTest, RecordThatIsNoEventIsNamed) {
  Bytes record;
  append_event_record(record, {1, device_, as_bytes("no event")});
  append(log(), record);
  build_index();
  expect_problem("event at byte ");
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

TEST_F(CheckTest, FilesThatAreNotTheArchivesAreNamedOneByOne) {
  const fs::path folder = sidecar().parent_path();
  store(folder / "notes.txt", as_bytes("x"));
  expect_problem((folder / "notes.txt").string() + ": is no file of the archive's\n  to do: move");
  fs::remove(folder / "notes.txt");
  store(folder / "audio.media", as_bytes("x"));
  expect_problem((folder / "audio.media").string() + ": is half of a pair\n  to do: restore");
  fs::remove(folder / "audio.media");
  store(layout_.events_root() / "notes.txt", as_bytes("x"));
  expect_problem((layout_.events_root() / "notes.txt").string());
  fs::remove(layout_.events_root() / "notes.txt");

  store(layout_.archive_root() / "touched.tmp1234", as_bytes("x"));
  expect_notice("touched.tmp1234: is left of a file");
  fs::remove(layout_.archive_root() / "touched.tmp1234");
  const fs::path quarantine = layout_.quarantine_dir(project_, maker_.capture());
  fs::create_directories(quarantine);
  store(quarantine / "video-3-0011.part", as_bytes("x"));
  expect_notice("contradicts an archived part\n  to do: compare it");
  fs::remove_all(quarantine);
  expect_clean();
}

TEST_F(CheckTest, TrackThatWasBeingMadeWhenTheHubWasKilledIsANotice) {
  for (const std::size_t header_bytes : {0U, 10U}) {
    for (const bool with_sidecar : {true, false}) {
      const CaptureId capture = CaptureId::make();
      const fs::path new_sidecar = layout_.sidecar(project_, capture, "video");
      fs::create_directories(new_sidecar.parent_path());
      store(layout_.media(project_, capture, "video"), Bytes(300, 1));
      if (with_sidecar) store(new_sidecar, Bytes(header_bytes, 1));
      EXPECT_EQ(checked().code, 1);
      std::ofstream(layout_.touched_file())
          << project_.text() << " " << capture.text() << " video\n";
      expect_notice(with_sidecar ? "a track that was being made" : "half of a track");
      let_the_hub_repair();
      fs::remove_all(new_sidecar.parent_path());
      expect_clean();
    }
  }
}

TEST_F(CheckTest, LostSidecarIsAProblemAndItsMediaIsLeftAlone) {
  const Bytes before = load(media());
  fs::remove(sidecar());
  name_as_touched();
  expect_problem(media().string() + ": is half of a pair");
  const SystemClock clock;
  auto archive = Archive::open(
      layout_, {}, clock, [](auto&&...) { return true; }, Log("test"));
  ASSERT_TRUE(archive.ok());
  PartToStore part;
  part.hash = parts_[0].hash;
  part.envelope_bytes = parts_[0].envelope;
  part.proof_bytes = parts_[0].proof;
  part.media = parts_[0].media;
  const Verdict verdict =
      (*archive)->store(Sender{project_, device_, false}, {project_, maker_.capture(), "video"},
                        part, v1::PartProof());
  EXPECT_EQ(verdict.cause, v1::HUB_IO_ERROR);
  EXPECT_EQ(load(media()), before);
  EXPECT_FALSE(fs::exists(sidecar()));
}

TEST_F(CheckTest, DamagedHeaderIsNamed) {
  flip_bit(sidecar(), 3);
  name_as_touched();
  expect_problem("is damaged at byte 0: it has no whole header\n  to do: stop the hub and copy");
}

TEST_F(CheckTest, BesideARunningHubTheIndexIsNotJudged) {
  auto lock = FileLock::acquire(layout_.lock_file());
  ASSERT_TRUE(lock.ok());
  fs::remove_all(layout_.index_dir());
  expect_notice("the index was not compared with the files\n  to do: stop the hub and check again");
}

TEST_F(CheckTest, WithoutEnrolmentRecordsSignaturesAreNotJudged) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    fs::remove(layout_.enrolment_db().string() + suffix);
  }
  expect_notice("signatures were not judged\n  to do: restore STATE/enrolment.db");
}

TEST(FindingsTest, EachSaysWhatToDo) {
  for (int i = 0; i <= static_cast<int>(Finding::kNoKeys); ++i) {
    const auto finding = static_cast<Finding>(i);
    EXPECT_GT(what_to_do(finding).size(), 20U) << i;
    EXPECT_NE(what_to_do(finding).back(), '.') << i;
  }
}

TEST(JournalRestTest, WholeRecordsAreFoundWhereverTheyBegin) {
  const TempDir dir;
  const fs::path path = dir.path() / "journal";
  std::mt19937_64 random(9);
  Bytes record;
  append_event_record(record, {1, DeviceId::make(), Bytes(60'000, 3)});
  for (const std::size_t damage :
       {1UL, 70'000UL, (1UL << 20) - 10, 1UL << 20, (1UL << 20) + 61'000}) {
    Bytes bytes(damage);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    std::uint64_t expected = 0;
    for (; bytes.size() < (3UL << 20); ++expected) {
      bytes.insert(bytes.end(), record.begin(), record.end());
    }
    store(path, bytes);
    const auto file = File::open_for_reading(path);
    ASSERT_TRUE(file.ok());
    const auto rest = event_log_rest(*file, 0, bytes.size());
    ASSERT_TRUE(rest.ok());
    EXPECT_EQ(rest->whole_records, expected);
    EXPECT_EQ(rest->first_whole_at, damage);
    EXPECT_EQ(rest->bytes, bytes.size());
  }
}

}  // namespace
}  // namespace sitecast::hub
