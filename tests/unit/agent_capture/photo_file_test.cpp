// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/photo_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include <jpeglib.h>  // needs <cstdio> before it

#include "proto/base/file.h"
#include "proto/base/sha256.h"
#include "proto/codec/limits.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent_capture/media_check.h"

namespace sitecast::test {
namespace {

using agent::FileOptions;
using agent::store_document_file;
using agent::store_photo_file;

// The bytes in the store are the file's, in blocks, and say so.
void expect_original_bytes(const StoredCapture& capture, const std::string& track,
                           const std::filesystem::path& path) {
  const auto original = read_file(path, limits::kFileBytes);
  ASSERT_TRUE(original.ok());
  Bytes stored;
  const auto& parts = capture.tracks.at(track);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const agent::NewPart& part = parts[i].part;
    EXPECT_EQ(part.media_time, stored.size());
    EXPECT_EQ(part.has_file, i == 0);
    EXPECT_EQ(part.last, i + 1 == parts.size());
    EXPECT_LE(part.media.size(), limits::kFileBlockBytes);
    stored.insert(stored.end(), part.media.begin(), part.media.end());
  }
  EXPECT_EQ(stored, *original);
  const v1::FileInfo& info = parts.front().part.file;
  EXPECT_EQ(info.size_bytes(), original->size());
  EXPECT_EQ(info.sha256(), as_text(sha256(*original)));
  EXPECT_EQ(info.name(), path.filename().string());
}

TEST(PhotoFileTest, EveryRealPhotoIsStoredUntouchedAndWithoutAlarm) {
  int count = 0;
  for (const char* folder : {"exif-gps-photos", "tnb-fixedcam", "london-residential-handheld"}) {
    SITECAST_NEED_DATA(test_data(folder));
    for (const auto& entry : std::filesystem::directory_iterator(test_data(folder))) {
      const std::string ending = entry.path().extension().string();
      if (ending != ".jpg" && ending != ".HEIC" && ending != ".png") continue;
      SCOPED_TRACE(entry.path().filename().string());
      MemoryStore store;
      const auto stored = store_photo_file(entry.path(), {}, store);
      ASSERT_TRUE(stored.ok()) << stored.error().message();
      EXPECT_TRUE(stored->warnings.empty()) << stored->warnings[0].warning();
      EXPECT_EQ(store.capture().close_reason, "stopped");
      EXPECT_EQ(store.capture().opened.capture_kind(), "photo");
      expect_original_bytes(store.capture(), "image", entry.path());
      ++count;
    }
  }
  EXPECT_GE(count, 26);
}

TEST(PhotoFileTest, AllEightOrientationsAreKept) {
  for (std::uint32_t orientation = 1; orientation <= 8; ++orientation) {
    const auto path = test_data("exif-gps-photos/jpg_orientation_landscape_" +
                                std::to_string(orientation) + ".jpg");
    SITECAST_NEED_DATA(path);
    MemoryStore store;
    const auto stored = store_photo_file(path, {}, store);
    ASSERT_TRUE(stored.ok()) << stored.error().message();
    EXPECT_EQ(stored->photo.orientation(), orientation);
    EXPECT_EQ(store.capture().opened.photo().orientation(), orientation);
    const bool turned = orientation >= 5;  // the stored picture is portrait then
    EXPECT_EQ(stored->photo.width() < stored->photo.height(), turned);
  }
}

TEST(PhotoFileTest, PlaceTimeAndCameraComeFromExif) {
  const auto path = test_data("exif-gps-photos/jpg_gps_DSCN0010.jpg");
  SITECAST_NEED_DATA(path);
  setenv("TZ", "Asia/Shanghai", 1);
  tzset();
  MemoryStore store;
  const auto stored = store_photo_file(path, {}, store);
  ASSERT_TRUE(stored.ok()) << stored.error().message();
  EXPECT_TRUE(stored->photo.has_gps());
  EXPECT_NEAR(stored->photo.latitude_deg(), 43.467448, 1e-5);
  EXPECT_NEAR(stored->photo.longitude_deg(), 11.885127, 1e-5);
  EXPECT_EQ(stored->photo.camera(), "NIKON COOLPIX P6000");
  EXPECT_EQ(stored->photo.exif_time(), "2008:10:22 16:28:39");
  // 16:28:39 in the device's zone, +08:00
  EXPECT_EQ(stored->captured_at_us, 1'224'664'119'000'000);
  EXPECT_EQ(store.capture().opened.captured_at_us(), stored->captured_at_us);
}

TEST(PhotoFileTest, HeicOfAPhoneIsReadWithItsOffset) {
  const auto path = test_data("exif-gps-photos/heic_mobile_iphone_13_pro_max.HEIC");
  SITECAST_NEED_DATA(path);
  MemoryStore store;
  const auto stored = store_photo_file(path, {}, store);
  ASSERT_TRUE(stored.ok()) << stored.error().message();
  EXPECT_EQ(stored->file.media_type(), "image/heic");
  EXPECT_EQ(stored->photo.width() * stored->photo.height(), 4032U * 3024U);
  EXPECT_EQ(stored->photo.orientation(), 1U);
  EXPECT_EQ(stored->photo.camera(), "Apple iPhone 13 Pro Max");
  EXPECT_FALSE(stored->photo.exif_time().empty());
  EXPECT_FALSE(stored->photo.exif_offset().empty());
}

TEST(PhotoFileTest, TheCallerMaySayWhenItWasTaken) {
  const auto path = test_data("tnb-fixedcam/TNB_1_1.jpg");
  SITECAST_NEED_DATA(path);
  FileOptions options;
  options.captured_at_us = 1'700'000'000'000'000;
  options.note = "second floor";
  MemoryStore store;
  const auto stored = store_photo_file(path, options, store);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(store.capture().opened.captured_at_us(), options.captured_at_us);
  ASSERT_EQ(store.capture().events.size(), 1U);
  EXPECT_EQ(store.capture().events[0].note().text(), "second floor");
}

TEST(PhotoFileTest, ANoteThatTheHubWouldRefuseLeavesNoCaptureBehind) {
  test::MemoryStore store;
  FileOptions options;
  options.note = std::string(limits::kTextBytes + 1, 'x');
  const auto stored = store_document_file("/proc/self/exe", options, store);
  ASSERT_FALSE(stored.ok());
  EXPECT_NE(stored.error().message().find("the note"), std::string::npos)
      << stored.error().message();
  EXPECT_EQ(store.capture_count(), 0U);
}

TEST(PhotoFileTest, APhotoThatIsCutOffIsRefusedAndSaysSo) {
  const auto path = test_data("tnb-fixedcam/TNB_1_1.jpg");
  SITECAST_NEED_DATA(path);
  const TempDir folder;
  const auto cut = folder.path() / "cut.jpg";
  std::filesystem::copy_file(path, cut);
  std::filesystem::resize_file(cut, std::filesystem::file_size(path) / 2);
  MemoryStore store;
  const auto stored = store_photo_file(cut, {}, store);
  ASSERT_FALSE(stored.ok());
  EXPECT_NE(stored.error().message().find("cut off"), std::string::npos);
  EXPECT_EQ(store.capture_count(), 0U);
}

// A decoder paints what is missing in one colour and calls it a picture.
TEST(PhotoFileTest, APhotoWithAHoleInItIsRefusedAndSaysSo) {
  cv::Mat noise(480, 640, CV_8UC3);
  cv::randu(noise, 0, 255);
  std::vector<std::uint8_t> jpeg;
  for (const bool progressive : {false, true}) {
    SCOPED_TRACE(progressive);
    ASSERT_TRUE(cv::imencode(".jpg", noise, jpeg, {cv::IMWRITE_JPEG_PROGRESSIVE, progressive}));
    const TempDir folder;
    MemoryStore store;
    const std::string whole(jpeg.begin(), jpeg.end());
    EXPECT_TRUE(store_photo_file(folder.write("whole.jpg", whole), {}, store).ok());
    // Its end is there, with what phones append.
    const std::string holed = whole.substr(0, whole.size() / 2) + "\xFF\xD9" + "more";
    MemoryStore refused;
    const auto stored = store_photo_file(folder.write("holed.jpg", holed), {}, refused);
    ASSERT_FALSE(stored.ok());
    EXPECT_NE(stored.error().message().find("a part of it is missing"), std::string::npos)
        << stored.error().message();
    EXPECT_NE(stored.error().message().find("document --file"), std::string::npos);
    EXPECT_EQ(refused.capture_count(), 0U);
  }
}

// A JPEG of four inks, as programs for printing write it: stored inverted, 255 is no ink.
std::string inks_jpeg(std::uint8_t black) {
  jpeg_error_mgr errors;
  jpeg_compress_struct info;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = info.image_height = 64;
  info.input_components = 4;
  info.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_start_compress(&info, TRUE);
  for (unsigned y = 0; y < 64; ++y) {
    Bytes row;
    for (unsigned x = 0; x < 64; ++x) {
      const std::uint8_t checks = (x / 4 + y / 4) % 2 == 0 ? 255 : 20;
      row.insert(row.end(), {checks, checks, checks, black});
    }
    JSAMPROW line = row.data();
    jpeg_write_scanlines(&info, &line, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const std::string jpeg(bytes, bytes + size);
  std::free(bytes);  // NOLINT: jpeg_mem_dest allocates with malloc
  return jpeg;
}

TEST(PhotoFileTest, APhotoInPrintersInksIsLookedAtToo) {
  const TempDir folder;
  MemoryStore store;
  const auto bright = store_photo_file(folder.write("b.jpg", inks_jpeg(255)), {}, store);
  ASSERT_TRUE(bright.ok()) << bright.error().message();
  EXPECT_TRUE(bright->warnings.empty());
  const auto black = store_photo_file(folder.write("k.jpg", inks_jpeg(2)), {}, store);
  ASSERT_TRUE(black.ok()) << black.error().message();
  EXPECT_EQ(black->warnings.size(), 1U);
}

TEST(PhotoFileTest, APixelFloodIsRefusedBeforeItIsDecoded) {
  // A PNG of 40 bytes that claims 60000 x 60000 pixels.
  std::string png("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\xEA\x60\0\0\xEA\x60\x08\0\0\0\0", 29);
  png += std::string(4, 'x') + std::string("\0\0\0\0IEND\xAE\x42\x60\x82", 12);
  const TempDir folder;
  MemoryStore store;
  const auto stored = store_photo_file(folder.write("flood.png", png), {}, store);
  ASSERT_FALSE(stored.ok());
  EXPECT_NE(stored.error().message().find("too large"), std::string::npos);
}

// The decoder goes by the first frame header, so a later one must not hide it.
TEST(PhotoFileTest, APixelFloodWithASecondSizeIsRefusedToo) {
  const std::string head("\xFF\xD8", 2), end("\xFF\xD9", 2);
  const auto frame = [](const std::string& size) {
    return std::string("\xFF\xC2\0\x0B\x08", 5) + size + std::string("\1\1\x11\0", 4);
  };
  const std::string flood = frame(std::string("\xFF\xFF\xFF\xFF", 4));
  const std::string small = frame(std::string("\0\x10\0\x10", 4));
  const TempDir folder;
  MemoryStore store;
  const auto stored =
      store_photo_file(folder.write("a.jpg", head + flood + small + end), {}, store);
  ASSERT_FALSE(stored.ok());
  EXPECT_NE(stored.error().message().find("too large"), std::string::npos)
      << stored.error().message();
}

TEST(PhotoFileTest, ARubbishPictureSaysThatItCannotBeRead) {
  const TempDir folder;
  MemoryStore store;
  std::string heic(
      "\0\0\0\x18"
      "ftypheic",
      12);
  heic += std::string(500, 'x');
  for (const auto& path :
       {folder.write("a.heic", heic), folder.write("b.txt", "hello"), folder.write("c.jpg", "")}) {
    const auto stored = store_photo_file(path, {}, store);
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(stored.error().kind(), ErrorKind::kInvalidArgument) << path;
    EXPECT_NE(stored.error().message().find(path.filename().string()), std::string::npos);
  }
  EXPECT_EQ(store_photo_file(folder.path() / "none.jpg", {}, store).error().kind(),
            ErrorKind::kNotFound);
  EXPECT_EQ(store.capture_count(), 0U);
}

TEST(PhotoFileTest, AFullStoreClosesTheCaptureAsFull) {
  const auto path = test_data("tnb-fixedcam/TNB_1_1.jpg");
  SITECAST_NEED_DATA(path);
  MemoryStore store;
  store.refuse_after(2);
  const auto stored = store_photo_file(path, {}, store);
  ASSERT_FALSE(stored.ok());
  EXPECT_EQ(stored.error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(store.capture().close_reason, "disk_full");
}

TEST(DocumentFileTest, AnyBytesAreKept) {
  const TempDir folder;
  std::string bytes(limits::kFileBlockBytes * 2 + 7, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  for (const std::size_t size :
       {std::size_t{1}, limits::kFileBlockBytes - 1, limits::kFileBlockBytes,
        limits::kFileBlockBytes + 1, bytes.size()}) {
    const auto path = folder.write("data.bin", bytes.substr(0, size));
    MemoryStore store;
    const auto stored = store_document_file(path, {}, store);
    ASSERT_TRUE(stored.ok()) << stored.error().message();
    EXPECT_EQ(stored->file.media_type(), "application/octet-stream");
    EXPECT_EQ(store.capture().opened.capture_kind(), "document");
    EXPECT_EQ(store.capture().opened.title(), "data.bin");
    expect_original_bytes(store.capture(), "file", path);
  }
}

TEST(DocumentFileTest, AnEmptyFileIsRefused) {
  const TempDir folder;
  MemoryStore store;
  EXPECT_EQ(store_document_file(folder.write("a", ""), {}, store).error().kind(),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(store.capture_count(), 0U);
}

}  // namespace
}  // namespace sitecast::test
