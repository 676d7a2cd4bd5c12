// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/disk.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

namespace sitecast::agent {

Status SystemDisk::append(File& file, ByteView first, ByteView second) {
  return file.append(first, second);
}

Status SystemDisk::sync(const File& file) {
  if (::fdatasync(file.descriptor()) != 0) return errno_error(errno, "fdatasync");
  return Ok{};
}

Status SystemDisk::sync_folder(const std::filesystem::path& folder) {
  return sitecast::sync_folder(folder);
}

Result<std::uint64_t> SystemDisk::free_bytes(const std::filesystem::path& folder) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return errno_error(errno, "statvfs");
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace sitecast::agent
