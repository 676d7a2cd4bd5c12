// SPDX-License-Identifier: Apache-2.0
// The write path from an arrival to its receipt, on a disk that can be made to fail: a receipt is
// never published while a power cut could take anything of what it speaks of. Each step runs a
// commit thread to its end over the same archive, so that nothing depends on time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "hub/archive/archive.h"
#include "hub/check/track_audit.h"
#include "hub/commit_thread.h"
#include "hub/index/current.h"
#include "hub/verify/head_check.h"
#include "proto/codec/topics.h"
#include "proto/sqlite/database.h"
#include "tests/support/fault_disk.h"
#include "tests/support/temp_dir.h"
#include "tests/support/track_maker.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

// As on a file system that others keep busy (files are then synced one by one), or a quiet one.
enum class Syncing { kTogether, kOneByOne };

bool wait_for(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class WritePath {
 public:
  explicit WritePath(Syncing syncing = Syncing::kTogether) : syncing_(syncing) {
    Enrolled enrolled;
    enrolled.projects.insert(project_);
    enrolled.devices[device_] = {device_, "tablet", false, {project_}, key_.public_key()};
    enrolled_.set(std::move(enrolled));
    open();
  }

  // Closes and opens the archive again, as a killed hub does.
  void restart() {
    archive_.reset();
    index_.reset();
    disk_.reset();
    open();
  }

  TrackMaker new_track(const std::string& name, TrackOptions options = {}) {
    return {CaptureId::make(), name, key_, options};
  }
  void arrive(const TrackMaker& track, const MadePart& part) {
    arrive({TopicKind::kFill, project_, device_, track.capture(), track.track()}, part.frame());
  }
  void arrive(const v1::Event& event) {
    const std::string bytes = event.SerializeAsString();
    arrive({TopicKind::kEvent, project_, device_, {}, ""}, {bytes.begin(), bytes.end()});
  }
  void ask_about(const TrackMaker& track) {
    v1::Hello hello;
    hello.set_protocol(1);
    hello.set_software("test");
    auto* position = hello.add_tracks();
    position->set_capture_id(track.capture().raw());
    position->set_track(track.track());
    position->set_next_sequence(track.running().count());
    const std::string bytes = hello.SerializeAsString();
    arrive({TopicKind::kHello, project_, device_, {}, ""}, {bytes.begin(), bytes.end()});
  }
  static v1::Event note(const std::string& text = "屋面已完成") {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind("note");
    event.set_stated_at_us(1'700'000'000'000'000);
    event.mutable_note()->set_text(text);
    return event;
  }

  // Handles what has arrived; what was published then, taken together.
  struct Told {
    std::map<std::string, v1::TrackReceipt> tracks;  // by track name; the last word counts
    std::set<std::string> events;
    std::vector<v1::Refusal> refusals;
    [[nodiscard]] std::uint64_t contiguous(const std::string& track) const {
      const auto found = tracks.find(track);
      return found == tracks.end() ? 0 : found->second.contiguous();
    }
    [[nodiscard]] bool refused(v1::RefusalCause cause) const {
      return std::ranges::any_of(refusals,
                                 [&](const auto& refusal) { return refusal.cause() == cause; });
    }
    [[nodiscard]] bool nothing_is_receipted() const {
      return events.empty() && std::ranges::all_of(tracks, [](const auto& track) {
               return track.second.contiguous() == 0 && track.second.beyond_size() == 0;
             });
    }
  };
  Told handle() {
    told_ = {};
    const auto publish = [this](const std::string& topic, std::string_view payload) {
      EXPECT_EQ(topic, format_topic({TopicKind::kReceipt, project_, device_, {}, ""}));
      note_receipt(payload);
      return true;
    };
    CommitThread commit(
        {archive_.get(), &enrolled_, &queue_, index_.get(), &metrics_, &clock_, publish}, 1000,
        Log("test"));
    commit.start();
    commit.stop();
    arrived_.clear();
    clock_.advance_us(2'000'000);  // what could not be written is tried again
    return std::exchange(told_, {});
  }

  // The archive's own word is not asked: every part's media is read and hashed.
  void expect_archived(const TrackMaker& track, const std::vector<MadePart>& parts) {
    const TrackFiles files{track.capture(), track.track(),
                           layout_.sidecar(project_, track.capture(), track.track()),
                           layout_.media(project_, track.capture(), track.track())};
    const auto audit = audit_track(files, true, key_.public_key());
    ASSERT_TRUE(audit.ok()) << audit.error().message();
    for (const TrackProblem& problem : audit->problems) ADD_FAILURE() << problem.text;
    EXPECT_EQ(audit->torn_sidecar_bytes + audit->unreferenced_media_bytes, 0U);
    ASSERT_EQ(audit->parts.size(), parts.size());
    for (const MadePart& part : parts) {
      const auto found = std::ranges::find(audit->parts, part.sequence, &PartRecord::sequence);
      ASSERT_NE(found, audit->parts.end()) << part.sequence;
      EXPECT_EQ(found->hash, part.hash);
    }
  }
  // How often the event is in its log.
  std::size_t logged(const v1::Event& event) {
    std::size_t count = 0;
    const auto file = File::open_for_reading(layout_.event_log(project_));
    if (!file.ok()) return 0;
    EXPECT_TRUE(read_event_log(*file, 0, [&](const EventRecord& record, std::uint64_t) {
                  if (to_string(record.event_bytes) == event.SerializeAsString()) ++count;
                  return true;
                }).ok());
    return count;
  }

  // From now on the index is written too, on its own thread, and the disk does what disks do.
  // `listener` is called on that thread.
  IndexThread& start_index(IndexThread::Listener listener) {
    disk_.reset();
    index_.reset();
    auto writer = IndexWriter::open(*current_index(layout_), layout_, Log("test"));
    EXPECT_TRUE(writer.ok());
    index_ =
        std::make_unique<IndexThread>(std::move(*writer), clock_, std::move(listener), Log("test"));
    index_->start();
    return *index_;
  }

  FaultDisk& disk() { return *disk_; }
  Archive& archive() { return *archive_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] ProjectId project() const { return project_; }
  [[nodiscard]] const SigningKey& key() const { return key_; }

 private:
  void open() {
    fs::create_directories(layout_.state_dir());
    const auto current = current_index(layout_);
    const auto path = current.ok() ? *current : *new_index_path(layout_);
    auto writer = IndexWriter::open(path, layout_, Log("test"));
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(current.ok() || switch_index(layout_, path).ok());
    disk_ = std::make_unique<FaultDisk>(layout_.state_dir());
    if (syncing_ == Syncing::kOneByOne) {
      disk_->at_sync_all([this] { clock_.advance_us(60'000'000); });
    }
    const auto check_head = [this](const TrackKey& key, DeviceId device, const v1::SignedHead& head,
                                   const RunningHash& running) {
      return head_is_genuine(*enrolled_.get(), key, device, head, running);
    };
    auto archive = Archive::open(layout_, {}, clock_, check_head, Log("test"));
    ASSERT_TRUE(archive.ok()) << archive.error().message();
    archive_ = std::move(*archive);
    ASSERT_TRUE((*writer)->apply(archive_->recovered(), 0, true).ok());
    // Never started: the index is not on the way to a receipt.
    index_ = std::make_unique<IndexThread>(
        std::move(*writer), clock_, [](const auto&) {}, Log("test"));
    // From the first sync of many files on they go one by one.
    if (syncing_ == Syncing::kTogether) return;
    TrackMaker first = new_track("video");
    arrive(first, first.next());
    EXPECT_EQ(handle().contiguous("video"), 1U);
  }

  void arrive(const Topic& topic, Bytes payload) {
    arrived_.push_back({format_topic(topic), std::move(payload)});
    Arrival arrival;
    arrival.topic = arrived_.back().first;
    arrival.payload = arrived_.back().second;
    arrival.arrived_at_us = clock_.monotonic_us();
    ASSERT_TRUE(queue_.push(std::move(arrival)));
  }

  // On the commit thread.
  void note_receipt(std::string_view payload) {
    v1::Receipt receipt;
    ASSERT_TRUE(receipt.ParseFromArray(payload.data(), static_cast<int>(payload.size())));
    for (const v1::TrackReceipt& track : receipt.tracks()) told_.tracks[track.track()] = track;
    told_.events.insert(receipt.event_ids().begin(), receipt.event_ids().end());
    told_.refusals.insert(told_.refusals.end(), receipt.refusals().begin(),
                          receipt.refusals().end());
    if (told_.nothing_is_receipted() || !disk_) return;
    for (const fs::path& folder : {layout_.archive_root(), layout_.events_root()}) {
      for (const fs::path& path : disk_->not_durable(folder)) {
        if (path.string().find("/quarantine") != std::string::npos) continue;  // no receipt for it
        ADD_FAILURE() << "a receipt goes out and a power cut would take " << path;
      }
    }
  }

  TempDir dir_;
  Layout layout_{dir_.path() / "state"};
  Syncing syncing_;
  FakeClock clock_;  // of the commit thread and the archive
  SystemClock system_clock_;
  ProjectId project_ = ProjectId::make();
  DeviceId device_ = DeviceId::make();
  SigningKey key_ = SigningKey::generate();
  EnrolledView enrolled_;
  ArrivalQueue queue_{64ULL << 20};
  HubMetrics metrics_;
  std::deque<std::pair<std::string, Bytes>> arrived_;
  Told told_;
  std::unique_ptr<IndexThread> index_;
  std::unique_ptr<FaultDisk> disk_;
  std::unique_ptr<Archive> archive_;
};

class HubWritePathTest : public testing::TestWithParam<Syncing> {};

TEST_P(HubWritePathTest, ReceiptsComeWhenEverythingIsDurable) {
  WritePath path(GetParam());
  TrackMaker video = path.new_track("video");
  TrackMaker audio = path.new_track("audio");
  std::vector<MadePart> pictures;
  std::vector<MadePart> sounds;
  for (int group = 0; group < 5; ++group) {
    for (int i = 0; i < 3; ++i) {
      pictures.push_back(video.next());
      sounds.push_back(audio.next());
      path.arrive(video, pictures.back());
      path.arrive(audio, sounds.back());
    }
    const v1::Event note = WritePath::note();
    path.arrive(note);
    const WritePath::Told told = path.handle();
    EXPECT_EQ(told.contiguous("video"), pictures.size());
    EXPECT_EQ(told.tracks.at("video").running_hash(), as_text(video.running().value()));
    EXPECT_EQ(told.contiguous("audio"), sounds.size());
    EXPECT_EQ(told.events, std::set<std::string>{note.event_id()});
    EXPECT_TRUE(told.refusals.empty());
    EXPECT_EQ(path.logged(note), 1U);
  }
  path.expect_archived(video, pictures);
  path.expect_archived(audio, sounds);
}

// What a group of one new track, or one event, writes and syncs; each of them fails once.
struct Failure {
  bool write = false;
  std::uint64_t nth = 0;
  int error = 0;
};
void PrintTo(const Failure& failure, std::ostream* out) {
  *out << (failure.write ? "write " : "sync ") << failure.nth << " error " << failure.error;
}

std::vector<Failure> each_failure(Syncing syncing, bool event, bool again) {
  WritePath path(syncing);
  TrackMaker video = path.new_track("video");
  if (again) {
    event ? path.arrive(WritePath::note()) : path.arrive(video, video.next());
    path.handle();
  }
  const std::uint64_t writes = path.disk().writes();
  const std::uint64_t syncs = path.disk().syncs();
  event ? path.arrive(WritePath::note()) : path.arrive(video, video.next());
  EXPECT_FALSE(path.handle().nothing_is_receipted());
  std::vector<Failure> failures;
  for (std::uint64_t i = 1; i <= path.disk().writes() - writes; ++i) {
    failures.push_back({true, i, EIO});
    failures.push_back({true, i, ENOSPC});
  }
  for (std::uint64_t i = 1; i <= path.disk().syncs() - syncs; ++i) {
    failures.push_back({false, i, EIO});
  }
  EXPECT_GE(failures.size(), event ? 3U : again ? 5U : 8U);
  return failures;
}

void plan(FaultDisk& disk, const Failure& failure) {
  failure.write ? disk.fail_write(failure.nth, failure.error)
                : disk.fail_sync(failure.nth, failure.error);
}

TEST_P(HubWritePathTest, PartWhoseWriteOrSyncFailedIsRefusedAndTakenWhenItComesAgain) {
  for (const bool again : {false, true}) {  // in a track that is new, that is there
    for (const Failure& failure : each_failure(GetParam(), false, again)) {
      SCOPED_TRACE(testing::PrintToString(failure) + (again ? " again" : " new"));
      WritePath path(GetParam());
      TrackMaker video = path.new_track("video");
      std::vector<MadePart> parts;
      if (again) {
        parts.push_back(video.next());
        path.arrive(video, parts.back());
        ASSERT_EQ(path.handle().contiguous("video"), 1U);
      }
      parts.push_back(video.next());
      plan(path.disk(), failure);
      path.arrive(video, parts.back());
      const WritePath::Told told = path.handle();
      EXPECT_TRUE(told.nothing_is_receipted());
      EXPECT_TRUE(told.refused(failure.error == ENOSPC ? v1::HUB_FULL : v1::HUB_IO_ERROR));

      path.arrive(video, parts.back());
      const WritePath::Told later = path.handle();
      EXPECT_EQ(later.contiguous("video"), parts.size());
      EXPECT_TRUE(later.refusals.empty());
      path.expect_archived(video, parts);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST_P(HubWritePathTest, EventWhoseWriteOrSyncFailedIsRefusedAndTakenWhenItComesAgain) {
  for (const bool again : {false, true}) {
    for (const Failure& failure : each_failure(GetParam(), true, again)) {
      SCOPED_TRACE(testing::PrintToString(failure) + (again ? " again" : " new"));
      WritePath path(GetParam());
      if (again) {
        path.arrive(WritePath::note());
        ASSERT_EQ(path.handle().events.size(), 1U);
      }
      const v1::Event note = WritePath::note();
      plan(path.disk(), failure);
      path.arrive(note);
      const WritePath::Told told = path.handle();
      EXPECT_TRUE(told.nothing_is_receipted());
      EXPECT_TRUE(told.refused(failure.error == ENOSPC ? v1::HUB_FULL : v1::HUB_IO_ERROR));

      path.arrive(note);
      EXPECT_EQ(path.handle().events, std::set<std::string>{note.event_id()});
      EXPECT_EQ(path.logged(note), 1U);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST_P(HubWritePathTest, DiskThatStaysBrokenGivesNoReceiptAndTakesEverythingLater) {
  WritePath path(GetParam());
  TrackMaker video = path.new_track("video");
  TrackMaker audio = path.new_track("audio");
  std::vector<MadePart> pictures{video.next()};
  path.arrive(video, pictures[0]);
  ASSERT_EQ(path.handle().contiguous("video"), 1U);
  path.disk().fail_all_syncs(EIO);
  const v1::Event note = WritePath::note();
  const MadePart sound = audio.next();
  pictures.push_back(video.next());
  for (int attempt = 0; attempt < 4; ++attempt) {
    path.arrive(video, pictures[1]);
    path.arrive(audio, sound);
    path.arrive(note);
    const WritePath::Told told = path.handle();
    EXPECT_EQ(told.contiguous("video"), 0U);  // nothing new to say of it
    EXPECT_EQ(told.contiguous("audio"), 0U);
    EXPECT_TRUE(told.events.empty());
    EXPECT_TRUE(told.refused(v1::HUB_IO_ERROR));
  }
  path.disk().fail_all_syncs(0);
  path.arrive(video, pictures[1]);
  path.arrive(audio, sound);
  path.arrive(note);
  const WritePath::Told told = path.handle();
  EXPECT_EQ(told.contiguous("video"), 2U);
  EXPECT_EQ(told.contiguous("audio"), 1U);
  EXPECT_EQ(told.events.size(), 1U);
  path.expect_archived(video, pictures);
  path.expect_archived(audio, {sound});
  EXPECT_EQ(path.logged(note), 1U);
}

TEST_P(HubWritePathTest, HelloIsAnsweredWithWhatIsDurableAndNoMore) {
  WritePath path(GetParam());
  TrackMaker video = path.new_track("video");
  std::vector<MadePart> parts{video.next(), video.next()};
  path.arrive(video, parts[0]);
  path.ask_about(video);
  EXPECT_EQ(path.handle().contiguous("video"), 1U);
  path.disk().fail_all_syncs(EIO);
  path.arrive(video, parts[1]);
  path.ask_about(video);
  EXPECT_LE(path.handle().contiguous("video"), 1U) << "the part is not durable";
  path.disk().fail_all_syncs(0);
  path.ask_about(video);
  EXPECT_EQ(path.handle().contiguous("video"), 1U);
  path.arrive(video, parts[1]);
  EXPECT_EQ(path.handle().contiguous("video"), 2U);
  path.expect_archived(video, parts);
}

TEST_P(HubWritePathTest, WhatComesAgainIsReceiptedAgainAndStoredOnce) {
  WritePath path(GetParam());
  TrackMaker video = path.new_track("video");
  const MadePart part = video.next();
  const v1::Event note = WritePath::note();
  const auto again = [&](const char* when) {
    path.arrive(video, part);
    path.arrive(note);
    const WritePath::Told told = path.handle();
    EXPECT_EQ(told.contiguous("video"), 1U) << when;
    EXPECT_EQ(told.events, std::set<std::string>{note.event_id()}) << when;
    EXPECT_TRUE(told.refusals.empty()) << when;
    path.expect_archived(video, {part});
    EXPECT_EQ(path.logged(note), 1U) << when;
  };
  path.arrive(video, part);
  path.arrive(note);
  again("in one group");
  again("in a later group");
  path.restart();
  again("after a kill");
}

TEST_P(HubWritePathTest, KnownPartIsNotReceiptedByAGroupThatFailed) {
  WritePath path(GetParam());
  TrackMaker video = path.new_track("video");
  const std::vector<MadePart> parts{video.next(), video.next()};
  path.arrive(video, parts[0]);
  path.handle();
  path.disk().fail_all_syncs(EIO);
  path.arrive(video, parts[1]);
  path.arrive(video, parts[1]);  // known to the group, durable nowhere
  EXPECT_TRUE(path.handle().nothing_is_receipted());
  path.disk().fail_all_syncs(0);
  path.arrive(video, parts[1]);
  EXPECT_EQ(path.handle().contiguous("video"), 2U);
  path.expect_archived(video, parts);
}

TEST_P(HubWritePathTest, OtherBytesUnderAKnownNameAreAConflictAndChangeNothing) {
  WritePath path(GetParam());
  TrackMaker video = path.new_track("video");
  const MadePart part = video.next();
  path.arrive(video, part);
  ASSERT_EQ(path.handle().contiguous("video"), 1U);
  TrackMaker forged(video.capture(), "video", path.key(), {.seed = 99});
  path.arrive(forged, forged.next());
  const WritePath::Told told = path.handle();
  EXPECT_TRUE(told.refused(v1::CONFLICT));
  EXPECT_FALSE(fs::is_empty(path.layout().quarantine_dir(path.project(), video.capture())));
  path.expect_archived(video, {part});

  v1::Event note = WritePath::note("a");
  path.arrive(note);
  ASSERT_EQ(path.handle().events.size(), 1U);
  const v1::Event first = note;
  note.mutable_note()->set_text("b");
  path.arrive(note);
  EXPECT_TRUE(path.handle().refused(v1::CONFLICT));
  EXPECT_EQ(path.logged(first), 1U);
  EXPECT_EQ(path.logged(note), 0U);
}

TEST_P(HubWritePathTest, PartsBehindAGapAreSaidToBeBehindItUntilItIsClosed) {
  WritePath path(GetParam());
  TrackMaker video = path.new_track("video", {.parts_per_head = 4});
  std::vector<MadePart> parts;
  for (int i = 0; i < 12; ++i) parts.push_back(video.next());
  const auto receipt_of = [&](const std::vector<std::size_t>& sequences) {
    for (const std::size_t i : sequences) path.arrive(video, parts[i]);
    const WritePath::Told told = path.handle();
    EXPECT_TRUE(told.refusals.empty());
    return told.tracks.at("video");
  };
  const v1::TrackReceipt gap = receipt_of({5, 7, 6, 1});
  EXPECT_EQ(gap.contiguous(), 0U);
  EXPECT_EQ(gap.running_hash(), "");
  ASSERT_EQ(gap.beyond_size(), 2);
  EXPECT_EQ(gap.beyond(0).first(), 1U);
  EXPECT_EQ(gap.beyond(0).count(), 1U);
  EXPECT_EQ(gap.beyond(1).first(), 5U);
  EXPECT_EQ(gap.beyond(1).count(), 3U);
  path.restart();  // gaps are found again in the sidecar
  const v1::TrackReceipt begun = receipt_of({0});
  EXPECT_EQ(begun.contiguous(), 2U);
  ASSERT_EQ(begun.beyond_size(), 1);
  const v1::TrackReceipt closed = receipt_of({4, 3, 2});
  EXPECT_EQ(closed.contiguous(), 8U);
  EXPECT_EQ(closed.beyond_size(), 0);
  RunningHash running(video.capture(), "video");
  for (int i = 0; i < 8; ++i) running.add(parts[static_cast<std::size_t>(i)].hash);
  EXPECT_EQ(closed.running_hash(), as_text(running.value()));
  path.restart();
  const v1::TrackReceipt whole = receipt_of({11, 10, 9, 8});
  EXPECT_EQ(whole.contiguous(), 12U);
  EXPECT_EQ(whole.running_hash(), as_text(video.running().value()));
  path.expect_archived(video, parts);
}

TEST_P(HubWritePathTest, FailureOfOneTrackTakesNothingFromTheOthers) {
  WritePath path(GetParam());
  TrackMaker video = path.new_track("video");
  TrackMaker audio = path.new_track("audio");
  std::vector<MadePart> pictures{video.next()};
  std::vector<MadePart> sounds{audio.next()};
  path.arrive(video, pictures[0]);
  path.arrive(audio, sounds[0]);
  path.handle();
  pictures.push_back(video.next());
  sounds.push_back(audio.next());
  path.disk().fail_write(1, ENOSPC);  // the first that arrives
  path.arrive(video, pictures[1]);
  path.arrive(audio, sounds[1]);
  const WritePath::Told told = path.handle();
  EXPECT_EQ(told.contiguous("audio"), 2U);
  EXPECT_LE(told.contiguous("video"), 1U);
  EXPECT_TRUE(told.refused(v1::HUB_FULL));
  path.arrive(video, pictures[1]);
  EXPECT_EQ(path.handle().contiguous("video"), 2U);
  path.expect_archived(video, pictures);
  path.expect_archived(audio, sounds);
}

TEST(HubWritePathIndexTest, IndexThatCannotBeWrittenHoldsUpNoReceiptAndAnnouncesNothing) {
  WritePath path;
  path.arrive(WritePath::note());
  ASSERT_EQ(path.handle().events.size(), 1U);
  Mutex mutex;
  std::set<std::string> announced;
  IndexThread& index = path.start_index([&](const IndexChanges& changes) {
    const MutexLock lock(mutex);
    for (const auto& event : changes.events) announced.insert(event.id.raw());
  });
  const auto is_announced = [&](const v1::Event& event) {
    const MutexLock lock(mutex);
    return announced.count(event.event_id()) > 0;
  };
  const auto change_index = [&](const char* statement) {
    auto database = Database::open_writer(*current_index(path.layout()));
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->execute(statement).ok());
  };
  ASSERT_NO_FATAL_FAILURE(change_index("alter table log_position rename to away"));

  TrackMaker video = path.new_track("video");
  const MadePart part = video.next();
  const v1::Event note = WritePath::note();
  path.arrive(video, part);
  path.arrive(note);
  const WritePath::Told told = path.handle();
  EXPECT_EQ(told.contiguous("video"), 1U);
  EXPECT_EQ(told.events, std::set<std::string>{note.event_id()});
  ASSERT_TRUE(wait_for([&] { return index.failures() > 0; }));
  EXPECT_FALSE(is_announced(note)) << "nobody could read it through the index";
  path.arrive(note);  // of which the index knows nothing yet
  EXPECT_EQ(path.handle().events, std::set<std::string>{note.event_id()});
  EXPECT_EQ(path.logged(note), 1U);

  ASSERT_NO_FATAL_FAILURE(change_index("alter table away rename to log_position"));
  EXPECT_TRUE(wait_for([&] { return is_announced(note); }));
  EXPECT_TRUE(index.stop());
  path.expect_archived(video, {part});
}

INSTANTIATE_TEST_SUITE_P(Syncing, HubWritePathTest,
                         testing::Values(Syncing::kTogether, Syncing::kOneByOne),
                         [](const auto& tested) {
                           return tested.param == Syncing::kTogether ? "Together" : "OneByOne";
                         });

}  // namespace
}  // namespace sitecast::hub
