// SPDX-License-Identifier: Apache-2.0
// What `check` finds in archives that were damaged in one place each, and what it says to do.
#include <random>

#include "hub/check/findings.h"
#include "proto/sqlite/database.h"
#include "tests/unit/hub_check/damaged_archive.h"

namespace sitecast::hub {
namespace {

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

TEST_F(CheckTest, RecordThatIsNoEventIsNamed) {
  Bytes record;
  append_event_record(record, {1, device_, as_bytes("no event")});
  append(log(), record);
  build_index();
  expect_problem("event at byte ");
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

}  // namespace
}  // namespace sitecast::hub
