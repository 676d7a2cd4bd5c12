// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/look/jpeg.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <memory>

#include <jpeglib.h>  // needs <cstdio> before it

#include <jerror.h>  // numbers its messages by the version that jpeglib.h names

#include "agent/capture/picture_header.h"

namespace sitecast::agent {
namespace {

// libjpeg reports an error by calling error_exit, which must not return.
struct Errors {
  jpeg_error_mgr manager{};
  std::jmp_buf jump{};
  bool incomplete = false;  // some of the picture's data are missing or garbled
  bool no_memory = false;
};

Errors* errors_of(j_common_ptr info) {
  return reinterpret_cast<Errors*>(info->err);  // NOLINT: manager is the first member
}

extern "C" void on_jpeg_luma_error(j_common_ptr info) {
  errors_of(info)->no_memory = info->err->msg_code == JERR_OUT_OF_MEMORY;
  std::longjmp(errors_of(info)->jump, 1);  // NOLINT: libjpeg's contract
}

// Warnings have level -1. After those named here libjpeg goes on with a picture that is not the one
// that was taken; the others (bytes to spare between segments, odd versions) do no harm.
extern "C" void on_jpeg_luma_message(j_common_ptr info, int level) {
  if (level != -1) return;
  switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
      errors_of(info)->incomplete = true;
      std::longjmp(errors_of(info)->jump, 1);  // NOLINT: as above
    default: break;
  }
}
extern "C" void on_jpeg_luma_output(j_common_ptr /*info*/) {}

// Everything a decode holds. It outlives the setjmp frame, so a longjmp skips no destructor.
struct Decode {
  Errors errors;
  jpeg_decompress_struct info{};
  Luma picture;
  Bytes row;
  ~Decode() { jpeg_destroy_decompress(&info); }
};

unsigned scale_over_8(std::uint32_t longer_side_px, std::uint32_t enough_px) {
  for (const unsigned numerator : {1U, 2U, 4U}) {
    if (std::uint64_t{longer_side_px} * numerator / 8 >= enough_px) return numerator;
  }
  return 8;
}

// Printing inks, stored inverted by everyone who writes them into a JPEG.
std::uint8_t luma_of_inks(const std::uint8_t* inks) {
  return static_cast<std::uint8_t>((inks[0] + inks[1] + inks[2]) / 3 * inks[3] / 255);
}

// No object with a destructor lives in this frame.
bool run_decode(Decode& decode, ByteView file, std::uint32_t enough_px) {
  auto& info = decode.info;
  if (setjmp(decode.errors.jump) != 0) return false;  // NOLINT: libjpeg's contract
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
  if (std::uint64_t{info.image_width} * info.image_height > kPhotoPixels) return false;
  info.scale_num = scale_over_8(std::max(info.image_width, info.image_height), enough_px);
  info.scale_denom = 8;
  const bool inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = inks ? JCS_CMYK : JCS_GRAYSCALE;
  jpeg_start_decompress(&info);
  decode.picture.width_px = info.output_width;
  decode.picture.height_px = info.output_height;
  decode.picture.luma.resize(std::size_t{info.output_width} * info.output_height);
  decode.row.resize(std::size_t{info.output_width} * static_cast<unsigned>(info.output_components));
  std::uint8_t* out = decode.picture.luma.data();
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = decode.row.data();
    jpeg_read_scanlines(&info, &row, 1);
    for (std::size_t x = 0; x < info.output_width; ++x) {
      *out++ = inks ? luma_of_inks(&decode.row[4 * x]) : decode.row[x];
    }
  }
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

Result<Luma> read_jpeg_luma(ByteView file, std::uint32_t enough_px) {
  const auto decode = std::make_unique<Decode>();
  jpeg_std_error(&decode->errors.manager);
  decode->errors.manager.error_exit = on_jpeg_luma_error;
  decode->errors.manager.emit_message = on_jpeg_luma_message;
  decode->errors.manager.output_message = on_jpeg_luma_output;
  decode->info.err = &decode->errors.manager;
  if (run_decode(*decode, file, enough_px)) return std::move(decode->picture);
  if (decode->errors.no_memory) return resource_exhausted("no memory to decode the picture");
  return invalid_argument(decode->errors.incomplete
                              ? "the picture is damaged: a part of it is missing, so it is not "
                                "stored as a photo; copy it "
                                "from the camera again, or keep it as it is with `document --file`"
                              : "it cannot be read as a picture: it is damaged; copy it from the "
                                "camera again, or keep it "
                                "as it is with `document --file`");
}

}  // namespace sitecast::agent
