// SPDX-License-Identifier: Apache-2.0
// Opens what a writer of the hub's state needs, in order, and repairs what a crash left: lock,
// enrolment records, index (built anew if it is lost or of an older version), archive (torn ends
// cut), and the index brought up to the journals. Owner thread: the caller's. Blocking.
#pragma once

#include <memory>

#include "hub/archive/archive.h"
#include "hub/config.h"
#include "hub/enrol/devices.h"
#include "hub/enrol/enrolment_db.h"
#include "hub/index/writer.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/base/log.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct HubState {
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<EnrolmentDb> records;
  std::unique_ptr<IndexWriter> index;
  std::unique_ptr<Archive> archive;
};

// `enrolled` is filled and must outlive the archive. kFailedPrecondition: another process writes
// this state.
Result<HubState> open_state(const HubConfig& config, EnrolledView& enrolled, const Clock& clock,
                            const Log& log);

}  // namespace sitecast::hub
