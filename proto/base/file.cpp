// SPDX-License-Identifier: Apache-2.0
#include "proto/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sitecast {
namespace {

Result<int> open_path(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  if (descriptor < 0) return errno_error(errno, "open " + path.string());
  return descriptor;
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), failed_(other.failed_) {}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    failed_ = other.failed_;
  }
  return *this;
}

Result<File> File::open_for_reading(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(const int descriptor, open_path(path, O_RDONLY));
  return File(descriptor);
}

Result<File> File::open_for_appending(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(const int descriptor, open_path(path, O_RDWR | O_CREAT | O_APPEND));
  return File(descriptor);
}

Result<File> File::create(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(const int descriptor, open_path(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND));
  return File(descriptor);
}

Status File::append(ByteView bytes) { return append(bytes, {}); }

Status File::append(ByteView first, ByteView second) {
  while (!first.empty() || !second.empty()) {
    // writev does not modify what it is given; its iovec is shared with readv and thus not const.
    iovec pieces[2] = {{const_cast<std::uint8_t*>(first.data()), first.size()},     // NOLINT
                       {const_cast<std::uint8_t*>(second.data()), second.size()}};  // NOLINT
    const ssize_t written = ::writev(descriptor_, pieces, 2);
    if (written < 0) {
      if (errno == EINTR) continue;
      failed_ = true;
      return errno_error(errno, "append");
    }
    auto remaining = static_cast<std::size_t>(written);
    const std::size_t from_first = std::min(remaining, first.size());
    first = first.subspan(from_first);
    remaining -= from_first;
    second = second.subspan(remaining);
  }
  return Ok{};
}

Status File::sync_data() {
  if (failed_) return data_loss("sync: an earlier write or sync of this file failed");
  if (::fdatasync(descriptor_) != 0) {
    failed_ = true;
    return errno_error(errno, "fdatasync");
  }
  return Ok{};
}

Status File::truncate(std::uint64_t size_bytes) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size_bytes)) != 0) {
    return errno_error(errno, "ftruncate");
  }
  return Ok{};
}

Result<std::uint64_t> File::size_bytes() const {
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) return errno_error(errno, "fstat");
  return static_cast<std::uint64_t>(info.st_size);
}

Status File::read_at(std::uint64_t offset, std::span<std::uint8_t> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno_error(errno, "pread");
    }
    if (got == 0) return data_loss("file ends before the bytes asked for");
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return Ok{};
}

Status sync_folder(const std::filesystem::path& folder) {
  const auto path = folder.empty() ? std::filesystem::path(".") : folder;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno_error(errno, "open folder " + path.string());
  const int rc = ::fsync(descriptor);
  const int code = errno;
  ::close(descriptor);
  if (rc != 0) return errno_error(code, "fsync folder " + path.string());
  return Ok{};
}

Status make_folders_durably(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return Ok{};
  SC_TRY(make_folders_durably(folder.parent_path()));
  if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) {
    return errno_error(errno, "mkdir " + folder.string());
  }
  return sync_folder(folder.parent_path());
}

Status write_file_durably(const std::filesystem::path& path, ByteView bytes, unsigned mode) {
  auto temporary = path;
  temporary += fmt::format(".tmp{}", ::getpid());
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);
  auto write = [&]() -> Status {
    SC_TRY_ASSIGN(auto file, File::create(temporary));
    if (::fchmod(file.descriptor(), mode) != 0) return errno_error(errno, "fchmod");
    SC_TRY(file.append(bytes));
    SC_TRY(file.sync_data());
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      return errno_error(errno, "rename to " + path.string());
    }
    return sync_folder(path.parent_path());
  };
  const Status status = write();
  if (!status.ok()) std::filesystem::remove(temporary, ignored);
  return status;
}

Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  SC_TRY_ASSIGN(const auto file, File::open_for_reading(path));
  SC_TRY_ASSIGN(const auto size, file.size_bytes());
  if (size > limit_bytes) {
    return resource_exhausted(
        fmt::format("{} is {} bytes, the limit is {}", path.string(), size, limit_bytes));
  }
  Bytes bytes(size);
  SC_TRY(file.read_at(0, bytes));
  return bytes;
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(auto file, File::open_for_appending(path));
  if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return failed_precondition(path.string() + " is held by another process");
    }
    return errno_error(errno, "lock " + path.string());
  }
  SC_TRY(file.truncate(0));
  SC_TRY(file.append(as_bytes(fmt::format("{}\n", ::getpid()))));
  return FileLock(std::move(file));
}

}  // namespace sitecast
