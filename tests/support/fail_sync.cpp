// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process (LD_PRELOAD): while the file named by SITECAST_FAIL_SYNC exists, every
// n-th fdatasync, fsync and syncfs fails with EIO, n being the number in that file.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

std::atomic<unsigned long> calls{0};

bool fails() {
  const char* path = std::getenv("SITECAST_FAIL_SYNC");
  std::FILE* file = path != nullptr ? std::fopen(path, "re") : nullptr;
  if (file == nullptr) return false;
  unsigned long every = 0;
  const int got = std::fscanf(file, "%lu", &every);
  std::fclose(file);
  return got == 1 && every > 0 && ++calls % every == 0;
}

int sync_by(long number, int descriptor) {
  if (!fails()) return static_cast<int>(::syscall(number, descriptor));
  errno = EIO;
  return -1;
}

}  // namespace

extern "C" {
int fdatasync(int descriptor) { return sync_by(SYS_fdatasync, descriptor); }
int fsync(int descriptor) { return sync_by(SYS_fsync, descriptor); }
int syncfs(int descriptor) noexcept { return sync_by(SYS_syncfs, descriptor); }
}
