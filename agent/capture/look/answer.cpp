// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/look/answer.h"

#include "proto/base/id.h"
#include "proto/codec/event_rules.h"

namespace sitecast::agent {
namespace {

constexpr std::size_t kHeadBytes = 8;
constexpr std::size_t kMetadataBytes = 4096;

void put(Bytes& out, std::uint32_t value, int size_bytes) {
  for (int i = size_bytes - 1; i >= 0; --i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}
std::uint32_t get(ByteView bytes, std::size_t at, std::size_t size_bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size_bytes; ++i) value = value << 8 | bytes[at + i];
  return value;
}

// The event that would announce a photo with them.
Status check_metadata(const v1::PhotoMetadata& metadata) {
  v1::Event event;
  event.set_event_id(EventId::make().raw());
  event.set_kind("capture.opened");
  event.set_capture_id(CaptureId::make().raw());
  v1::CaptureOpened& opened = *event.mutable_capture_opened();
  opened.set_capture_kind("photo");
  opened.add_tracks("image");
  *opened.mutable_photo() = metadata;
  return check_event(event);
}

}  // namespace

Bytes write_photo_look(const PhotoLook& look) {
  const std::string metadata = look.metadata.SerializeAsString();
  Bytes out;
  out.reserve(kHeadBytes + metadata.size() + look.picture.luma.size());
  put(out, look.picture.width_px, 2);
  put(out, look.picture.height_px, 2);
  put(out, static_cast<std::uint32_t>(metadata.size()), 4);
  out.insert(out.end(), metadata.begin(), metadata.end());
  out.insert(out.end(), look.picture.luma.begin(), look.picture.luma.end());
  return out;
}

Result<PhotoLook> read_photo_look(ByteView answer) {
  const Error unusable = data_loss("the answer about the photo cannot be used");
  if (answer.size() < kHeadBytes) return unusable;
  PhotoLook look;
  Luma& picture = look.picture;
  picture.width_px = get(answer, 0, 2);
  picture.height_px = get(answer, 2, 2);
  const std::size_t metadata_bytes = get(answer, 4, 4);
  const std::size_t luma_bytes = std::size_t{picture.width_px} * picture.height_px;
  if (luma_bytes == 0 || picture.width_px >= 2 * kEnoughPx || picture.height_px >= 2 * kEnoughPx ||
      metadata_bytes > kMetadataBytes ||
      answer.size() != kHeadBytes + metadata_bytes + luma_bytes) {
    return unusable;
  }
  if (!look.metadata.ParseFromArray(answer.data() + kHeadBytes, static_cast<int>(metadata_bytes)) ||
      !check_metadata(look.metadata).ok()) {
    return unusable;
  }
  const ByteView luma = answer.subspan(kHeadBytes + metadata_bytes);
  picture.luma.assign(luma.begin(), luma.end());
  return look;
}

}  // namespace sitecast::agent
