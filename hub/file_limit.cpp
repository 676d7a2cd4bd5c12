// SPDX-License-Identifier: Apache-2.0
#include "hub/file_limit.h"

#include <sys/resource.h>

namespace sitecast::hub {

void raise_file_limit(const Log& log) {
  constexpr rlim_t kWanted = 4096;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < kWanted) {
    log.warn("at most {} files can be open at once; {} are wanted (ulimit -n)", limit.rlim_max,
             kWanted);
  }
}

}  // namespace sitecast::hub
