// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/file_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/capture/media_type.h"
#include "proto/base/sha256.h"
#include "proto/base/text.h"
#include "proto/codec/limits.h"

namespace sitecast::agent {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;

// Calls `take` with the file's bytes, a piece at a time.
template <typename Take>
Status for_each_piece(const File& file, std::uint64_t size_bytes, Take take) {
  Bytes piece;
  for (std::uint64_t at = 0; at < size_bytes; at += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kReadBytes, size_bytes - at)));
    SC_TRY(file.read_at(at, piece));
    SC_TRY(take(ByteView(piece)));
  }
  return Ok{};
}

}  // namespace

FileBlocks::FileBlocks(CaptureWriter& writer, std::string track, v1::FileInfo info)
    : writer_(writer), track_(std::move(track)), info_(std::move(info)) {}

Status FileBlocks::append(ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t room = limits::kFileBlockBytes - block_.size();
    const ByteView piece = bytes.first(std::min(room, bytes.size()));
    block_.insert(block_.end(), piece.begin(), piece.end());
    bytes = bytes.subspan(piece.size());
    const bool complete = offset_ + block_.size() == info_.size_bytes();
    if (block_.size() == limits::kFileBlockBytes || complete) SC_TRY(emit());
  }
  return Ok{};
}

Status FileBlocks::emit() {
  NewPart part;
  part.media_time = offset_;
  if (offset_ == 0) {
    part.file = info_;
    part.has_file = true;
  }
  offset_ += block_.size();
  part.last = offset_ == info_.size_bytes();
  part.media = std::exchange(block_, {});
  return writer_.append(track_, std::move(part));
}

Result<v1::FileInfo> describe_file(const File& file, const std::string& name) {
  SC_TRY_ASSIGN(const std::uint64_t size_bytes, file.size_bytes());
  if (size_bytes == 0) return invalid_argument("the file is empty");
  if (size_bytes > limits::kFileBytes) {
    return resource_exhausted(fmt::format("the file is too large: {} MB, at most {} MB",
                                          size_bytes >> 20, limits::kFileBytes >> 20));
  }
  Sha256 hash;
  SC_TRY(for_each_piece(file, size_bytes, [&](ByteView piece) {
    hash.update(piece);
    return Status(Ok{});
  }));
  const auto ends = static_cast<std::size_t>(std::min<std::uint64_t>(kSniffBytes, size_bytes));
  Bytes head(ends);
  Bytes tail(ends);
  SC_TRY(file.read_at(0, head));
  SC_TRY(file.read_at(size_bytes - ends, tail));
  const Hash digest = hash.finish();
  v1::FileInfo info;
  info.set_name(clean_text(name, limits::kNameBytes));
  info.set_media_type(media_type_of(head, tail));
  info.set_size_bytes(size_bytes);
  info.set_sha256(digest.data(), digest.size());
  return info;
}

Status append_file(const File& file, const v1::FileInfo& info, const std::string& track,
                   CaptureWriter& writer) {
  FileBlocks blocks(writer, track, info);
  Sha256 hash;
  SC_TRY(for_each_piece(file, info.size_bytes(), [&](ByteView piece) {
    hash.update(piece);
    return blocks.append(piece);
  }));
  SC_TRY_ASSIGN(const std::uint64_t size_bytes, file.size_bytes());
  if (as_text(hash.finish()) != info.sha256() || size_bytes != info.size_bytes()) {
    return data_loss("the file changed while it was being stored; store it again");
  }
  return Ok{};
}

}  // namespace sitecast::agent
