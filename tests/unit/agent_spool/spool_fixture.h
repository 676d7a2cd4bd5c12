// SPDX-License-Identifier: Apache-2.0
// What the spool's tests share: parts, a disk that fails when told to, a listener that remembers.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/spool/spool.h"
#include "proto/base/mutex.h"
#include "proto/codec/part_frame.h"
#include "tests/support/temp_dir.h"

namespace sitecast::agent {

// Part `n` of a track: bytes that no other part has; every 30th carries an init segment.
inline NewPart make_part(std::uint64_t n, std::size_t size_bytes = 1000, std::uint8_t salt = 0) {
  NewPart part;
  part.media_time = n * 3000;
  part.duration = 3000;
  const Bytes init(600, 0x11);
  part.init_hash8 = init_hash8(init);
  if (n % 30 == 0) {
    part.key_frame = true;
    part.init_segment = init;
    part.captured_at_us = 1'700'000'000'000'000 + static_cast<std::int64_t>(n) * 33'333;
  }
  part.media.resize(size_bytes);
  for (std::size_t i = 0; i < size_bytes; ++i) {
    part.media[i] = static_cast<std::uint8_t>(n * 31 + i * 7 + salt);
  }
  return part;
}

inline v1::CaptureOpened walkthrough() {
  v1::CaptureOpened opened;
  opened.set_capture_kind("walkthrough");
  opened.set_source("test");
  opened.add_tracks("video");
  return opened;
}

// Fails the n-th call (from 1) of one operation, or every call from then on.
class FaultDisk final : public Disk {
 public:
  Status append(File& file, ByteView first, ByteView second) override {
    if (hit(appends, fail_append_at)) {
      if (torn) static_cast<void>(disk_.append(file, first, second.first(second.size() / 2)).ok());
      return errno_error(ENOSPC, "append");
    }
    return disk_.append(file, first, second);
  }
  Status sync(const File& file) override {
    if (hit(syncs, fail_sync_at)) return errno_error(EIO, "fdatasync");
    return disk_.sync(file);
  }
  Status sync_folder(const std::filesystem::path& folder) override {
    if (hit(folder_syncs, fail_folder_sync_at)) return errno_error(EIO, "fsync folder");
    return disk_.sync_folder(folder);
  }
  Result<std::uint64_t> free_bytes(const std::filesystem::path& folder) override {
    return free ? Result<std::uint64_t>(free) : disk_.free_bytes(folder);
  }

  std::atomic<int> appends = 0, syncs = 0, folder_syncs = 0;
  std::atomic<int> fail_append_at = 0, fail_sync_at = 0, fail_folder_sync_at = 0;  // 0: never
  std::atomic<bool> for_ever = false;
  std::atomic<bool> torn = false;
  std::atomic<std::uint64_t> free = 0;  // 0: the truth

 private:
  bool hit(std::atomic<int>& count, int at) {
    const int now = ++count;
    return at != 0 && (now == at || (for_ever && now > at));
  }
  SystemDisk disk_;
};

class RecordingListener final : public SpoolListener {
 public:
  void track_added(const TrackDescription& track) override {
    const MutexLock lock(mutex_);
    tracks[track.handle] = track;
  }
  void part_made(TrackHandle track, std::uint64_t sequence, bool, Frame frame) override {
    const MutexLock lock(mutex_);
    frames[{track, sequence}] = std::move(frame);
  }
  void track_cut(TrackHandle track, std::uint64_t made) override {
    const MutexLock lock(mutex_);
    static_cast<void>(made);
    cut_order.push_back(track);
    changed_.notify_all();
  }
  void group_synced(std::vector<SyncedTrack> group, std::vector<OutboxEvent> more) override {
    const MutexLock lock(mutex_);
    for (const SyncedTrack& track : group) synced[track.handle] = track.synced;
    for (OutboxEvent& event : more) events.push_back(std::move(event));
    changed_.notify_all();
  }
  // Waits until `condition` holds or ten seconds have passed.
  template <typename Condition>
  bool wait(Condition condition) {
    const SystemClock clock;
    const std::int64_t deadline = clock.monotonic_us() + 10'000'000;
    const MutexLock lock(mutex_);
    while (!condition()) {
      const std::int64_t left = deadline - clock.monotonic_us();
      if (left <= 0) return false;
      changed_.wait_for_us(mutex_, left);
    }
    return true;
  }

  std::map<TrackHandle, TrackDescription> tracks;
  std::map<std::pair<TrackHandle, std::uint64_t>, Frame> frames;
  std::map<TrackHandle, std::uint64_t> synced;
  std::vector<OutboxEvent> events;
  std::vector<TrackHandle> cut_order;

 private:
  Mutex mutex_;
  CondVar changed_;
};

inline v1::Event note(const std::string& text) {
  v1::Event event;
  event.set_kind("note");
  event.mutable_note()->set_text(text);
  return event;
}

inline v1::Event parse_event(const Frame& bytes) {
  v1::Event event;
  EXPECT_TRUE(event.ParseFromString(*bytes));
  return event;
}

// Polls until `condition` holds or ten seconds have passed.
template <typename Condition>
bool eventually(Condition condition) {
  const SystemClock clock;
  const std::int64_t deadline = clock.monotonic_us() + 10'000'000;
  while (!condition()) {
    if (clock.monotonic_us() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    settings.dir = dir.path() / "spool";
    settings.reserve_bytes = 1 << 20;
    settings.sync_delay_us = 1000;
  }
  // Opens (again): what the last process left is recovered first.
  Spool& open() {
    spool.reset();
    listener = std::make_unique<RecordingListener>();
    auto opened = Spool::open(settings, key, clock, disk, Log("test"));
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message());
    spool = std::move(*opened);
    spool->start(listener.get());
    return *spool;
  }
  std::unique_ptr<CaptureWriter> open_capture() {
    auto writer = spool->open_capture(project, "hall 2", walkthrough());
    EXPECT_TRUE(writer.ok()) << (writer.ok() ? "" : writer.error().message());
    return std::move(*writer);
  }
  bool wait_synced(TrackHandle track, std::uint64_t count) {
    return listener->wait([&] { return listener->synced[track] >= count; });
  }
  std::filesystem::path folder(CaptureId capture) const {
    return settings.dir / "captures" / capture.text();
  }

  TempDir dir;
  SpoolSettings settings;
  SigningKey key = SigningKey::generate();
  SystemClock clock;
  FaultDisk disk;
  ProjectId project = ProjectId::make();
  std::unique_ptr<RecordingListener> listener;
  std::unique_ptr<Spool> spool;
};

}  // namespace sitecast::agent
