// SPDX-License-Identifier: Apache-2.0
// The event logs of all projects: is every record an event, is each event there once, and does each
// log end where its last record ends. Owner thread: one. Blocking. Memory: 32 bytes an event.
#pragma once

#include <cstdint>
#include <vector>

#include "hub/archive/layout.h"
#include "hub/check/findings.h"
#include "proto/base/id.h"

namespace sitecast::hub {

class EventLogAudit {
 public:
  EventLogAudit(const Layout& layout, FindingReport& report) : layout_(&layout), report_(&report) {}

  // `once_read`: so many bytes the index has read from it without damage; 0 if that is not known.
  void read(ProjectId project, std::uint64_t once_read);
  // After the last log: events that are stored twice, in one log or in two.
  void finish();
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  struct Seen {
    EventId id;
    std::uint64_t offset = 0;
    std::uint32_t log = 0;
    std::uint32_t checksum = 0;  // of the event's bytes
  };
  void look_at_end(ProjectId project, std::uint64_t end, std::uint64_t size,
                   std::uint64_t once_read);

  const Layout* layout_;
  FindingReport* report_;
  std::vector<ProjectId> logs_;
  std::vector<Seen> seen_;
  std::uint64_t events_ = 0;
};

}  // namespace sitecast::hub
