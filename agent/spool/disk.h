// SPDX-License-Identifier: Apache-2.0
// What the spool asks of the disk beyond opening files, behind an interface, so that tests make the
// n-th call fail. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>

#include "proto/base/file.h"
#include "proto/base/result.h"

namespace sitecast::agent {

class Disk {
 public:
  virtual ~Disk() = default;
  // Appends first then second, or fails with a part of it written.
  virtual Status append(File& file, ByteView first, ByteView second) = 0;
  // fdatasync of a descriptor that another thread may be appending to; blocking. After an error the
  // descriptor is given up: the kernel may have dropped what was dirty.
  virtual Status sync(const File& file) = 0;
  virtual Status sync_folder(const std::filesystem::path& folder) = 0;
  // What an unprivileged process may still write.
  virtual Result<std::uint64_t> free_bytes(const std::filesystem::path& folder) = 0;
};

class SystemDisk final : public Disk {
 public:
  Status append(File& file, ByteView first, ByteView second) override;
  Status sync(const File& file) override;
  Status sync_folder(const std::filesystem::path& folder) override;
  Result<std::uint64_t> free_bytes(const std::filesystem::path& folder) override;
};

}  // namespace sitecast::agent
