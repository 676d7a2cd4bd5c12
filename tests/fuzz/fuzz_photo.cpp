// SPDX-License-Identifier: Apache-2.0
// What the agent reads from a photo file: type, JPEG and PNG headers, HEIC boxes, EXIF, and the
// brightness of small JPEG pictures. Anything that is no picture is read as the TIFF structure that
// EXIF is. Whatever comes out must fit the event that announces the photo, or the photo could not
// be stored.
#include "agent/capture/look/exif.h"
#include "agent/capture/look/heic.h"
#include "agent/capture/look/jpeg.h"
#include "agent/capture/look/png.h"
#include "agent/capture/media_type.h"
#include "agent/capture/photo_time.h"
#include "agent/capture/picture_header.h"
#include "proto/base/id.h"
#include "proto/codec/event_rules.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {
namespace {

constexpr std::uint64_t kDecodedPixels = 1 << 18;  // larger ones cost time and teach nothing

void check_header(const Result<agent::PictureHeader>& header) {
  FUZZ_REQUIRE(!header.ok() || (header->width_px > 0 && header->height_px > 0));
}

void read_jpeg(ByteView input) {
  const auto header = agent::read_jpeg_header(input);
  check_header(header);
  if (!header.ok() || std::uint64_t{header->width_px} * header->height_px > kDecodedPixels) return;
  const auto picture = agent::read_jpeg_luma(input, 64);
  if (!picture.ok()) return;
  FUZZ_REQUIRE(picture->width_px > 0 && picture->height_px > 0);
  FUZZ_REQUIRE(picture->luma.size() == std::size_t{picture->width_px} * picture->height_px);
}

void check_photo(const v1::PhotoMetadata& photo) {
  v1::Event event;
  event.set_event_id(EventId::make().raw());
  event.set_kind("capture.opened");
  event.set_capture_id(CaptureId::make().raw());
  event.set_stated_at_us(agent::exif_time_us(photo).value_or(1));
  v1::CaptureOpened& opened = *event.mutable_capture_opened();
  opened.set_capture_kind("photo");
  opened.set_captured_at_us(event.stated_at_us());
  opened.add_tracks("image");
  *opened.mutable_photo() = photo;
  const Status fits = check_event(event);
  if (!fits.ok()) std::fprintf(stderr, "%s\n", fits.error().message().c_str());
  FUZZ_REQUIRE(fits.ok());
  // Text that is no UTF-8 would not come out of it again.
  FUZZ_REQUIRE(v1::Event().ParseFromString(event.SerializeAsString()));
}

}  // namespace

void fuzz_one(ByteView input) {
  v1::PhotoMetadata photo;
  const std::string type = agent::media_type_of(input, input);
  if (type == "image/jpeg") {
    read_jpeg(input);
    agent::read_exif_of_file(input, photo);
  } else if (type == "image/png") {
    const auto header = agent::read_png_header(input);
    check_header(header);
    if (header.ok() && std::uint64_t{header->width_px} * header->height_px <= kDecodedPixels) {
      const auto picture = agent::read_png_luma(input);
      FUZZ_REQUIRE(!picture.ok() ||
                   picture->luma.size() == std::size_t{picture->width_px} * picture->height_px);
    }
    agent::read_exif_of_file(input, photo);
  } else if (type == "image/heic") {
    const auto heic = agent::read_heic_header(input);
    if (!heic.ok()) return;
    FUZZ_REQUIRE(heic->width_px > 0 && heic->height_px > 0);
    FUZZ_REQUIRE(std::uint64_t{heic->width_px} * heic->height_px <= agent::kPhotoPixels);
    agent::read_exif_of_tiff(heic->exif_tiff, photo);
  } else {
    agent::read_exif_of_tiff(input, photo);
  }
  check_photo(photo);
}

}  // namespace sitecast
