// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/worker/jpeg.h"

#include <fmt/format.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include <jpeglib.h>  // needs <cstdio> before it

namespace sitecast::derive {
namespace {

// libjpeg reports an error by calling error_exit, which must not return.
struct ErrorState {
  jpeg_error_mgr manager{};
  std::jmp_buf jump{};
  char message[JMSG_LENGTH_MAX] = {};
};

extern "C" void on_jpeg_error(j_common_ptr info) {
  auto* state = reinterpret_cast<ErrorState*>(info->err);  // NOLINT: manager is the first member
  info->err->format_message(info, state->message);
  std::longjmp(state->jump, 1);  // NOLINT: libjpeg's contract
}
extern "C" void on_jpeg_message(j_common_ptr /*info*/) {}

void prepare(ErrorState& state) {
  jpeg_std_error(&state.manager);
  state.manager.error_exit = on_jpeg_error;
  state.manager.output_message = on_jpeg_message;
}

// Smallest numerator over 8 that libjpeg-turbo scales fast and that keeps the wanted width.
unsigned scale_over_8(std::uint32_t width, std::uint32_t wanted) {
  for (const unsigned numerator : {1U, 2U, 4U}) {
    if (static_cast<std::uint64_t>(width) * numerator / 8 >= wanted) return numerator;
  }
  return 8;
}

std::uint32_t tiff_integer(ByteView tiff, std::size_t at, std::size_t size, bool little) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | tiff[little ? at + size - 1 - i : at + i];
  }
  return value;
}

// Everything a decode holds. It outlives the setjmp frame, so a longjmp skips no destructor.
struct Decode {
  ErrorState error;
  jpeg_decompress_struct info{};
  Picture picture;
  unsigned orientation = 0;
  std::uint32_t rows_read = 0;
  ~Decode() { jpeg_destroy_decompress(&info); }
};

// false: the file failed before the first row. No object with a destructor lives in this frame.
bool run_decode(Decode& decode, ByteView file, std::uint32_t wanted_width) {
  auto& info = decode.info;
  if (setjmp(decode.error.jump) != 0) return decode.rows_read > 0;  // NOLINT: libjpeg's contract
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_save_markers(&info, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&info, TRUE);
  for (const auto* marker = info.marker_list; marker != nullptr && decode.orientation == 0;
       marker = marker->next) {
    decode.orientation = exif_orientation({marker->data, marker->data_length});
  }
  // The wanted width is that of the upright picture.
  const bool swapped = decode.orientation >= 5;
  info.scale_num = scale_over_8(swapped ? info.image_height : info.image_width, wanted_width);
  info.scale_denom = 8;
  info.out_color_space = JCS_RGB;
  jpeg_calc_output_dimensions(&info);
  if (static_cast<std::uint64_t>(info.output_width) * info.output_height > kMaxPixels) {
    (void)std::snprintf(decode.error.message, sizeof decode.error.message,
                        "%u x %u pixels are too many", info.image_width, info.image_height);
    return false;
  }
  jpeg_start_decompress(&info);
  decode.picture = make_picture(info.output_width, info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row =
        &decode.picture.rgb[static_cast<std::size_t>(info.output_scanline) * info.output_width * 3];
    jpeg_read_scanlines(&info, &row, 1);
    decode.rows_read = info.output_scanline;
  }
  jpeg_finish_decompress(&info);
  return true;
}

struct Encode {
  ErrorState error;
  jpeg_compress_struct info{};
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  ~Encode() {
    jpeg_destroy_compress(&info);
    std::free(buffer);  // NOLINT: jpeg_mem_dest allocates with malloc
  }
};

bool run_encode(Encode& encode, const Picture& picture, int quality) {
  auto& info = encode.info;
  if (setjmp(encode.error.jump) != 0) return false;  // NOLINT: libjpeg's contract
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &encode.buffer, &encode.size);
  info.image_width = picture.width;
  info.image_height = picture.height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  info.optimize_coding = TRUE;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPROW>(  // NOLINT: libjpeg reads only
        &picture.rgb[static_cast<std::size_t>(info.next_scanline) * picture.width * 3]);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

}  // namespace

unsigned exif_orientation(ByteView app1) {
  constexpr std::size_t kPrefixBytes = 6;
  constexpr std::size_t kEntryBytes = 12;
  constexpr std::uint32_t kOrientationTag = 0x0112;
  constexpr std::uint32_t kShort = 3;
  if (app1.size() < kPrefixBytes + 8 || as_text(app1.first(4)) != "Exif") return 0;
  const ByteView tiff = app1.subspan(kPrefixBytes);
  const bool little = as_text(tiff.first(2)) == "II";
  if (!little && as_text(tiff.first(2)) != "MM") return 0;
  const std::size_t ifd = tiff_integer(tiff, 4, 4, little);
  if (ifd > tiff.size() - 2) return 0;
  const std::size_t count = tiff_integer(tiff, ifd, 2, little);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = ifd + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > tiff.size()) return 0;
    if (tiff_integer(tiff, entry, 2, little) != kOrientationTag) continue;
    if (tiff_integer(tiff, entry + 2, 2, little) != kShort) return 0;
    const std::uint32_t value = tiff_integer(tiff, entry + 8, 2, little);
    return value <= 8 ? value : 0;
  }
  return 0;
}

Result<Picture> decode_jpeg(ByteView file, std::uint32_t wanted_width) {
  const auto decode = std::make_unique<Decode>();
  prepare(decode->error);
  decode->info.err = &decode->error.manager;
  if (!run_decode(*decode, file, wanted_width)) {
    return invalid_argument(fmt::format("JPEG: {}", decode->error.message));
  }
  return orient(std::move(decode->picture), decode->orientation);
}

Result<Bytes> encode_jpeg(const Picture& picture, int quality) {
  const auto encode = std::make_unique<Encode>();
  prepare(encode->error);
  encode->info.err = &encode->error.manager;
  if (!run_encode(*encode, picture, quality)) {
    return internal_error(fmt::format("JPEG encoder: {}", encode->error.message));
  }
  return Bytes(encode->buffer, encode->buffer + encode->size);
}

}  // namespace sitecast::derive
