// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/spool.h"

#include <fstream>

#include "proto/codec/event_rules.h"
#include "proto/codec/limits.h"
#include "tests/unit/agent_spool/spool_fixture.h"

namespace sitecast::agent {
namespace {

TEST_F(SpoolTest, PartsComeBackAsTheyWereHandedToTheNetwork) {
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 100; ++n) ASSERT_TRUE(writer->append("video", make_part(n)).ok());
  ASSERT_TRUE(wait_synced(0, 100));
  RunningHash running(writer->id(), "video");
  for (std::uint64_t n = 0; n < 100; ++n) {
    const auto frame = spool->read_frame(0, n);
    ASSERT_TRUE(frame.ok());
    EXPECT_EQ(**frame, *listener->frames.at({0, n}));
    EXPECT_EQ(spool->frame_bytes(0, n), (*frame)->size());
    const auto parts = split_part_frame(as_bytes(**frame));
    ASSERT_TRUE(parts.ok());
    EXPECT_EQ(to_string(parts->media), to_string(make_part(n).media));
    const auto envelope = parse_envelope(parts->envelope_bytes);
    ASSERT_TRUE(envelope.ok());
    EXPECT_EQ(envelope->sequence(), n);
    EXPECT_EQ(envelope->init_segment().empty(), n % 30 != 0);
    running.add(part_hash(parts->envelope_bytes, parts->media));
    EXPECT_EQ(spool->running_hash(0, n + 1), running.value());
  }
}

TEST_F(SpoolTest, FirstAndLastPartCarryASignedHead) {
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 3; ++n) {
    NewPart part = make_part(n);
    part.last = n == 2;
    ASSERT_TRUE(writer->append("video", std::move(part)).ok());
  }
  ASSERT_TRUE(wait_synced(0, 3));
  for (std::uint64_t n = 0; n < 3; ++n) {
    const auto frame = spool->read_frame(0, n);
    ASSERT_TRUE(frame.ok());
    const auto proof = parse_proof(split_part_frame(as_bytes(**frame))->proof_bytes);
    ASSERT_TRUE(proof.ok());
    ASSERT_EQ(proof->has_head(), n != 1) << n;
    if (proof->has_head()) {
      EXPECT_TRUE(verify_head(key.public_key(), writer->id(), "video", proof->head()));
    }
  }
  EXPECT_EQ(writer->append("video", make_part(3)).error().kind(), ErrorKind::kFailedPrecondition);
}

TEST_F(SpoolTest, NoPartIsCalledSyncedWhoseSyncFailed) {
  open();
  auto writer = open_capture();
  disk.fail_sync_at = disk.syncs + 1;
  disk.for_ever = true;
  ASSERT_TRUE(writer->append("video", make_part(0)).ok());
  ASSERT_TRUE(eventually([&] { return spool->trouble().kind == "disk_error"; }));
  EXPECT_EQ(listener->synced[0], 0U);
  EXPECT_EQ(writer->append("video", make_part(1)).error().kind(), ErrorKind::kDataLoss);
  ASSERT_TRUE(writer->close("error", "disk").ok());
  ASSERT_TRUE(listener->wait([&] { return listener->events.size() == 2; }));
  const auto closed = parse_event(listener->events[1].bytes).capture_closed();
  ASSERT_EQ(closed.tracks_size(), 1);
  EXPECT_EQ(closed.tracks(0).part_count(), 0U);
}

