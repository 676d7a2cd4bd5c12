// SPDX-License-Identifier: Apache-2.0
// The made index is what the hub's own writer makes of the same captures' journals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/archive/event_log.h"
#include "hub/archive/sidecar.h"
#include "hub/index/dump.h"
#include "hub/index/writer.h"
#include "proto/base/file.h"
#include "tests/bench/archive/index_filler.h"
#include "tests/support/temp_dir.h"

namespace sitecast::bench {
namespace {

constexpr std::uint64_t kCaptures = 24;

MadeArchiveOptions few() {
  MadeArchiveOptions options;
  options.captures = kCaptures;
  options.captures_per_project = 10;
  options.most_blocks = 8;  // one row and a part of the next
  options.looks = 16;
  options.member = "olga";
  return options;
}

Bytes serialized(const google::protobuf::MessageLite& message) {
  const std::string text = message.SerializeAsString();
  return {text.begin(), text.end()};
}

// The journals of a made archive, as the hub would have written them.
class Journals {
 public:
  explicit Journals(hub::Layout layout) : layout_(std::move(layout)) {}

  void add(ProjectId project, const MadeEvent& made) {
    const Bytes bytes = serialized(made.event);
    Bytes record;
    hub::append_event_record(record, {made.received_at_us, made.device, bytes});
    append(layout_.event_log(project), record);
    logs_[project] += record.size();
  }

  void add_track(const MadeCapture& capture, const std::string& name, const MadeTrack& track,
                 const Bytes& init_segment) {
    Bytes records = hub::make_sidecar_header(capture.device);
    std::uint64_t offset = 0;
    for (std::uint64_t block = 0; block < capture.blocks; ++block) {
      std::uint64_t end = offset;
      track.for_each_part(block, offset, [&](const hub::PartRef& part) {
        v1::PartEnvelope envelope;
        envelope.set_sequence(part.sequence);
        envelope.set_media_time(part.media_time);
        envelope.set_duration(part.duration);
        envelope.set_init_hash8(part.init_hash8);
        if (part.starts_segment) {
          envelope.set_init_segment(to_string(ByteView(init_segment)));
          envelope.set_captured_at_us(1);
        }
        const Bytes bytes = serialized(envelope);
        hub::SidecarRecord record;
        record.flags = static_cast<std::uint8_t>((part.filled_later ? 0 : hub::kArrivedLive) |
                                                 (part.starts_segment ? hub::kCarriesInit : 0));
        record.media_offset = part.media_offset;
        record.media_size_bytes = static_cast<std::uint32_t>(part.size_bytes);
        record.received_at_us = capture.events.front().received_at_us + 1;
        record.envelope_bytes = bytes;
        hub::append_sidecar_record(records, record);
        end = part.media_offset + part.size_bytes;
      });
      offset = end;
    }
    append(layout_.sidecar(capture.project, capture.id, name), records);
    work_.tracks.push_back({{capture.project, capture.id, name}, records.size()});
  }

  [[nodiscard]] hub::IndexWork work() const {
    hub::IndexWork work = work_;
    for (const auto& [project, bytes] : logs_) work.logs.push_back({project, bytes});
    return work;
  }

 private:
  static void append(const std::filesystem::path& path, ByteView bytes) {
    std::filesystem::create_directories(path.parent_path());
    auto file = File::open_for_appending(path);
    ASSERT_TRUE(file.ok() && file->append(bytes).ok());
  }

  hub::Layout layout_;
  hub::IndexWork work_;
  std::map<ProjectId, std::uint64_t> logs_;
};

// Without what speaks of journals that the made index does not have: how far they were read.
std::vector<std::string> rows_of(const std::filesystem::path& index) {
  std::vector<std::string> rows;
  const Status dumped = hub::dump_index(index, [&](std::string_view line) {
    if (line.substr(0, 13) == "log_position|") return;
    if (line.substr(0, 6) == "track|") line = line.substr(0, line.rfind('|'));
    rows.emplace_back(line);
  });
  EXPECT_TRUE(dumped.ok());
  return rows;
}

TEST(MadeIndex, EqualsWhatTheHubMakesOfTheSameJournals) {
  const TempDir folder;
  const hub::Layout layout(folder.path());
  const auto filled = folder.path() / "filled.db";
  const auto written = folder.path() / "written.db";

  MadeArchive archive(few());
  Journals journals(layout);
  {
    auto filler = IndexFiller::open(filled, layout);
    ASSERT_TRUE(filler.ok());
    for (const auto& project : archive.projects()) {
      ASSERT_TRUE(filler->add(project).ok());
      for (const MadeEvent& event : project.events) journals.add(project.id, event);
    }
    for (std::uint64_t n = 0; n < kCaptures; ++n) {
      const MadeCapture capture = archive.next();
      ASSERT_TRUE(filler->add(archive, capture).ok());
      for (const MadeEvent& event : capture.events) journals.add(capture.project, event);
      journals.add_track(capture, "audio", archive.audio(capture.look),
                         archive.init_segment(TrackKind::kAudio));
      journals.add_track(capture, "video", archive.video(capture.look),
                         archive.init_segment(TrackKind::kVideo));
    }
    ASSERT_TRUE(filler->finish().ok());
  }
  auto writer = hub::IndexWriter::open(written, layout, Log("test"));
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->apply(journals.work(), 0, true).ok());

  const auto rows = rows_of(filled);
  EXPECT_THAT(rows, ::testing::SizeIs(::testing::Gt(kCaptures * 8)));
  EXPECT_THAT(rows, ::testing::ElementsAreArray(rows_of(written)));
}

}  // namespace
}  // namespace sitecast::bench
