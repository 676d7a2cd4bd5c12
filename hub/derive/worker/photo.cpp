// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/worker/photo.h"

#include <fmt/format.h>
#include <libheif/heif.h>

#include <cstring>
#include <memory>

#include "hub/derive/worker/jpeg.h"

namespace sitecast::derive {
namespace {

constexpr std::size_t kFormatHeadBytes = 12;

template <auto Function>
struct ReleaseHeif {
  template <typename T>
  void operator()(T* object) const {
    Function(object);
  }
};
using HeifContext = std::unique_ptr<heif_context, ReleaseHeif<heif_context_free>>;
using HeifHandle = std::unique_ptr<heif_image_handle, ReleaseHeif<heif_image_handle_release>>;
using HeifImage = std::unique_ptr<heif_image, ReleaseHeif<heif_image_release>>;

Status heif_status(const heif_error& error, std::string_view doing) {
  if (error.code == heif_error_Ok) return Ok{};
  return invalid_argument(fmt::format("HEIF: {}: {}", doing, error.message));
}

Result<Picture> decode_heif(ByteView file) {
  const HeifContext context(heif_context_alloc());
  if (!context) return internal_error("libheif: no context");
  // Tiles are decoded on this thread; only libde265 keeps one worker of its own.
  heif_context_set_max_decoding_threads(context.get(), 0);
  SC_TRY(heif_status(
      heif_context_read_from_memory_without_copy(context.get(), file.data(), file.size(), nullptr),
      "read"));
  heif_image_handle* raw_handle = nullptr;
  SC_TRY(heif_status(heif_context_get_primary_image_handle(context.get(), &raw_handle),
                     "primary image"));
  const HeifHandle handle(raw_handle);
  const int declared_width = heif_image_handle_get_width(handle.get());
  const int declared_height = heif_image_handle_get_height(handle.get());
  if (declared_width <= 0 || declared_height <= 0 ||
      static_cast<std::uint64_t>(declared_width) * static_cast<std::uint64_t>(declared_height) >
          kMaxPixels) {
    return invalid_argument(
        fmt::format("HEIF: {} x {} pixels are too many", declared_width, declared_height));
  }
  heif_image* raw_image = nullptr;
  SC_TRY(heif_status(heif_decode_image(handle.get(), &raw_image, heif_colorspace_RGB,
                                       heif_chroma_interleaved_RGB, nullptr),
                     "decode"));
  const HeifImage image(raw_image);
  const int width = heif_image_get_width(image.get(), heif_channel_interleaved);
  const int height = heif_image_get_height(image.get(), heif_channel_interleaved);
  int stride = 0;
  const std::uint8_t* rows =
      heif_image_get_plane_readonly(image.get(), heif_channel_interleaved, &stride);
  if (rows == nullptr || width <= 0 || height <= 0 || stride < width * 3) {
    return invalid_argument("HEIF: decoded to no picture");
  }
  Picture picture =
      make_picture(static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
  const std::size_t row_bytes = static_cast<std::size_t>(width) * 3;
  for (std::size_t y = 0; y < picture.height; ++y) {
    std::memcpy(&picture.rgb[y * row_bytes], rows + y * static_cast<std::size_t>(stride),
                row_bytes);
  }
  return picture;
}

}  // namespace

PhotoFormat photo_format(ByteView head) {
  if (head.size() < kFormatHeadBytes) return PhotoFormat::kUnknown;
  if (head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff) return PhotoFormat::kJpeg;
  const bool heif = heif_check_filetype(head.data(), static_cast<int>(kFormatHeadBytes)) ==
                    heif_filetype_yes_supported;
  return heif ? PhotoFormat::kHeif : PhotoFormat::kUnknown;
}

Result<Picture> decode_photo(ByteView file, std::uint32_t wanted_width) {
  switch (photo_format(file)) {
    case PhotoFormat::kJpeg: return decode_jpeg(file, wanted_width);
    case PhotoFormat::kHeif: return decode_heif(file);
    case PhotoFormat::kUnknown: break;
  }
  return invalid_argument("neither JPEG nor HEIC");
}

}  // namespace sitecast::derive
