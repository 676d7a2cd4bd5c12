// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process (LD_PRELOAD): the wall clock is off by as many seconds as the file named
// by SITECAST_CLOCK_OFFSET says, from one moment to the next when it changes. Waits that end at a
// time of the wall clock end when they should. The monotonic clock is left alone.
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

constexpr long kReadAgainNs = 5'000'000;
std::atomic<long> read_at{0};
std::atomic<long> offset{0};

long offset_s() {
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  const long now_ns = now.tv_sec * 1'000'000'000 + now.tv_nsec;
  if (now_ns - read_at < kReadAgainNs) return offset;
  read_at = now_ns;
  const char* path = std::getenv("SITECAST_CLOCK_OFFSET");
  std::FILE* file = path != nullptr ? std::fopen(path, "re") : nullptr;
  if (file == nullptr) return offset;
  long found = 0;
  if (std::fscanf(file, "%ld", &found) == 1) offset = found;
  std::fclose(file);
  return offset;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));  // NOLINT
}

timespec as_is(const timespec& shifted) { return {shifted.tv_sec - offset_s(), shifted.tv_nsec}; }

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int failed = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    time->tv_sec += offset_s();
  }
  return failed;
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  static const auto wait = next<decltype(&pthread_cond_timedwait)>("pthread_cond_timedwait");
  const timespec real = as_is(*until);
  return wait(condition, mutex, &real);
}

int sem_timedwait(sem_t* semaphore, const timespec* until) {
  static const auto wait = next<decltype(&sem_timedwait)>("sem_timedwait");
  const timespec real = as_is(*until);
  return wait(semaphore, &real);
}
}
