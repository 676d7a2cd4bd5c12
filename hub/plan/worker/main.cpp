// SPDX-License-Identifier: Apache-2.0
// sitecast-plan-read JOB CPU_SECONDS MEMORY_BYTES: a schedule sheet of somebody on stdin (a regular
// file), what it says on stdout (encode_reading; a refusal is a reading without lines). JOB:
// `read`. Started by the gateway for one file. Exit 0 done; 2 the file cannot be read, reason on
// stderr; 3 the worker itself cannot work.
#include <new>

#include "hub/plan/plan_lines.h"
#include "hub/plan/preview.h"
#include "hub/plan/read_plan.h"
#include "proto/worker/process.h"
#include "proto/worker/stdio_file.h"
#include "proto/worker/work.h"

namespace {

using namespace sitecast;
using namespace sitecast::hub;

constexpr int kNiceness = 5;

Result<Bytes> read_sheet() {
  SC_TRY_ASSIGN(const Bytes input, read_stdin());
  PlanSheet sheet;
  if (const auto refusal = read_plan(input, {}, sheet)) {
    return encode_reading({refusal_json(*refusal, ""), {}, {}});
  }
  return encode_reading(reading_of(sheet, preview_json(sheet, "")));
}

}  // namespace

int main(int argc, char** argv) {
  const auto order = begin_work(argc, argv, "read", kNiceness);
  if (!order) return kWorkerCannotWork;
  if (order->job != "read") end_work(kWorkerCannotWork, invalid_argument("no such job"));
  if (const Status closed = enter_sandbox(order->limits); !closed.ok()) {
    end_work(kWorkerCannotWork, closed.error());
  }
  try {
    end_work(read_sheet());
  } catch (const std::bad_alloc&) {
    end_work(kWorkerCannotShow, resource_exhausted("needs more memory than a job may use"));
  } catch (const std::exception& error) {
    end_work(kWorkerCannotShow, internal_error(error.what()));
  }
}
