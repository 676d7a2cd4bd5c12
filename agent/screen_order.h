// SPDX-License-Identifier: Apache-2.0
// What the screen asks for (agent/screen/README.md, "Messages"), as the command that does it. A
// page names no file, no source and no project. Thread-safety: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "agent/config.h"
#include "agent/request.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct ScreenOrder {
  std::int64_t number = 0;  // by which it is answered
  std::string what;         // start | stop | photo | note | say | accept | answer
  Request request;          // of all but stop
};

// kInvalidArgument: not an order, or one with text that would be refused later.
Result<ScreenOrder> read_screen_order(const std::string& text, const ScreenConfig& config,
                                      bool recording);

}  // namespace sitecast::agent
