// SPDX-License-Identifier: Apache-2.0
// Exports that were tampered with, carelessly and carefully.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "hub/archive/sidecar.h"
#include "hub/check/export_format.h"
#include "hub/check/file_sums.h"
#include "hub/check/track_audit.h"
#include "proto/base/file.h"
#include "proto/codec/part_frame.h"
#include "tests/unit/hub_check/check_fixture.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kTestFileBytes = 64ULL << 20;

// A record of a sidecar with bytes of its own.
struct OwnRecord {
  SidecarRecord record;
  Bytes envelope;
  Bytes proof;
};

class VerifyTest : public CheckFixture {
 protected:
  void SetUp() override {
    const auto video = encode_h264(120, 160, 90);
    const auto sound = encode_opus_ticks(200);
    ASSERT_TRUE(video.ok() && sound.ok());
    TestCapture capture = new_capture();
    capture_ = capture.id();
    capture.add_track("video", video_parts(*video, 160, 90));
    capture.add_track("audio", opus_parts(*sound));
    capture.add_track("file", file_parts("plan.pdf", "application/pdf", Bytes(100'000, 5)));
    capture.state_opened("walkthrough", "Hall 3");
    capture.state_note("the roof is on", 2'000'000);
    capture.state_closed();
    build_index();
    const CommandResult result = export_to(original_, capture.id().text());
    ASSERT_EQ(result.code, 0) << result.err;
  }

  // A fresh copy to tamper with.
  fs::path copy() {
    const fs::path to = dir_.path() / "copy";
    fs::remove_all(to);
    fs::copy(original_, to, fs::copy_options::recursive);
    return to;
  }
  static Bytes load(const fs::path& path) {
    auto bytes = read_file(path, kTestFileBytes);
    EXPECT_TRUE(bytes.ok()) << path;
    return bytes.ok() ? std::move(bytes).value() : Bytes{};
  }
  static void store(const fs::path& path, ByteView bytes) {
    std::ofstream file(path, std::ios::binary);
    file << as_text(bytes);
  }

  static std::vector<OwnRecord> read_records(const fs::path& sidecar) {
    std::vector<OwnRecord> records;
    const auto file = File::open_for_reading(sidecar);
    EXPECT_TRUE(file.ok());
    const auto end = read_sidecar(*file, 0, [&](const SidecarRecord& record, std::uint64_t) {
      records.push_back({record,
                         {record.envelope_bytes.begin(), record.envelope_bytes.end()},
                         {record.proof_bytes.begin(), record.proof_bytes.end()}});
      return true;
    });
    EXPECT_TRUE(end.ok());
    return records;
  }
  void write_records(const fs::path& sidecar, std::vector<OwnRecord>& records) const {
    Bytes out = make_sidecar_header(device_);
    for (OwnRecord& own : records) {
      own.record.envelope_bytes = own.envelope;
      own.record.proof_bytes = own.proof;
      append_sidecar_record(out, own.record);
    }
    store(sidecar, out);
  }
  // As a careful forger leaves the folder: manifest and hashes agree with what lies there.
  void make_consistent(const fs::path& dir, bool keep_closing_heads) const {
    auto manifest = parse_manifest(to_string(ByteView(load(dir / "proof.json"))));
    ASSERT_TRUE(manifest.ok());
    for (ExportedTrack& track : manifest->tracks) {
      const TrackFiles files{capture_, track.name, dir / "proof" / (track.name + ".sidecar"),
                             dir / "proof" / (track.name + ".media")};
      const auto audit = audit_track(files, false, std::nullopt);
      ASSERT_TRUE(audit.ok());
      track.part_count = audit->parts.size();
      track.contiguous = audit->contiguous;
      track.running = audit->running;
      if (!keep_closing_heads) track.closing.reset();
    }
    store(dir / "proof.json", as_bytes(format_manifest(*manifest)));
    ASSERT_TRUE(write_sums(dir).ok());
  }
  static void expect_found(const fs::path& dir, std::string_view words) {
    const CommandResult result = verify(dir);
    EXPECT_EQ(result.code, 1) << result.out;
    EXPECT_NE(result.out.find("NOT VERIFIED"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find(words), std::string::npos) << "wanted: " << words << "\n"
                                                         << result.out;
  }

  fs::path original_ = dir_.path() / "export";
  CaptureId capture_;
};

TEST_F(VerifyTest, EndThatOnlyCaptureClosedStatesIsToldAsSuch) {
  const auto video = encode_h264(120, 160, 90);
  ASSERT_TRUE(video.ok());
  for (const bool closed : {true, false}) {
    TestCapture capture = new_capture();
    capture.do_not_mark_last();
    capture.add_track("video", video_parts(*video, 160, 90));
    capture.state_opened("walkthrough", "Hall 4");
    if (closed) capture.state_closed();
    build_index();
    const fs::path to = dir_.path() / (closed ? "closed" : "open");
    ASSERT_EQ(export_to(to, capture.id().text()).code, 0);
    const CommandResult result = verify(to);
    EXPECT_EQ(result.code, 0) << result.out;
    const std::string stated =
        "video: that it ended with part 119: the device's statement of the end is in events.json "
        "and is not signed";
    EXPECT_EQ(result.out.find(stated) != std::string::npos, closed) << result.out;
    EXPECT_EQ(result.out.find("did not say that it ended") == std::string::npos, closed)
        << result.out;
    EXPECT_EQ(result.out.find("设备未声明结束") == std::string::npos, closed) << result.out;
  }
}

TEST_F(VerifyTest, UntouchedExportIsVerifiedAndSaysWhatIsNotProven) {
  const CommandResult result = verify(original_);
  EXPECT_EQ(result.code, 0) << result.out;
  for (const std::string_view words :
       {"VERIFIED", "已验证", "video: 120 parts (0-119), signed by the device: 0-119", "NOT proven",
        "未证明", "that the scene was real", "画面内容是真实的",
        "the key is that of a device the centre enrolled", "events.json"}) {
    EXPECT_NE(result.out.find(words), std::string::npos) << words << "\n" << result.out;
  }
  EXPECT_EQ(result.out.find("missing"), std::string::npos) << result.out;
}

TEST_F(VerifyTest, NeedsNeitherIndexNorArchiveNorRecords) {
  fs::remove_all(layout_.state_dir());
  EXPECT_EQ(verify(original_).code, 0);
}

TEST_F(VerifyTest, FolderThatIsNoExportIsAClearError) {
  const CommandResult result = verify(dir_.path() / "state");
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("is not an export"), std::string::npos) << result.err;
}

TEST_F(VerifyTest, EveryRandomChangeOfAnyFileIsDetectedAndTheFileNamed) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(original_)) {
    if (entry.is_regular_file()) names.push_back(fs::relative(entry, original_).string());
  }
  std::mt19937 random(20'260'103);
  for (int round = 0; round < 150; ++round) {
    const std::string& name = names[random() % names.size()];
    const fs::path dir = copy();
    Bytes bytes = load(dir / name);
    const Bytes before = bytes;
    switch (random() % 4) {
      case 0: bytes.resize(random() % bytes.size()); break;
      case 1: bytes.push_back(static_cast<std::uint8_t>(random())); break;
      case 2: std::swap(bytes[random() % bytes.size()], bytes[random() % bytes.size()]); break;
      default: {
        std::uint8_t& byte = bytes[random() % bytes.size()];
        byte = static_cast<std::uint8_t>(byte ^ 1U << random() % 8);
      }
    }
    if (bytes == before) continue;
    store(dir / name, bytes);
    const CommandResult result = verify(dir);
    EXPECT_EQ(result.code, 1) << name << " in round " << round << "\n" << result.out;
    // The list itself may be what was changed; then it is not what names the file.
    const std::string expected = name == kSumsName ? "problem: " : name;
    EXPECT_NE(result.out.find(expected), std::string::npos) << name << "\n" << result.out;
  }
}

TEST_F(VerifyTest, FlippedBitIsLocatedToItsPart) {
  std::mt19937 random(20'260'104);
  const auto records = read_records(original_ / "proof" / "video.sidecar");
  for (int round = 0; round < 40; ++round) {
    const std::size_t part = random() % records.size();
    const fs::path dir = copy();
    Bytes media = load(dir / "proof" / "video.media");
    const std::size_t at =
        records[part].record.media_offset + random() % records[part].record.media_size_bytes;
    media[at] = static_cast<std::uint8_t>(media[at] ^ 1U << random() % 8);
    store(dir / "proof" / "video.media", media);
    if (round % 2 == 0) make_consistent(dir, true);  // with or without a forger's care
    expect_found(dir, "problem: video: part " + std::to_string(part) + ":");
  }
}

TEST_F(VerifyTest, PartReplacedWithItsHashIsFoundByTheSignature) {
  std::mt19937 random(20'260'105);
  for (int round = 0; round < 20; ++round) {
    const fs::path dir = copy();
    const fs::path sidecar = dir / "proof" / "video.sidecar";
    auto records = read_records(sidecar);
    const std::size_t part = random() % records.size();
    Bytes media = load(dir / "proof" / "video.media");
    OwnRecord& record = records[part];
    std::uint8_t& byte = media[record.record.media_offset + record.record.media_size_bytes - 1];
    byte = static_cast<std::uint8_t>(byte ^ 1U);
    record.record.part_hash = part_hash(
        record.envelope,
        ByteView(media).subspan(record.record.media_offset, record.record.media_size_bytes));
    store(dir / "proof" / "video.media", media);
    write_records(sidecar, records);
    make_consistent(dir, true);
    const std::size_t second = part / 30 * 30;
    expect_found(dir, "video: parts " + std::to_string(second) + "-" + std::to_string(second + 29) +
                          ": the device signed something else");
  }
}

TEST_F(VerifyTest, SwappedPartsAreFound) {
  const fs::path dir = copy();
  const fs::path sidecar = dir / "proof" / "video.sidecar";
  auto records = read_records(sidecar);
  // Part 41 shows what part 40 showed and the other way round; hashes are those of the forgery.
  std::swap(records[40].record.media_offset, records[41].record.media_offset);
  std::swap(records[40].record.media_size_bytes, records[41].record.media_size_bytes);
  const Bytes media = load(dir / "proof" / "video.media");
  for (const std::size_t i : {40U, 41U}) {
    SidecarRecord& record = records[i].record;
    record.part_hash = part_hash(
        records[i].envelope, ByteView(media).subspan(record.media_offset, record.media_size_bytes));
  }
  write_records(sidecar, records);
  make_consistent(dir, true);
  expect_found(dir, "video: parts 30-59: the device signed something else");
}

TEST_F(VerifyTest, DroppedPartIsNamedAsMissing) {
  const fs::path dir = copy();
  const fs::path sidecar = dir / "proof" / "video.sidecar";
  auto records = read_records(sidecar);
  records.erase(records.begin() + 45);
  write_records(sidecar, records);
  expect_found(dir, "video: 119 parts, 120 were exported");
  // However carefully the rest is made to agree, the gap shows and what lies in it is not claimed.
  make_consistent(dir, true);
  const CommandResult result = verify(dir);
  EXPECT_EQ(result.code, 1);  // the movie shows more than the parts
  EXPECT_NE(result.out.find("movie.mp4: does not show what the device sent"), std::string::npos);
}

TEST_F(VerifyTest, CutTailIsNamedByTheClosingSignature) {
  const fs::path dir = copy();
  const fs::path sidecar = dir / "proof" / "video.sidecar";
  auto records = read_records(sidecar);
  records.resize(100);
  write_records(sidecar, records);
  Bytes media = load(dir / "proof" / "video.media");
  media.resize(records.back().record.media_offset + records.back().record.media_size_bytes);
  store(dir / "proof" / "video.media", media);
  fs::remove(dir / "movie.mp4");
  make_consistent(dir, true);
  const CommandResult result = verify(dir);
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.out.find("video: 100 parts (0-99), signed by the device: 0-89"),
            std::string::npos)
      << result.out;
}

