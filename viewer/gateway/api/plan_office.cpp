// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/plan_office.h"

#include <algorithm>

namespace sitecast::gateway {

Result<std::unique_ptr<PlanOffice>> PlanOffice::open(Settings settings, const Clock& clock) {
  WorkerProgram program;
  program.program = std::move(settings.reader_program);
  program.cpu_limit_s = 10;
  SC_TRY_ASSIGN(auto reader, WorkerProcess::make(std::move(program)));
  return std::unique_ptr<PlanOffice>(new PlanOffice(std::move(reader), settings.publisher, clock));
}

Result<hub::PlanReading> PlanOffice::read_sheet(const std::string& file) {
  SC_TRY_ASSIGN(const Bytes output, reader_->run("read", as_bytes(file)));
  return hub::decode_reading(output);
}

Status PlanOffice::state(ProjectId project, const Person& person, std::vector<v1::Event> events) {
  if (!publisher_) return unavailable("broker.publisher_password_file is not configured");
  const std::int64_t now_us = clock_.wall_us();
  for (v1::Event& event : events) SC_TRY(sign(event, person, now_us));
  return publisher_->publish(project, events);
}

bool PlanOffice::is_free(ProjectId project, std::uint32_t number) const {
  const auto taken = taken_.find(project);
  return taken == taken_.end() || taken->second < number;
}

bool PlanOffice::is_newest(const std::string& item, const std::vector<EventId>& known,
                           EventId event) const {
  const auto step = steps_.find(item);
  return step == steps_.end() || step->second == event ||
         std::find(known.begin(), known.end(), step->second) != known.end();
}

}  // namespace sitecast::gateway
