// SPDX-License-Identifier: Apache-2.0
// The index as a hub takes it up when it starts: the one in use, or a new one built from the
// journals where that is lost, damaged, or of an older version than this program writes. An update
// asks nothing of people: the journals are the truth. Owner thread: the caller's. Blocking;
// building takes time in proportion to the archive's sidecars, and says in the log how far it is.
#pragma once

#include <memory>

#include "hub/archive/layout.h"
#include "hub/index/writer.h"
#include "proto/base/log.h"
#include "proto/base/result.h"

namespace sitecast::hub {

// kFailedPrecondition: the index in use is of a newer version than this program knows; it is left
// as it is. REQUIRES: no other hub runs on this state.
Result<std::unique_ptr<IndexWriter>> open_index(const Layout& layout, const Log& log);

}  // namespace sitecast::hub