TEST_F(VerifyTest, AnotherKeyThanTheOneThatSignedIsFound) {
  const fs::path dir = copy();
  auto manifest = parse_manifest(to_string(ByteView(load(dir / "proof.json"))));
  ASSERT_TRUE(manifest.ok());
  manifest->device_key = SigningKey::generate().public_key();
  store(dir / "proof.json", as_bytes(format_manifest(*manifest)));
  ASSERT_TRUE(write_sums(dir).ok());
  expect_found(dir, "video: part 29: the signature is not that of the device");
}

TEST_F(VerifyTest, MovieOfOtherPicturesIsFoundEvenWithItsHashCorrected) {
  const fs::path dir = copy();
  Bytes movie = load(dir / "movie.mp4");
  movie[movie.size() / 2] ^= 0x40;
  store(dir / "movie.mp4", movie);
  ASSERT_TRUE(write_sums(dir).ok());
  expect_found(dir, "movie.mp4: does not show what the device sent");
}

TEST_F(VerifyTest, OriginalThatIsNotTheDevicesIsFoundEvenWithItsHashCorrected) {
  const fs::path dir = copy();
  store(dir / "file.pdf", Bytes(100'000, 6));
  ASSERT_TRUE(write_sums(dir).ok());
  expect_found(dir, "file.pdf: is not what the device sent");
}

TEST_F(VerifyTest, WithoutAnySignatureNothingIsClaimed) {
  const fs::path dir = copy();
  for (const char* track : {"video", "audio", "file"}) {
    const fs::path sidecar = dir / "proof" / (std::string(track) + ".sidecar");
    auto records = read_records(sidecar);
    for (OwnRecord& record : records) {
      auto proof = parse_proof(record.proof);
      ASSERT_TRUE(proof.ok());
      proof->clear_head();
      const std::string bytes = proof->SerializeAsString();
      record.proof.assign(bytes.begin(), bytes.end());
    }
    write_records(sidecar, records);
  }
  make_consistent(dir, false);
  const CommandResult result = verify(dir);
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.out.find("NOT PROVEN"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("未证明"), std::string::npos);
}

}  // namespace
}  // namespace sitecast::hub
