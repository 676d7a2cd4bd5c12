// SPDX-License-Identifier: Apache-2.0
#include "proto/worker/work.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>

#include "proto/worker/process.h"
#include "proto/worker/stdio_file.h"

namespace sitecast {
namespace {

template <typename Integer>
bool parse_integer(std::string_view text, Integer& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<WorkOrder> begin_work(int argc, char** argv, std::string_view jobs, int niceness) {
  WorkOrder order;
  if (argc != 4 || !parse_integer(argv[2], order.limits.cpu_s) ||
      !parse_integer(argv[3], order.limits.memory_bytes)) {
    (void)std::fprintf(stderr,
                       "usage: %s %.*s CPU_SECONDS MEMORY_BYTES\n"
                       "Another program starts this one; input on stdin, result on stdout.\n",
                       argc > 0 ? argv[0] : "worker", static_cast<int>(jobs.size()), jobs.data());
    return std::nullopt;
  }
  order.job = argv[1];
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpriority(PRIO_PROCESS, 0, niceness);
  ::close_range(3, ~0U, 0);
  return order;
}

void end_work(int code, const Error& error) {
  const std::string line = error.message() + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(code);
}

void end_work(const Result<Bytes>& output) {
  if (!output.ok()) end_work(kWorkerCannotShow, output.error());
  if (const Status written = write_stdout(*output); !written.ok()) {
    end_work(kWorkerCannotWork, written.error());
  }
  ::_exit(0);
}

}  // namespace sitecast