TEST_F(SpoolTest, OneFailedSyncLosesNothing) {
  for (int n = 1; n <= 6; ++n) {
    SCOPED_TRACE(n);
    open();
    auto writer = open_capture();
    const auto handle = static_cast<TrackHandle>(listener->tracks.size() - 1);
    disk.fail_sync_at = disk.syncs + n;
    for (std::uint64_t i = 0; i < 40; ++i) {
      ASSERT_TRUE(writer->append("video", make_part(i)).ok());
      if (i % 5 == 4) {
        ASSERT_TRUE(wait_synced(handle, i + 1));
      }
    }
    const CaptureId id = writer->id();
    const auto expected = listener->frames;
    writer.reset();
    open();  // as after a kill: the capture was not closed
    TrackHandle found = 0;
    for (const auto& [track, description] : listener->tracks) {
      if (description.capture == id) found = track;
    }
    ASSERT_EQ(listener->tracks.at(found).made, 40U);
    for (std::uint64_t i = 0; i < 40; ++i) {
      const auto frame = spool->read_frame(found, i);
      ASSERT_TRUE(frame.ok());
      EXPECT_EQ(**frame, *expected.at({handle, i}));
    }
    disk.fail_sync_at = 0;
  }
}

TEST_F(SpoolTest, AFailedFolderSyncLosesNothing) {
  open();
  auto writer = open_capture();
  disk.fail_folder_sync_at = disk.folder_syncs + 1;
  ASSERT_TRUE(writer->append("video", make_part(0)).ok());
  ASSERT_TRUE(wait_synced(0, 1));
  EXPECT_GE(disk.folder_syncs, 2);
  EXPECT_TRUE(spool->read_frame(0, 0).ok());
}

TEST_F(SpoolTest, APartThatTheFullDiskRefusesLeavesTheTrackAsItWas) {
  open();
  auto writer = open_capture();
  ASSERT_TRUE(writer->append("video", make_part(0)).ok());
  disk.torn = true;
  disk.fail_append_at = disk.appends + 1;
  EXPECT_EQ(writer->append("video", make_part(1)).error().kind(), ErrorKind::kResourceExhausted);
  ASSERT_TRUE(writer->append("video", make_part(1)).ok());
  ASSERT_TRUE(writer->close("disk_full", "").ok());
  const CaptureId id = writer->id();
  writer.reset();
  open();
  ASSERT_EQ(listener->tracks.size(), 1U);
  EXPECT_EQ(listener->tracks.at(0).capture, id);
  EXPECT_EQ(listener->tracks.at(0).made, 2U);
  EXPECT_TRUE(spool->read_frame(0, 1).ok());
}

TEST_F(SpoolTest, CaptureStopsVisiblyAtTheReserveAndAtTheQuota) {
  settings.quota_bytes = 200'000;
  open();
  auto writer = open_capture();
  Status status = Ok{};
  std::uint64_t n = 0;
  while (status.ok() && n < 1000) status = writer->append("video", make_part(n++));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(spool->trouble().kind, "quota_full");
  ASSERT_TRUE(writer->close("disk_full", "").ok());
  writer.reset();

  settings.quota_bytes = 1 << 30;
  open();
  auto second = open_capture();
  disk.free = settings.reserve_bytes;
  EXPECT_EQ(second->append("video", make_part(0)).error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(spool->trouble().kind, "disk_full");
  EXPECT_EQ(spool->open_capture(project, "", walkthrough()).error().kind(),
            ErrorKind::kResourceExhausted);
  disk.free = 0;
  EXPECT_TRUE(second->append("video", make_part(0)).ok());
  EXPECT_TRUE(second->close("stopped", "").ok());
  EXPECT_TRUE(eventually([&] { return spool->trouble().kind.empty(); }));
}

TEST_F(SpoolTest, ClosingStatesEveryTracksEnd) {
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 7; ++n) ASSERT_TRUE(writer->append("video", make_part(n)).ok());
  for (std::uint64_t n = 0; n < 3; ++n) ASSERT_TRUE(writer->append("audio", make_part(n)).ok());
  ASSERT_TRUE(writer->close("stopped", "by hand").ok());
  ASSERT_TRUE(writer->close("stopped", "again").ok());
  EXPECT_FALSE(writer->append("video", make_part(7)).ok());
  ASSERT_TRUE(listener->wait([&] { return listener->events.size() >= 2; }));
  ASSERT_EQ(listener->events.size(), 2U);
  const v1::Event opened = parse_event(listener->events[0].bytes);
  EXPECT_EQ(opened.kind(), "capture.opened");
  EXPECT_EQ(opened.area(), "hall 2");
  EXPECT_GE(opened.capture_opened().boot_count(), 1U);
  const v1::Event event = parse_event(listener->events[1].bytes);
  EXPECT_EQ(event.kind(), "capture.closed");
  EXPECT_EQ(event.capture_closed().reason(), "stopped");
  ASSERT_EQ(event.capture_closed().tracks_size(), 2);
  const v1::TrackEnd& video = event.capture_closed().tracks(1);
  EXPECT_EQ(video.track(), "video");
  EXPECT_EQ(video.part_count(), 7U);
  EXPECT_EQ(video.running_hash(), to_string(*spool->running_hash(0, 7)));
  EXPECT_TRUE(verify_head(key.public_key(), writer->id(), "video", video.head()));
}

