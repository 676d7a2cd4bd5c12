// SPDX-License-Identifier: Apache-2.0
// What a spool does when room runs out: says so early, thins in the stated order, never what people
// need.
#include <algorithm>
#include <fstream>

#include "tests/unit/agent_spool/spool_fixture.h"

namespace sitecast::agent {
namespace {

class SpoolPressureTest : public SpoolTest {
 protected:
  SpoolPressureTest() {
    settings.file_bytes = 20'000;
    settings.quota_bytes = 400'000;  // thinned below 20,000 bytes of room
  }
  struct Filmed {
    CaptureId id;
    TrackHandle video = 0, master = 0;
  };
  // About 115 kB: a capture that is over, all of it on this device.
  Filmed film(std::size_t master_parts = 100) {
    v1::CaptureOpened opened = walkthrough();
    opened.add_tracks("master");
    auto writer = spool->open_capture(project, "hall 2", std::move(opened));
    EXPECT_TRUE(writer.ok());
    Filmed filmed{(*writer)->id(), handle((*writer)->id(), "video"),
                  handle((*writer)->id(), "master")};
    for (std::uint64_t n = 0; n < 5; ++n) {
      EXPECT_TRUE((*writer)->append("video", make_part(n)).ok());
    }
    for (std::uint64_t n = 0; n < master_parts; ++n) {
      EXPECT_TRUE((*writer)->append("master", make_part(n, 1000, 9)).ok());
      // Files are begun when what came before is synced.
      if (n % 10 == 9) {
        EXPECT_TRUE(wait_synced(filmed.master, n + 1));
      }
    }
    EXPECT_TRUE((*writer)->close("stopped", "").ok());
    return filmed;
  }
  TrackHandle handle(CaptureId capture, const std::string& track) {
    for (const auto& [handle, description] : listener->tracks) {
      if (description.capture == capture && description.track == track) return handle;
    }
    ADD_FAILURE() << "no track " << track;
    return 0;
  }
  // Each part as soon as there is room for it.
  bool record(CaptureWriter& writer, std::uint64_t parts) {
    for (std::uint64_t n = 0; n < parts; ++n) {
      if (!eventually([&] { return writer.append("video", make_part(n)).ok(); })) return false;
    }
    return true;
  }
  TrackFigures figures(CaptureId capture, const std::string& track) {
    for (const CaptureSummary& summary : spool->captures()) {
      for (const TrackSummary& one : summary.tracks) {
        if (summary.row.id == capture && one.name == track) return one.figures;
      }
    }
    ADD_FAILURE() << "no track " << track;
    return {};
  }
  // Inside listener->wait() only: the spool still reports.
  std::vector<v1::Gap> gaps() {
    std::vector<v1::Gap> found;
    for (const OutboxEvent& event : listener->events) {
      const v1::Event parsed = parse_event(event.bytes);
      if (parsed.has_gap()) found.push_back(parsed.gap());
    }
    return found;
  }
};

TEST_F(SpoolPressureTest, MastersGoOldestFirstThoseWhoseLiveRenditionIsAtTheHubBeforeOthers) {
  open();
  const Filmed waiting = film(), delivered = film(), claimed = film();
  spool->delivered(delivered.video, 5);
  spool->delivered(claimed.video, 5);
  v1::Event progress;
  progress.set_kind("progress");
  progress.set_capture_id(claimed.id.raw());
  progress.mutable_progress()->set_stage("roof");
  ASSERT_TRUE(spool->state_event(project, progress).ok());
  auto writer = open_capture();
  ASSERT_TRUE(record(*writer, 180));
  ASSERT_GE(listener->cut_order.size(), 2U);
  EXPECT_EQ(listener->cut_order.front(), delivered.master);
  EXPECT_EQ(listener->cut_order.back(), waiting.master);
  EXPECT_TRUE(std::is_sorted(listener->cut_order.rbegin(), listener->cut_order.rend()));
  EXPECT_EQ(figures(claimed.id, "master").made, 100U);
  for (const Filmed& filmed : {waiting, delivered, claimed}) {
    EXPECT_EQ(figures(filmed.id, "video").made, 5U);
  }
  EXPECT_LE(spool->stored_bytes(), settings.quota_bytes);
  ASSERT_TRUE(writer->close("stopped", "").ok());
}

TEST_F(SpoolPressureTest, WhatIsThinnedIsStatedAndTheRestIsDeliveredThroughARestart) {
  open();
  const Filmed filmed = film(250);
  spool->delivered(filmed.video, 5);
  spool->delivered(filmed.master, 30);
  const auto whole = spool->running_hash(filmed.master, 40);
  auto writer = open_capture();
  ASSERT_TRUE(record(*writer, 120));
  ASSERT_TRUE(writer->close("stopped", "").ok());
  writer.reset();
  const TrackFigures cut = figures(filmed.id, "master");
  ASSERT_LT(cut.made, 250U);
  EXPECT_EQ(cut.made + cut.thinned, 250U);
  EXPECT_EQ(cut.synced, cut.made);
  std::vector<v1::Gap> found;
  ASSERT_TRUE(listener->wait([&] { return !(found = gaps()).empty(); }));
  const v1::Gap last = found.back();
  EXPECT_EQ(last.reason(), "thinned_disk_full");
  EXPECT_EQ(last.track(), "master");
  EXPECT_EQ(last.first_part(), cut.made);
  EXPECT_EQ(last.from_us(), static_cast<std::int64_t>(cut.made) * 3000 * 1'000'000 / 90'000);
  EXPECT_EQ(spool->read_frame(filmed.master, cut.made).error().kind(), ErrorKind::kNotFound);

  // As if a crash had taken an unlink back.
  const auto freed = folder(filmed.id) / spool_file_name("master", cut.made, 0);
  EXPECT_FALSE(std::filesystem::exists(freed));
  std::ofstream(freed) << "x";
  open();
  EXPECT_FALSE(std::filesystem::exists(freed));
  const TrackHandle master = handle(filmed.id, "master");
  EXPECT_EQ(listener->tracks.at(master).made, cut.made);
  EXPECT_EQ(figures(filmed.id, "master").thinned, cut.thinned);
  EXPECT_EQ(spool->running_hash(master, 40), whole);
  EXPECT_TRUE(spool->read_frame(master, cut.made - 1).ok());
  spool->delivered(master, cut.made + 3);  // the hub had some that were then given up
  EXPECT_EQ(figures(filmed.id, "master").delivered, cut.made);
}

TEST_F(SpoolPressureTest, NothingIsThinnedWhileNobodyNeedsTheRoom) {
  open();
  const Filmed filmed = film();
  spool->delivered(filmed.video, 5);
  disk.free = settings.reserve_bytes + 1000;
  ASSERT_TRUE(spool->state_event(project, note("x")).ok());
  ASSERT_TRUE(eventually([&] { return spool->trouble().kind == "low_room"; }));
  ASSERT_TRUE(spool->state_event(project, note("y")).ok());
  EXPECT_TRUE(listener->cut_order.empty());
  // Until somebody has to be turned away.
  EXPECT_FALSE(spool->open_capture(project, "", walkthrough()).ok());
  EXPECT_TRUE(listener->wait([&] { return !listener->cut_order.empty(); }));
}

TEST_F(SpoolPressureTest, LittleRoomIsSaidBeforeItIsFullAndTakenBackWhenThereIsMore) {
  settings.quota_bytes = 40'000'000;
  open();
  EXPECT_TRUE(spool->trouble().kind.empty());
  disk.free = settings.reserve_bytes + 3'900'000;
  ASSERT_TRUE(spool->state_event(project, note("x")).ok());
  ASSERT_TRUE(eventually([&] { return spool->trouble().kind == "low_room"; }));
  auto writer = open_capture();
  EXPECT_TRUE(writer->append("video", make_part(0)).ok());
  disk.free = settings.reserve_bytes;
  EXPECT_EQ(writer->append("video", make_part(1)).error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(spool->trouble().kind, "disk_full");
  EXPECT_FALSE(spool->has_room_again());
  ASSERT_TRUE(writer->close("disk_full", "").ok());
  // Nothing of ours happens any more: it is seen all the same.
  disk.free = settings.reserve_bytes + 3'900'000;
  EXPECT_TRUE(eventually([&] { return spool->has_room_again(); }));
  EXPECT_TRUE(eventually([&] { return spool->trouble().kind == "low_room"; }));
  disk.free = settings.reserve_bytes + 20'000'000;
  EXPECT_TRUE(eventually([&] { return spool->trouble().kind.empty(); }));
}

}  // namespace
}  // namespace sitecast::agent
