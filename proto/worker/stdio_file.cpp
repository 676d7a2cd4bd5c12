// SPDX-License-Identifier: Apache-2.0
#include "proto/worker/stdio_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sitecast {

Result<Bytes> read_stdin() {
  // Not fstat: glibc asks for it by newfstatat, which the sandbox refuses.
  const off_t size = ::lseek(STDIN_FILENO, 0, SEEK_END);
  if (size < 0) return invalid_argument("input is not a regular file");
  return read_stdin_head(static_cast<std::size_t>(size));
}

Result<Bytes> read_stdin_head(std::size_t size) {
  Bytes bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got =
        ::pread(STDIN_FILENO, bytes.data() + filled, size - filled, static_cast<off_t>(filled));
    if (got < 0) return errno_error(errno, "read input");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Status write_stdout(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0) return errno_error(errno, "write output");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return Ok{};
}

}  // namespace sitecast
