// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>

#include "agent/capture/exif.h"
#include "agent/capture/heic.h"
#include "agent/capture/photo_file.h"
#include "agent/capture/picture_header.h"

namespace sitecast::agent {
namespace {

constexpr int kEnoughPx = 640;  // of the longer side, for the look at quality

Status check_size(std::uint32_t width_px, std::uint32_t height_px) {
  if (std::uint64_t{width_px} * height_px <= kPhotoPixels) return Ok{};
  return invalid_argument(
      fmt::format("the picture is too large: {} x {} pixels, at most {} million", width_px,
                  height_px, kPhotoPixels / 1'000'000));
}

// JPEG decoders can leave out the fine detail, which makes large photos cheap.
int reading_mode(int longest_px) {
  if (longest_px >= kEnoughPx * 8) return cv::IMREAD_REDUCED_GRAYSCALE_8;
  if (longest_px >= kEnoughPx * 4) return cv::IMREAD_REDUCED_GRAYSCALE_4;
  if (longest_px >= kEnoughPx * 2) return cv::IMREAD_REDUCED_GRAYSCALE_2;
  return cv::IMREAD_GRAYSCALE;
}

Result<QualityMeasure> measure_file(ByteView file, const PictureHeader& header) {
  try {
    const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8UC1,
                        const_cast<std::uint8_t*>(file.data()));
    const auto longest = static_cast<int>(std::max(header.width_px, header.height_px));
    const cv::Mat luma = cv::imdecode(bytes, reading_mode(longest) | cv::IMREAD_IGNORE_ORIENTATION);
    if (luma.empty()) return invalid_argument("it cannot be read as a picture: it is damaged");
    return measure_quality({luma.data, luma.cols, luma.rows, luma.step});
  } catch (const cv::Exception&) {
    return invalid_argument("it cannot be read as a picture: it is damaged");
  }
}

}  // namespace

Result<Picture> look_at_picture(ByteView file, const std::string& media_type) {
  Picture picture;
  if (media_type == "image/heic") {
    SC_TRY_ASSIGN(const HeicPicture heic, read_heic(file));
    picture.quality = heic.quality;
    if (!heic.exif_tiff.empty()) read_exif_of_tiff(heic.exif_tiff, picture.metadata);
    picture.metadata.set_width(heic.width_px);
    picture.metadata.set_height(heic.height_px);
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
  SC_TRY_ASSIGN(picture.quality, measure_file(file, header));
  read_exif_of_file(file, picture.metadata);
  picture.metadata.set_width(header.width_px);
  picture.metadata.set_height(header.height_px);
  return picture;
}

}  // namespace sitecast::agent