// A message of the system may name a file of any bytes, and may be long.
TEST_F(SpoolTest, WhyACaptureEndedIsFitForTheWireWhateverItSays) {
  open();
  auto writer = open_capture();
  ASSERT_TRUE(writer->append("video", make_part(0)).ok());
  std::string detail = "open /\xb3\xa7\n";
  while (detail.size() <= limits::kTextBytes) detail += "厂";
  ASSERT_TRUE(writer->close("error", detail).ok());
  ASSERT_TRUE(listener->wait([&] { return listener->events.size() == 2; }));
  const auto event = sitecast::parse_event(as_bytes(*listener->events[1].bytes));
  ASSERT_TRUE(event.ok()) << event.error().message();
  EXPECT_EQ(event->capture_closed().detail().find("open /\xEF\xBF\xBD\xEF\xBF\xBD厂"), 0U);
}

TEST_F(SpoolTest, ACaptureWithoutAnyPartIsClosedByARestartToo) {
  open();
  open_capture().reset();
  open();
  ASSERT_EQ(listener->events.size(), 2U);
  const v1::Event event = parse_event(listener->events[1].bytes);
  EXPECT_EQ(event.capture_closed().reason(), "restarted");
  ASSERT_EQ(event.capture_closed().tracks_size(), 1);
  EXPECT_EQ(event.capture_closed().tracks(0).part_count(), 0U);
  spool->events_delivered({listener->events[0].id, listener->events[1].id});
  EXPECT_TRUE(
      eventually([&] { return spool->captures().at(0).state == CaptureState::kDelivered; }));
}

TEST_F(SpoolTest, ARestartClosesTheCaptureAtItsLastWholePartAndTheNextContinuesIt) {
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 10; ++n) ASSERT_TRUE(writer->append("video", make_part(n)).ok());
  ASSERT_TRUE(wait_synced(0, 10));
  const CaptureId id = writer->id();
  writer.reset();
  spool.reset();
  const auto file = folder(id) / spool_file_name("video", 0, 0);
  std::ofstream(file, std::ios::app | std::ios::binary) << "torn" << std::string(500, '\0');
  open();
  ASSERT_EQ(listener->tracks.at(0).made, 10U);
  EXPECT_TRUE(listener->tracks.at(0).ended);
  ASSERT_EQ(listener->events.size(), 2U);
  const v1::Event event = parse_event(listener->events[1].bytes);
  EXPECT_EQ(event.capture_closed().reason(), "restarted");
  EXPECT_EQ(event.capture_closed().tracks(0).part_count(), 10U);

  auto next = open_capture();
  ASSERT_TRUE(listener->wait([&] { return listener->events.size() >= 3; }));
  EXPECT_EQ(parse_event(listener->events[2].bytes).capture_opened().continues(), id.raw());
  auto other = open_capture();  // a second one does not continue the same
  ASSERT_TRUE(listener->wait([&] { return listener->events.size() >= 4; }));
  EXPECT_EQ(parse_event(listener->events[3].bytes).capture_opened().continues(), "");
}

