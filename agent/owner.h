// SPDX-License-Identifier: Apache-2.0
// The process that owns spool and connection: carries commands out, for itself and for the
// processes that hand theirs over. Threads: run() may be called from several threads at once.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/capture/photo_file.h"
#include "agent/capture/recording.h"
#include "agent/config.h"
#include "agent/direction/inbox.h"
#include "agent/direction_report.h"
#include "agent/part_tap.h"
#include "agent/publish/courier.h"
#include "agent/request.h"
#include "agent/spool/spool.h"
#include "agent/stop_signal.h"
#include "agent/talk/talk_player.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"

namespace sitecast::agent {

class Owner {
 public:
  // `online`: connects and delivers. kFailedPrecondition: another process owns the spool.
  // `tap`, if any, sees each part before it is handed on for delivery, and must outlive the owner.
  static Result<std::unique_ptr<Owner>> open(const AgentConfig& config, bool online,
                                             PartTap* tap = nullptr);
  ~Owner();

  // Carries `request` out until it is done or `stop` is raised; returns the exit code.
  int run(const Request& request, StopSignal& stop, const Reply& reply);

  // Ends whatever is being recorded, whoever began it. Does not wait. False: nothing is.
  bool stop_recording();

 private:
  Owner(AgentConfig config, Log log) : config_(std::move(config)), log_(std::move(log)) {}

  Result<nlohmann::json> record(const Request& request, StopSignal& stop, const Reply& reply);
  Result<nlohmann::json> photo(const Request& request, StopSignal& stop, const Reply& reply);
  Result<nlohmann::json> document(const Request& request, StopSignal& stop, const Reply& reply);
  Result<nlohmann::json> note(const Request& request, StopSignal& stop, const Reply& reply);
  Result<nlohmann::json> send(const Request& request, StopSignal& stop, const Reply& reply);
  Result<nlohmann::json> stay(StopSignal& stop, const Reply& reply);
  Result<nlohmann::json> accept(const Request& request, StopSignal& stop);
  Result<nlohmann::json> answer(const Request& request, StopSignal& stop);
  Result<nlohmann::json> say(const Request& request, StopSignal& stop);
  Result<nlohmann::json> watch(StopSignal& stop, const Reply& reply);
  // The footage that answers a request: a capture and, of a recording that runs, its present
  // moment.
  Status add_footage(const Request& request, ProjectId project, v1::Event& event);
  // Safe in the spool, and kept with what it speaks of.
  Result<EventId> state(ProjectId project, v1::Event event, const Request& request,
                        StopSignal& stop);

  // The live rendition follows the link from now on, where it may.
  void follow_link(Recording& recording);
  void take_rung(const Rung& rung);  // delivery thread
  Result<FileOptions> file_options(const Request& request) const;
  Result<CaptureId> photo_from_source(const Request& request);
  // Waits until everything of `capture` is at the hub.
  Status wait_delivered(CaptureId capture, StopSignal& stop, const Reply& reply);
  // Waits until this one event is at the hub. kDataLoss: the hub does not take it.
  Status wait_stated(EventId event, StopSignal& stop);
  // What has come from people since it was last asked, and who speaks, where that has changed.
  std::vector<nlohmann::json> take_news(DirectionNews& news, std::uint64_t& talk_seen) const;
  nlohmann::json progress_of(CaptureId capture) const;
  Result<ProjectId> project_of(const Request& request) const;
  Result<CaptureSummary> find_capture(const Request& request) const;
  // The recording that runs, of this id or (nil) the newest.
  std::shared_ptr<Recording> running(CaptureId id);

  const AgentConfig config_;
  const Log log_;
  SystemClock clock_;
  SystemDisk disk_;
  std::unique_ptr<Spool> spool_;      // outlives what hangs on it
  std::unique_ptr<Inbox> inbox_;      // outlives the courier
  std::unique_ptr<TalkPlayer> talk_;  // null: not online; outlives the courier
  std::unique_ptr<Courier> courier_;  // null: not online
  Mutex mutex_;
  std::map<CaptureId, std::shared_ptr<Recording>> recordings_ SC_GUARDED_BY(mutex_);
};

}  // namespace sitecast::agent
