// SPDX-License-Identifier: Apache-2.0
// The worker that looks at photos: what it answers, and what becomes of a photo that it dies of.
#include "agent/capture/photo_look.h"

#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <random>

#include "agent/capture/look/answer.h"
#include "agent/capture/look/png.h"
#include "agent/capture/photo_file.h"
#include "proto/worker/process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent_capture/media_check.h"

namespace sitecast::test {
namespace {

using agent::FileOptions;
using agent::store_photo_file;

std::string picture_of(const char* ending, int rows = 480, int columns = 640) {
  cv::Mat noise(rows, columns, CV_8UC3);
  cv::randu(noise, 0, 255);
  std::vector<std::uint8_t> bytes;
  EXPECT_TRUE(cv::imencode(ending, noise, bytes));
  return {bytes.begin(), bytes.end()};
}

// A worker that does what the script says in place of looking.
std::filesystem::path worker_that(const TempDir& folder, const std::string& script) {
  const auto path = folder.write("worker", "#!/bin/sh\n" + script + "\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

// Kept with every byte, without a verdict, and said so.
void expect_kept_unseen(const FileOptions& options, const std::string& says) {
  const TempDir folder;
  const std::string bytes = picture_of(".jpg");
  MemoryStore store;
  const auto stored = store_photo_file(folder.write("a.jpg", bytes), options, store);
  ASSERT_TRUE(stored.ok()) << stored.error().message();
  EXPECT_NE(stored->not_looked_at.find(says), std::string::npos) << stored->not_looked_at;
  EXPECT_TRUE(stored->warnings.empty());
  const StoredCapture capture = store.capture();
  EXPECT_EQ(capture.opened.capture_kind(), "photo");
  EXPECT_EQ(capture.close_reason, "stopped");
  EXPECT_TRUE(capture.events.empty());
  std::string kept;
  for (const auto& part : capture.tracks.at("image")) {
    kept.append(part.part.media.begin(), part.part.media.end());
  }
  EXPECT_TRUE(kept == bytes) << kept.size() << " of " << bytes.size();
}

TEST(PhotoLookTest, APhotoThatKillsTheWorkerIsKeptWithoutAVerdict) {
  const TempDir folder;
  FileOptions options;
  options.look.program = worker_that(folder, "kill -SEGV $$");
  expect_kept_unseen(options, "killed by signal 11");
}

TEST(PhotoLookTest, APhotoThatIsLookedAtForTooLongIsKeptWithoutAVerdict) {
  const TempDir folder;
  FileOptions options;
  options.look.program = worker_that(folder, "exec sleep 600");
  options.look.wall_limit_s = 1;
  expect_kept_unseen(options, "longer than 1 s");
}

TEST(PhotoLookTest, AnAnswerThatIsNoneIsNotBelieved) {
  const TempDir folder;
  FileOptions options;
  options.look.program = worker_that(folder, "echo trust me, it is a fine picture");
  expect_kept_unseen(options, "cannot be used");
}

TEST(PhotoLookTest, AMissingWorkerKeepsNoPhotoFromBeingKept) {
  FileOptions options;
  options.look.program = "/nowhere/sitecast-photo-look";
  expect_kept_unseen(options, "sitecast-photo-look");
}

TEST(PhotoLookTest, WhatTheWorkerSaysOfAPhotoIsWhatIsSaidOfIt) {
  const TempDir folder;
  FileOptions options;
  options.look.program = worker_that(folder, "echo it is damaged >&2; exit 2");
  MemoryStore store;
  const auto stored = store_photo_file(folder.write("a.jpg", picture_of(".jpg")), options, store);
  ASSERT_FALSE(stored.ok());
  EXPECT_EQ(stored.error().kind(), ErrorKind::kInvalidArgument);
  EXPECT_NE(stored.error().message().find("a.jpg: it is damaged"), std::string::npos)
      << stored.error().message();
  EXPECT_EQ(store.capture_count(), 0U);
}

TEST(PhotoLookTest, EveryKindOfPhotoIsSeen) {
  for (const char* ending : {".jpg", ".png"}) {
    SCOPED_TRACE(ending);
    const TempDir folder;
    MemoryStore store;
    const auto stored = store_photo_file(
        folder.write(std::string("a") + ending, picture_of(ending, 1500, 2000)), {}, store);
    ASSERT_TRUE(stored.ok()) << stored.error().message();
    EXPECT_EQ(stored->not_looked_at, "");
    EXPECT_EQ(stored->photo.width(), 2000U);
    EXPECT_EQ(stored->photo.height(), 1500U);
  }
  const TempDir folder;
  std::vector<std::uint8_t> black;
  ASSERT_TRUE(cv::imencode(".png", cv::Mat(600, 800, CV_8UC1, cv::Scalar(3)), black));
  MemoryStore store;
  const auto dark =
      store_photo_file(folder.write("b.png", std::string(black.begin(), black.end())), {}, store);
  ASSERT_TRUE(dark.ok()) << dark.error().message();
  EXPECT_EQ(dark->warnings.size(), 1U);
}

TEST(PhotoLookTest, DamageAnywhereInAPngIsRefused) {
  const std::string whole = picture_of(".png");
  ASSERT_TRUE(agent::read_png_luma(as_bytes(whole)).ok());
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string damaged = whole;
    damaged[40 + random() % (damaged.size() - 60)] ^= static_cast<char>(1 + random() % 255);
    EXPECT_FALSE(agent::read_png_luma(as_bytes(damaged)).ok()) << round;
  }
}

TEST(PhotoLookTest, MutatedPhotosNeverKillTheWorker) {
  std::vector<std::pair<std::string, std::string>> photos{{"image/jpeg", picture_of(".jpg")},
                                                          {"image/png", picture_of(".png")}};
  const auto heic = test_data("exif-gps-photos/heic_mobile_iphone_13_pro_max.HEIC");
  if (const auto bytes = read_file(heic, 64 << 20); bytes.ok()) {
    photos.emplace_back("image/heic", std::string(as_text(*bytes)));
  }
  WorkerProgram program;
  program.program = SITECAST_BIN_DIR "/sitecast-photo-look";
  program.cpu_limit_s = 60;  // what is tested here is not how fast the machine is
  program.wall_limit_s = 120;
  program.memory_limit_bytes = 2ULL << 30;
  const auto worker = WorkerProcess::make(program);
  ASSERT_TRUE(worker.ok());
  std::mt19937 random(20'260'103);
  for (int round = 0; round < 60; ++round) {
    const auto& [type, whole] = photos[static_cast<std::size_t>(round) % photos.size()];
    // The HEIC photo, which takes longest, now and then.
    if (type == "image/heic" && round % 4 != 0) continue;
    std::string photo = whole;
    for (std::size_t edits = 1 + random() % 16; edits > 0; --edits) {
      photo[random() % photo.size()] = static_cast<char>(random());
    }
    if (random() % 8 == 0) photo.resize(random() % photo.size());
    const auto answer = (*worker)->run(type, as_bytes(photo));
    EXPECT_TRUE(answer.ok() || answer.error().kind() == ErrorKind::kInvalidArgument)
        << type << " round " << round << ": " << answer.error().message();
    if (!answer.ok()) continue;
    EXPECT_TRUE(agent::read_photo_look(*answer).ok()) << type << " round " << round;
  }
}

TEST(PhotoLookTest, AnAnswerComesBackAsItWasWrittenAndNoOtherIsRead) {
  agent::PhotoLook look;
  look.metadata.set_width(4032);
  look.metadata.set_camera("Nokia");
  look.picture = {3, 2, {1, 2, 3, 4, 5, 6}};
  const Bytes answer = agent::write_photo_look(look);
  const auto read = agent::read_photo_look(answer);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->metadata.camera(), "Nokia");
  EXPECT_EQ(read->picture.width_px, 3U);
  EXPECT_EQ(read->picture.luma, look.picture.luma);
  for (std::size_t size = 0; size < answer.size(); ++size) {
    EXPECT_FALSE(agent::read_photo_look(ByteView(answer).first(size)).ok()) << size;
  }
  Bytes longer = answer;
  longer.push_back(0);
  EXPECT_FALSE(agent::read_photo_look(longer).ok());
  // What the hub would refuse, and what would claim gigabytes.
  look.metadata.set_latitude_deg(1e9);
  EXPECT_FALSE(agent::read_photo_look(agent::write_photo_look(look)).ok());
  EXPECT_FALSE(agent::read_photo_look(Bytes(8, 0xff)).ok());
  agent::PhotoLook wide;
  wide.picture = {1280, 1, Bytes(1280)};
  EXPECT_FALSE(agent::read_photo_look(agent::write_photo_look(wide)).ok());
}

TEST(PhotoLookTest, APictureIsMadeSmallByTheMeansOfSquares) {
  Bytes rows(1300 * 4);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i % 2 == 0 ? 10 : 20;
  const agent::Luma small = agent::shrink_luma(rows.data(), 1300, 4, 1300);
  EXPECT_EQ(small.width_px, 650U);
  EXPECT_EQ(small.height_px, 2U);
  EXPECT_EQ(small.luma, Bytes(1300, 15));
  const agent::Luma thin = agent::shrink_luma(rows.data(), 5000, 1, 5200);
  EXPECT_EQ(thin.width_px, 714U);
  EXPECT_EQ(thin.height_px, 1U);
}

}  // namespace
}  // namespace sitecast::test