// Changes one byte of record `sequence` of the file that begins at part `first`.
void damage(const std::filesystem::path& file, std::uint64_t first, std::uint64_t sequence,
            std::uint64_t at) {
  const auto opened = File::open_for_reading(file);
  ASSERT_TRUE(opened.ok());
  const auto offsets = scan_offsets(*opened, first, sequence - first + 1);
  ASSERT_TRUE(offsets.ok());
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const auto place = static_cast<std::streamoff>((*offsets)[sequence - first] + at);
  stream.seekg(place);
  const int byte = stream.get();
  stream.seekp(place);
  stream.put(static_cast<char>(byte ^ 0x5a));
}
std::string content(const std::filesystem::path& file) {
  const auto bytes = read_file(file, 1 << 24);
  EXPECT_TRUE(bytes.ok()) << file;
  return bytes.ok() ? to_string(ByteView(*bytes)) : "";
}

TEST_F(SpoolTest, ADamagedPartInARecordingThatWasKilledCostsOnlyItself) {
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 10; ++n) ASSERT_TRUE(writer->append("video", make_part(n)).ok());
  ASSERT_TRUE(wait_synced(0, 10));
  const auto hash = spool->running_hash(0, 10);
  const CaptureId id = writer->id();
  writer.reset();
  spool.reset();
  for (const std::uint64_t sequence : {0U, 4U, 5U}) {
    damage(folder(id) / spool_file_name("video", 0, 0), 0, sequence, kRecordPrefixBytes + 50);
  }
  open();
  ASSERT_EQ(listener->tracks.at(0).made, 10U);
  EXPECT_EQ(spool->running_hash(0, 10), hash);
  for (std::uint64_t n = 0; n < 10; ++n) {
    EXPECT_EQ(spool->read_frame(0, n).ok(), n != 0 && n != 4 && n != 5) << n;
  }
  const v1::CaptureClosed closed = parse_event(listener->events.at(1).bytes).capture_closed();
  EXPECT_EQ(closed.reason(), "restarted");
  EXPECT_EQ(closed.tracks(0).running_hash(), to_string(*hash));
  EXPECT_FALSE(std::filesystem::exists(settings.dir / "unknown"));
}

TEST_F(SpoolTest, ADamagedLastPartIsCutOff) {
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 10; ++n) ASSERT_TRUE(writer->append("video", make_part(n)).ok());
  ASSERT_TRUE(wait_synced(0, 10));
  const CaptureId id = writer->id();
  writer.reset();
  spool.reset();
  damage(folder(id) / spool_file_name("video", 0, 0), 0, 9, kRecordPrefixBytes + 50);
  open();
  EXPECT_EQ(listener->tracks.at(0).made, 9U);
  EXPECT_EQ(spool->captures().at(0).row.reason, "restarted");
  EXPECT_FALSE(std::filesystem::exists(settings.dir / "unknown"));
}

// The size, the sequence or the running hash of a record is wrong: it cannot be read over.
TEST_F(SpoolTest, WhatFollowsARecordThatCannotBeReadOverIsKeptAndSaid) {
  for (const std::uint64_t at : {std::uint64_t{2}, std::uint64_t{kRecordSequenceOffset},
                                 std::uint64_t{kRecordRunningHashOffset}}) {
    SCOPED_TRACE(at);
    open();
    auto writer = open_capture();
    const auto handle = static_cast<TrackHandle>(listener->tracks.size() - 1);
    for (std::uint64_t n = 0; n < 10; ++n) ASSERT_TRUE(writer->append("video", make_part(n)).ok());
    ASSERT_TRUE(wait_synced(handle, 10));
    const CaptureId id = writer->id();
    writer.reset();
    spool.reset();
    const std::string name = spool_file_name("video", 0, 0);
    damage(folder(id) / name, 0, 4, at);
    const std::string before = content(folder(id) / name);
    open();
    EXPECT_EQ(listener->tracks.at(handle).made, 4U);
    EXPECT_TRUE(spool->read_frame(handle, 3).ok());
    EXPECT_EQ(content(settings.dir / "unknown" / id.text() / name), before);
    EXPECT_EQ(spool->captures().back().row.reason, "damaged");
    const v1::CaptureClosed closed = parse_event(listener->events.back().bytes).capture_closed();
    EXPECT_EQ(closed.reason(), "damaged");
    EXPECT_NE(closed.detail().find("track video is damaged at part 4"), std::string::npos);
    EXPECT_TRUE(verify_head(key.public_key(), id, "video", closed.tracks(0).head()));

    // Delivered and freed here: what is kept for people stays, whole.
    spool->delivered(handle, 4);
    for (const OutboxEvent& event : std::vector<OutboxEvent>(listener->events)) {
      if (event.capture == id) spool->events_delivered({event.id});
    }
    ASSERT_TRUE(
        eventually([&] { return spool->captures().back().state == CaptureState::kDelivered; }));
    EXPECT_FALSE(std::filesystem::exists(folder(id)));
    open();
    EXPECT_EQ(content(settings.dir / "unknown" / id.text() / name), before);
  }
}

