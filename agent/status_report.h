// SPDX-License-Identifier: Apache-2.0
// What is where: each capture with its tracks, how far it is on its way, and why what waits does.
// The JSON is documented in README.md ("status --json"). Thread-safe.
#pragma once

#include <nlohmann/json.hpp>

#include "agent/config.h"
#include "agent/publish/courier.h"
#include "agent/spool/spool.h"

namespace sitecast::agent {

// `courier` null: this process does not deliver, and says so as the cause.
nlohmann::json make_status_report(const AgentConfig& config, const Spool& spool,
                                  const Courier* courier);
nlohmann::json make_capture_report(const CaptureSummary& capture, const Courier* courier);
// What is left of the capture was refused or cannot be read: waiting longer does not help.
bool stays_here(const CaptureSummary& capture, const Courier& courier);

}  // namespace sitecast::agent
