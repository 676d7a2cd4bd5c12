// SPDX-License-Identifier: Apache-2.0
// One act of filming, from the command to its end: a capture, or several where the disk was full in
// between; what happens meanwhile is told as replies. Owner thread: the one that calls run(), which
// blocks until filming has ended. The hooks are called on it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/capture/recording.h"
#include "agent/pending_warnings.h"
#include "agent/request.h"
#include "agent/spool/spool.h"
#include "agent/stop_signal.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

namespace sitecast::agent {

struct Film {
  RecordingEnd end;                 // of the last; its figures are of all together
  std::vector<CaptureId> captures;  // each continues the one before it
  std::int64_t pauses = 0, paused_us = 0;
  void add(const RecordingEnd& next);
};

struct FilmingHooks {
  std::function<void(const std::shared_ptr<Recording>&)> begun;
  std::function<void(CaptureId)> ended;
  std::function<nlohmann::json(CaptureId)> progress;  // what is where, of a capture
  std::function<std::vector<nlohmann::json>()> news;  // what people direct to this device
};

class Filming {
 public:
  // What is passed must outlive it.
  Filming(Spool& spool, const Clock& clock, const Log& log, FilmingHooks hooks, StopSignal& stop,
          const Reply& reply)
      : spool_(spool),
        clock_(clock),
        log_(log),
        hooks_(std::move(hooks)),
        stop_(stop),
        reply_(reply) {}

  // Once. An Error: nothing was filmed; what ended filming later is in the film's `end`.
  Result<Film> run(RecordOptions options);

 private:
  struct Gap {
    CaptureId capture;  // that ended before it
    std::int64_t from_us = 0, until_us = 0;
  };

  Result<RecordingEnd> film_once(const RecordOptions& options);
  bool wait_for_room();
  void state_gap(ProjectId project, const Gap& gap);
  void say_trouble(std::string& said) const;
  // Until the recording has ended.
  RecordingEnd follow(Recording& recording, PendingWarnings& warnings);

  Spool& spool_;
  const Clock& clock_;
  const Log& log_;
  const FilmingHooks hooks_;
  StopSignal& stop_;
  const Reply& reply_;
  Film film_;
  bool stopped_ = false;    // by a person
  std::optional<Gap> gap_;  // to be stated when the next begins
};

}  // namespace sitecast::agent
