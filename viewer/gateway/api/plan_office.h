// SPDX-License-Identifier: Apache-2.0
// What the desk works with: the worker that reads sheets, and the way to the hub. Owner thread: the
// desk's; stop() from any. Blocking.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/plan/plan_lines.h"
#include "proto/base/clock.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/worker/process.h"
#include "viewer/gateway/api/person.h"
#include "viewer/gateway/live/event_publisher.h"

namespace sitecast::gateway {

class PlanOffice {
 public:
  struct Settings {
    std::filesystem::path reader_program;
    EventPublisher* publisher = nullptr;  // null: nothing can be stated
  };
  static Result<std::unique_ptr<PlanOffice>> open(Settings settings, const Clock& clock);

  // The sheet as a worker process read it. kInvalidArgument: it gave up on the file; other kinds:
  // it crashed or ran out of time, and nothing is known of the file.
  Result<hub::PlanReading> read_sheet(const std::string& file);

  // Fills in when and who, and checks each as the hub will. See EventPublisher::publish.
  Status state(ProjectId project, const Person& person, std::vector<v1::Event> events);

  // Whether nobody took the number since the index was read: one gateway states for all people.
  [[nodiscard]] bool is_free(ProjectId project, std::uint32_t number) const;
  void take(ProjectId project, std::uint32_t number) { taken_[project] = number; }

  // The same for the steps of a milestone: whether its newest step stated here is among `known`,
  // those that the index had when the order was checked, or is `event` itself, asked again.
  [[nodiscard]] bool is_newest(const std::string& item, const std::vector<EventId>& known,
                               EventId event) const;
  void took_step(const std::string& item, EventId event) { steps_[item] = event; }

  void stop() { reader_->stop(); }

 private:
  PlanOffice(std::unique_ptr<WorkerProcess> reader, EventPublisher* publisher, const Clock& clock)
      : reader_(std::move(reader)), publisher_(publisher), clock_(clock) {}

  const std::unique_ptr<WorkerProcess> reader_;
  EventPublisher* const publisher_;
  const Clock& clock_;
  std::map<ProjectId, std::uint32_t> taken_;
  std::map<std::string, EventId> steps_;  // by plan item
};

}  // namespace sitecast::gateway
