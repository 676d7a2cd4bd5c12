// SPDX-License-Identifier: Apache-2.0
// What every worker program does around its work: its arguments, and its end. Owner thread: main.
#pragma once

#include <optional>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "proto/worker/sandbox.h"

namespace sitecast {

struct WorkOrder {
  std::string_view job;
  SandboxLimits limits;
};

// PROGRAM JOB CPU_SECONDS MEMORY_BYTES. Never outlives who started it, stands back behind others by
// `niceness`, and has no descriptor but the three. nullopt: usage, told on stderr; `jobs` names
// them.
std::optional<WorkOrder> begin_work(int argc, char** argv, std::string_view jobs, int niceness);

// Ends at once: the clean-up of libraries at exit would want system calls that are closed by now.
[[noreturn]] void end_work(int code, const Error& error);
// Writes the output and ends with 0; an error of it is that the input cannot be shown.
[[noreturn]] void end_work(const Result<Bytes>& output);

}  // namespace sitecast