TEST_F(SpoolTest, FilesBehindADamagedOneAreKeptToo) {
  settings.file_bytes = 10'000;
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 50; ++n) {
    ASSERT_TRUE(writer->append("video", make_part(n)).ok());
    ASSERT_TRUE(wait_synced(0, n + 1));
  }
  const CaptureId id = writer->id();
  writer.reset();
  spool.reset();
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder(id))) {
    files[entry.path().filename().string()] = content(entry.path());
  }
  ASSERT_GT(files.size(), 4U);
  const std::string damaged = std::next(files.begin())->first;  // in the order of their parts
  const std::uint64_t first = parse_spool_file_name(damaged)->first;
  damage(folder(id) / damaged, first, first + 2, 2);
  files[damaged] = content(folder(id) / damaged);
  open();
  EXPECT_EQ(listener->tracks.at(0).made, first + 2);
  EXPECT_EQ(spool->captures().at(0).row.reason, "damaged");
  for (auto it = std::next(files.begin()); it != files.end(); ++it) {
    EXPECT_EQ(content(settings.dir / "unknown" / id.text() / it->first), it->second) << it->first;
  }
}

TEST_F(SpoolTest, ADamagedPartIsSaidAndNeverSent) {
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 3; ++n) ASSERT_TRUE(writer->append("video", make_part(n)).ok());
  ASSERT_TRUE(writer->close("stopped", "").ok());
  const auto file = folder(writer->id()) / spool_file_name("video", 0, 0);
  const auto first_size = kRecordPrefixBytes + spool->frame_bytes(0, 0);
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(first_size + kRecordPrefixBytes + 50));
    stream.put('\x7f');
  }
  EXPECT_TRUE(spool->read_frame(0, 0).ok());
  EXPECT_EQ(spool->read_frame(0, 1).error().kind(), ErrorKind::kDataLoss);
  EXPECT_TRUE(spool->read_frame(0, 2).ok());
}

TEST_F(SpoolTest, FilesAreFreedPieceByPieceAndOnlyWhenDelivered) {
  settings.file_bytes = 10'000;
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 50; ++n) {
    ASSERT_TRUE(writer->append("video", make_part(n)).ok());
    ASSERT_TRUE(wait_synced(0, n + 1));
  }
  const auto files = [&] {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder(writer->id()))) {
      count += entry.is_regular_file() ? 1U : 0U;
    }
    return count;
  };
  const std::size_t before = files();
  ASSERT_GT(before, 3U);
  spool->delivered(0, 25);
  // The next state of the spool is reached in one group: an event that follows is in the same one.
  ASSERT_TRUE(spool->state_event(project, note("x")).ok());
  EXPECT_LT(files(), before);
  EXPECT_EQ(spool->read_frame(0, 0).error().kind(), ErrorKind::kNotFound);
  EXPECT_TRUE(spool->read_frame(0, 25).ok());
  const auto hash = spool->running_hash(0, 50);

  writer.reset();
  open();  // not closed: recovered with its beginning gone
  ASSERT_EQ(listener->tracks.at(0).made, 50U);
  EXPECT_EQ(listener->tracks.at(0).delivered, 25U);
  EXPECT_TRUE(spool->read_frame(0, 25).ok());
  EXPECT_EQ(spool->running_hash(0, 50), hash);
}

