// SPDX-License-Identifier: Apache-2.0
#include "tests/support/power_cut_disk.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace sitecast {
namespace {

constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);  // EXT4_IOC_SHUTDOWN
constexpr std::uint32_t kNoLogFlush = 2;

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT: words of our own
}

}  // namespace

PowerCutDisk::PowerCutDisk(std::uint64_t size_bytes) {
  const std::filesystem::path image = dir_.path() / "image";
  std::filesystem::create_directory(path());
  if (::geteuid() != 0) {
    unusable_ = "needs root: it mounts a file system of its own";
    return;
  }
  if (!run("truncate -s " + std::to_string(size_bytes) + " '" + image.string() + "'") ||
      !run("mkfs.ext4 -q -F '" + image.string() + "'")) {
    unusable_ = "mkfs.ext4 failed (package e2fsprogs)";
    return;
  }
  try {
    mount();
  } catch (const std::runtime_error& error) {
    unusable_ = error.what();
  }
}

PowerCutDisk::~PowerCutDisk() {
  if (mounted_) static_cast<void>(run("umount -l '" + path().string() + "'"));
}

void PowerCutDisk::cut() {
  const int folder = ::open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::uint32_t flags = kNoLogFlush;
  const bool done = folder >= 0 && ::ioctl(folder, kShutdown, &flags) == 0;
  if (folder >= 0) ::close(folder);
  if (!done) throw std::runtime_error("EXT4_IOC_SHUTDOWN failed");
}

void PowerCutDisk::restore() {
  unmount();
  mount();
}

void PowerCutDisk::mount() {
  if (!run("mount -o loop '" + (dir_.path() / "image").string() + "' '" + path().string() + "'")) {
    throw std::runtime_error("mount -o loop failed: no loop device here?");
  }
  mounted_ = true;
}

void PowerCutDisk::unmount() {
  if (!run("umount '" + path().string() + "'")) {
    throw std::runtime_error("umount failed: a file is still open");
  }
  mounted_ = false;
}

}  // namespace sitecast
