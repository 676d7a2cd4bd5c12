// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/launcher.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <set>
#include <thread>
#include <unordered_set>

#include "hub/derive/derive_job.h"
#include "hub/derive/job_input.h"
#include "hub/derive/products.h"
#include "proto/base/file.h"
#include "proto/base/mutex.h"
#include "proto/codec/topics.h"
#include "proto/worker/process.h"

namespace sitecast::hub {
namespace {

constexpr std::uint32_t kAttempts = 3;

bool is_picture_track(std::string_view track) {
  const auto kind = track_kind(track);
  return kind == TrackKind::kVideo || kind == TrackKind::kMaster;
}

class Disabled final : public DeriveLauncher {
 public:
  void segment_closed(ProjectId, CaptureId, std::string_view) override {}
  void photo_complete(ProjectId, CaptureId, std::string_view) override {}
  void capture_closed(ProjectId, CaptureId) override {}
  [[nodiscard]] DeriveCounters counters() const override { return {}; }
};

class QueueLauncher final : public DeriveLauncher {
 public:
  QueueLauncher(std::unique_ptr<WorkerProcess> worker, Layout layout, Log log)
      : worker_(std::move(worker)), layout_(std::move(layout)), log_(std::move(log)) {
    for (DeriveJob& job : read_pending(layout_)) enqueue(std::move(job), false);
    thread_ = std::thread([this] { serve(); });
  }
  ~QueueLauncher() override {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    worker_->stop();
    thread_.join();
  }
  QueueLauncher(const QueueLauncher&) = delete;
  QueueLauncher& operator=(const QueueLauncher&) = delete;

  void segment_closed(ProjectId project, CaptureId capture, std::string_view track) override {
    if (!is_picture_track(track)) return;
    {
      const MutexLock lock(mutex_);
      if (!thumbnail_seen_.insert(capture).second) return;
    }
    enqueue({DeriveKind::kVideoThumbnail, project, capture, std::string(track)}, true);
  }

  void photo_complete(ProjectId project, CaptureId capture, std::string_view track) override {
    if (track_kind(track) != TrackKind::kImage) return;
    enqueue({DeriveKind::kPhotoThumbnail, project, capture, std::string(track)}, true);
  }

  void capture_closed(ProjectId project, CaptureId capture) override {
    {
      const MutexLock lock(mutex_);
      thumbnail_seen_.erase(capture);
    }
    for (const std::string_view track : {"video", "master"}) {
      std::error_code ignored;
      if (!std::filesystem::exists(layout_.sidecar(project, capture, track), ignored)) continue;
      DeriveJob thumbnail{DeriveKind::kVideoThumbnail, project, capture, std::string(track)};
      if (!has_product(layout_, thumbnail)) enqueue(std::move(thumbnail), true);
      enqueue({DeriveKind::kSprite, project, capture, std::string(track)}, true);
      return;
    }
  }

  [[nodiscard]] DeriveCounters counters() const override {
    DeriveCounters counters;
    {
      const MutexLock lock(mutex_);
      counters.waiting = queued_.size();
    }
    counters.made = made_;
    counters.failed = failed_;
    return counters;
  }

 private:
  void enqueue(DeriveJob job, bool remember) {
    {
      const MutexLock lock(mutex_);
      if (!queued_.insert(job).second) return;
      if (remember) remember_pending(layout_, job);
      queue_.push_back(std::move(job));
    }
    changed_.notify_all();
  }

  void serve() {
    pthread_setname_np(pthread_self(), "derive");
    for (;;) {
      DeriveJob job;
      {
        const MutexLock lock(mutex_);
        while (!stopping_ && queue_.empty()) changed_.wait(mutex_);
        if (stopping_) return;
        job = std::move(queue_.front());
        queue_.pop_front();
        // From here on a new report of the same capture is a new job: this one may miss its news.
        queued_.erase(job);
      }
      attempt(job);
    }
  }

  void attempt(const DeriveJob& job) {
    if (job.kind != DeriveKind::kSprite && has_product(layout_, job)) {
      forget(job);
      return;
    }
    const std::uint32_t attempts = failed_attempts(layout_, job);
    if (attempts >= kAttempts) {
      forget(job);
      return;
    }
    const Status made = make(job);
    if (made.ok()) {
      ++made_;
      clear_failure(layout_, job);
      forget(job);
      return;
    }
    fail(job, attempts + 1, made.error());
  }

  Status make(const DeriveJob& job) {
    SC_TRY_ASSIGN(const DeriveInput input, prepare_input(layout_, job));
    SC_TRY_ASSIGN(const Bytes answer, worker_->run(name_of(job.kind), input.bytes));
    return store_product(layout_, job, input, answer);
  }

  void fail(const DeriveJob& job, std::uint32_t attempts, const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) return;  // stays pending for the next start
    if (error.kind() == ErrorKind::kNotFound) {  // nothing to show so far: the next report may help
      forget(job);
      return;
    }
    ++failed_;
    // What cannot be shown today cannot be shown tomorrow.
    const bool final = error.kind() == ErrorKind::kInvalidArgument || attempts >= kAttempts;
    log_.warn("{} of capture {} failed{}: {}", product_of(job.kind), job.capture.text(),
              final ? ", given up" : "", error.message());
    const Status recorded =
        record_failure(layout_, job, final ? kAttempts : attempts, error.message());
    if (!recorded.ok()) {
      log_.warn("cannot record that failure: {}", recorded.error().message());
    }
    if (final || !recorded.ok()) {
      forget(job);
    } else {
      enqueue(job, false);
    }
  }

  // Unless the same job was reported again meanwhile.
  void forget(const DeriveJob& job) {
    const MutexLock lock(mutex_);
    if (!queued_.contains(job)) forget_pending(layout_, job);
  }

  const std::unique_ptr<WorkerProcess> worker_;
  const Layout layout_;
  const Log log_;
  std::atomic<std::uint64_t> made_{0};
  std::atomic<std::uint64_t> failed_{0};

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::deque<DeriveJob> queue_ SC_GUARDED_BY(mutex_);
  std::set<DeriveJob> queued_ SC_GUARDED_BY(mutex_);
  // Captures being filmed whose thumbnail was asked for: a report comes with every segment.
  std::unordered_set<CaptureId> thumbnail_seen_ SC_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<DeriveLauncher>> DeriveLauncher::start(DeriveConfig config, Layout layout,
                                                              Log log) {
  if (!config.enabled) return std::unique_ptr<DeriveLauncher>(std::make_unique<Disabled>());
  if (::access(config.worker.c_str(), X_OK) != 0) {
    return invalid_argument("[derive] worker is not an executable file: " + config.worker.string());
  }
  SC_TRY(make_folders_durably(pending_dir(layout)));
  SC_TRY_ASSIGN(auto worker, WorkerProcess::make({std::move(config.worker), config.cpu_limit_s,
                                                  config.wall_limit_s, config.memory_limit_bytes}));
  return std::unique_ptr<DeriveLauncher>(
      std::make_unique<QueueLauncher>(std::move(worker), std::move(layout), std::move(log)));
}

}  // namespace sitecast::hub
