// SPDX-License-Identifier: Apache-2.0
// An ext4 file system of its own on which the power can be cut: EXT4_IOC_SHUTDOWN without a flush
// of the journal (Linux, fs/ext4/ioctl.c), then a new mount. What was not synced is gone, as far as
// ext4's page cache and journal decide; torn sectors and disks that lie are not modelled. Needs
// root and a loop device. Owner thread: the test's. Blocking (a cycle takes about 50 ms).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/support/temp_dir.h"

namespace sitecast {

class PowerCutDisk {
 public:
  // Makes and mounts it. Where that cannot be done, unusable() says why: the test skips.
  explicit PowerCutDisk(std::uint64_t size_bytes = 128U << 20);
  ~PowerCutDisk();
  PowerCutDisk(const PowerCutDisk&) = delete;
  PowerCutDisk& operator=(const PowerCutDisk&) = delete;

  [[nodiscard]] const std::string& unusable() const { return unusable_; }
  [[nodiscard]] std::filesystem::path path() const { return dir_.path() / "disk"; }

  // From now on nothing reaches the disk; every write and sync fails with EIO.
  void cut();
  // The machine starts again. REQUIRES: nobody has a file open on it.
  void restore();

 private:
  void mount();
  void unmount();

  TempDir dir_;
  bool mounted_ = false;
  std::string unusable_;
};

}  // namespace sitecast
