// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/look/heic.h"

#include <libheif/heif.h>

#include <memory>
#include <string>

#include "agent/capture/picture_header.h"

namespace sitecast::agent {
namespace {

constexpr std::size_t kExifLimitBytes = 1024 * 1024;

struct Free {
  void operator()(heif_context* context) const { heif_context_free(context); }
  void operator()(heif_image_handle* handle) const { heif_image_handle_release(handle); }
  void operator()(heif_image* image) const { heif_image_release(image); }
  void operator()(heif_decoding_options* options) const { heif_decoding_options_free(options); }
};

Error damaged(const heif_error& error) {
  if (error.code == heif_error_Memory_allocation_error) {
    return resource_exhausted(std::string("no memory to decode the picture: ") + error.message);
  }
  return invalid_argument(std::string("it cannot be read as a HEIC picture: ") + error.message);
}

// The Exif item: a big endian offset to the TIFF header, then the data (ISO/IEC 23008-12 annex A).
Bytes exif_tiff_of(const heif_image_handle* handle) {
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) < 1) return {};
  const std::size_t size = heif_image_handle_get_metadata_size(handle, id);
  if (size <= 4 || size > kExifLimitBytes) return {};
  Bytes block(size);
  if (heif_image_handle_get_metadata(handle, id, block.data()).code != heif_error_Ok) return {};
  const std::size_t offset = std::size_t{block[0]} << 24 | std::size_t{block[1]} << 16 |
                             std::size_t{block[2]} << 8 | std::size_t{block[3]};
  if (offset >= size - 4) return {};
  return {block.begin() + static_cast<std::ptrdiff_t>(4 + offset), block.end()};
}

using ContextPtr = std::unique_ptr<heif_context, Free>;
using HandlePtr = std::unique_ptr<heif_image_handle, Free>;

// The file's main picture, not decoded; it lives in `context`.
Result<HandlePtr> open_picture(ByteView file, heif_context* context) {
  heif_error error =
      heif_context_read_from_memory_without_copy(context, file.data(), file.size(), nullptr);
  if (error.code != heif_error_Ok) return damaged(error);
  heif_image_handle* handle = nullptr;
  error = heif_context_get_primary_image_handle(context, &handle);
  if (error.code != heif_error_Ok) return damaged(error);
  return HandlePtr(handle);
}

Result<HeicHeader> header_of(const heif_image_handle* handle) {
  HeicHeader header;
  const int width = heif_image_handle_get_width(handle);
  const int height = heif_image_handle_get_height(handle);
  if (width <= 0 || height <= 0 ||
      static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) > kPhotoPixels) {
    return invalid_argument("the picture's size is not usable");
  }
  header.width_px = static_cast<std::uint32_t>(width);
  header.height_px = static_cast<std::uint32_t>(height);
  header.exif_tiff = exif_tiff_of(handle);
  return header;
}

}  // namespace

Result<HeicHeader> read_heic_header(ByteView file) {
  const ContextPtr context(heif_context_alloc());
  SC_TRY_ASSIGN(const HandlePtr handle, open_picture(file, context.get()));
  return header_of(handle.get());
}

Result<HeicPicture> read_heic(ByteView file) {
  const ContextPtr context(heif_context_alloc());
  SC_TRY_ASSIGN(const HandlePtr handle, open_picture(file, context.get()));
  HeicPicture picture;
  SC_TRY_ASSIGN(picture.header, header_of(handle.get()));
  const std::unique_ptr<heif_decoding_options, Free> options(heif_decoding_options_alloc());
  options->convert_hdr_to_8bit = 1;
  heif_image* raw_image = nullptr;
  const heif_error error = heif_decode_image(handle.get(), &raw_image, heif_colorspace_YCbCr,
                                             heif_chroma_420, options.get());
  const std::unique_ptr<heif_image, Free> image(raw_image);
  if (error.code != heif_error_Ok) return damaged(error);
  int stride = 0;
  const std::uint8_t* luma = heif_image_get_plane_readonly(image.get(), heif_channel_Y, &stride);
  const int depth = heif_image_get_bits_per_pixel_range(image.get(), heif_channel_Y);
  if (luma == nullptr || stride <= 0 || depth != 8) {
    return invalid_argument("it cannot be read as a HEIC picture: unusual brightness format");
  }
  const int width = heif_image_get_width(image.get(), heif_channel_Y);
  const int height = heif_image_get_height(image.get(), heif_channel_Y);
  if (width <= 0 || height <= 0 || width > stride) {
    return invalid_argument("it cannot be read as a HEIC picture: unusual brightness format");
  }
  picture.picture =
      shrink_luma(luma, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height),
                  static_cast<std::size_t>(stride));
  return picture;
}

}  // namespace sitecast::agent
