// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/look/exif.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "agent/capture/look/heic.h"
#include "agent/capture/media_type.h"
#include "agent/capture/photo_time.h"
#include "proto/base/file.h"
#include "proto/base/id.h"
#include "proto/codec/event_rules.h"

namespace sitecast::agent {
namespace {

// A TIFF structure, little endian, with one folder of text entries (TIFF 6.0 section 2).
std::string tiff_of(const std::vector<std::pair<int, std::string>>& texts) {
  const auto number = [](std::size_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
  };
  std::string folder = number(texts.size(), 2);
  std::string data;
  const std::size_t data_at = 8 + 2 + 12 * texts.size() + 4;
  for (const auto& [tag, text] : texts) {
    const std::string value = text + '\0';
    folder += number(static_cast<std::size_t>(tag), 2) + number(2, 2) + number(value.size(), 4) +
              number(data_at + data.size(), 4);
    data += value;
  }
  return "II" + number(42, 2) + number(8, 4) + folder + number(0, 4) + data;
}

constexpr int kMake = 0x010F, kDateTime = 0x0132;

v1::PhotoMetadata read(const std::string& tiff) {
  v1::PhotoMetadata photo;
  read_exif_of_tiff(as_bytes(tiff), photo);
  return photo;
}

// The event that announces it, as the spool checks it.
Status announce(const v1::PhotoMetadata& photo) {
  v1::Event event;
  event.set_event_id(EventId::make().raw());
  event.set_kind("capture.opened");
  event.set_capture_id(CaptureId::make().raw());
  event.set_stated_at_us(1);
  event.mutable_capture_opened()->set_capture_kind("photo");
  event.mutable_capture_opened()->set_captured_at_us(1);
  event.mutable_capture_opened()->add_tracks("image");
  *event.mutable_capture_opened()->mutable_photo() = photo;
  return check_event(event);
}

TEST(ExifTest, TimeAndMakeAreRead) {
  const auto photo = read(tiff_of({{kMake, "Nokia"}, {kDateTime, "2026:04:13 14:05:00"}}));
  EXPECT_EQ(photo.camera(), "Nokia");
  EXPECT_EQ(photo.exif_time(), "2026:04:13 14:05:00");
  EXPECT_TRUE(announce(photo).ok());
}

TEST(ExifTest, TextsOfAnyLengthDoNotKeepAPhotoFromBeingStored) {
  const auto photo = read(tiff_of({{kMake, std::string(5000, 'm')},
                                   {kDateTime, "2026:04:13 14:05:00" + std::string(300, ' ')}}));
  EXPECT_TRUE(exif_time_us(photo).has_value());
  const Status announced = announce(photo);
  EXPECT_TRUE(announced.ok()) << announced.error().message();
}

// The fuzzer starts from files that mean something.
TEST(ExifTest, SeedsOfTheFuzzerAreRead) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(SITECAST_SOURCE_DIR "/tests/fuzz/corpus/fuzz_photo")) {
    if (entry.path().filename().string().rfind("seed-", 0) != 0) continue;
    SCOPED_TRACE(entry.path());
    const auto bytes = read_file(entry.path(), 1 << 20);
    ASSERT_TRUE(bytes.ok());
    v1::PhotoMetadata photo;
    const std::string type = media_type_of(*bytes, *bytes);
    if (type == "image/heic") {
      const auto heic = read_heic_header(*bytes);
      ASSERT_TRUE(heic.ok()) << heic.error().message();
      EXPECT_EQ(heic->width_px, 64U);
      read_exif_of_tiff(heic->exif_tiff, photo);
    } else if (type == "image/jpeg" || type == "image/png") {
      read_exif_of_file(*bytes, photo);
    } else {
      read_exif_of_tiff(*bytes, photo);
    }
    EXPECT_EQ(photo.camera(), "Nokia 3310");
    EXPECT_EQ(photo.orientation(), 6U);
    EXPECT_NEAR(photo.latitude_deg(), -(31 + 13 / 60.0 + 49 / 3600.0), 1e-9);
    ++count;
  }
  EXPECT_EQ(count, 5);
}

TEST(ExifTest, RubbishLeavesEverythingUnset) {
  std::string tiff = tiff_of({{kMake, "Nokia"}, {kDateTime, "2026:04:13 14:05:00"}});
  for (std::size_t size = 0; size < tiff.size(); ++size) {
    EXPECT_TRUE(announce(read(tiff.substr(0, size))).ok()) << size;
  }
  EXPECT_EQ(read("").camera(), "");
}

}  // namespace
}  // namespace sitecast::agent
