// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/picture.h"

#include <fmt/format.h>

#include <opencv2/imgcodecs.hpp>

#include "agent/capture/exif.h"
#include "agent/capture/heic.h"
#include "agent/capture/jpeg.h"
#include "agent/capture/photo_file.h"
#include "agent/capture/picture_header.h"

namespace sitecast::agent {
namespace {

constexpr std::uint32_t kEnoughPx = 640;  // of the longer side, for the look at quality

Status check_size(std::uint32_t width_px, std::uint32_t height_px) {
  if (std::uint64_t{width_px} * height_px <= kPhotoPixels) return Ok{};
  return invalid_argument(
      fmt::format("the picture is too large: {} x {} pixels, at most {} million", width_px,
                  height_px, kPhotoPixels / 1'000'000));
}

Result<QualityMeasure> measure_jpeg(ByteView file) {
  SC_TRY_ASSIGN(const JpegLuma picture, read_jpeg_luma(file, kEnoughPx));
  return measure_quality({picture.luma.data(), static_cast<int>(picture.width_px),
                          static_cast<int>(picture.height_px), picture.width_px});
}

Result<QualityMeasure> measure_png(ByteView file) {
  const Error damaged = invalid_argument(
      "it cannot be read as a picture: it is damaged; copy it from its source again, or keep it as "
      "it is with `document --file`");
  try {
    const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8UC1,
                        const_cast<std::uint8_t*>(file.data()));
    const cv::Mat luma = cv::imdecode(bytes, cv::IMREAD_GRAYSCALE | cv::IMREAD_IGNORE_ORIENTATION);
    if (luma.empty()) return damaged;
    return measure_quality({luma.data, luma.cols, luma.rows, luma.step});
  } catch (const cv::Exception&) {
    return damaged;
  }
}

}  // namespace

Result<Picture> look_at_picture(ByteView file, const std::string& media_type) {
  Picture picture;
  if (media_type == "image/heic") {
    SC_TRY_ASSIGN(const HeicPicture heic, read_heic(file));
    picture.quality = heic.quality;
    const HeicHeader& header = heic.header;
    if (!header.exif_tiff.empty()) read_exif_of_tiff(header.exif_tiff, picture.metadata);
    picture.metadata.set_width(header.width_px);
    picture.metadata.set_height(header.height_px);
    picture.metadata.set_orientation(1);
    return picture;
  }
  PictureHeader header;
  if (media_type == "image/jpeg") {
    SC_TRY_ASSIGN(header, read_jpeg_header(file));
  } else if (media_type == "image/png") {
    SC_TRY_ASSIGN(header, read_png_header(file));
  } else {
    return invalid_argument(
        "not a photo: it is neither JPEG nor PNG nor HEIC; store it as a document");
  }
  SC_TRY(check_size(header.width_px, header.height_px));
  SC_TRY_ASSIGN(picture.quality,
                media_type == "image/jpeg" ? measure_jpeg(file) : measure_png(file));
  read_exif_of_file(file, picture.metadata);
  picture.metadata.set_width(header.width_px);
  picture.metadata.set_height(header.height_px);
  return picture;
}

}  // namespace sitecast::agent
