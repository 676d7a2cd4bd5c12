// SPDX-License-Identifier: Apache-2.0
// A hub's write path without broker, driven at random, and what lies in an archive afterwards, read
// without the hub's own state. For tests of what survives. Owner thread: the test's.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "hub/archive/archive.h"
#include "hub/index/current.h"
#include "hub/index/writer.h"
#include "proto/codec/part_frame.h"
#include "tests/support/track_maker.h"

namespace sitecast::hub {

using Hashes = std::map<std::pair<TrackKey, std::uint64_t>, Hash>;
using Events = std::map<std::pair<ProjectId, EventId>, Bytes>;

// What is in the archive, read without the hub's own state; every record's media is hashed.
struct Contents {
  Hashes parts;
  Events events;
};

inline Contents read_archive(const Layout& layout, const std::vector<TrackKey>& keys,
                             ProjectId project) {
  Contents contents;
  for (const TrackKey& key : keys) {
    const auto sidecar =
        File::open_for_reading(layout.sidecar(key.project, key.capture, key.track));
    const auto media = File::open_for_reading(layout.media(key.project, key.capture, key.track));
    if (!sidecar.ok() || !media.ok()) continue;
    const auto end = read_sidecar(*sidecar, 0, [&](const SidecarRecord& record, std::uint64_t) {
      Bytes bytes(record.media_size_bytes);
      EXPECT_TRUE(media->read_at(record.media_offset, bytes).ok());
      const Hash hash = part_hash(record.envelope_bytes, bytes);
      EXPECT_EQ(hash, record.part_hash);
      const std::uint64_t sequence = parse_envelope(record.envelope_bytes)->sequence();
      EXPECT_TRUE(contents.parts.emplace(std::pair(key, sequence), hash).second) << "stored twice";
      return true;
    });
    EXPECT_TRUE(end.ok());
  }
  const auto log = File::open_for_reading(layout.event_log(project));
  if (!log.ok()) return contents;
  const auto end = read_event_log(*log, 0, [&](const EventRecord& record, std::uint64_t) {
    v1::Event event;
    EXPECT_TRUE(event.ParseFromArray(record.event_bytes.data(),
                                     static_cast<int>(record.event_bytes.size())));
    const bool once = contents.events
                          .emplace(std::pair(project, *EventId::from_bytes(event.event_id())),
                                   Bytes(record.event_bytes.begin(), record.event_bytes.end()))
                          .second;
    EXPECT_TRUE(once) << "logged twice";
    return true;
  });
  EXPECT_TRUE(end.ok());
  return contents;
}

// A hub's write path without broker: random parts and events, committed in random groups.
class Writer {
 public:
  Writer(const std::filesystem::path& state, std::uint64_t seed, std::vector<TrackMaker>& makers,
         ProjectId project, DeviceId device)
      : layout_(state), random_(seed), makers_(&makers), project_(project), device_(device) {
    auto index = current_index(layout_);
    const auto path = index.ok() ? *index : *new_index_path(layout_);
    auto writer = IndexWriter::open(path, layout_, Log("test"));
    EXPECT_TRUE(writer.ok());
    index_ = std::move(*writer);
    EXPECT_TRUE(index.ok() || switch_index(layout_, path).ok());
    auto opened = Archive::open(
        layout_, {}, clock_, [](auto&&...) { return true; }, Log("test"));
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    archive_ = std::move(*opened);
    EXPECT_TRUE(index_->apply(archive_->recovered(), 0, true).ok());
    EXPECT_TRUE(archive_->settle_recovered().ok());
  }

  // Stores the part again or for the first time; true: it is in the group.
  bool store(std::size_t track, const MadePart& made) {
    const TrackMaker& maker = (*makers_)[track];
    PartToStore part;
    part.sequence = made.sequence;
    part.hash = made.hash;
    part.envelope_bytes = made.envelope;
    part.proof_bytes = made.proof;
    part.media = made.media;
    const TrackKey key{project_, maker.capture(), maker.track()};
    const Verdict verdict =
        archive_->store(Sender{project_, device_, false}, key, part, *parse_proof(made.proof));
    if (verdict.kind == Verdict::Kind::kRefused) return false;
    group_parts_[{key, made.sequence}] = made.hash;
    return true;
  }

  void store_event() {
    v1::Event event;
    const EventId id = EventId::make();
    event.set_event_id(id.raw());
    event.set_kind("note");
    event.mutable_note()->set_text(std::string(random_() % 500, 'x'));
    const std::string text = event.SerializeAsString();
    const Verdict verdict =
        archive_->store(Sender{project_, device_, false},
                        EventToStore{id, "note", std::nullopt, 1, as_bytes(text)});
    if (verdict.kind == Verdict::Kind::kRefused) return;
    group_events_[{project_, id}] = Bytes(text.begin(), text.end());
  }

  // Moves the group to what counts as receipted.
  // `before_index`: called when that is done and the index has written nothing of it yet.
  void commit(
      Hashes& receipted, Events& receipted_events,
      const std::function<void()>& before_index = [] {}) {
    const Committed committed = archive_->commit();
    for (const auto& [id, hash] : group_parts_) {
      if (committed.failed_tracks.count(id.first) == 0) receipted[id] = hash;
    }
    if (committed.failed_logs.empty()) {
      receipted_events.insert(group_events_.begin(), group_events_.end());
    }
    group_parts_.clear();
    group_events_.clear();
    before_index();
    clock_.advance_us(2'000'000);  // what could not be written is tried again
    EXPECT_TRUE(index_->apply(committed.work, 0, random_() % 3 == 0).ok());
  }

  void random_step() {
    // Mostly the newest: their files are new.
    const std::size_t newest = std::min<std::size_t>(makers_->size(), 6);
    const std::size_t track =
        random_() % 8 == 0 ? random_() % makers_->size() : makers_->size() - 1 - random_() % newest;
    auto& late = late_[track];
    if (!late.empty() && random_() % 3 == 0) {
      store(track, late.back());
      late.pop_back();
      return;
    }
    MadePart part = (*makers_)[track].next();
    if (random_() % 4 == 0) {
      late.push_back(std::move(part));
      return;
    }
    store(track, part);
    if (random_() % 5 == 0) store(track, part);  // again
    if (random_() % 6 == 0) store_event();
  }

  Archive& archive() { return *archive_; }
  FakeClock& clock() { return clock_; }
  std::mt19937_64& random() { return random_; }

 private:
  Layout layout_;
  FakeClock clock_;
  std::mt19937_64 random_;
  std::vector<TrackMaker>* makers_;
  ProjectId project_;
  DeviceId device_;
  std::unique_ptr<IndexWriter> index_;
  std::unique_ptr<Archive> archive_;
  Hashes group_parts_;
  Events group_events_;
  std::map<std::size_t, std::vector<MadePart>> late_;
};

}  // namespace sitecast::hub
