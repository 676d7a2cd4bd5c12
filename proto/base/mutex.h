// SPDX-License-Identifier: Apache-2.0
// A mutex that clang's thread-safety analysis understands (libstdc++'s carries no annotations),
// with the attribute macros that go with it. Under GCC the macros vanish.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#if defined(__clang__)
#define SC_ATTRIBUTE(x) __attribute__((x))
#else
#define SC_ATTRIBUTE(x)
#endif
#define SC_GUARDED_BY(mutex) SC_ATTRIBUTE(guarded_by(mutex))
#define SC_REQUIRES(...) SC_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define SC_EXCLUDES(...) SC_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace sitecast {

class SC_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() SC_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() SC_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SC_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SC_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() SC_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Wakes without a reason at times: callers wait in a loop on their condition.
class CondVar {
 public:
  void wait(Mutex& mutex) SC_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();  // still held, by the caller
  }
  void wait_for_us(Mutex& mutex, std::int64_t timeout_us) SC_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_for(lock, std::chrono::microseconds(timeout_us));
    lock.release();
  }
  void notify_all() { condition_.notify_all(); }
  void notify_one() { condition_.notify_one(); }

 private:
  std::condition_variable condition_;
};

}  // namespace sitecast
