// SPDX-License-Identifier: Apache-2.0
// Members of a ZIP file in memory; the one user of libzip. Owner thread: one. Nothing is unpacked
// that grows beyond its limit, whatever the file states.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hub/plan/plan_note.h"
#include "proto/base/bytes.h"

struct zip;

namespace sitecast::hub {

inline constexpr std::uint64_t kZipMemberBytes = 64U * 1024 * 1024;
inline constexpr std::uint64_t kZipTotalBytes = 128U * 1024 * 1024;
inline constexpr std::uint64_t kZipMembers = 4'096;

class ZipFile {
 public:
  ZipFile() = default;
  ~ZipFile();
  ZipFile(const ZipFile&) = delete;
  ZipFile& operator=(const ZipFile&) = delete;

  // `bytes` must live as long as this.
  std::optional<PlanNote> open(ByteView bytes);
  // Nothing in `out` when there is no such member.
  std::optional<PlanNote> read(const std::string& name, std::optional<Bytes>& out);

 private:
  struct zip* zip_ = nullptr;
  std::uint64_t unpacked_bytes_ = 0;
};

}  // namespace sitecast::hub
