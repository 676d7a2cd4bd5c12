// SPDX-License-Identifier: Apache-2.0
// A disk that fails and loses, for tests that link it in: it stands in for the C library's
// fdatasync, fsync, syncfs and writev, notes what has been made durable, and can
//   - fail the n-th sync or write (EIO, ENOSPC), a failed write leaving a part behind;
//   - keep what a power cut just before the n-th sync would leave, in a folder of its own: no tails
//   of
//     files and no names that are not durable.
// No sync reaches the real disk. It models append-only files and new names; renames count as
// durable at once, and so does truncation. One at a time; the stand-ins may be called from several
// threads, all else from one while nothing is written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace sitecast {

class FaultDisk {
 public:
  // Everything that is under `root` now is durable.
  explicit FaultDisk(std::filesystem::path root);
  ~FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  // Counted from now on; 0: never.
  void fail_sync(std::uint64_t nth, int error) { fail_sync_ = nth, sync_error_ = error; }
  void fail_write(std::uint64_t nth, int error) { fail_write_ = nth, write_error_ = error; }
  // Every sync from now on, until 0.
  void fail_all_syncs(int error) { all_syncs_error_ = error; }
  void cut_power_at_sync(std::uint64_t nth, std::filesystem::path left, std::uint64_t seed) {
    cut_at_sync_ = nth, left_ = std::move(left), seed_ = seed;
  }
  // Called at each sync of the whole file system, before it: to let a clock pass, for instance.
  void at_sync_all(std::function<void()> hook) { at_sync_all_ = std::move(hook); }
  [[nodiscard]] bool power_was_cut() const { return was_cut_; }
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }
  // Files under `folder` with bytes, and names, that a power cut now would take. Folders `index` as
  // above.
  [[nodiscard]] std::vector<std::filesystem::path> not_durable(
      const std::filesystem::path& folder) const;

  // Makes `left` what a power cut at this moment leaves: of each file its durable bytes and a
  // random part of the rest, sometimes as zeros; no file whose name is not durable. Folders `index`
  // are copied as they are: SQLite's own promises are not what is tested.
  void leave_after_power_cut(const std::filesystem::path& left, std::uint64_t seed) const;

  // Called by the stand-ins. A result other than 0 is an errno.
  int on_sync(int descriptor);
  int on_sync_all();
  int on_write();

 private:
  int count_sync();
  void note_all();
  void note_folder(const std::filesystem::path& folder);

  std::mutex mutex_;
  std::filesystem::path root_;
  std::map<std::filesystem::path, std::uint64_t> durable_bytes_;
  std::set<std::filesystem::path> durable_names_;
  std::filesystem::path left_;
  std::uint64_t seed_ = 0;
  bool was_cut_ = false;
  std::function<void()> at_sync_all_;
  std::uint64_t syncs_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t fail_sync_ = 0;
  std::uint64_t fail_write_ = 0;
  std::uint64_t cut_at_sync_ = 0;
  int sync_error_ = 0;
  int all_syncs_error_ = 0;
  int write_error_ = 0;
};

}  // namespace sitecast