TEST_F(SpoolTest, ACaptureIsReleasedWhenItsPartsAndEventsAreAtTheHub) {
  open();
  auto writer = open_capture();
  const CaptureId id = writer->id();
  ASSERT_TRUE(writer->append("video", make_part(0)).ok());
  ASSERT_TRUE(writer->close("stopped", "").ok());
  writer.reset();
  ASSERT_TRUE(listener->wait([&] { return listener->events.size() == 2; }));
  spool->delivered(0, 1);
  spool->events_delivered({listener->events[0].id});
  ASSERT_TRUE(spool->state_event(project, note("x")).ok());
  EXPECT_TRUE(std::filesystem::exists(folder(id)));
  EXPECT_EQ(spool->captures().at(0).state, CaptureState::kClosed);
  spool->events_delivered({listener->events[1].id});
  ASSERT_TRUE(spool->state_event(project, note("x")).ok());
  EXPECT_FALSE(std::filesystem::exists(folder(id)));
  EXPECT_EQ(spool->captures().at(0).state, CaptureState::kDelivered);
  EXPECT_EQ(spool->stored_bytes(), 0U);
  open();
  EXPECT_TRUE(listener->tracks.empty());
  ASSERT_EQ(spool->captures().size(), 1U);
  EXPECT_EQ(spool->captures().at(0).tracks.at(0).figures.made, 1U);
}

// Also those that an earlier process delivered; LeakSanitizer watches that nothing of them stays.
TEST_F(SpoolTest, CapturesBeyondTheHistoryAreForgottenWithTheirTracks) {
  settings.history = 2;
  for (int start = 0; start < 2; ++start) {
    open();
    for (TrackHandle handle = 0; handle < 4; ++handle) {
      auto writer = open_capture();
      ASSERT_TRUE(writer->append("video", make_part(0)).ok());
      ASSERT_TRUE(writer->close("stopped", "").ok());
      writer.reset();
      ASSERT_TRUE(listener->wait([&] { return listener->events.size() == 2; }));
      spool->delivered(handle, 1);
      spool->events_delivered({listener->events[0].id, listener->events[1].id});
      listener->events.clear();
      ASSERT_TRUE(
          eventually([&] { return spool->captures().back().state == CaptureState::kDelivered; }));
    }
    EXPECT_EQ(spool->captures().size(), 2U);
    EXPECT_EQ(spool->read_frame(0, 0).error().kind(), ErrorKind::kNotFound);
    EXPECT_EQ(spool->frame_bytes(0, 0), 0U);
    EXPECT_EQ(spool->running_hash(0, 1), std::nullopt);
    spool->delivered(0, 1);  // a receipt that came late
  }
}

TEST_F(SpoolTest, EventsWaitInOrderThroughARestart) {
  open();
  std::vector<EventId> ids;
  for (int i = 0; i < 5; ++i) {
    const auto id = spool->state_event(project, note(std::to_string(i)));
    ASSERT_TRUE(id.ok());
    ids.push_back(*id);
  }
  spool->events_delivered({ids[1]});
  spool->event_refused(ids[3], "not allowed");
  open();
  ASSERT_EQ(listener->events.size(), 3U);
  EXPECT_EQ(listener->events[0].id, ids[0]);
  EXPECT_EQ(listener->events[1].id, ids[2]);
  EXPECT_EQ(listener->events[2].id, ids[4]);
  EXPECT_EQ(parse_event(listener->events[2].bytes).note().text(), "4");
}

