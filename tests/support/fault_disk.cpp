// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fault_disk.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

namespace sitecast {
namespace {

namespace fs = std::filesystem;

FaultDisk* current = nullptr;

fs::path path_of(int descriptor) {
  std::error_code error;
  return fs::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error);
}

void tear(const fs::path& path, std::uint64_t durable, std::mt19937_64& random) {
  const std::uint64_t size = fs::file_size(path);
  if (size <= durable) return;
  const std::uint64_t kept = durable + random() % (size - durable + 1);
  fs::resize_file(path, kept);
  if (random() % 3 != 0) return;
  // Blocks that were given out but never written.
  const std::uint64_t from = durable + (kept - durable) / 2;
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(from));
  for (std::uint64_t i = from; i < kept; ++i) file.put(0);
}

// Counts down to the n-th call.
bool is_now(std::uint64_t& nth) { return nth > 0 && --nth == 0; }

}  // namespace

FaultDisk::FaultDisk(fs::path root) : root_(std::move(root)) {
  note_all();
  current = this;
}

FaultDisk::~FaultDisk() { current = nullptr; }

void FaultDisk::note_folder(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    durable_names_.insert(entry->path());
  }
}

void FaultDisk::note_all() {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(root_, error), end; !error && entry != end;
       entry.increment(error)) {
    durable_names_.insert(entry->path());
    if (entry->is_regular_file(error)) durable_bytes_[entry->path()] = entry->file_size(error);
  }
}

int FaultDisk::count_sync() {
  ++syncs_;
  if (is_now(cut_at_sync_)) {
    leave_after_power_cut(left_, seed_);
    was_cut_ = true;
  }
  return is_now(fail_sync_) ? sync_error_ : all_syncs_error_;
}

int FaultDisk::on_sync(int descriptor) {
  const std::lock_guard lock(mutex_);
  if (const int error = count_sync(); error != 0) return error;
  const fs::path path = path_of(descriptor);
  std::error_code error;
  if (fs::is_directory(path, error)) {
    note_folder(path);
  } else {
    durable_bytes_[path] = fs::file_size(path, error);
  }
  return 0;
}

int FaultDisk::on_sync_all() {
  const std::lock_guard lock(mutex_);
  if (at_sync_all_) at_sync_all_();
  if (const int error = count_sync(); error != 0) return error;
  note_all();
  return 0;
}

int FaultDisk::on_write() {
  const std::lock_guard lock(mutex_);
  ++writes_;
  return is_now(fail_write_) ? write_error_ : 0;
}

std::vector<fs::path> FaultDisk::not_durable(const fs::path& folder) const {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename() == "index") {
      entry.disable_recursion_pending();
      continue;
    }
    const auto bytes = durable_bytes_.find(entry->path());
    const bool grew = entry->is_regular_file() &&
                      entry->file_size() > (bytes == durable_bytes_.end() ? 0 : bytes->second);
    if (grew || durable_names_.count(entry->path()) == 0) found.push_back(entry->path());
  }
  return found;
}

void FaultDisk::leave_after_power_cut(const fs::path& left, std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  fs::create_directories(left);
  std::error_code error;
  for (fs::recursive_directory_iterator entry(root_, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    const fs::path copy = left / fs::relative(path, root_);
    if (path.filename() == "index") {
      fs::copy(path, copy, fs::copy_options::recursive);
      entry.disable_recursion_pending();
    } else if (durable_names_.count(path) == 0) {
      entry.disable_recursion_pending();
    } else if (entry->is_directory()) {
      fs::create_directory(copy);
    } else if (entry->is_regular_file()) {
      fs::copy_file(path, copy);
      const auto found = durable_bytes_.find(path);
      tear(copy, found == durable_bytes_.end() ? 0 : found->second, random);
    }
  }
}

namespace {

int answer(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace
}  // namespace sitecast

// The stand-ins. Without a FaultDisk they do what the system does.
extern "C" {

int fdatasync(int descriptor) {
  if (sitecast::current == nullptr) return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
  return sitecast::answer(sitecast::current->on_sync(descriptor));
}

int fsync(int descriptor) {
  if (sitecast::current == nullptr) return static_cast<int>(::syscall(SYS_fsync, descriptor));
  return sitecast::answer(sitecast::current->on_sync(descriptor));
}

int syncfs(int descriptor) noexcept {
  if (sitecast::current == nullptr) return static_cast<int>(::syscall(SYS_syncfs, descriptor));
  return sitecast::answer(sitecast::current->on_sync_all());
}

ssize_t writev(int descriptor, const iovec* pieces, int count) {
  const int error = sitecast::current == nullptr ? 0 : sitecast::current->on_write();
  if (error == 0) return ::syscall(SYS_writev, descriptor, pieces, count);
  // A part of the first piece arrives.
  (void)!::syscall(SYS_write, descriptor, pieces[0].iov_base, pieces[0].iov_len / 2);
  errno = error;
  return -1;
}
}
