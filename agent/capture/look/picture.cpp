// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/look/picture.h"

#include <fmt/format.h>

#include "agent/capture/look/exif.h"
#include "agent/capture/look/heic.h"
#include "agent/capture/look/jpeg.h"
#include "agent/capture/look/png.h"
#include "agent/capture/picture_header.h"

namespace sitecast::agent {
namespace {

Status check_size(std::uint32_t width_px, std::uint32_t height_px) {
  if (std::uint64_t{width_px} * height_px <= kPhotoPixels) return Ok{};
  return invalid_argument(
      fmt::format("the picture is too large: {} x {} pixels, at most {} million", width_px,
                  height_px, kPhotoPixels / 1'000'000));
}

Result<PhotoLook> look_at_heic(ByteView file) {
  SC_TRY_ASSIGN(HeicPicture heic, read_heic(file));
  PhotoLook look;
  const HeicHeader& header = heic.header;
  if (!header.exif_tiff.empty()) read_exif_of_tiff(header.exif_tiff, look.metadata);
  look.metadata.set_width(header.width_px);
  look.metadata.set_height(header.height_px);
  look.metadata.set_orientation(1);
  look.picture = std::move(heic.picture);
  return look;
}

Result<PhotoLook> look_at(ByteView file, const PictureHeader& header,
                          Result<Luma> (*read_luma)(ByteView)) {
  SC_TRY(check_size(header.width_px, header.height_px));
  PhotoLook look;
  SC_TRY_ASSIGN(look.picture, read_luma(file));
  read_exif_of_file(file, look.metadata);
  look.metadata.set_width(header.width_px);
  look.metadata.set_height(header.height_px);
  return look;
}

Result<Luma> read_small_jpeg(ByteView file) {
  SC_TRY_ASSIGN(Luma picture, read_jpeg_luma(file, kEnoughPx));
  return shrink_luma(picture.luma.data(), picture.width_px, picture.height_px, picture.width_px);
}

}  // namespace

Result<PhotoLook> look_at_picture(ByteView file, std::string_view media_type) {
  if (media_type == "image/heic") return look_at_heic(file);
  if (media_type == "image/jpeg") {
    SC_TRY_ASSIGN(const PictureHeader header, read_jpeg_header(file));
    return look_at(file, header, read_small_jpeg);
  }
  if (media_type == "image/png") {
    SC_TRY_ASSIGN(const PictureHeader header, read_png_header(file));
    return look_at(file, header, read_png_luma);
  }
  return invalid_argument("neither JPEG nor PNG nor HEIC");
}

}  // namespace sitecast::agent