TEST_F(SpoolTest, TheOutboxCountsWhatIsNotAtTheHubFromTheMomentItIsStated) {
  open();
  auto writer = open_capture();
  ASSERT_TRUE(writer->state(note("on the capture")).ok());
  const auto loose = spool->state_event(project, note("on nothing"));
  const auto third = spool->state_event(project, note("refused"));
  ASSERT_TRUE(loose.ok() && third.ok());
  EXPECT_EQ(spool->outbox().waiting, 4U);
  EXPECT_EQ(spool->outbox().refused, 0U);
  ASSERT_TRUE(spool->waiting_event(*loose));
  EXPECT_EQ(spool->waiting_event(*loose)->refused, "");
  spool->events_delivered({*loose});
  EXPECT_FALSE(spool->waiting_event(*loose));
  spool->event_refused(*third, "not allowed");
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(spool->outbox().waiting, 3U + static_cast<unsigned>(start));  // a restart closed one
    EXPECT_EQ(spool->outbox().refused, 1U);
    EXPECT_EQ(spool->outbox().refused_why, "not allowed");
    ASSERT_TRUE(spool->waiting_event(*third));
    EXPECT_EQ(spool->waiting_event(*third)->refused, "not allowed");
    EXPECT_EQ(spool->captures().at(0).refused_events, 0U);
    writer.reset();
    open();
  }
}

TEST_F(SpoolTest, AnEventThatIsHeldIsShownAndStillSent) {
  open();
  const auto id = spool->state_event(project, note("on another's capture"));
  ASSERT_TRUE(id.ok());
  spool->event_held(*id, "the capture belongs to another device");
  EXPECT_EQ(spool->outbox().refused, 1U);
  EXPECT_EQ(spool->waiting_event(*id)->refused, "the capture belongs to another device");
  open();
  ASSERT_EQ(listener->events.size(), 1U);
  EXPECT_EQ(listener->events[0].id, *id);
  EXPECT_EQ(spool->outbox().waiting, 1U);
  EXPECT_EQ(spool->outbox().refused, 0U);
  spool->event_held(*id, "no");
  spool->events_delivered({*id});
  EXPECT_EQ(spool->outbox().waiting, 0U);
  EXPECT_EQ(spool->outbox().refused, 0U);
}

TEST_F(SpoolTest, ACaptureNamesItsRefusedEvent) {
  open();
  auto writer = open_capture();
  ASSERT_TRUE(listener->wait([&] { return listener->events.size() == 1; }));
  spool->event_refused(listener->events[0].id, "");
  EXPECT_EQ(spool->captures().at(0).waiting_events, 1U);
  EXPECT_EQ(spool->captures().at(0).refused_events, 1U);
  EXPECT_EQ(spool->captures().at(0).refused_event, "the hub did not say why");
}

TEST_F(SpoolTest, AnEventThatTheHubWouldRefuseIsRefusedHere) {
  open();
  EXPECT_EQ(spool->state_event(project, v1::Event()).error().kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(spool->state_event(project, note(std::string(10'000, 'x'))).error().kind(),
            ErrorKind::kInvalidArgument);
}

TEST_F(SpoolTest, ASecondProcessIsKeptOut) {
  open();
  const auto second = Spool::open(settings, key, clock, disk, Log("test"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind(), ErrorKind::kFailedPrecondition);
}

TEST_F(SpoolTest, TheLedgerNamesEveryPart) {
  settings.ledger = dir.path() / "ledger";
  open();
  auto writer = open_capture();
  for (std::uint64_t n = 0; n < 3; ++n) ASSERT_TRUE(writer->append("video", make_part(n)).ok());
  std::ifstream ledger(settings.ledger);
  std::string line;
  for (std::uint64_t n = 0; n < 3; ++n) {
    ASSERT_TRUE(std::getline(ledger, line));
    const auto frame = split_part_frame(as_bytes(*listener->frames.at({0, n})));
    EXPECT_EQ(line, fmt::format("{} video {} {}", writer->id().text(), n,
                                hex_encode(part_hash(frame->envelope_bytes, frame->media))));
  }
}

}  // namespace
}  // namespace sitecast::agent
