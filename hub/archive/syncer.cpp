// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/syncer.h"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace sitecast::hub {
namespace {

constexpr double kFirstGuessFileUs = 100;  // until it has been measured
constexpr std::size_t kFewFiles = 2;
constexpr std::size_t kThreads = 16;
// Other writers on the same file system can make syncfs dear; this often it gets another chance.
constexpr std::uint32_t kTryAgainRounds = 64;

// Before Linux 5.8 syncfs forgot the errors of writeback.
bool kernel_reports_syncfs_errors() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 8);
}

}  // namespace

Syncer::Syncer(File folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(&clock), file_us_(kFirstGuessFileUs) {}

Result<Syncer> Syncer::open(const std::filesystem::path& folder, const Clock& clock) {
  SC_TRY_ASSIGN(File file, File::open_for_reading(folder));
  Syncer syncer(std::move(file), clock);
  struct stat about {};
  if (::fstat(syncer.folder_.descriptor(), &about) != 0) {
    return errno_error(errno, "stat " + folder.string());
  }
  syncer.device_ = about.st_dev;
  syncer.syncfs_reports_errors_ = kernel_reports_syncfs_errors();
  return syncer;
}

bool Syncer::prefer_syncfs(std::size_t count) {
  if (!syncfs_reports_errors_ || count <= kFewFiles) return false;
  if (rounds_since_syncfs_++ >= kTryAgainRounds) return true;
  return static_cast<double>(syncfs_us_) <= static_cast<double>(count) * file_us_;
}

Status Syncer::sync_file_system() {
  const std::int64_t start_us = clock_->monotonic_us();
  const int rc = ::syncfs(folder_.descriptor());
  const int code = errno;
  syncfs_us_ = clock_->monotonic_us() - start_us;
  rounds_since_syncfs_ = 0;
  if (rc != 0) return errno_error(code, "syncfs");
  return Ok{};
}

// One that cannot be looked at counts as elsewhere. Returns the folders' error.
Status Syncer::sync_elsewhere(const std::vector<File*>& files,
                              const std::set<std::filesystem::path>& folders,
                              std::vector<Status>& results) const {
  struct stat about {};
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool here = ::fstat(files[i]->descriptor(), &about) == 0 && about.st_dev == device_;
    if (!here) results[i] = files[i]->sync_data();
  }
  for (const auto& folder : folders) {
    const bool here = ::stat(folder.c_str(), &about) == 0 && about.st_dev == device_;
    if (!here) SC_TRY(sync_folder(folder));
  }
  return Ok{};
}

std::vector<Status> Syncer::sync_at_once(const std::vector<File*>& files) {
  if (files.size() <= kFewFiles) {
    std::vector<Status> results;
    for (File* file : files) results.push_back(file->sync_data());
    return results;
  }
  if (!pool_) pool_ = std::make_unique<SyncPool>(kThreads);
  const std::int64_t start_us = clock_->monotonic_us();
  std::vector<Status> results = pool_->sync_all(files);
  const auto took_us = static_cast<double>(clock_->monotonic_us() - start_us);
  file_us_ = (file_us_ + took_us / static_cast<double>(files.size())) / 2;
  return results;
}

std::vector<Status> Syncer::sync(const std::vector<File*>& files,
                                 const std::set<std::filesystem::path>& folders) {
  if (prefer_syncfs(files.size() + folders.size())) {
    // An error does not say which file it was, so it is everybody's.
    std::vector<Status> results(files.size(), sync_file_system());
    const Status folders_synced = sync_elsewhere(files, folders, results);
    if (!folders_synced.ok()) return std::vector<Status>(files.size(), folders_synced);
    return results;
  }
  std::vector<Status> results = sync_at_once(files);
  for (const auto& folder : folders) {
    const Status status = sync_folder(folder);
    if (!status.ok()) return std::vector<Status>(files.size(), status);
  }
  return results;
}

}  // namespace sitecast::hub
