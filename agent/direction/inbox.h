// SPDX-License-Identifier: Apache-2.0
// What people direct to this device: open requests, pins, messages. Kept in one file and in memory
// (README.md). Thread-safety: all methods from any thread; writing is done by a thread of its own.
// Ownership: the clock must outlive it. Errors: a file that cannot be written is tried again with
// the next change and every 5 s; nothing that was not written counts as heard.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "proto/base/id.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"
#include "proto/codec/request_state.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

// A statement as it came.
struct Direction {
  ProjectId project;
  DeviceId from;                    // of the gateway, for what people say
  std::int64_t received_at_us = 0;  // by the hub; 0: said by this device, not told by the hub yet
  v1::Event event;
  std::string bytes;  // of the event, as sent
};

struct KeptRequest {
  Direction request;
  std::vector<Direction> steps;  // accepted and answered, by when they were stated
  [[nodiscard]] RequestProgress progress() const;
};

class Inbox {
 public:
  static constexpr std::size_t kSaid = 100;
  static constexpr std::size_t kRequests = 1'000;

  static Result<std::unique_ptr<Inbox>> open(std::filesystem::path file, Log log);
  ~Inbox();  // writes what is not written yet

  void take(ProjectId project, const v1::Down& down);
  // What this device said itself, a step of a request or a message, and is safe in the spool.
  void stated(ProjectId project, const v1::Event& event);

  // The newest that is safe here; 0: nothing.
  [[nodiscard]] std::int64_t heard_until_us(ProjectId project) const;
  [[nodiscard]] std::vector<KeptRequest> requests() const;  // oldest first
  // Pins and messages, oldest first.
  [[nodiscard]] std::vector<Direction> said() const;
  // Grows with each change. wait_beyond: true when it is greater than `revision` within the time.
  [[nodiscard]] std::uint64_t revision() const;
  bool wait_beyond(std::uint64_t revision, std::int64_t timeout_us);
  // Nothing waits to be written.
  [[nodiscard]] bool written() const;
  [[nodiscard]] std::uint64_t write_failures() const;

 private:
  Inbox(std::filesystem::path file, Log log) : file_(std::move(file)), log_(std::move(log)) {}
  void load();
  Status read_in(const std::string& text) SC_REQUIRES(mutex_);
  void run();
  bool add(Direction direction) SC_REQUIRES(mutex_);
  bool keep_only(ProjectId project, const v1::Down& down) SC_REQUIRES(mutex_);
  void changed() SC_REQUIRES(mutex_);
  [[nodiscard]] std::string text() const SC_REQUIRES(mutex_);

  const std::filesystem::path file_;
  const Log log_;
  mutable Mutex mutex_;
  CondVar wake_;
  std::map<EventId, KeptRequest> requests_ SC_GUARDED_BY(mutex_);
  std::vector<Direction> said_ SC_GUARDED_BY(mutex_);
  std::map<ProjectId, std::int64_t> newest_ SC_GUARDED_BY(mutex_);  // taken
  std::map<ProjectId, std::int64_t> heard_ SC_GUARDED_BY(mutex_);   // and written
  std::uint64_t revision_ SC_GUARDED_BY(mutex_) = 0;
  std::uint64_t written_ SC_GUARDED_BY(mutex_) = 0;  // this revision is in the file
  std::uint64_t write_failures_ SC_GUARDED_BY(mutex_) = 0;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::agent
