// SPDX-License-Identifier: Apache-2.0
#include "hub/index/index_thread.h"

namespace sitecast::hub {
namespace {

constexpr std::int64_t kPartsEveryUs = 250'000;
constexpr std::int64_t kPauseAfterFailureUs = 1'000'000;

}  // namespace

IndexThread::IndexThread(std::unique_ptr<IndexWriter> writer, const Clock& clock, Listener listener,
                         Log log)
    : writer_(std::move(writer)),
      clock_(&clock),
      listener_(std::move(listener)),
      log_(std::move(log)) {}

IndexThread::~IndexThread() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void IndexThread::start() {
  thread_ = std::thread([this] { run(); });
}

void IndexThread::add(const IndexWork& work) {
  const MutexLock lock(mutex_);
  for (const TrackTail& tail : work.tracks) {
    auto& bytes = tracks_[tail.key];
    bytes = std::max(bytes, tail.durable_sidecar_bytes);
  }
  for (const LogTail& tail : work.logs) {
    auto& bytes = logs_[tail.project];
    bytes = std::max(bytes, tail.durable_bytes);
  }
  if (!work.logs.empty()) changed_.notify_all();
}

std::uint64_t IndexThread::ask_flush() {
  const MutexLock lock(mutex_);
  changed_.notify_all();
  return ++flushes_asked_;
}

bool IndexThread::flushed(std::uint64_t ticket) {
  const MutexLock lock(mutex_);
  return flushes_done_ >= ticket;
}

bool IndexThread::stop() {
  const std::uint64_t ticket = ask_flush();
  {
    const MutexLock lock(mutex_);
    const std::uint64_t failures = failures_.load();
    while (thread_.joinable() && flushes_done_ < ticket && failures_.load() == failures) {
      changed_.wait_for_us(mutex_, kPartsEveryUs);
    }
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  return flushed(ticket);
}

std::optional<std::uint64_t> IndexThread::next(IndexWork& work) {
  const MutexLock lock(mutex_);
  if (logs_.empty() && flushes_asked_ == flushes_done_ && !stopping_) {
    changed_.wait_for_us(mutex_, kPartsEveryUs);
  }
  if (stopping_) return std::nullopt;
  for (const auto& [key, bytes] : tracks_) work.tracks.push_back({key, bytes});
  for (const auto& [project, bytes] : logs_) work.logs.push_back({project, bytes});
  tracks_.clear();
  logs_.clear();
  return flushes_asked_;
}

void IndexThread::run() {
  for (;;) {
    IndexWork work;
    const auto flush = next(work);
    if (!flush) return;
    const bool everything = *flush != flushes_done();
    auto changes = writer_->apply(work, clock_->monotonic_us(), everything);
    pending_records_ = writer_->pending_records();
    passed_over_ = writer_->passed_over();
    if (changes.ok()) {
      listener_(*changes);
      const MutexLock lock(mutex_);
      if (everything) flushes_done_ = *flush;
      changed_.notify_all();
      continue;
    }
    // A full disk, or a reader in the way: nothing is lost, the journals have it.
    ++failures_;
    log_.error("index not written, trying again: {}", changes.error().message());
    add(work);
    const MutexLock lock(mutex_);
    changed_.notify_all();
    if (!stopping_) changed_.wait_for_us(mutex_, kPauseAfterFailureUs);
  }
}

std::uint64_t IndexThread::flushes_done() {
  const MutexLock lock(mutex_);
  return flushes_done_;
}

}  // namespace sitecast::hub
