// SPDX-License-Identifier: Apache-2.0
// Somebody wants a command to end: SIGINT/SIGTERM of this process, or a client that asked or went
// away. Thread-safe. raise() is also async-signal-safe.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace sitecast::agent {

class StopSignal {
 public:
  StopSignal() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~StopSignal() { ::close(descriptor_); }
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void raise() noexcept {
    raised_ = true;
    const std::uint64_t one = 1;
    // Full only when it was raised before.
    static_cast<void>(!::write(descriptor_, &one, sizeof one));
  }
  // Nobody is there any more to wait for: clear() has no effect from here on.
  void raise_for_good() noexcept {
    for_good_ = true;
    raise();
  }
  // It was heeded; what follows may be stopped by raising it again.
  void clear() noexcept {
    if (for_good_) return;
    std::uint64_t count = 0;
    static_cast<void>(!::read(descriptor_, &count, sizeof count));
    raised_ = false;
    if (for_good_) raise();
  }
  [[nodiscard]] bool raised() const noexcept { return raised_; }
  // Readable from the moment it is raised.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // True when raised within the time.
  [[nodiscard]] bool wait_ms(int timeout_ms) const {
    pollfd item{descriptor_, POLLIN, 0};
    static_cast<void>(::poll(&item, 1, timeout_ms));
    return raised_;
  }

 private:
  const int descriptor_;
  std::atomic<bool> raised_ = false;
  std::atomic<bool> for_good_ = false;
};

}  // namespace sitecast::agent
