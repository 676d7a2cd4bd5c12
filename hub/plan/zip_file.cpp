// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/zip_file.h"

#include <zip.h>

#include <array>

namespace sitecast::hub {
namespace {

PlanNote broken(zip_error_t* error) {
  return {PlanNoteCode::kZipBroken, {zip_error_strerror(error)}};
}

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

PlanNote too_large(const std::string& name) {
  return {PlanNoteCode::kZipTooLarge, {name, std::to_string(kZipMemberBytes >> 20U)}};
}

}  // namespace

ZipFile::~ZipFile() {
  if (zip_ != nullptr) zip_discard(zip_);
}

std::optional<PlanNote> ZipFile::open(ByteView bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source != nullptr) {
    zip_ = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (zip_ == nullptr) zip_source_free(source);
  }
  std::optional<PlanNote> refusal;
  if (zip_ == nullptr) refusal = broken(&error);
  zip_error_fini(&error);
  if (!refusal && zip_get_num_entries(zip_, 0) > static_cast<zip_int64_t>(kZipMembers)) {
    refusal =
        PlanNote{PlanNoteCode::kZipBroken, {"over " + std::to_string(kZipMembers) + " members"}};
  }
  return refusal;
}

std::optional<PlanNote> ZipFile::read(const std::string& name, std::optional<Bytes>& out) {
  out.reset();
  const zip_int64_t index = zip_name_locate(zip_, name.c_str(), ZIP_FL_NOCASE);
  if (index < 0) return std::nullopt;
  const std::unique_ptr<zip_file_t, CloseMember> member(
      zip_fopen_index(zip_, static_cast<zip_uint64_t>(index), 0));
  if (!member) return broken(zip_get_error(zip_));
  Bytes bytes;
  std::array<std::uint8_t, 65536> buffer{};
  while (true) {
    const zip_int64_t size = zip_fread(member.get(), buffer.data(), buffer.size());
    if (size < 0) return broken(zip_file_get_error(member.get()));
    if (size == 0) break;
    unpacked_bytes_ += static_cast<std::uint64_t>(size);
    if (bytes.size() + static_cast<std::size_t>(size) > kZipMemberBytes ||
        unpacked_bytes_ > kZipTotalBytes) {
      return too_large(name);
    }
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + size);
  }
  out = std::move(bytes);
  return std::nullopt;
}

}  // namespace sitecast::hub
