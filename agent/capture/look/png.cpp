// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/look/png.h"

#include <png.h>

#include "agent/capture/picture_header.h"

namespace sitecast::agent {
namespace {

// libpng's simplified reader: no callbacks, errors are return values.
struct Image {
  png_image state{};
  Image() { state.version = PNG_IMAGE_VERSION; }
  ~Image() { png_image_free(&state); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
};

}  // namespace

Result<Luma> read_png_luma(ByteView file) {
  const Error damaged = invalid_argument(
      "it cannot be read as a picture: it is damaged; copy it from its source again, or keep it as "
      "it is with `document --file`");
  Image image;
  png_image& state = image.state;
  if (png_image_begin_read_from_memory(&state, file.data(), file.size()) == 0) return damaged;
  if (state.width == 0 || state.height == 0 ||
      std::uint64_t{state.width} * state.height > kPhotoPixels) {
    return damaged;
  }
  state.format = PNG_FORMAT_GRAY;
  Bytes pixels(std::size_t{state.width} * state.height);
  // Where it is transparent, it is as bright as paper.
  const png_color paper{255, 255, 255};
  if (png_image_finish_read(&state, &paper, pixels.data(), static_cast<png_int_32>(state.width),
                            nullptr) == 0) {
    return damaged;
  }
  return shrink_luma(pixels.data(), state.width, state.height, state.width);
}

}  // namespace sitecast::agent
