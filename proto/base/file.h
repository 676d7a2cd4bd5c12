// SPDX-License-Identifier: Apache-2.0
// Files with the durability steps spelled out. The three rules of this codebase:
//   1. A new file is durable only after fsync of the file AND of its folder.
//   2. A file made whole is written beside its name, synced, renamed, and the folder synced
//      (write_file_durably); a file that grows is created once and appended to.
//   3. After a failed sync the descriptor is never synced again as if nothing had happened: the
//   kernel
//      may have dropped the dirty pages. The caller gives the file up (File::failed stays true).
// Owner thread: one at a time per File; positional reads (read_at) are thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast {

// An open descriptor, closed by the destructor.
class File {
 public:
  File() = default;
  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  // O_RDONLY.
  static Result<File> open_for_reading(const std::filesystem::path& path);
  // Opens for appending, creating it (mode 0640) if absent; the caller syncs the folder of a new
  // file.
  static Result<File> open_for_appending(const std::filesystem::path& path);
  // O_CREAT | O_EXCL for appending: kFailedPrecondition when it exists.
  static Result<File> create(const std::filesystem::path& path);

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] bool failed() const { return failed_; }

  // Writes all of it at the end or fails; after a failure the tail may hold a part of it.
  Status append(ByteView bytes);
  // Writes first then second with one system call where possible.
  Status append(ByteView first, ByteView second);
  Status sync_data();  // fdatasync; blocking
  Status truncate(std::uint64_t size_bytes);
  [[nodiscard]] Result<std::uint64_t> size_bytes() const;
  // Exactly `out.size()` bytes at `offset` or kDataLoss.
  Status read_at(std::uint64_t offset, std::span<std::uint8_t> out) const;

 private:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
  bool failed_ = false;
};

Status sync_folder(const std::filesystem::path& folder);
// mkdir -p with mode 0750; each created level is synced into its parent.
Status make_folders_durably(const std::filesystem::path& folder);
// Rule 2. `mode` as for chmod.
Status write_file_durably(const std::filesystem::path& path, ByteView bytes, unsigned mode = 0640);
// kResourceExhausted when larger than `limit_bytes`.
Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

// Exclusive advisory lock (flock) held until destruction; kFailedPrecondition when another process
// holds it. Writes the holder's pid into the file for people to read.
class FileLock {
 public:
  static Result<FileLock> acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace sitecast
