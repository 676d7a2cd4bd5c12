// SPDX-License-Identifier: Apache-2.0
// Every broken or odd file ends in a clear message or a correct capture: no crash, no hang, and
// nothing half is shown as whole. One test per file, so that one that hangs is named; the limit is
// 20 s.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "agent/capture/photo_file.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent_capture/media_check.h"

namespace sitecast::test {
namespace {

constexpr std::chrono::seconds kLimit{20};

std::vector<std::string> broken_files() {
  std::vector<std::string> files;
  std::error_code code;
  const auto root = test_data("broken-media");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root, code)) {
    if (entry.is_regular_file()) {
      files.push_back(std::filesystem::relative(entry.path(), root).string());
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) files.emplace_back("");  // one test that says what is absent
  return files;
}

std::string file_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.empty() ? "absent" : info.param;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

class BrokenMediaTest : public ::testing::TestWithParam<std::string> {};

// Runs on a thread of its own; a hang ends the whole test program, since there is no way out of it.
Recorded record_within_limit(const std::filesystem::path& path) {
  auto result = std::async(std::launch::async, [&] { return record(file_options(path)); });
  if (result.wait_for(kLimit) != std::future_status::ready) {
    ADD_FAILURE() << "hangs: " << path;
    std::_Exit(1);
  }
  return result.get();
}

TEST_P(BrokenMediaTest, RecordsCorrectlyOrSaysWhyNot) {
  const auto path = test_data("broken-media") / GetParam();
  if (GetParam().empty()) GTEST_SKIP() << "test data is absent: broken-media";
  const Recorded recorded = record_within_limit(path);
  if (recorded.capture_count == 0) {
    ASSERT_FALSE(recorded.status.ok());
    EXPECT_GT(recorded.status.error().message().size(), 20U);
    std::printf("  %s: refused: %s\n", GetParam().c_str(),
                recorded.status.error().message().c_str());
    return;
  }
  ASSERT_NE(recorded.capture.close_reason, "");
  std::printf("  %s: %s, %llu pictures, %llu packets of sound %s\n", GetParam().c_str(),
              recorded.capture.close_reason.c_str(),
              static_cast<unsigned long long>(recorded.end.video_frames),
              static_cast<unsigned long long>(recorded.end.audio_frames),
              recorded.capture.close_detail.c_str());
  expect_sound_structure(recorded.capture, recorded.end);
  if (recorded.capture.close_reason == "error") {
    EXPECT_FALSE(recorded.status.ok());
    EXPECT_GT(recorded.capture.close_detail.size(), 20U);
    return;
  }
  // Called whole, so as much as another reader finds must be there.
  EXPECT_EQ(recorded.capture.close_reason, "source_ended");
  const TempDir folder;
  for (const auto& [track, parts] : recorded.capture.tracks) {
    EXPECT_EQ(decode_messages(write_track(recorded.capture, track, folder.path())), "");
  }
  std::string ignored;
  const std::string count = output_of(
      "ffprobe -v quiet -select_streams v:0 -count_frames -show_entries "
      "stream=nb_read_frames -of csv=p=0 " +
          quoted(path) + " || true",
      &ignored);
  EXPECT_GE(recorded.end.video_frames, static_cast<std::uint64_t>(std::atoi(count.c_str())));
}

TEST_P(BrokenMediaTest, IsAPhotoOrIsRefusedAsOne) {
  const auto path = test_data("broken-media") / GetParam();
  if (GetParam().empty()) GTEST_SKIP() << "test data is absent: broken-media";
  MemoryStore store;
  const auto stored = agent::store_photo_file(path, {}, store);
  if (!stored.ok()) {
    EXPECT_EQ(store.capture_count(), 0U);
    EXPECT_GT(stored.error().message().size(), 20U);
    return;
  }
  EXPECT_EQ(path.extension(), ".jpg");
  EXPECT_EQ(store.capture().close_reason, "stopped");
}

INSTANTIATE_TEST_SUITE_P(Files, BrokenMediaTest, ::testing::ValuesIn(broken_files()), file_name);

// Files that are cut off in the middle: the commonest damage of all.
class CutClipTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CutClipTest, IsNeverShownAsWhole) {
  const auto path = test_data("walkthrough-gopro/max-heromode.mp4");
  SITECAST_NEED_DATA(path);
  const TempDir folder;
  const auto whole = folder.path() / (std::string("whole.") + GetParam());
  output_of("ffmpeg -v error -i " + quoted(path) +
            " -map 0:v:0 -map 0:a:0 -c copy -movflags +faststart " + quoted(whole));
  const auto cut = folder.path() / (std::string("cut.") + GetParam());
  std::filesystem::copy_file(whole, cut);
  std::filesystem::resize_file(cut, std::filesystem::file_size(whole) / 2);
  const Recorded recorded = record_within_limit(cut);
  EXPECT_FALSE(recorded.status.ok());
  if (recorded.capture_count > 0) {
    EXPECT_EQ(recorded.capture.close_reason, "error");
    EXPECT_GT(recorded.end.video_frames, 100U) << "what is there is kept";
    expect_sound_structure(recorded.capture, recorded.end);
  }
}

INSTANTIATE_TEST_SUITE_P(Containers, CutClipTest, ::testing::Values("mp4", "mkv", "avi"));

}  // namespace
}  // namespace sitecast::test
